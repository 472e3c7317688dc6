import { z } from "zod";
import {
  answerByHand,
  closeQuery,
  draftQuery,
  editQuery,
  escalateQuery,
  OUTCOMES,
  readQuery,
  remindQuery,
  sendQuery,
} from "#src/worklist/queries.pg.ts";
import { queryContent } from "#src/worklist/query-lint.ts";
import type { Role, Route } from "../route.ts";
import { answer, CODERS, refuse, row, UUID, withBody } from "./answers.ts";
import type { WorklistRouteNeeds } from "./routes.ts";

const QUESTION = "provider-query";
const ASKERS: readonly Role[] = [...CODERS, "auditor"];
const revised = { revision: z.int().min(0) };
const recipient = z.string().min(1).max(200);

/** Questions to providers: written, checked, sent, chased, answered, closed. */
export function queryRoutes({ worklist, onTickets }: WorklistRouteNeeds): readonly Route[] {
  const { needs } = worklist;
  const act = <T>(
    path: string,
    shape: z.ZodType<T>,
    handle: (id: string, body: T, userId: string) => Promise<Awaited<ReturnType<Route["handle"]>>>,
  ): Route =>
    row(
      "POST",
      `/api/queries/:id/${path}`,
      "update",
      ASKERS,
      withBody(QUESTION, shape, async (id, body, { userId }) => {
        const given = await handle(id, body, userId);
        if (given.status < 300) onTickets();
        return given;
      }),
      QUESTION,
    );
  return [
    row(
      "POST",
      "/api/work-items/:id/queries",
      "create",
      ASKERS,
      withBody("work-item", queryContent, async (id, content, { userId }) => answer(await draftQuery(needs, id, content, userId))),
      QUESTION,
    ),
    row(
      "GET",
      "/api/queries/:id",
      "read",
      ASKERS,
      async ({ params }) => {
        const id = params["id"] ?? "";
        const found = UUID.test(id) ? await readQuery(needs, id) : undefined;
        return found === undefined ? refuse({ code: "NOT_FOUND" }) : { status: 200, body: found, object: { type: QUESTION, id } };
      },
      QUESTION,
    ),
    row(
      "PUT",
      "/api/queries/:id",
      "update",
      ASKERS,
      withBody(QUESTION, z.strictObject({ ...revised, content: queryContent }), async (id, { revision, content }) =>
        answer(await editQuery(needs, id, revision, content)),
      ),
      QUESTION,
    ),
    act("send", z.strictObject({ ...revised, recipient }), async (id, body, userId) =>
      answer(await sendQuery(needs, id, body.revision, body.recipient, userId)),
    ),
    act("remind", z.strictObject(revised), async (id, { revision }) => answer(await remindQuery(needs, id, revision))),
    act("escalate", z.strictObject({ ...revised, recipient, why: z.string().min(1).max(200) }), async (id, body) =>
      answer(await escalateQuery(needs, id, body.revision, body.recipient, body.why)),
    ),
    act(
      "answer",
      z.strictObject({ ...revised, documentId: z.string().min(1).max(100), text: z.string().max(20_000).optional() }),
      async (id, { revision, documentId, text }, userId) =>
        answer(await answerByHand(needs, revision, { queryId: id, way: "hand", documentId, answer: text, actor: userId })),
    ),
    act("close", z.strictObject({ ...revised, outcome: z.enum(OUTCOMES) }), async (id, { revision, outcome }, userId) =>
      answer(await closeQuery(needs, id, revision, outcome, userId)),
    ),
  ];
}
