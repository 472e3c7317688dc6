import type pg from "pg";
import type { Sealer } from "#src/base/seal.ts";
import { withHolds } from "./advance.ts";
import type { Item } from "./item.ts";
import { changeItem, lockWhere } from "./item-store.pg.ts";
import { propose, recode } from "./late.pg.ts";
import type { QueueRules } from "./queue-rules.ts";
import { isCoded, isEnded } from "./states.ts";
import { codingContext } from "#src/coding/coding-version.pg.ts";

export interface MoveNeeds {
  readonly sealer: Sealer;
  readonly rules: QueueRules;
  readonly now: () => Date;
}

/**
 * Moves the work of an account that was merged into another (A41, A42 and their family), in the fold's transaction: holds of people, questions,
 * comments and drafts go to the survivor's item of the same stream; the loser's item is MERGED. A draft becomes a proposal; a claim that is out
 * gets one to void it; a survivor that was coded is looked at again. Where both are in coders' hands nobody writes until HIM has decided
 * (MERGE-PENDING). Both accounts are locked by the caller; charges and documents are the charts' own. Applied again it changes nothing.
 * @returns ids of the items that went.
 */
export async function moveItems(
  client: pg.PoolClient,
  needs: MoveNeeds,
  fromAccount: string,
  toAccount: string,
  {
    recordId,
    decided = false,
    actor = "engine",
  }: { readonly recordId?: string | undefined; readonly decided?: boolean; readonly actor?: string } = {},
): Promise<readonly string[]> {
  const items = await lockWhere(client, "i.account_id = any($1::uuid[])", [[fromAccount, toAccount]]);
  const gone: string[] = [];
  for (const loser of items.filter(({ accountId }) => accountId === fromAccount)) {
    if (loser.progress === "merged") continue;
    const survivor = items.find(({ accountId, stream }) => accountId === toAccount && stream === loser.stream);
    if (!decided && loser.lease !== null && survivor !== undefined && survivor.lease !== null) {
      for (const item of [loser, survivor])
        await changeItem(
          client,
          needs,
          item,
          { holds: withHolds(item.holds, { "MERGE-PENDING": true }) },
          {
            name: "merge pending",
            actor: "engine",
            recordId,
            detail: item === loser ? survivor.id : loser.id,
          },
        );
      continue;
    }
    await absorb(client, needs, loser, survivor, { toAccount, recordId, actor });
    gone.push(loser.id);
  }
  return gone;
}

const KEPT = ["item_comment", "provider_query"] as const;

async function absorb(
  client: pg.PoolClient,
  needs: MoveNeeds,
  loser: Item,
  survivor: Item | undefined,
  { toAccount, recordId, actor }: { readonly toAccount: string; readonly recordId: string | undefined; readonly actor: string },
): Promise<void> {
  const survivorId = survivor?.id ?? null;
  if (loser.claimId !== null)
    await propose(client, needs, loser, {
      kind: "void",
      reason: "D6",
      cause: "merge-account",
      fromVersion: loser.judgedVersion ?? loser.chartVersion,
      toVersion: loser.chartVersion,
      cents: -loser.facts.totalCents,
      difference: [{ element: "Account", of: `Account/${loser.accountId}` }],
    });
  const draft = await client.query<{ sealed: Buffer | null }>("select sealed_draft as sealed from coding_item where id = $1", [loser.id]);
  const own = loser.holds.filter(({ setBy }) => setBy !== "engine");
  if (survivor !== undefined) {
    for (const table of KEPT) await client.query(`update ${table} set item_id = $2 where item_id = $1`, [loser.id, survivor.id]);
    await client.query(
      "delete from item_hold where item_id = $1 and set_by <> 'engine' and code in (select code from item_hold where item_id = $2)",
      [loser.id, survivor.id],
    );
    const sealed = draft.rows[0]?.sealed;
    if (sealed !== null && sealed !== undefined)
      await propose(client, needs, survivor, {
        kind: "draft",
        reason: null,
        cause: "merge-account",
        fromVersion: survivor.chartVersion,
        toVersion: survivor.chartVersion,
        cents: 0,
        difference: { codes: needs.sealer.openJson(sealed, codingContext(loser.id)) },
      });
    const open = await client.query("select from provider_query where item_id = $1 and state = 'open' limit 1", [survivor.id]);
    const holds = [...survivor.holds, ...own.filter(({ code }) => !survivor.holds.some((hold) => hold.code === code))];
    const base: Item = {
      ...survivor,
      holds: withHolds(holds, { "MERGE-PENDING": false, ...(open.rowCount === 0 ? {} : { QUERY: true }) }),
    };
    const next = isCoded(survivor.progress) && !isEnded(survivor.progress) ? recode(base, "merge-account") : base;
    await changeItem(client, needs, survivor, next, { name: "merged in", actor, recordId, detail: loser.id });
  }
  await changeItem(
    client,
    needs,
    loser,
    { progress: "merged", lease: null, mergedInto: survivorId, holds: [], recodeFrom: null, recodeReasons: [], settleAt: null },
    { name: "merged", actor, recordId, detail: survivorId ?? toAccount },
  );
}
