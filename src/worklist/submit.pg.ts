import type pg from "pg";
import type { Failure } from "#src/base/failures.ts";
import { freshId } from "#src/base/ids.ts";
import { fail, ok, type Result } from "#src/base/result.ts";
import type { Sealer } from "#src/base/seal.ts";
import { readDeltas } from "#src/charts/chart-versions.pg.ts";
import { pinChart, readChart } from "#src/charts/chart-store.pg.ts";
import type { ChartSnapshot } from "#src/charts/snapshot.ts";
import { codingContext, freezeVersion } from "#src/coding/coding-version.pg.ts";
import { recordFirings } from "#src/coding/edit-firings.pg.ts";
import { judge, mayPass } from "#src/coding/overrides.ts";
import { readRelated } from "#src/coding/related.pg.ts";
import type { CheckCodes, CodeSubmission, Finding } from "#src/coding/submission.ts";
import { inTransaction } from "#src/database/pool.pg.ts";
import { billHoldEnds, withHolds } from "./advance.ts";
import { chartChanges } from "./chart-changes.ts";
import { daysHere, readCoder } from "./coders.pg.ts";
import type { CodedFacts } from "./conditions.ts";
import { blocksCoding } from "./holds.ts";
import type { Item } from "./item.ts";
import { changeItem } from "./item-store.pg.ts";
import { type LeaseNeeds, lockLeased } from "./leases.pg.ts";
import { isCodable } from "./states.ts";

export interface SubmitNeeds extends LeaseNeeds {
  readonly check: CheckCodes;
  /** Name and version of the edits. */
  readonly rulePack: string;
}

export interface Submission {
  readonly itemId: string;
  readonly leaseId: string;
  readonly snapshotVersion: number;
  readonly codes: CodeSubmission;
  readonly userId: string;
  /** The coder asks for a second pair of eyes. */
  readonly requestReview?: boolean;
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
  /** The elements, with both values, and how much each matters. */
  readonly elements: readonly {
    readonly element: string;
    readonly of: string;
    readonly significance: string;
    readonly before?: unknown;
    readonly after?: unknown;
  }[];
}

export interface Refusal extends Failure {
  readonly findings?: readonly Finding[];
  readonly difference?: Difference;
}

/**
 * Takes a coder's codes (T9, T10, T17, T21). Fails with `LEASE_LOST`; with `SNAPSHOT_STALE` and what changed since the item was opened (the
 * lease stays, and the codes may be sent again against the new version; a cosmetic change is none); with `FINDINGS_OPEN` and every finding;
 * with `TRANSITION_NOT_ALLOWED` when the visit is no longer complete, something stops the coding, or an answer was not looked at.
 */
export function submitCodes(needs: SubmitNeeds, asked: Submission): Promise<Result<{ readonly findings: readonly Finding[] }, Refusal>> {
  const { pool, sealer } = needs;
  const { itemId, snapshotVersion, codes } = asked;
  return inTransaction(pool, async (client) => {
    const item = await lockLeased(client, needs, asked);
    if (item === undefined) return fail({ code: "LEASE_LOST" });
    const refused = await whyNot(client, item);
    if (refused !== undefined) return fail({ code: "TRANSITION_NOT_ALLOWED", detail: refused });
    const { rows } = await client.query<{ v: number }>("select chart_version as v from account where id = $1", [item.accountId]);
    const current = rows[0]?.v ?? 0;
    const chart = await readChart(client, sealer, item.accountId, current);
    if (chart === undefined) return fail({ code: "NOT_FOUND" });
    if (snapshotVersion !== current) {
      const difference = await differenceSince(client, needs, item, snapshotVersion, chart);
      if (difference.elements.length === 0 || difference.elements.some(({ significance }) => significance !== "C0")) {
        await pinChart(client, sealer, item.accountId, current);
        await client.query("update coding_item set pinned_version = $2, chart_version = $2 where id = $1", [itemId, current]);
        return fail({ code: "SNAPSHOT_STALE", difference });
      }
    }
    const { findings, passes } = await judgeCodes(client, needs, { item, chart, codes, by: asked.userId });
    if (!passes) return fail({ code: "FINDINGS_OPEN", findings });
    if (item.progress === "rework" && (await isUnchanged(client, sealer, itemId, codes)))
      return fail({ code: "TRANSITION_NOT_ALLOWED", detail: "the codes are those of the claim: appeal or accept the answer instead" });
    await pinChart(client, sealer, item.accountId, current);
    await freeze(client, needs, { item, chart, codes, findings, by: asked.userId, requestReview: asked.requestReview === true });
    return ok({ findings });
  });
}

/** Runs the edits over codes beside the patient's other items, and keeps what they came to. Codes pass when no finding stops them, or a reason sets it aside. */
export async function judgeCodes(
  client: pg.PoolClient,
  { sealer, check }: Pick<SubmitNeeds, "sealer" | "check">,
  { item, chart, codes, by }: Pick<Frozen, "item" | "chart" | "codes" | "by">,
): Promise<{ readonly findings: readonly Finding[]; readonly passes: boolean }> {
  const findings = check(chart, item.stream, codes, await readRelated(client, sealer, item.id));
  const judged = judge(findings, codes.overrides);
  await recordFirings(client, sealer, { itemId: item.id, coder: by, judged });
  return { findings, passes: mayPass(judged) };
}

/** What keeps codes from being taken, apart from the codes themselves. */
async function whyNot(client: pg.PoolClient, item: Item): Promise<string | undefined> {
  if (item.facts.cancelled) return "the visit is cancelled now";
  if (item.settleAt !== null) return "the discharge was taken back";
  if (!isCodable(item.progress)) return `the visit is ${item.progress} now`;
  const stopping = item.holds.filter(blocksCoding).map(({ code }) => code);
  if (stopping.length > 0) return `it is held: ${stopping.join(", ")}`;
  const answered = await client.query("select from provider_query where item_id = $1 and state = 'answered' limit 1", [item.id]);
  return answered.rowCount === 0 ? undefined : "a provider's answer was not looked at: close the question first";
}

async function isUnchanged(client: pg.PoolClient, sealer: Sealer, itemId: string, codes: CodeSubmission): Promise<boolean> {
  const last = await lastCodes(client, sealer, itemId);
  return last !== undefined && JSON.stringify(last.codes) === JSON.stringify(codes);
}

/** The newest frozen codes of an item. */
export async function lastCodes(
  client: pg.Pool | pg.PoolClient,
  sealer: Sealer,
  itemId: string,
): Promise<
  { readonly version: number; readonly coder: string; readonly chartVersion: number; readonly codes: CodeSubmission } | undefined
> {
  const { rows } = await client.query<{ version: number; coder: string; chart_version: number; sealed_codes: Buffer }>(
    "select version, coder, chart_version, sealed_codes from coding_version where item_id = $1 order by version desc limit 1",
    [itemId],
  );
  const row = rows[0];
  if (row === undefined) return undefined;
  const { version, coder, chart_version: chartVersion, sealed_codes: sealed } = row;
  return { version, coder, chartVersion, codes: sealer.openJson(sealed, codingContext(itemId)) as CodeSubmission };
}

/** What review rules may ask of codes. */
export const codedFacts = (codes: CodeSubmission, coderDays: number): CodedFacts => ({
  principal: (codes.diagnoses.find(({ use }) => use === "principal") ?? codes.diagnoses[0])?.code.replace(".", "") ?? "",
  diagnosisCount: codes.diagnoses.length,
  coderDays,
});

export interface Frozen {
  readonly item: Item;
  readonly chart: ChartSnapshot;
  readonly codes: CodeSubmission;
  readonly findings: readonly Finding[];
  readonly by: string;
  readonly requestReview: boolean;
  /** An auditor's own version is not reviewed again. */
  readonly reviewed?: true;
}

/** Writes a coding version; the item is final coded, or goes to a second pair of eyes first. */
export async function freeze(
  client: pg.PoolClient,
  needs: SubmitNeeds,
  { item, chart, codes, findings, by, requestReview, reviewed }: Frozen,
): Promise<Item> {
  const { sealer, rules, rulePack, now } = needs;
  const rule = rules.rule(item.queue);
  const version = await freezeVersion(client, sealer, {
    itemId: item.id,
    chartVersion: chart.version,
    coder: by,
    rulePack,
    codes,
    findings,
  });
  const coder = await readCoder(client, by);
  const coded = codedFacts(codes, coder === undefined ? Number.MAX_SAFE_INTEGER : daysHere(coder, now()));
  const reasons =
    reviewed === true
      ? []
      : [
          ...rule.reviewReasons(item.id, { facts: item.facts, coded, resources: () => chart.resources }),
          ...(requestReview ? ["asked-by-coder"] : []),
        ];
  const done: Partial<Item> = {
    lease: null,
    chartVersion: chart.version,
    pinnedVersion: chart.version,
    judgedVersion: chart.version,
    releaseVersion: null,
    // The bill hold counts from the discharge; without one, from now.
    releaseAfter: billHoldEnds(rule, item.facts, item.readyAt ?? now()),
    recodeFrom: null,
    recodeReasons: [],
    stat: false,
    ...(reviewed === true ? { holds: withHolds(item.holds, { REVIEW: false }) } : {}),
    coderOfRecord: reviewed === true ? item.coderOfRecord : by,
  };
  await client.query("update coding_item set sealed_draft = null, draft_version = draft_version + 1 where id = $1", [item.id]);
  await client.query(
    "update item_notice set acknowledged_at = now(), acknowledged_by = $2 where item_id = $1 and acknowledged_at is null",
    [item.id, by],
  );
  if (reasons.length === 0) return changeItem(client, needs, item, { ...done, progress: "final-coded" }, { name: "coded", actor: by });
  await client.query("insert into item_review (id, item_id, coding_version, coder, reasons) values ($1, $2, $3, $4, $5)", [
    freshId(),
    item.id,
    version,
    by,
    reasons,
  ]);
  return changeItem(
    client,
    needs,
    item,
    { ...done, progress: "in-review", holds: withHolds(item.holds, { REVIEW: true }) },
    { name: "to-review", actor: by, detail: reasons.join(" ") },
  );
}

async function differenceSince(
  client: pg.PoolClient,
  { sealer, rules }: SubmitNeeds,
  item: Item,
  from: number,
  chart: ChartSnapshot,
): Promise<Difference> {
  const [deltas, before] = [await readDeltas(client, sealer, item.accountId, from), await readChart(client, sealer, item.accountId, from)];
  const elements =
    before === undefined
      ? []
      : chartChanges(before.resources, chart.resources, rules.rule(item.queue).significance).map(
          ({ element, of, significance, before: was, after: is }) => ({ element, of, significance, before: was, after: is }),
        );
  return {
    snapshotVersion: chart.version,
    changed: [...new Set(deltas.flatMap((delta) => delta.changed.map((resource) => `${resource.resourceType}/${resource.id}`)))],
    removed: [...new Set(deltas.flatMap((delta) => delta.removed))],
    causes: [...new Set(deltas.map((delta) => delta.messageType))],
    elements,
  };
}
