import type { Claim, Encounter } from "@medplum/fhirtypes";
import type pg from "pg";
import type { Sealer } from "#src/base/seal.ts";
import { formerIds } from "#src/charts/alias-store.pg.ts";
import { readChartAt, readHistory } from "#src/charts/history.pg.ts";
import { readLineage } from "#src/charts/lineage.pg.ts";
import { type CodingVersion, readVersions } from "#src/coding/coding-version.pg.ts";
import { stayOf } from "#src/coding/stay.ts";
import { ofType } from "#src/charts/snapshot.ts";
import type { StoredAnswer } from "../answers/answer-store.pg.ts";
import { type DenialRow, listDenials } from "../answers/denials.pg.ts";
import { readClaim } from "../claim-store.pg.ts";
import { type Origin, originsOf } from "./claim-origins.ts";
import { type Entry, fieldIndex, type FieldSource, type TracedMessage } from "./field-index.ts";
import { isOfParticipants, type MadeAgain, placedAsCharted } from "./stay-participants.ts";

/** One element of the claim, and what is behind it. */
export interface ElementTrail {
  readonly path: string;
  readonly origins: readonly Origin[];
  /** Fields of messages; empty where the element is not from the chart. */
  readonly fields: readonly FieldSource[];
}

/** From the frames to the payment: everything behind one claim, without a value of the patient's. */
export interface Trail {
  readonly claim: {
    readonly id: string;
    readonly itemId: string;
    readonly accountId: string;
    readonly version: number;
    readonly frequency: string;
    readonly status: string;
    readonly payerState: string;
    readonly changeReason: string | null;
    readonly priorId: string | null;
    readonly cents: number;
    readonly codingVersion: number;
    readonly chartVersion: number;
    readonly createdAt: Date;
  };
  readonly messages: readonly {
    readonly recordId: string;
    readonly messageType: string;
    readonly feed: string;
    readonly receivedAt: Date;
    readonly chartVersion: number;
  }[];
  readonly coding: readonly {
    readonly version: number;
    readonly coder: string;
    readonly at: Date;
    readonly chartVersion: number;
    readonly rulePack: string;
    readonly dataVersions: readonly string[];
    readonly findings: readonly { readonly rule: string; readonly severity: string; readonly path: string }[];
    readonly overrides: readonly { readonly rule: string; readonly path?: string | undefined }[];
    /** The claim was made of it. */
    readonly claimed: boolean;
  }[];
  readonly reviews: readonly {
    readonly state: string;
    readonly auditor: string | null;
    readonly reasons: readonly string[];
    readonly at: Date;
  }[];
  readonly questions: readonly {
    readonly id: string;
    readonly state: string;
    readonly outcome: string | null;
    readonly sentAt: Date | null;
    readonly answeredAt: Date | null;
  }[];
  readonly events: readonly {
    readonly at: Date;
    readonly event: string;
    readonly from: string | null;
    readonly to: string | null;
    readonly actor: string;
    readonly detail: string | null;
  }[];
  /** Every claim of the item. */
  readonly chain: readonly {
    readonly id: string;
    readonly version: number;
    readonly frequency: string;
    readonly status: string;
    readonly payerState: string;
    readonly reason: string | null;
  }[];
  readonly proposals: readonly {
    readonly kind: string;
    readonly reason: string | null;
    readonly state: string;
    readonly createdAt: Date;
    readonly decidedAt: Date | null;
  }[];
  readonly deliveries: readonly {
    readonly destination: string;
    readonly state: string;
    readonly attempts: number;
    readonly code: string | null;
    readonly at: Date;
  }[];
  readonly receipts: readonly { readonly consumer: string; readonly way: string; readonly at: Date }[];
  readonly answers: readonly Pick<StoredAnswer, "id" | "source" | "consumer" | "verdict" | "effect" | "answeredAt" | "receivedAt">[];
  readonly denials: readonly DenialRow[];
  readonly elements: readonly ElementTrail[];
}

interface ClaimRow {
  id: string;
  item_id: string;
  account_id: string;
  version: number;
  coding_version: number;
  frequency: string;
  status: string;
  payer_state: string;
  change_reason: string | null;
  prior_id: string | null;
  total_cents: string;
  created_at: Date;
  chart_version: number;
}

export interface TrailNeeds {
  readonly pool: pg.Pool;
  readonly sealer: Sealer;
  /** Maps a message of the journal again; undefined when that is not there, or cannot be mapped any more. */
  readonly mapAgain: (recordId: string) => Promise<MadeAgain | undefined>;
}

/** The chart a claim was made of: the newest that was there when it was released, and no older than the one that was coded. */
async function readRow(pool: pg.Pool, claimId: string): Promise<ClaimRow | undefined> {
  const { rows } = await pool.query<ClaimRow>(
    `select c.id, c.item_id, c.account_id, c.version, c.coding_version, c.frequency, c.status, c.payer_state, c.change_reason, c.prior_id, c.total_cents,
       c.created_at, greatest(
         (select v.chart_version from coding_version v where v.item_id = c.item_id and v.version = c.coding_version),
         (select max(h.version) from chart_version h where h.account_id = c.account_id and h.made_at <= c.created_at), 0) as chart_version
     from claim c where c.id = $1`,
    [claimId],
  );
  return rows[0];
}

/** Messages that made the chart up to a version, those of accounts that went into this one before its own. */
async function messagesOf(pool: pg.Pool, accountId: string, upTo: number) {
  const history = await readHistory(pool, accountId);
  const earlier = await Promise.all((history?.absorbed ?? []).map((id) => readHistory(pool, id)));
  const versions = [
    ...earlier.flatMap((one) => one?.versions ?? []),
    ...(history?.versions ?? []).filter(({ version }) => version <= upTo),
  ].flatMap(({ recordId, ...rest }) => (recordId === undefined ? [] : [{ recordId, ...rest }]));
  const { rows } = await pool.query<{ id: string; feed: string; received_at: Date; message_type: string | null }>(
    "select id, feed, received_at, message_type from journal_record where id = any($1::uuid[]) and verdict = 'accepted'",
    [versions.map(({ recordId }) => recordId)],
  );
  const records = new Map(rows.map((row) => [row.id, row]));
  const first = new Map(versions.map((one) => [one.recordId, one] as const).toReversed());
  return [...first.values()].toReversed().flatMap(({ recordId, version, cause }) => {
    const record = records.get(recordId);
    return record === undefined
      ? []
      : [{ recordId, messageType: record.message_type ?? cause, feed: record.feed, receivedAt: record.received_at, chartVersion: version }];
  });
}

const codingOf = (versions: readonly CodingVersion[], names: ReadonlyMap<string, string>, claimed: number): Trail["coding"] =>
  versions.map(({ version, coder, madeAt, chartVersion, rulePack, dataVersions, findings, codes }) => ({
    version,
    coder: names.get(coder) ?? coder,
    at: madeAt,
    chartVersion,
    rulePack,
    dataVersions,
    findings: findings.map(({ rule, severity, path }) => ({ rule, severity, path })),
    overrides: (codes.overrides ?? []).map(({ rule, path }) => ({ rule, path })),
    claimed: version === claimed,
  }));

/** Messages with their lineage as the chart has it: under the numbers of today, which merges made of those that were sent, and in its places. */
async function asCharted(
  { mapAgain }: TrailNeeds,
  { stay, former }: { readonly stay: Encounter | undefined; readonly former: ReadonlyMap<string, string> },
  traced: readonly TracedMessage[],
): Promise<readonly TracedMessage[]> {
  const placed: TracedMessage[] = [];
  for (const one of traced) {
    const lineage = underTodaysIds(one.lineage, former);
    placed.push({
      ...one,
      lineage:
        stay !== undefined && lineage.some(isOfParticipants)
          ? placedAsCharted(lineage, madeUnderTodaysIds(await mapAgain(one.recordId), former), stay)
          : lineage,
    });
  }
  return placed;
}

const underTodaysIds = (lineage: readonly Entry[], former: ReadonlyMap<string, string>): readonly Entry[] =>
  former.size === 0 ? lineage : lineage.map((one) => ({ ...one, resourceId: former.get(one.resourceId) ?? one.resourceId }));

const madeUnderTodaysIds = (made: MadeAgain | undefined, former: ReadonlyMap<string, string>): MadeAgain | undefined =>
  made === undefined
    ? undefined
    : {
        resources: made.resources.map((one) => {
          const id = former.get(one.id ?? "");
          return id === undefined ? one : { ...one, id };
        }),
        lineage: underTodaysIds(made.lineage, former),
      };

async function elementsOf(
  needs: TrailNeeds,
  row: ClaimRow,
  claim: Claim,
  versions: readonly CodingVersion[],
  traced: readonly TracedMessage[],
): Promise<readonly ElementTrail[]> {
  const chart = await readChartAt(needs.pool, needs.sealer, row.account_id, row.chart_version);
  const codes = versions.find(({ version }) => version === row.coding_version)?.codes;
  if (chart === undefined || codes === undefined) return [];
  const account = ofType(chart, "Account")[0]?.id;
  const stay = stayOf(chart);
  const former = await formerIds(
    needs.pool,
    row.account_id,
    chart.resources.flatMap(({ id }) => id ?? []),
  );
  const fields = fieldIndex(await asCharted(needs, { stay: stay?.encounter, former }, traced));
  return originsOf(claim, {
    codes,
    encounter: `Encounter/${stay?.encounter.id ?? ""}`,
    participants: (stay?.encounter.participant ?? []).map(({ individual }) => individual?.reference ?? ""),
    ...(account === undefined ? {} : { account: `Account/${account}` }),
    charted: new Set(chart.resources.map(({ resourceType, id }) => `${resourceType}/${id ?? ""}`)),
  }).map(({ path, origins }) => ({
    path,
    origins,
    fields: origins.flatMap((origin) => (origin.by === "chart" ? fields(origin.resource, origin.elements) : [])),
  }));
}

/** The whole trail of a claim; undefined when there is none. */
export async function readTrail(needs: TrailNeeds, claimId: string): Promise<Trail | undefined> {
  const { pool, sealer } = needs;
  const claim = await readClaim(pool, sealer, claimId);
  const row = claim === undefined ? undefined : await readRow(pool, claimId);
  if (claim === undefined || row === undefined) return undefined;
  const [messages, versions, users] = await Promise.all([
    messagesOf(pool, row.account_id, row.chart_version),
    readVersions(pool, sealer, row.item_id),
    pool.query<{ id: string; name: string }>(
      `select u.id, u.name from app_user u where u.id in (select coder from coding_version where item_id = $1 union select auditor from item_review where item_id = $1)
         or u.id::text in (select actor from item_event where item_id = $1)`,
      [row.item_id],
    ),
  ]);
  const names = new Map(users.rows.map(({ id, name }) => [id, name]));
  const traced: TracedMessage[] = [];
  for (const { recordId, messageType } of messages)
    traced.push({ recordId, messageType, lineage: (await readLineage(pool, sealer, recordId))?.lineage ?? [] });
  const rowsOf = async <K extends keyof Trail>(text: string, id: string): Promise<Trail[K]> =>
    (await pool.query(text, [id])).rows as unknown as Trail[K];
  const item = row.item_id;
  const reviews = await rowsOf<"reviews">(
    `select state, auditor, reasons, opened_at as at from item_review where item_id = $1 order by opened_at`,
    item,
  );
  const events = await rowsOf<"events">(
    `select at, event, from_state as "from", to_state as "to", actor, detail from item_event where item_id = $1 order by id`,
    item,
  );
  return {
    claim: {
      id: row.id,
      itemId: item,
      accountId: row.account_id,
      version: row.version,
      frequency: row.frequency,
      status: row.status,
      payerState: row.payer_state,
      changeReason: row.change_reason,
      priorId: row.prior_id,
      cents: Number(row.total_cents),
      codingVersion: row.coding_version,
      chartVersion: row.chart_version,
      createdAt: row.created_at,
    },
    messages,
    coding: codingOf(versions, names, row.coding_version),
    reviews: reviews.map((one) => ({ ...one, auditor: one.auditor === null ? null : (names.get(one.auditor) ?? one.auditor) })),
    questions: await rowsOf<"questions">(
      `select id, state, outcome, sent_at as "sentAt", answered_at as "answeredAt" from provider_query where item_id = $1 order by created_at`,
      item,
    ),
    events: events.map((one) => ({ ...one, actor: names.get(one.actor) ?? one.actor })),
    chain: await rowsOf<"chain">(
      `select id, version, frequency, status, payer_state as "payerState", change_reason as reason from claim where item_id = $1 order by version`,
      item,
    ),
    proposals: await rowsOf<"proposals">(
      `select kind, reason, state, created_at as "createdAt", decided_at as "decidedAt" from proposal where item_id = $1 order by created_at`,
      item,
    ),
    deliveries: await rowsOf<"deliveries">(
      `select destination, state, attempts, failure_code as code, updated_at as at from delivery where claim_id = $1 order by destination`,
      claimId,
    ),
    receipts: await rowsOf<"receipts">("select consumer, way, at from claim_receipt where claim_id = $1 order by at", claimId),
    answers: await rowsOf<"answers">(
      `select id, source, consumer, verdict, effect, answered_at as "answeredAt", received_at as "receivedAt" from claim_answer where claim_id = $1
       order by received_at`,
      claimId,
    ),
    denials: await listDenials(pool, { claimId }),
    elements: await elementsOf(needs, row, claim, versions, traced),
  };
}
