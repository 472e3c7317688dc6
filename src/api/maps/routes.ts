import { z } from "zod";
import { FAILURES, type Failure } from "#src/base/failures.ts";
import type { Result } from "#src/base/result.ts";
import type { Resolved } from "#src/charts/resolve-code.pg.ts";
import type { UnmappedTask } from "#src/charts/unmapped-codes.pg.ts";
import type { CodeMeaning } from "#src/config/site-map-file.ts";
import type { Answer, Role, Route } from "../route.ts";

export interface MapRouteNeeds {
  readonly maps: () => { readonly version: string; readonly messageTypes: readonly string[] };
  readonly reload: () => Promise<Result<{ readonly version: string }, readonly string[]>>;
  readonly unmapped: () => Promise<readonly UnmappedTask[]>;
  readonly resolve: (id: string, meaning: CodeMeaning, who: string) => Promise<Result<Resolved, Failure>>;
  /** Work items may have changed. */
  readonly onFolded: () => void;
}

const ANALYSTS: readonly Role[] = ["admin", "analyst"];
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

const text = z.string().trim().min(1).max(200);
const meaning = z.union([
  z.strictObject({ code: text, display: text.optional(), system: z.url().optional() }),
  z.strictObject({ none: z.literal(true) }),
]);

const refuse = ({ code, place, detail }: Failure): Answer => ({
  status: FAILURES[code].http,
  body: { code, message: detail ?? FAILURES[code].text, ...(place === undefined ? {} : { place }) },
});

/** The maps that count, and the codes that they do not know. */
export const mapRoutes = ({ maps, reload, unmapped, resolve, onFolded }: MapRouteNeeds): readonly Route[] => [
  {
    method: "GET",
    path: "/api/maps",
    roles: ["admin", "analyst", "auditor"],
    action: "read",
    objectType: "maps",
    handle: () => Promise.resolve({ status: 200, body: maps() }),
  },
  {
    method: "POST",
    path: "/api/maps/reload",
    roles: ANALYSTS,
    action: "execute",
    objectType: "maps",
    handle: async () => {
      const loaded = await reload();
      return loaded.ok
        ? { status: 200, body: { version: loaded.value.version } }
        : {
            status: FAILURES.MAP_NOT_VALID.http,
            body: { code: "MAP_NOT_VALID", message: FAILURES.MAP_NOT_VALID.text, faults: loaded.failure },
          };
    },
  },
  {
    method: "GET",
    path: "/api/unmapped-codes",
    roles: ["admin", "analyst", "auditor"],
    action: "read",
    objectType: "unmapped-code",
    handle: async () => ({ status: 200, body: await unmapped() }),
  },
  {
    method: "POST",
    path: "/api/unmapped-codes/:id/resolve",
    roles: ANALYSTS,
    action: "update",
    objectType: "unmapped-code",
    handle: async ({ params, body, caller }) => {
      const id = params["id"] ?? "";
      const parsed = meaning.safeParse(body);
      if (!UUID.test(id)) return refuse({ code: "NOT_FOUND" });
      if (!parsed.success)
        return refuse({ code: "REQUEST_INVALID", detail: 'say {"code":…} with display and system where they are known, or {"none":true}' });
      const said = "none" in parsed.data ? null : parsed.data;
      const result = await resolve(id, said as CodeMeaning, caller?.name ?? "");
      if (!result.ok) return refuse(result.failure);
      onFolded();
      return { status: 200, body: result.value, object: { type: "unmapped-code", id } };
    },
  },
];
