import type { Outcome } from "#src/journal/journal.ts";
import type { Mapped } from "#src/mapping/types.ts";
import type { LineStatus } from "#src/telemetry/line-status.pg.ts";
import type { Answer, Route } from "../route.ts";

export interface MessageRouteNeeds {
  readonly status: () => Promise<LineStatus>;
  /** Maps a stored record again with the maps of now; undefined when the journal has none of that id. */
  readonly mapAgain: (
    id: string,
  ) => Promise<{ readonly mapVersion: string; readonly mapped: Mapped | undefined; readonly failure: string | undefined } | undefined>;
  readonly outcome: (id: string) => Promise<{ readonly outcome: Outcome; readonly code?: string; readonly place?: string } | undefined>;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const NOT_FOUND: Answer = { status: 404, body: { code: "NOT_FOUND", message: "the journal has no record of this id" } };

/** What interface analysts and operators ask about messages. Lineage names places and rows, never values. */
export const messageRoutes = ({ status, mapAgain, outcome }: MessageRouteNeeds): readonly Route[] => [
  {
    method: "GET",
    path: "/health",
    roles: "public",
    action: "read",
    objectType: "engine",
    handle: () => Promise.resolve({ status: 200, body: { status: "up" } }),
  },
  {
    method: "GET",
    path: "/api/status",
    roles: ["admin", "analyst", "auditor"],
    action: "read",
    objectType: "engine",
    handle: async () => ({ status: 200, body: await status() }),
  },
  {
    method: "GET",
    path: "/api/messages/:id",
    roles: ["admin", "analyst", "auditor"],
    action: "read",
    objectType: "message",
    handle: async ({ params }) => {
      const id = params["id"] ?? "";
      const found = UUID.test(id) ? await outcome(id) : undefined;
      return found === undefined ? NOT_FOUND : { status: 200, body: { id, ...found }, object: { type: "message", id } };
    },
  },
  {
    method: "GET",
    path: "/api/messages/:id/lineage",
    roles: ["admin", "analyst"],
    action: "read",
    objectType: "message",
    handle: async ({ params }) => {
      const id = params["id"] ?? "";
      const again = UUID.test(id) ? await mapAgain(id) : undefined;
      if (again === undefined) return NOT_FOUND;
      const { mapVersion, mapped, failure } = again;
      const body = {
        id,
        mapVersion,
        failure,
        messageType: mapped?.messageType,
        lineage: mapped?.lineage ?? [],
        warnings: mapped?.warnings ?? [],
      };
      return { status: 200, body, object: { type: "message", id } };
    },
  },
];
