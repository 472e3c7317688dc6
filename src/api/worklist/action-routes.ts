import { z } from "zod";
import { codeSubmission } from "#src/coding/submission.ts";
import {
  addComment,
  confirmCancel,
  confirmCodes,
  listComments,
  listNotices,
  noCode,
  readDraft,
  reassign,
  saveDraft,
  setStat,
} from "#src/worklist/actions.pg.ts";
import { decideProposal, listProposals } from "#src/worklist/proposals.pg.ts";
import { listQueries } from "#src/worklist/queries.pg.ts";
import { endReview, listReviews } from "#src/worklist/reviews.pg.ts";
import { resolveMerge } from "#src/worklist/resolve-merge.pg.ts";
import type { Route } from "../route.ts";
import { answer, CODERS, has, refuse, row, SUPERVISORS, UUID, withBody } from "./answers.ts";
import type { WorklistRouteNeeds } from "./routes.ts";

const ITEM = "work-item";
const leased = { leaseId: z.uuid() };
const draftBody = z.strictObject({ ...leased, draftVersion: z.int().min(0), draft: z.unknown() });
const confirmBody = z.strictObject({ ...leased, note: z.string().min(1).max(2_000) });
const commentBody = z.strictObject({ text: z.string().min(1).max(5_000) });
const revised = { revision: z.int().min(0) };
const reassignBody = z.strictObject({ ...revised, queue: z.string().max(40).nullable().optional(), to: z.uuid().nullable().optional() });
const statBody = z.strictObject({ ...revised, stat: z.boolean() });
/** A reason of the site's list: a word, never a sentence that may name a patient. */
const noCodeBody = z.strictObject({ ...revised, reason: z.string().regex(/^[a-z][a-z0-9-]{0,39}$/) });
const reviewBody = z.strictObject({
  ...leased,
  verdict: z.enum(["agreed", "changed", "returned"]),
  codes: codeSubmission.optional(),
  worksheet: z.string().max(20_000).optional(),
});
const decisionBody = z.strictObject({ ...revised, accept: z.boolean(), comment: z.string().max(2_000).optional() });
const mergeBody = z.strictObject({ into: z.uuid() });

/** What coders, auditors and supervisors do with an item besides taking and coding it. */
export function actionRoutes({ worklist, onTickets }: WorklistRouteNeeds): readonly Route[] {
  const { needs } = worklist;
  /** An action that may change what waits in Redis. */
  const act: typeof withBody = (type, shape, handle) =>
    withBody(type, shape, async (id, body, call) => {
      const given = await handle(id, body, call);
      if (given.status < 300) onTickets();
      return given;
    });
  return [
    row(
      "POST",
      "/api/work-items/:id/lease",
      "execute",
      [...CODERS, "external-coder"],
      act(ITEM, z.strictObject({}), async (id, _body, call) => {
        const supervisor = has(call, SUPERVISORS);
        const opened = await worklist.open(id, { userId: call.userId, supervisor, external: has(call, ["external-coder"]) });
        if (!opened.ok) return refuse(opened.failure);
        const detail = await worklist.read(id, true);
        return { status: 200, body: { ...opened.value, holds: detail?.holds ?? [], chart: detail?.chart } };
      }),
    ),
    row(
      "PUT",
      "/api/work-items/:id/draft",
      "update",
      [...CODERS, "external-coder"],
      withBody(ITEM, draftBody, async (id, { leaseId, draftVersion, draft }, { userId }) =>
        answer(await saveDraft(needs, { itemId: id, leaseId, userId, draftVersion, draft: draft ?? null })),
      ),
    ),
    row("GET", "/api/work-items/:id/draft", "read", CODERS, async ({ params }) => {
      const id = params["id"] ?? "";
      const draft = UUID.test(id) ? await readDraft(needs, id) : undefined;
      return draft === undefined ? refuse({ code: "NOT_FOUND" }) : { status: 200, body: draft, object: { type: ITEM, id } };
    }),
    row(
      "POST",
      "/api/work-items/:id/confirm",
      "update",
      CODERS,
      act(ITEM, confirmBody, async (id, { leaseId, note }, { userId }) =>
        answer(await confirmCodes(needs, { itemId: id, leaseId, userId, note })),
      ),
    ),
    row(
      "POST",
      "/api/work-items/:id/comments",
      "create",
      [...CODERS, "auditor"],
      withBody(ITEM, commentBody, async (id, { text }, { userId }) => answer(await addComment(needs, id, text, userId))),
    ),
    row("GET", "/api/work-items/:id/activity", "read", [...CODERS, "auditor"], async ({ params }) => {
      const id = params["id"] ?? "";
      if (!UUID.test(id)) return refuse({ code: "NOT_FOUND" });
      const [comments, notices, proposals, questions, reviews] = await Promise.all([
        listComments(needs, id),
        listNotices(needs, id),
        listProposals(needs, id),
        listQueries(needs, id),
        listReviews(needs, id),
      ]);
      return { status: 200, body: { comments, notices, proposals, questions, reviews }, object: { type: ITEM, id } };
    }),
    row(
      "POST",
      "/api/work-items/:id/reassign",
      "update",
      SUPERVISORS,
      act(ITEM, reassignBody, async (id, body, { userId }) => answer(await reassign(needs, id, { ...body, userId }))),
    ),
    row(
      "POST",
      "/api/work-items/:id/stat",
      "update",
      SUPERVISORS,
      act(ITEM, statBody, async (id, body, { userId }) => answer(await setStat(needs, id, { ...body, userId }))),
    ),
    row(
      "POST",
      "/api/work-items/:id/no-code",
      "update",
      CODERS,
      act(ITEM, noCodeBody, async (id, body, call) =>
        answer(await noCode(needs, id, { ...body, userId: call.userId, supervisor: has(call, SUPERVISORS) })),
      ),
    ),
    row(
      "POST",
      "/api/work-items/:id/confirm-cancel",
      "update",
      SUPERVISORS,
      act(ITEM, z.strictObject(revised), async (id, { revision }, { userId }) =>
        answer(await confirmCancel(needs, id, { revision, userId })),
      ),
    ),
    row(
      "POST",
      "/api/work-items/:id/resolve-merge",
      "update",
      SUPERVISORS,
      act(ITEM, mergeBody, async (id, { into }, { userId }) => answer(await resolveMerge(needs, id, into, userId))),
    ),
    row("POST", "/api/reviews/next", "execute", ["auditor", "admin"], async ({ caller }) => {
      const leasedItem = await worklist.next({ userId: caller?.userId ?? "", queues: [], kind: "review" });
      if (!leasedItem.ok) return refuse(leasedItem.failure);
      const detail = await worklist.read(leasedItem.value.id, true);
      const reviews = await listReviews(needs, leasedItem.value.id);
      return { status: 200, body: { ...leasedItem.value, chart: detail?.chart, reviews }, object: { type: ITEM, id: leasedItem.value.id } };
    }),
    row(
      "POST",
      "/api/work-items/:id/review",
      "update",
      ["auditor", "admin"],
      act(ITEM, reviewBody, async (id, body, { userId }) => answer(await endReview(needs, { ...body, itemId: id, userId }))),
    ),
    row(
      "GET",
      "/api/proposals",
      "search",
      [...SUPERVISORS, "billing"],
      async () => ({ status: 200, body: { proposals: await listProposals(needs) } }),
      "proposal",
    ),
    row(
      "POST",
      "/api/proposals/:id/decision",
      "update",
      SUPERVISORS,
      act("proposal", decisionBody, async (id, body, { userId }) => answer(await decideProposal(needs, id, { ...body, userId }))),
      "proposal",
    ),
  ];
}
