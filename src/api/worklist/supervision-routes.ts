import { z } from "zod";
import type { Sealer } from "#src/base/seal.ts";
import { readJournalBooks, readRefusalBooks } from "#src/journal/books.pg.ts";
import { readWorkBooks } from "#src/worklist/books.pg.ts";
import { type CoderProfile, listCoders, readCoder, readRelations, RELATIONS, saveProfile } from "#src/worklist/coders.pg.ts";
import { readMeasures, readProductivity } from "#src/worklist/measures.pg.ts";
import { readQueueStates, setQueueState } from "#src/worklist/queue-state.pg.ts";
import { moveQueue, previewQueues } from "#src/worklist/requeue.pg.ts";
import { ROLES, type Route } from "../route.ts";
import { invalid, READERS, refuse, row, SUPERVISORS, UUID, withBody } from "./answers.ts";
import type { WorklistRouteNeeds } from "./routes.ts";

export interface SupervisionNeeds extends WorklistRouteNeeds {
  readonly sealer: Sealer;
  /** Makes the user when there is none of that name. @returns its id. */
  readonly makeUser: (name: string, roles: readonly string[]) => Promise<string>;
}

const day = z.iso.date();
const profile = {
  facilities: z.array(z.string().min(1).max(60)).max(200).default([]),
  payerExclusions: z.array(z.string().min(1).max(60)).max(200).default([]),
  startedOn: day.optional(),
  credentials: z
    .array(
      z
        .strictObject({ credential: z.string().min(1).max(20), from: day, to: day.optional() })
        .refine(({ from, to }) => to === undefined || to >= from, "ends before it begins"),
    )
    .max(50)
    .default([]),
  relations: z
    .array(z.strictObject({ kind: z.enum(RELATIONS), person: z.string().min(1).max(60) }))
    .max(200)
    .default([]),
};
/** What may be said of a coder; the command line reads the same. */
export const coderProfile: z.ZodType<CoderProfile> = z.strictObject(profile);
const userBody = z.strictObject({ name: z.string().min(1).max(100), roles: z.array(z.enum(ROLES)).min(1), ...profile });
const changeBody = z.strictObject({ revision: z.int().min(0), ...profile });
const stateBody = z.strictObject({ paused: z.boolean(), draining: z.boolean(), why: z.string().min(1).max(200) });
const moveBody = z.strictObject({ to: z.string().min(1).max(40) });

/** `asOf`, a day or an instant; now when absent. */
function momentOf(query: URLSearchParams, name: string): Date | undefined {
  const said = query.get(name);
  if (said === null) return new Date();
  const at = new Date(/^\d{4}-\d{2}-\d{2}$/.test(said) ? `${said}T23:59:59.999Z` : said);
  return Number.isNaN(at.getTime()) ? undefined : at;
}

/** What those who answer for the work do: people, queues, books. */
export function supervisionRoutes({ worklist, queues, onTickets, sealer, makeUser }: SupervisionNeeds): readonly Route[] {
  const { needs } = worklist;
  const { pool } = needs;
  const atMoment = (path: string, read: (asOf: Date) => Promise<unknown>): Route =>
    row(
      "GET",
      path,
      "read",
      ["admin", "analyst", "auditor", "supervisor"],
      async ({ query }) => {
        const asOf = momentOf(query, "asOf");
        return asOf === undefined ? refuse({ code: "REQUEST_INVALID", place: "asOf" }) : { status: 200, body: await read(asOf) };
      },
      "books",
    );
  return [
    row("GET", "/api/users", "search", SUPERVISORS, async () => ({ status: 200, body: { users: await listCoders(pool) } }), "user"),
    row(
      "POST",
      "/api/users",
      "create",
      ["admin"],
      async ({ body }) => {
        const parsed = userBody.safeParse(body);
        if (!parsed.success) return invalid(parsed.error);
        const { name, roles, ...rest } = parsed.data;
        // A second one of a name would be the first without what is known of them.
        if ((await listCoders(pool)).some((one) => one.name === name))
          return refuse({ code: "REVISION_STALE", place: "name", detail: "there is a user of this name" });
        const id = await makeUser(name, roles);
        await saveProfile(pool, sealer, id, rest);
        return { status: 201, body: await readCoder(pool, id), object: { type: "user", id } };
      },
      "user",
    ),
    row(
      "GET",
      "/api/users/:id",
      "read",
      ["admin"],
      async ({ params }) => {
        const id = params["id"] ?? "";
        const coder = UUID.test(id) ? await readCoder(pool, id) : undefined;
        return coder === undefined
          ? refuse({ code: "NOT_FOUND" })
          : { status: 200, body: { ...coder, relations: await readRelations(pool, sealer, id) }, object: { type: "user", id } };
      },
      "user",
    ),
    row(
      "PUT",
      "/api/users/:id",
      "update",
      ["admin"],
      withBody("user", changeBody, async (id, { revision, ...rest }) => {
        if ((await readCoder(pool, id)) === undefined) return refuse({ code: "NOT_FOUND" });
        return (await saveProfile(pool, sealer, id, rest, revision))
          ? { status: 200, body: await readCoder(pool, id) }
          : refuse({ code: "REVISION_STALE" });
      }),
      "user",
    ),
    row(
      "PUT",
      "/api/queues/:name/state",
      "update",
      SUPERVISORS,
      async ({ params, body, caller }) => {
        const queue = params["name"] ?? "";
        if (!queues.includes(queue)) return refuse({ code: "NOT_FOUND" });
        const parsed = stateBody.safeParse(body);
        if (!parsed.success) return invalid(parsed.error);
        const { paused, draining, why } = parsed.data;
        await setQueueState(pool, { queue, paused, draining }, { userId: caller?.userId ?? "", why });
        onTickets();
        return { status: 200, body: { queue, paused, draining }, object: { type: "queue", id: queue } };
      },
      "queue",
    ),
    row(
      "POST",
      "/api/queues/:name/move",
      "update",
      SUPERVISORS,
      async ({ params, body, caller }) => {
        const from = params["name"] ?? "";
        const parsed = moveBody.safeParse(body);
        if (!parsed.success) return invalid(parsed.error);
        if (!queues.includes(parsed.data.to)) return refuse({ code: "REQUEST_INVALID", place: "to" });
        const moved = await moveQueue(needs, from, parsed.data.to, caller?.userId ?? "");
        onTickets();
        return { status: 200, body: { moved }, object: { type: "queue", id: from } };
      },
      "queue",
    ),
    row("GET", "/api/queues/preview", "read", SUPERVISORS, async () => ({ status: 200, body: await previewQueues(needs) }), "queue"),
    row(
      "GET",
      "/api/queue-states",
      "search",
      READERS,
      async () => ({ status: 200, body: { states: await readQueueStates(pool) } }),
      "queue",
    ),
    atMoment("/api/reconciliation", async (asOf) => ({
      received: await readJournalBooks(pool, asOf),
      refused: await readRefusalBooks(pool, asOf),
      ...(await readWorkBooks(pool, asOf)),
    })),
    atMoment("/api/measures", (asOf) => readMeasures(pool, asOf)),
    row(
      "GET",
      "/api/productivity",
      "read",
      ["admin", "analyst", "supervisor"],
      async ({ query }) => {
        const [from, to] = [momentOf(query, "from"), momentOf(query, "to")];
        if (from === undefined || to === undefined) return refuse({ code: "REQUEST_INVALID", place: "from" });
        return { status: 200, body: { from, to, coders: await readProductivity(pool, query.has("from") ? from : new Date(0), to) } };
      },
      "books",
    ),
  ];
}
