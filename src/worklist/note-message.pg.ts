import type pg from "pg";
import type { Sealer } from "#src/base/seal.ts";
import { readChart } from "#src/charts/chart-store.pg.ts";
import type { Item } from "./item.ts";
import { type ItemEvent, lockWhere, writeItems } from "./item-store.pg.ts";
import { judgeKind } from "./judge-late.ts";
import { performLate } from "./late.pg.ts";
import { type LateKind, phaseOf } from "./late-messages.ts";
import type { QueueRules } from "./queue-rules.ts";
import { isEnded } from "./states.ts";

export interface NoteNeeds {
  readonly sealer: Sealer;
  readonly rules: QueueRules;
  readonly now: () => Date;
}

/** Days between two stays that may belong on one claim: the payment window (42 CFR 412.2(c)(5)). */
const WINDOW_DAYS = 3;

/** Whether the patient has other items: in coders' hands now, or close enough in time to belong together. */
async function othersOf(client: pg.PoolClient, item: Item): Promise<{ readonly leased: boolean; readonly close: boolean }> {
  const { rows } = await client.query<{ leased: boolean; close: boolean }>(
    `select bool_or(o.lease_id is not null and o.progress <> 'in-review') as leased,
       bool_or(o.progress in ('open', 'awaiting') and abs(extract(epoch from ((o.facts->>'admittedAt')::timestamptz - $3::timestamptz))) <= $4) as close
     from coding_item o where o.account_id <> $1 and o.patient_keys && $2::bytea[]`,
    [item.accountId, item.patientKeys.map((key) => Buffer.from(key, "hex")), item.facts.admittedAt ?? null, WINDOW_DAYS * 86_400],
  );
  return { leased: rows[0]?.leased === true, close: rows[0]?.close === true };
}

/** Something that happened to an item and that its chart alone does not show. */
export interface Noted {
  readonly kind: LateKind;
  readonly recordId?: string | undefined;
  /** The message, or the kind where there was none. */
  readonly eventType?: string;
  /** With `rules`: whether the codes have a hard finding now. */
  readonly regression?: boolean;
  /** Said in the item's history besides what the table says. */
  readonly event?: ItemEvent;
}

/**
 * What the table of late messages says of a message that the chart alone does not show: merges of patients (A40), moves and renames, links (A24,
 * A37), BAR. For every item of the account, in the caller's transaction; the account is locked by the caller.
 */
export async function noteMessage(client: pg.PoolClient, needs: NoteNeeds, accountId: string, noted: Noted): Promise<void> {
  for (const item of await lockWhere(client, "i.account_id = $1", [accountId])) await noteItem(client, needs, item, noted);
}

/** The same for one item, which the caller has locked: new rules, evidence that is gone. An item that has ended is left alone. */
export async function noteItem(
  client: pg.PoolClient,
  needs: NoteNeeds,
  item: Item,
  { kind, recordId, eventType = kind, regression = false, event }: Noted,
): Promise<void> {
  if (isEnded(item.progress)) return;
  const resources = (await readChart(client, needs.sealer, item.accountId))?.resources ?? [];
  const others = await othersOf(client, item);
  const judged = judgeKind(
    {
      phase: phaseOf({ progress: item.progress, leased: item.lease !== null, claimOut: item.claimId !== null }),
      before: { facts: item.facts, resources },
      after: { facts: item.facts, resources },
      eventType,
      changes: [],
      rule: needs.rules.rule(item.queue),
      now: needs.now(),
      knowsDischarges: true,
      bothLeased: item.lease !== null && others.leased,
      candidate: others.close,
      regression,
    },
    kind,
    [],
  );
  const change = await performLate(client, needs, {
    base: item,
    before: item,
    judged: [judged],
    resources: { before: resources, after: resources },
    place: item.queue,
    recordId,
    eventType,
  });
  await writeItems(client, [event === undefined ? change : { ...change, events: [...change.events, event] }]);
}
