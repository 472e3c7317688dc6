import type pg from "pg";
import type { Sealer } from "#src/base/seal.ts";
import { withHolds } from "./advance.ts";
import { changeItem, lockItem } from "./item-store.pg.ts";
import { recode } from "./late.pg.ts";
import type { QueueRules } from "./queue-rules.ts";

export const queryContext = (queryId: string): string => `question ${queryId}`;

export interface Answered {
  readonly queryId: string;
  /** By a message that names the question, by hand with the document named, or on the signed-in page. */
  readonly way: "message" | "hand" | "page";
  readonly documentId: string | undefined;
  readonly answer: string | undefined;
  /** `engine`, or a user. */
  readonly actor: string;
}

/** Records an answer: the hold QUERY is lifted when no other question is open (T8); coded work is looked at again. */
export async function answerQuery(
  client: pg.PoolClient,
  needs: { readonly sealer: Sealer; readonly rules: QueueRules; readonly now: () => Date },
  { queryId, way, documentId, answer, actor }: Answered,
): Promise<boolean> {
  const { rows } = await client.query<{ item_id: string }>(
    `update provider_query set state = 'answered', answered_at = $2, answered_by_way = $3, document_id = $4, sealed_answer = $5, revision = revision + 1
     where id = $1 and state = 'open' returning item_id`,
    [
      queryId,
      needs.now(),
      way,
      documentId ?? null,
      answer === undefined ? null : needs.sealer.seal(Buffer.from(answer), queryContext(queryId)),
    ],
  );
  const itemId = rows[0]?.item_id;
  const item = itemId === undefined ? undefined : await lockItem(client, itemId);
  if (item === undefined) return false;
  const open = await client.query("select from provider_query where item_id = $1 and state = 'open' limit 1", [item.id]);
  const holds = open.rowCount === 0 ? withHolds(item.holds, { QUERY: false }) : item.holds;
  await changeItem(client, needs, { ...item }, { ...recode(item, "answer"), holds }, { name: "question answered", actor, detail: queryId });
  return true;
}
