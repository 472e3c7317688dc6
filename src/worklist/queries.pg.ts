import { randomBytes } from "node:crypto";
import type { Communication } from "@medplum/fhirtypes";
import type pg from "pg";
import type { Failure } from "#src/base/failures.ts";
import { freshId } from "#src/base/ids.ts";
import { fail, ok, type Result } from "#src/base/result.ts";
import { inTransaction } from "#src/database/pool.pg.ts";
import { withHolds } from "./advance.ts";
import { changeItem, lockItem } from "./item-store.pg.ts";
import { type LeaseNeeds, onItem } from "./leases.pg.ts";
import { answerQuery, type Answered, queryContext } from "./query-answer.pg.ts";
import { type LintFinding, lintQuery, type QueryContent } from "./query-lint.ts";

export const OUTCOMES = ["agreed", "disagreed", "no-opinion", "no-response", "cancelled"] as const;
export type Outcome = (typeof OUTCOMES)[number];

export interface QuerySummary {
  readonly id: string;
  /** Travels with the question and comes back with the answer. */
  readonly token: string;
  readonly itemId: string;
  readonly state: "draft" | "open" | "answered" | "closed";
  readonly outcome: Outcome | null;
  readonly author: string;
  readonly recipient: string | null;
  readonly sentAt: Date | null;
  readonly answeredAt: Date | null;
  readonly closedAt: Date | null;
  readonly reminders: number;
  readonly escalation: number;
  readonly documentId: string | null;
  readonly revision: number;
}
export interface QueryDetail extends QuerySummary {
  readonly content: QueryContent;
  readonly answer: string | undefined;
  readonly recipients: readonly { readonly at: Date; readonly recipient: string; readonly why: string }[];
  /** What left, or is to leave. */
  readonly messages: readonly Communication[];
}
export interface QueryRefusal extends Failure {
  readonly lint?: readonly LintFinding[];
}

const SUMMARY = `q.id, q.token, q.item_id as "itemId", q.state, q.outcome, q.author, q.recipient, q.sent_at as "sentAt", q.answered_at as "answeredAt",
  q.closed_at as "closedAt", q.reminders, q.escalation, q.document_id as "documentId", q.revision`;
type Taken<T> = Promise<Result<T, QueryRefusal>>;
type Row = QuerySummary & { readonly sealed_content: Buffer; readonly sealed_answer: Buffer | null };

/** A question in a provider's or coder's words; written as a draft. */
export function draftQuery(needs: LeaseNeeds, itemId: string, content: QueryContent, userId: string): Taken<QuerySummary> {
  return onItem(needs, itemId, undefined, async (client) => {
    const id = freshId();
    const token = `CBQ-${randomBytes(6).toString("hex").toUpperCase()}`;
    const { rows } = await client.query<QuerySummary>(
      `insert into provider_query as q (id, token, item_id, state, author, sealed_content, created_at) values ($1, $2, $3, 'draft', $4, $5, $6) returning ${SUMMARY}`,
      [id, token, itemId, userId, needs.sealer.sealJson(content, queryContext(id)), needs.now()],
    );
    return rows[0] === undefined ? fail({ code: "NOT_FOUND" }) : ok(rows[0]);
  });
}

async function lockQuery(client: pg.PoolClient, id: string, revision: number): Promise<Result<Row, QueryRefusal>> {
  const { rows } = await client.query<Row>(
    `select ${SUMMARY}, q.sealed_content, q.sealed_answer from provider_query q where q.id = $1 for update`,
    [id],
  );
  const row = rows[0];
  if (row === undefined) return fail({ code: "NOT_FOUND" });
  return row.revision === revision ? ok(row) : fail({ code: "REVISION_STALE", detail: `the question is at revision ${row.revision} now` });
}

/** Runs `work` on a question of a revision. The item is locked before it, as everywhere. */
function onQuery<T>(
  needs: LeaseNeeds,
  id: string,
  revision: number,
  states: readonly QuerySummary["state"][],
  work: (client: pg.PoolClient, row: Row) => Taken<T>,
): Taken<T> {
  return inTransaction(needs.pool, async (client) => {
    const { rows } = await client.query<{ item_id: string }>("select item_id from provider_query where id = $1", [id]);
    if (rows[0] === undefined) return fail({ code: "NOT_FOUND" });
    await lockItem(client, rows[0].item_id);
    const locked = await lockQuery(client, id, revision);
    if (!locked.ok) return locked;
    if (!states.includes(locked.value.state))
      return fail({ code: "TRANSITION_NOT_ALLOWED", detail: `the question is ${locked.value.state}` });
    return work(client, locked.value);
  });
}

export const editQuery = (needs: LeaseNeeds, id: string, revision: number, content: QueryContent): Taken<undefined> =>
  onQuery(needs, id, revision, ["draft"], async (client) => {
    await client.query("update provider_query set sealed_content = $2, revision = revision + 1 where id = $1", [
      id,
      needs.sealer.sealJson(content, queryContext(id)),
    ]);
    return ok(undefined);
  });

/**
 * Sends a question (T7): the item waits, its lease ends with the draft kept. A question that would not be compliant is not sent: fails with
 * `QUERY_NOT_COMPLIANT` and each rule. What leaves is stored as a FHIR Communication, which names the token.
 */
export const sendQuery = (needs: LeaseNeeds, id: string, revision: number, recipient: string, userId: string): Taken<QuerySummary> =>
  onQuery(needs, id, revision, ["draft"], async (client, row) => {
    const content = needs.sealer.openJson(row.sealed_content, queryContext(id)) as QueryContent;
    const lint = lintQuery(content);
    if (lint.length > 0) return fail({ code: "QUERY_NOT_COMPLIANT", lint });
    const item = await lockItem(client, row.itemId);
    if (item === undefined) return fail({ code: "NOT_FOUND" });
    await client.query("update provider_query set state = 'open', recipient = $2, sent_at = $3, revision = revision + 1 where id = $1", [
      id,
      recipient,
      needs.now(),
    ]);
    await addRecipient(client, id, recipient, "sent");
    await storeMessage(client, needs, row, content, "question", recipient);
    // The question stops whoever codes; an auditor's or another's lease is not theirs to end.
    const own = item.lease?.user === userId && item.progress !== "in-review";
    await changeItem(
      client,
      needs,
      item,
      { holds: withHolds(item.holds, { QUERY: true }), ...(own ? { lease: null, coderOfRecord: userId } : {}) },
      { name: "question sent", actor: userId, detail: id },
    );
    return ok(await summary(client, id));
  });

const summary = async (client: pg.PoolClient, id: string): Promise<QuerySummary> => {
  const { rows } = await client.query<QuerySummary>(`select ${SUMMARY} from provider_query q where q.id = $1`, [id]);
  if (rows[0] === undefined) throw new Error("a question that is locked is there");
  return rows[0];
};

const addRecipient = (client: pg.PoolClient, id: string, recipient: string, why: string): Promise<unknown> =>
  client.query("insert into provider_query_recipient (query_id, recipient, why) values ($1, $2, $3)", [id, recipient, why]);

type MessageKind = "question" | "reminder" | "escalation" | "cancellation";

/** The Communication (R4) that takes a question to its recipient. What the author hopes for is no part of it. */
async function storeMessage(
  client: pg.PoolClient,
  { sealer, now }: LeaseNeeds,
  row: QuerySummary,
  content: QueryContent,
  kind: MessageKind,
  recipient: string,
): Promise<void> {
  const id = freshId();
  const lines = [
    content.title,
    "",
    content.text,
    "",
    ...content.indicators.map(({ text, source, date, author }) => `- ${text} (${source}, ${date}, ${author})`),
    ...(content.options.length === 0 ? [] : ["", ...content.options.map((option) => `[ ] ${option}`)]),
    "",
    `Please name ${row.token} in your answer.`,
  ];
  const communication: Communication = {
    resourceType: "Communication",
    id,
    identifier: [{ system: "urn:chartbridge:provider-query", value: row.token }],
    status: kind === "cancellation" ? "stopped" : "preparation",
    category: [{ text: `provider query: ${kind}` }],
    sent: now().toISOString(),
    recipient: [{ display: recipient }],
    payload: [{ contentString: lines.join("\n") }],
  };
  await client.query("insert into query_message (id, query_id, kind, sealed) values ($1, $2, $3, $4)", [
    id,
    row.id,
    kind,
    sealer.sealJson(communication, queryContext(row.id)),
  ]);
}

const contentOf = ({ sealer }: LeaseNeeds, row: Row): QueryContent =>
  sealer.openJson(row.sealed_content, queryContext(row.id)) as QueryContent;

export const remindQuery = (needs: LeaseNeeds, id: string, revision: number): Taken<QuerySummary> =>
  onQuery(needs, id, revision, ["open"], async (client, row) => {
    await client.query("update provider_query set reminders = reminders + 1, reminded_at = $2, revision = revision + 1 where id = $1", [
      id,
      needs.now(),
    ]);
    await storeMessage(client, needs, row, contentOf(needs, row), "reminder", row.recipient ?? "");
    return ok(await summary(client, id));
  });

export const escalateQuery = (needs: LeaseNeeds, id: string, revision: number, recipient: string, why: string): Taken<QuerySummary> =>
  onQuery(needs, id, revision, ["open"], async (client, row) => {
    await client.query(
      "update provider_query set escalation = escalation + 1, escalated_at = $2, recipient = $3, revision = revision + 1 where id = $1",
      [id, needs.now(), recipient],
    );
    await addRecipient(client, id, recipient, why);
    await storeMessage(client, needs, row, contentOf(needs, row), "escalation", recipient);
    return ok(await summary(client, id));
  });

/** An answer by hand with its document named, or on the signed-in page. */
export const answerByHand = (needs: LeaseNeeds, revision: number, answer: Answered): Taken<QuerySummary> =>
  onQuery(needs, answer.queryId, revision, ["open"], async (client) => {
    await answerQuery(client, needs, answer);
    return ok(await summary(client, answer.queryId));
  });

/** Closes a question with what came of it. One that is still open is withdrawn: its hold goes. */
export const closeQuery = (needs: LeaseNeeds, id: string, revision: number, outcome: Outcome, userId: string): Taken<QuerySummary> =>
  onQuery(needs, id, revision, ["draft", "open", "answered"], async (client, row) => {
    if (row.state !== "answered" && outcome !== "cancelled" && outcome !== "no-response")
      return fail({ code: "TRANSITION_NOT_ALLOWED", detail: "there is no answer yet" });
    await client.query("update provider_query set state = 'closed', outcome = $2, closed_at = $3, revision = revision + 1 where id = $1", [
      id,
      outcome,
      needs.now(),
    ]);
    if (row.state === "open") await storeMessage(client, needs, row, contentOf(needs, row), "cancellation", row.recipient ?? "");
    const item = await lockItem(client, row.itemId);
    const open = await client.query("select from provider_query where item_id = $1 and state = 'open' limit 1", [row.itemId]);
    if (item !== undefined)
      await changeItem(
        client,
        needs,
        item,
        { holds: open.rowCount === 0 ? withHolds(item.holds, { QUERY: false }) : item.holds },
        { name: "question closed", actor: userId, detail: outcome },
      );
    return ok(await summary(client, id));
  });

/** Working days until the reminder, the physician advisor and the department's chair. */
export const ESCALATION_DAYS = [2, 4, 7] as const;

const workingDays = (from: Date, to: Date): number => {
  let days = 0;
  for (let at = from.getTime() + 86_400_000; at <= to.getTime(); at += 86_400_000) if (![0, 6].includes(new Date(at).getUTCDay())) days++;
  return days;
};

/** Reminds and escalates what waits too long: one step each time it is asked. @returns how many questions moved. */
export async function chaseQueries(needs: LeaseNeeds): Promise<number> {
  const { rows } = await needs.pool.query<QuerySummary>(`select ${SUMMARY} from provider_query q where q.state = 'open'`);
  let moved = 0;
  for (const query of rows) {
    if (query.sentAt === null) continue;
    const days = workingDays(query.sentAt, needs.now());
    const [remind, advisor, chair] = ESCALATION_DAYS;
    const step =
      query.escalation < 2 && days >= chair
        ? "department chair"
        : query.escalation < 1 && days >= advisor
          ? "physician advisor"
          : query.reminders < 1 && days >= remind
            ? "remind"
            : undefined;
    if (step === undefined) continue;
    const done =
      step === "remind"
        ? await remindQuery(needs, query.id, query.revision)
        : await escalateQuery(needs, query.id, query.revision, step, `open for ${days} working days`);
    if (done.ok) moved++;
  }
  return moved;
}

export async function listQueries(needs: LeaseNeeds, itemId: string): Promise<readonly QuerySummary[]> {
  return (
    await needs.pool.query<QuerySummary>(`select ${SUMMARY} from provider_query q where q.item_id = $1 order by q.created_at`, [itemId])
  ).rows;
}

export async function readQuery(needs: LeaseNeeds, id: string): Promise<QueryDetail | undefined> {
  const { rows } = await needs.pool.query<Row>(
    `select ${SUMMARY}, q.sealed_content, q.sealed_answer from provider_query q where q.id = $1`,
    [id],
  );
  const row = rows[0];
  if (row === undefined) return undefined;
  const { sealed_content: sealed, sealed_answer: answer, ...rest } = row;
  const recipients = await needs.pool.query<QueryDetail["recipients"][number]>(
    "select at, recipient, why from provider_query_recipient where query_id = $1 order by at",
    [id],
  );
  const messages = await needs.pool.query<{ sealed: Buffer }>("select sealed from query_message where query_id = $1 order by at", [id]);
  return {
    ...rest,
    content: needs.sealer.openJson(sealed, queryContext(id)) as QueryContent,
    answer: answer === null ? undefined : needs.sealer.open(answer, queryContext(id)).toString(),
    recipients: recipients.rows,
    messages: messages.rows.map((one) => needs.sealer.openJson(one.sealed, queryContext(id)) as Communication),
  };
}
