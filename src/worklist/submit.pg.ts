import type pg from "pg";
import type { Failure } from "#src/base/failures.ts";
import type { AccountId, ItemId } from "#src/base/ids.ts";
import { fail, ok, type Result } from "#src/base/result.ts";
import type { Sealer } from "#src/base/seal.ts";
import { pinChart, readChart, readDeltas } from "#src/charts/chart-store.pg.ts";
import { codingContext, freezeVersion } from "#src/coding/coding-version.pg.ts";
import { recordFirings } from "#src/coding/edit-firings.pg.ts";
import { judge, mayPass } from "#src/coding/overrides.ts";
import { readRelated } from "#src/coding/related.pg.ts";
import type { CheckCodes, CodeSubmission, Finding, Stream } from "#src/coding/submission.ts";
import { inTransaction, isOutage } from "#src/database/pool.pg.ts";
import { markTickets } from "./item-store.pg.ts";
import { writeEvent } from "./leases.pg.ts";
import type { QueueRules } from "./queue-rules.ts";
import type { ReleaseClaim } from "./release.pg.ts";
import { AUTOMATIC_HOLDS, type Progress } from "./states.ts";

export interface SubmitNeeds {
  readonly pool: pg.Pool;
  readonly sealer: Sealer;
  readonly rules: QueueRules;
  readonly check: CheckCodes;
  /** Name and version of the edits. */
  readonly rulePack: string;
  readonly now: () => Date;
}

export interface Submission {
  readonly itemId: string;
  readonly leaseId: string;
  readonly snapshotVersion: number;
  readonly codes: CodeSubmission;
  readonly userId: string;
}

/** What became of a chart since the coder opened it. */
export interface Difference {
  /** The version to submit against now. */
  readonly snapshotVersion: number;
  /** `ChargeItem/<id>` of what is new or changed. */
  readonly changed: readonly string[];
  readonly removed: readonly string[];
  /** The messages that did it: `DFT^P03`. */
  readonly causes: readonly string[];
}

export interface Refusal extends Failure {
  readonly findings?: readonly Finding[];
  readonly difference?: Difference;
}

const DAY_MS = 86_400_000;

interface LeasedRow {
  lease_id: string | null;
  lease_user: string | null;
  lease_until: Date | null;
  stream: Stream;
  queue: string;
  progress: Progress;
  pinned_version: number;
  ready_at: Date | null;
}

/**
 * Takes a coder's codes. Fails with `LEASE_LOST`; with `SNAPSHOT_STALE` and what changed since the item was opened (the lease stays,
 * and the codes may be sent again against the new version); with `FINDINGS_OPEN` and every finding; with `TRANSITION_NOT_ALLOWED`
 * when the visit is no longer complete.
 */
export function submitCodes(
  { pool, sealer, rules, check, rulePack, now }: SubmitNeeds,
  asked: Submission,
): Promise<Result<{ readonly findings: readonly Finding[] }, Refusal>> {
  const { itemId, leaseId, snapshotVersion, codes, userId } = asked;
  return inTransaction(pool, async (client) => {
    // Account before item, as the fold does it: two who lock in the same order never wait for each other in a ring.
    const account = await client.query<{ id: string; chart_version: number }>(
      "select a.id, a.chart_version from account a join coding_item i on i.account_id = a.id where i.id = $1 for share of a",
      [itemId],
    );
    const { rows } = await client.query<LeasedRow>(
      `select lease_id, lease_user, lease_until, progress, stream, queue, pinned_version, ready_at
       from coding_item where id = $1 for update`,
      [itemId],
    );
    const chartOf = account.rows[0];
    const item = rows[0];
    if (chartOf === undefined || item === undefined) return fail({ code: "NOT_FOUND" });
    if (item.lease_id !== leaseId || item.lease_user !== userId || item.lease_until === null || item.lease_until <= now())
      return fail({ code: "LEASE_LOST" });
    // A message cancelled the visit or took the discharge back while the coder worked: there is nothing to code now.
    if (item.progress !== "awaiting") return fail({ code: "TRANSITION_NOT_ALLOWED", detail: `the visit is ${item.progress} now` });
    const { id: accountId, chart_version: current } = chartOf;
    if (snapshotVersion !== current) {
      await pinChart(client, sealer, accountId, current);
      await client.query("update coding_item set pinned_version = $2, chart_version = $2 where id = $1", [itemId, current]);
      return fail({ code: "SNAPSHOT_STALE", difference: await differenceSince(client, sealer, accountId, snapshotVersion, current) });
    }
    const chart = await readChart(client, sealer, accountId, current);
    if (chart === undefined) return fail({ code: "NOT_FOUND" });
    const findings = check(chart, item.stream, codes, await readRelated(client, sealer, itemId));
    const judged = judge(findings, codes.overrides);
    await recordFirings(client, sealer, { itemId, coder: userId, judged });
    if (!mayPass(judged)) return fail({ code: "FINDINGS_OPEN", findings });

    await pinChart(client, sealer, accountId, current);
    await freezeVersion(client, sealer, { itemId, chartVersion: current, coder: userId, rulePack, codes, findings });
    const holdDays = rules.rule(item.queue)?.billHoldDays ?? 0;
    // The bill hold counts from the discharge; without one, from now.
    const releaseAfter = new Date((item.ready_at ?? now()).getTime() + holdDays * DAY_MS);
    await client.query(
      `update coding_item set progress = 'final-coded', state = 'FINAL_CODED', lease_id = null, lease_user = null, lease_until = null,
         coder_of_record = $2, release_after = $3, chart_version = $4, pinned_version = $4, updated_at = now() where id = $1`,
      [itemId, userId, releaseAfter, current],
    );
    await writeEvent(client, itemId, { event: "coded", from: "IN_PROGRESS", to: "FINAL_CODED", actor: userId });
    await markTickets(client, [itemId]);
    return ok({ findings });
  });
}

async function differenceSince(client: pg.PoolClient, sealer: Sealer, accountId: string, from: number, to: number): Promise<Difference> {
  const deltas = await readDeltas(client, sealer, accountId, from);
  return {
    snapshotVersion: to,
    changed: [...new Set(deltas.flatMap((delta) => delta.changed.map((resource) => `${resource.resourceType}/${resource.id}`)))],
    removed: [...new Set(deltas.flatMap((delta) => delta.removed))],
    causes: [...new Set(deltas.map((delta) => delta.messageType))],
  };
}

export interface ReleaseNeeds {
  readonly pool: pg.Pool;
  readonly sealer: Sealer;
  readonly release: ReleaseClaim;
  readonly now: () => Date;
}

/** Why an item was not released, or that it was. */
export type Released = { readonly claimId: string } | { readonly findings: readonly Finding[] } | undefined;

/**
 * Releases one item when nothing keeps it any more: it is coded, its bill hold is over, and no hold blocks the release. In one transaction with
 * its claim, so an item has its claim exactly once, whoever asks and however often.
 * @returns undefined when it is not to be released now.
 */
export function releaseItem({ pool, sealer, release, now }: ReleaseNeeds, itemId: string): Promise<Released> {
  return inTransaction(pool, async (client) => {
    // Account before item, as the fold does it: the claim's row locks the account too, and would wait in a ring.
    await client.query("select from account a join coding_item i on i.account_id = a.id where i.id = $1 for share of a", [itemId]);
    const due = await client.query(
      "select from coding_item where id = $1 and progress = 'final-coded' and release_after <= $2 for update",
      [itemId, now()],
    );
    if (due.rowCount === 0) return undefined;
    // Read after the lock, so that a hold put while this waited is seen.
    const { rows } = await client.query<{
      account_id: string;
      stream: Stream;
      version: number;
      chart_version: number;
      sealed_codes: Buffer;
    }>(
      `select i.account_id, i.stream, v.version, v.chart_version, v.sealed_codes from coding_item i
       join lateral (select * from coding_version c where c.item_id = i.id order by c.version desc limit 1) v on true
       where i.id = $1 and not exists (select from item_hold h where h.item_id = i.id and h.blocks <> 'nothing')`,
      [itemId],
    );
    const item = rows[0];
    if (item === undefined) return undefined;
    const made = await release(client, {
      itemId: itemId as ItemId,
      accountId: item.account_id as AccountId,
      stream: item.stream,
      chartVersion: item.chart_version,
      codingVersion: item.version,
      codes: sealer.openJson(item.sealed_codes, codingContext(itemId)) as CodeSubmission,
    });
    if (!made.ok) {
      const { owner, blocks } = AUTOMATIC_HOLDS.CLAIM;
      await client.query(
        "insert into item_hold (item_id, code, owner, set_by, blocks) values ($1, 'CLAIM', $2, 'engine', $3) on conflict do nothing",
        [itemId, owner, blocks],
      );
      const detail = made.failure.map((finding) => `${finding.rule} at ${finding.path}`).join("; ");
      await writeEvent(client, itemId, { event: "hold CLAIM", from: "FINAL_CODED", to: "FINAL_CODED", actor: "engine", detail });
      return { findings: made.failure };
    }
    await client.query("update coding_item set progress = 'released', state = 'RELEASED', updated_at = now() where id = $1", [itemId]);
    await writeEvent(client, itemId, {
      event: "released",
      from: "FINAL_CODED",
      to: "RELEASED",
      actor: "engine",
      detail: made.value.claimId,
    });
    return made.value;
  });
}

/**
 * Releases everything that is due. An item whose release throws keeps no other from leaving; the first such error is thrown at the end.
 * @returns how many claims were made.
 */
export async function releaseDue(needs: ReleaseNeeds): Promise<number> {
  const { rows } = await needs.pool.query<{ id: string }>(
    `select i.id from coding_item i where i.progress = 'final-coded' and i.release_after <= $1
       and not exists (select from item_hold h where h.item_id = i.id and h.blocks <> 'nothing') order by i.release_after limit 200`,
    [needs.now()],
  );
  let released = 0;
  const errors: unknown[] = [];
  for (const { id } of rows) {
    try {
      const made = await releaseItem(needs, id);
      if (made !== undefined && "claimId" in made) released++;
    } catch (error) {
      errors.push(error);
      if (isOutage(error)) break;
    }
  }
  if (errors.length > 0) throw errors[0];
  return released;
}
