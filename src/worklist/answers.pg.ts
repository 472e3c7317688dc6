import type { Resource } from "@medplum/fhirtypes";
import type pg from "pg";
import type { Sealer } from "#src/base/seal.ts";
import type { AccountChange } from "#src/charts/fold.pg.ts";
import { textOf } from "./chart-changes.ts";
import { answerQuery } from "./query-answer.pg.ts";
import type { QueueRules } from "./queue-rules.ts";

/** What may carry the answer to a question: MDM, ORU, or a Communication. */
const CARRIERS: readonly Resource["resourceType"][] = ["DocumentReference", "Observation", "DiagnosticReport", "Communication"];

/**
 * Closes the loop of questions: a document or message that names an open question's token is its answer. In the fold's transaction.
 * @returns how many questions were answered.
 */
export async function matchAnswers(
  client: pg.PoolClient,
  needs: { readonly sealer: Sealer; readonly rules: QueueRules; readonly now: () => Date },
  changes: readonly AccountChange[],
): Promise<number> {
  const { rows } = await client.query<{ id: string; token: string; account: string }>({
    name: "open-questions",
    text: `select q.id, q.token, i.account_id as account from provider_query q join coding_item i on i.id = q.item_id
      where q.state = 'open' and i.account_id = any($1::uuid[])`,
    values: [changes.map(({ accountId }) => accountId)],
  });
  let answered = 0;
  for (const { id, token, account } of rows) {
    const resources = changes.find(({ accountId }) => accountId === account)?.resources ?? [];
    const carrier = resources.find((one) => CARRIERS.includes(one.resourceType) && textOf(one).includes(token));
    if (carrier === undefined) continue;
    const documentId = `${carrier.resourceType}/${carrier.id ?? ""}`;
    await answerQuery(client, needs, { queryId: id, way: "message", documentId, answer: undefined, actor: "engine" });
    answered++;
  }
  return answered;
}
