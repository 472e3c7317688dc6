import type { Provenance } from "@medplum/fhirtypes";
import { z } from "zod";
import { FOUND_BY_OUTCOME, type FoundMessages, type MessageSearch } from "#src/journal/search.pg.ts";
import type { LineageEntry, Mapped } from "#src/mapping/types.ts";
import type { LineStatus } from "#src/telemetry/line-status.pg.ts";
import type { Answer, Route } from "../route.ts";

export interface MessageRouteNeeds {
  readonly status: () => Promise<LineStatus>;
  /** Maps a stored record again with the maps of now; undefined when the journal has none of that id. */
  readonly mapAgain: (
    id: string,
  ) => Promise<{ readonly mapVersion: string; readonly mapped: Mapped | undefined; readonly failure: string | undefined } | undefined>;
  /** What was stored when the message was folded; undefined when it was not, or gave nothing. */
  readonly lineage: (id: string) => Promise<{ readonly mapVersion: string; readonly lineage: readonly LineageEntry[] } | undefined>;
  /** The lineage under the maps of now as FHIR Provenance, one for each resource. */
  readonly provenance: (id: string) => Promise<readonly Provenance[] | undefined>;
  readonly search: (search: MessageSearch) => Promise<FoundMessages>;
  /** One record's page; with its content only for who may see it. Undefined when the journal has none of that id. */
  readonly page: (id: string, content: boolean) => Promise<object | undefined>;
  readonly raw: (id: string) => Promise<Buffer | undefined>;
}

/** Longest identifier that is looked for: MSH-10 has 199 characters. */
const identifier = z.string().trim().min(1).max(199).optional();
const searchBody = z.strictObject({
  control: identifier,
  mrn: identifier,
  visit: identifier,
  account: identifier,
  type: z
    .string()
    .regex(/^[A-Z][A-Z0-9]{2}(\^[A-Z][A-Z0-9]{2})?$/, "is ADT or ADT^A01")
    .optional(),
  feed: z.string().max(100).optional(),
  from: z.iso
    .datetime({ offset: true })
    .transform((text) => new Date(text))
    .optional(),
  to: z.iso
    .datetime({ offset: true })
    .transform((text) => new Date(text))
    .optional(),
  outcome: z.enum(FOUND_BY_OUTCOME).optional(),
  limit: z.int().min(1).max(500).default(50),
  before: z.int().min(1).optional(),
});

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const NOT_FOUND: Answer = { status: 404, body: { code: "NOT_FOUND", message: "the journal has no record of this id" } };

/** What interface analysts and operators ask about messages. Lineage names places and rows, never values. */
export const messageRoutes = ({ status, mapAgain, lineage, provenance, search, page, raw }: MessageRouteNeeds): readonly Route[] => [
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
    handle: async ({ caller, params }) => {
      const id = params["id"] ?? "";
      // Content is for who mends interfaces; an auditor sees what became of it.
      const content = caller?.roles.some((role) => role === "admin" || role === "analyst") ?? false;
      const found = UUID.test(id) ? await page(id, content) : undefined;
      return found === undefined ? NOT_FOUND : { status: 200, body: found, object: { type: "message", id } };
    },
  },
  {
    method: "GET",
    path: "/api/messages/:id/raw",
    roles: ["admin", "analyst"],
    action: "read",
    objectType: "message",
    handle: async ({ params }) => {
      const id = params["id"] ?? "";
      const bytes = UUID.test(id) ? await raw(id) : undefined;
      return bytes === undefined
        ? NOT_FOUND
        : { status: 200, raw: { type: "application/octet-stream", bytes }, object: { type: "message", id } };
    },
  },
  {
    // POST, for what is looked for must not stand in an address that is logged.
    method: "POST",
    path: "/api/messages/search",
    roles: ["admin", "analyst", "auditor"],
    action: "search",
    objectType: "message",
    handle: async ({ body }) => {
      const asked = searchBody.safeParse(body ?? {});
      if (asked.success) return { status: 200, body: await search(asked.data) };
      const [issue] = asked.error.issues;
      return { status: 400, body: { code: "REQUEST_INVALID", message: issue?.message, place: issue?.path.join(".") } };
    },
  },
  {
    method: "GET",
    path: "/api/messages/:id/lineage",
    roles: ["admin", "analyst"],
    action: "read",
    objectType: "message",
    handle: async ({ params, query }) => {
      const id = params["id"] ?? "";
      const again = UUID.test(id) ? await mapAgain(id) : undefined;
      if (again === undefined) return NOT_FOUND;
      const { mapVersion, mapped, failure } = again;
      // As it was when the chart was made; `?maps=now` shows what the maps of now would make of it.
      const stored = query.get("maps") === "now" ? undefined : await lineage(id);
      const body = {
        id,
        mapVersion: stored?.mapVersion ?? mapVersion,
        mapVersionNow: mapVersion,
        failure,
        messageType: mapped?.messageType,
        lineage: stored?.lineage ?? mapped?.lineage ?? [],
        warnings: mapped?.warnings ?? [],
        unmapped: (mapped?.unmapped ?? []).map(({ table, place }) => ({ table, place })),
      };
      return { status: 200, body, object: { type: "message", id } };
    },
  },
  {
    method: "GET",
    path: "/api/messages/:id/provenance",
    roles: ["admin", "analyst"],
    action: "read",
    objectType: "message",
    handle: async ({ params }) => {
      const id = params["id"] ?? "";
      const found = UUID.test(id) ? await provenance(id) : undefined;
      if (found === undefined) return NOT_FOUND;
      const entry = found.map((resource) => ({ resource }));
      return { status: 200, body: { resourceType: "Bundle", type: "collection", entry }, object: { type: "message", id } };
    },
  },
];
