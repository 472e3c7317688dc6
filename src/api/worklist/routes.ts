import { z } from "zod";
import { codeSubmission } from "#src/coding/submission.ts";
import { BLOCKS } from "#src/worklist/holds.ts";
import type { Worklist } from "#src/worklist/worklist.ts";
import type { ChartView } from "../charts/view.ts";
import type { Answer, Call, Role, Route } from "../route.ts";
import { actionRoutes } from "./action-routes.ts";
import { CODERS, has, invalid, READERS, refuse, SUPERVISORS, UUID } from "./answers.ts";
import { queryRoutes } from "./query-routes.ts";

export interface WorklistRouteNeeds {
  readonly worklist: Worklist;
  /** The chart as the caller may see it. */
  readonly view: ChartView;
  readonly queues: readonly string[];
  /** Tickets changed: tell the relay. */
  readonly onTickets: () => void;
  /** Claims were made: tell the delivery. */
  readonly onReleased: () => void;
}

const nextBody = z.strictObject({
  queues: z.array(z.string()).max(50).default([]),
  /** Chosen by the caller: asked again with it after a lost answer, the same encounter is given. */
  leaseId: z.uuid().optional(),
});
const leaseBody = z.strictObject({ leaseId: z.uuid() });
const submitBody = z.strictObject({
  leaseId: z.uuid(),
  snapshotVersion: z.int().min(0),
  codes: codeSubmission,
  requestReview: z.boolean().default(false),
});
const holdBody = z.strictObject({
  code: z.string().regex(/^[A-Z][A-Z0-9-]{0,29}$/),
  owner: z.string().min(1).max(60),
  blocks: z.enum(BLOCKS),
  note: z.string().max(2_000).optional(),
  /** The day or the moment at which it lifts itself; null, or absent: never. */
  until: z
    .union([z.iso.date(), z.iso.datetime({ offset: true })])
    .transform((text) => new Date(text))
    .refine((until) => until.getTime() > Date.now(), "is in the past")
    .nullish()
    .transform((until) => until ?? undefined),
});

const isWorker = (call: Call): boolean => has(call, CODERS);
/** A plain BullMQ worker, with a token of its own. */
const CODERS_AND_MACHINES: readonly Role[] = [...CODERS, "external-coder"];

/** The coder's work list: pull the next encounter, keep it, give it back, submit codes; and what supervisors look at. */
export function worklistRoutes(needs: WorklistRouteNeeds): readonly Route[] {
  const { worklist, view, queues, onTickets, onReleased } = needs;
  /** Releases an item if nothing keeps it. What was asked is done by now: a release that throws is left to the sweep, which reports it. */
  const releaseNow = async (id: string): ReturnType<Worklist["release"]> => {
    const released = await worklist.release(id).catch(() => undefined);
    if (released !== undefined && "claimId" in released) onReleased();
    return released;
  };
  /** The item of the path and the body, or the answer to a request that has none. */
  const withBody =
    <T>(shape: z.ZodType<T>, handle: (id: string, body: T, userId: string) => Promise<Answer>) =>
    async ({ params, body, caller }: Call): Promise<Answer> => {
      const id = params["id"] ?? "";
      if (!UUID.test(id)) return refuse({ code: "NOT_FOUND" });
      const parsed = shape.safeParse(body);
      if (!parsed.success) return invalid(parsed.error);
      const answer = await handle(id, parsed.data, caller?.userId ?? "");
      return { ...answer, object: { type: "work-item", id } };
    };
  const route = (
    method: Route["method"],
    path: string,
    action: Route["action"],
    roles: readonly Role[],
    handle: Route["handle"],
  ): Route => ({
    method,
    path,
    roles,
    action,
    objectType: "work-item",
    handle,
  });

  return [
    route("POST", "/api/work-items/next", "execute", CODERS, async ({ body, caller }) => {
      const parsed = nextBody.safeParse(body ?? {});
      if (!parsed.success) return invalid(parsed.error);
      const unknown = parsed.data.queues.filter((name) => !queues.includes(name));
      if (unknown.length > 0)
        return refuse({
          code: "REQUEST_INVALID",
          place: "queues",
          detail: `there is no queue ${unknown.join(", ")}; there are ${queues.join(", ")}`,
        });
      const { queues: asked, leaseId } = parsed.data;
      const leased = await worklist.next({ userId: caller?.userId ?? "", queues: asked, ...(leaseId === undefined ? {} : { leaseId }) });
      if (!leased.ok) return refuse(leased.failure);
      onTickets();
      const detail = await worklist.read(leased.value.id, true);
      return {
        status: 200,
        body: { ...leased.value, holds: detail?.holds ?? [], chart: detail?.chart && view.present(caller, detail.chart) },
        object: { type: "work-item", id: leased.value.id },
      };
    }),
    route(
      "POST",
      "/api/work-items/:id/heartbeat",
      "update",
      [...CODERS_AND_MACHINES, "auditor"],
      withBody(leaseBody, async (id, { leaseId }, userId) => {
        const kept = await worklist.heartbeat(id, leaseId, userId);
        return kept.ok ? { status: 200, body: kept.value } : refuse(kept.failure);
      }),
    ),
    route(
      "POST",
      "/api/work-items/:id/release",
      "update",
      [...CODERS_AND_MACHINES, "auditor"],
      withBody(leaseBody, async (id, { leaseId }, userId) => {
        const given = await worklist.giveBack(id, leaseId, userId);
        if (!given.ok) return refuse(given.failure);
        onTickets();
        return { status: 200, body: { id } };
      }),
    ),
    route(
      "POST",
      "/api/work-items/:id/codes",
      "update",
      CODERS_AND_MACHINES,
      withBody(submitBody, async (id, submission, userId) => {
        const taken = await worklist.submit({ itemId: id, userId, ...submission });
        if (!taken.ok) return refuse(taken.failure);
        onTickets();
        const released = await releaseNow(id);
        const after = await worklist.read(id, false);
        const claim =
          released !== undefined && "claimId" in released ? { id: released.claimId, url: `/fhir/R4/Claim/${released.claimId}` } : null;
        const findings = [...taken.value.findings, ...(released !== undefined && "findings" in released ? released.findings : [])];
        return { status: 200, body: { id, state: after?.state, claim, holds: after?.holds ?? [], findings } };
      }),
    ),
    route(
      "POST",
      "/api/work-items/:id/holds",
      "update",
      CODERS,
      withBody(holdBody, async (id, hold, userId) => {
        const held = await worklist.putHold(id, hold, userId);
        if (!held.ok) return refuse(held.failure);
        onTickets();
        return { status: 200, body: { id, ...held.value } };
      }),
    ),
    route("DELETE", "/api/work-items/:id/holds/:code", "update", CODERS, async (call) => {
      const { params, caller } = call;
      const id = params["id"] ?? "";
      const lifted = UUID.test(id)
        ? await worklist.liftHold(id, params["code"] ?? "", caller?.userId ?? "", has(call, SUPERVISORS))
        : undefined;
      if (lifted === undefined) return refuse({ code: "NOT_FOUND" });
      if (!lifted.ok) return refuse(lifted.failure);
      onTickets();
      await releaseNow(id);
      return { status: 200, body: { id, ...lifted.value }, object: { type: "work-item", id } };
    }),
    {
      ...route("GET", "/api/work-items", "search", READERS, async ({ query }) => {
        const limit = Math.min(Math.max(Number(query.get("limit") ?? 50) || 50, 1), 200);
        const [state, queue, after, view] = [query.get("state"), query.get("queue"), query.get("after"), query.get("view")];
        if (after !== null && !UUID.test(after)) return refuse({ code: "REQUEST_INVALID", place: "after" });
        const items = await worklist.list({
          limit,
          ...(state === null ? {} : { state }),
          ...(queue === null ? {} : { queue }),
          ...(after === null ? {} : { after }),
          ...(view === null ? {} : { view }),
        });
        return { status: 200, body: { items, next: items.length === limit ? items.at(-1)?.id : undefined } };
      }),
      query: ["after", "limit", "queue", "state", "view"],
    },
    route("GET", "/api/work-items/:id", "read", READERS, async (call) => {
      const id = call.params["id"] ?? "";
      // Analysts and auditors see how far an item is, not the patient's chart.
      const item = UUID.test(id) ? await worklist.read(id, isWorker(call)) : undefined;
      if (item === undefined) return refuse({ code: "NOT_FOUND" });
      const chart = item.chart && view.present(call.caller, item.chart);
      return { status: 200, body: { ...item, chart }, object: { type: "work-item", id } };
    }),
    {
      ...route("GET", "/api/queues", "search", READERS, async () => ({ status: 200, body: { queues: await worklist.queues() } })),
      objectType: "queue",
    },
    ...actionRoutes(needs),
    ...queryRoutes(needs),
  ];
}
