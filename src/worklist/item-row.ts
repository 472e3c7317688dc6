import type { Stream } from "#src/coding/submission.ts";
import type { ItemFacts } from "./conditions.ts";
import type { HeldBy } from "./holds.ts";
import { EMPTY_FACTS, type Item } from "./item.ts";
import type { ScoreParts } from "./score.ts";
import type { ItemState, Progress } from "./states.ts";

/** An item as the database gives it. */
export interface Row {
  id: string;
  account_id: string;
  stream: Stream;
  progress: Progress;
  state: ItemState;
  queue: string;
  priority: number;
  dispatch_no: number;
  facility: string;
  class: string | null;
  ready_at: Date | null;
  chart_version: number;
  pinned_version: number | null;
  judged_version: number | null;
  release_version: number | null;
  release_after: Date | null;
  lease_id: string | null;
  lease_user: string | null;
  lease_until: Date | null;
  coder_of_record: string | null;
  facts: Partial<ItemFacts>;
  patient_keys: string[];
  score: number;
  score_parts: ScoreParts;
  stat: boolean;
  views: string[];
  routed_by: string;
  recode_from: Progress | null;
  recode_reasons: string[];
  reserved_for: string | null;
  reserved_until: Date | null;
  unblocked_at: Date | null;
  settle_at: Date | null;
  answer_by: string | null;
  merged_into: string | null;
  shadow: boolean;
  claim_id: string | null;
  has_draft: boolean;
  revision: number;
}

/** What is read of an item `i`, in the names of its row. */
export const READ = `i.id, i.account_id, i.stream, i.progress, i.state, i.queue, i.priority, i.dispatch_no, i.facility, i.class, i.ready_at,
  i.chart_version, i.pinned_version, i.judged_version, i.release_version, i.release_after, i.lease_id, i.lease_user, i.lease_until,
  i.coder_of_record, i.facts, array(select encode(k, 'hex') from unnest(i.patient_keys) k) as patient_keys, i.score, i.score_parts,
  i.stat, i.views, i.routed_by, i.recode_from, i.recode_reasons, i.reserved_for, i.reserved_until, i.unblocked_at, i.settle_at, i.answer_by::text,
  i.merged_into, i.shadow, i.revision, i.sealed_draft is not null as has_draft,
  (select case when c.frequency = '8' or c.status in ('cancelled', 'entered-in-error') then null else c.id end
     from claim c where c.item_id = i.id order by c.version desc, c.part limit 1) as claim_id`;

/** @param holds what holds the item now. */
export const itemOf = (row: Row, holds: readonly HeldBy[]): Item => ({
  id: row.id,
  accountId: row.account_id,
  stream: row.stream,
  progress: row.progress,
  state: row.state,
  queue: row.queue,
  priority: row.priority,
  dispatchNo: row.dispatch_no,
  facility: row.facility,
  class: row.class,
  readyAt: row.ready_at,
  chartVersion: row.chart_version,
  pinnedVersion: row.pinned_version,
  judgedVersion: row.judged_version,
  releaseVersion: row.release_version,
  releaseAfter: row.release_after,
  lease:
    row.lease_id === null || row.lease_user === null || row.lease_until === null
      ? null
      : { id: row.lease_id, user: row.lease_user, until: row.lease_until },
  coderOfRecord: row.coder_of_record,
  facts: { ...EMPTY_FACTS, stream: row.stream, facility: row.facility, class: row.class ?? "", ...row.facts },
  patientKeys: row.patient_keys,
  score: row.score,
  scoreParts: row.score_parts,
  stat: row.stat,
  views: row.views,
  routedBy: row.routed_by,
  recodeFrom: row.recode_from,
  recodeReasons: row.recode_reasons,
  reservedFor: row.reserved_for,
  reservedUntil: row.reserved_until,
  unblockedAt: row.unblocked_at,
  settleAt: row.settle_at,
  answerBy: row.answer_by,
  mergedInto: row.merged_into,
  shadow: row.shadow,
  holds,
  claimId: row.claim_id,
  hasDraft: row.has_draft,
  revision: row.revision,
});

/** An item as it is written. */
export const stored = (item: Item) => ({
  id: item.id,
  account_id: item.accountId,
  stream: item.stream,
  progress: item.progress,
  state: item.state,
  queue: item.queue,
  priority: item.priority,
  dispatch_no: item.dispatchNo,
  facility: item.facility,
  class: item.class,
  ready_at: item.readyAt,
  chart_version: item.chartVersion,
  pinned_version: item.pinnedVersion,
  judged_version: item.judgedVersion,
  release_version: item.releaseVersion,
  release_after: item.releaseAfter,
  lease_id: item.lease?.id ?? null,
  lease_user: item.lease?.user ?? null,
  lease_until: item.lease?.until ?? null,
  coder_of_record: item.coderOfRecord,
  facts: item.facts,
  payer_id: item.facts.payerId,
  total_cents: item.facts.totalCents,
  discharged_at: item.facts.dischargedAt ?? null,
  patient_keys: item.patientKeys.map((key) => `\\x${key}`),
  score: item.score,
  score_parts: item.scoreParts,
  stat: item.stat,
  views: item.views,
  routed_by: item.routedBy,
  recode_from: item.recodeFrom,
  recode_reasons: item.recodeReasons,
  reserved_for: item.reservedFor,
  reserved_until: item.reservedUntil,
  unblocked_at: item.unblockedAt,
  settle_at: item.settleAt,
  answer_by: item.answerBy,
  merged_into: item.mergedInto,
  shadow: item.shadow,
});
/** The columns of an item that is written, besides its id. */
export const COLUMNS = `account_id, stream, progress, state, queue, priority, dispatch_no, facility, class, ready_at, chart_version, pinned_version, judged_version,
  release_version, release_after, lease_id, lease_user, lease_until, coder_of_record, facts, payer_id, total_cents, discharged_at, patient_keys, score,
  score_parts, stat, views, routed_by, recode_from, recode_reasons, reserved_for, reserved_until, unblocked_at, settle_at, answer_by, merged_into,
  shadow`;
/** What a change may set. */
export const CHANGED = COLUMNS.split(",")
  .map((name) => name.trim())
  .filter((name) => !["account_id", "stream", "facility"].includes(name))
  .map((name) => `${name} = excluded.${name}`)
  .join(", ");
