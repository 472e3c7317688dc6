import type { ConnectionStatus } from "#src/sources/mllp/connection.net.ts";
import type { Route } from "../route.ts";

/** One feed as it stands now. */
export interface FeedStatus {
  readonly feed: string;
  readonly facility: string;
  readonly life: string;
  readonly listening?: { readonly host: string; readonly port: number; readonly tls: boolean };
  readonly connections: readonly ConnectionStatus[];
  readonly refusedConnections: number;
  readonly frames: number;
  readonly discardedBytes: number;
}

/** `GET /api/feeds`: every feed with its connections: peer, certificate, since, frames, last answer, bytes discarded. */
export const feedRoutes = (status: () => readonly FeedStatus[]): readonly Route[] => [
  {
    method: "GET",
    path: "/api/feeds",
    roles: ["admin", "analyst", "auditor"],
    action: "read",
    objectType: "feed",
    handle: async () => ({ status: 200, body: { feeds: status() } }),
  },
];
