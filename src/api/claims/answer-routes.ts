import { z } from "zod";
import { FAILURES } from "#src/base/failures.ts";
import type { Result } from "#src/base/result.ts";
import type { Backtest } from "#src/claims/answers/backtest.pg.ts";
import type { ClaimAnswers } from "#src/claims/answers/claim-answers.pg.ts";
import type { DenialRow } from "#src/claims/answers/denials.pg.ts";
import type { UnreceivedReport } from "#src/claims/receipts.pg.ts";
import type { ClaimTask } from "#src/claims/tasks.pg.ts";
import type { Unreadable } from "#src/destinations/answer-poll.pg.ts";
import type { Failure } from "#src/base/failures.ts";
import type { Role, Route } from "../route.ts";
import { CODERS, invalid, READERS, refuse, row, UUID, withBody } from "../worklist/answers.ts";

export interface AnswerRouteNeeds {
  readonly answers: ClaimAnswers;
  readonly unreceived: () => Promise<UnreceivedReport>;
  /** What was fetched from destinations and could not be taken. */
  readonly unreadable: () => Promise<readonly Unreadable[]>;
  /** False when there is no such claim. */
  readonly sayReceived: (claimId: string, consumer: string) => Promise<boolean>;
  readonly tasks: (owner: string | undefined) => Promise<readonly ClaimTask[]>;
  readonly finishTask: (id: string, by: string) => Promise<Result<{ readonly itemState?: string }, Failure>>;
  readonly denials: (itemId: string) => Promise<readonly DenialRow[]>;
  /** T18: the coder stays with the codes; the denial is appealed, or taken as it is. */
  readonly endDenial: (itemId: string, decision: "appeal" | "accept", userId: string) => Promise<Result<unknown, Failure>>;
  /** Undefined when there is no such edit. */
  readonly backtest: (rule: string, since: Date) => Promise<Backtest | undefined>;
  readonly onTickets: () => void;
}

const BILLING: readonly Role[] = ["billing", "admin"];
const TASK_ROLES: readonly Role[] = ["billing", "admin", "supervisor"];
const importBody = z.strictObject({ text: z.string().min(1) });
const decisionBody = z.strictObject({ decision: z.enum(["appeal", "accept"]) });
const DAY_MS = 86_400_000;

/** Answers of payers in, what is missing, and what people do about it. */
export function answerRoutes(needs: AnswerRouteNeeds): readonly Route[] {
  const { answers, onTickets } = needs;
  return [
    row(
      "POST",
      "/api/claims/answers",
      "create",
      BILLING,
      async ({ body, caller }) => {
        const parsed = importBody.safeParse(body);
        if (!parsed.success) return invalid(parsed.error);
        const taken = await answers.importText(parsed.data.text, caller?.name ?? "");
        if (!taken.ok)
          return {
            status: FAILURES.REQUEST_INVALID.http,
            body: { code: "REQUEST_INVALID", message: "nothing of the file was taken", faults: taken.failure },
          };
        onTickets();
        return { status: 200, body: taken.value };
      },
      "ClaimResponse",
    ),
    row(
      "GET",
      "/api/claims/answers/unreadable",
      "search",
      BILLING,
      async () => ({ status: 200, body: { unreadable: await needs.unreadable() } }),
      "ClaimResponse",
    ),
    row("GET", "/api/claims/unreceived", "search", TASK_ROLES, async () => ({ status: 200, body: await needs.unreceived() }), "Claim"),
    row(
      "POST",
      "/api/claims/:id/receipt",
      "create",
      BILLING,
      withBody("Claim", z.strictObject({}), async (id, _body, { caller }) =>
        (await needs.sayReceived(id, caller?.name ?? "")) ? { status: 200, body: {} } : refuse({ code: "NOT_FOUND" }),
      ),
      "Claim",
    ),
    {
      ...row(
        "GET",
        "/api/claim-tasks",
        "search",
        TASK_ROLES,
        async ({ query }) => ({ status: 200, body: { tasks: await needs.tasks(query.get("owner") ?? undefined) } }),
        "claim-task",
      ),
      query: ["owner"],
    },
    row(
      "POST",
      "/api/claim-tasks/:id/done",
      "update",
      TASK_ROLES,
      withBody("claim-task", z.strictObject({}), async (id, _body, { caller }) => {
        const done = await needs.finishTask(id, caller?.name ?? "");
        return done.ok ? { status: 200, body: done.value } : refuse(done.failure);
      }),
      "claim-task",
    ),
    row("GET", "/api/work-items/:id/denials", "read", [...READERS, "billing"], async ({ params }) => {
      const id = params["id"] ?? "";
      if (!UUID.test(id)) return refuse({ code: "NOT_FOUND" });
      return { status: 200, body: { denials: await needs.denials(id) }, object: { type: "work-item", id } };
    }),
    row(
      "POST",
      "/api/work-items/:id/denial-decision",
      "update",
      CODERS,
      withBody("work-item", decisionBody, async (id, { decision }, { userId }) => {
        const ended = await needs.endDenial(id, decision, userId);
        if (!ended.ok) return refuse(ended.failure);
        onTickets();
        return { status: 200, body: ended.value ?? {} };
      }),
    ),
    row(
      "GET",
      "/api/edits/:rule/backtest",
      "execute",
      ["admin", "analyst", "auditor", "supervisor"],
      async ({ params, query }) => {
        const days = Math.min(Math.max(Number(query.get("days") ?? 730) || 730, 1), 3_660);
        const done = await needs.backtest(params["rule"] ?? "", new Date(Date.now() - days * DAY_MS));
        return done === undefined ? refuse({ code: "NOT_FOUND" }) : { status: 200, body: { days, ...done } };
      },
      "edit",
    ),
  ];
}
