import { randomUUID } from "node:crypto";
import type { ChargeItem, Coverage, Encounter, Patient, Resource } from "@medplum/fhirtypes";
import type pg from "pg";
import type { AccountId, IdKey } from "#src/base/ids.ts";
import { ok } from "#src/base/result.ts";
import { createSealer } from "#src/base/seal.ts";
import { createTokens } from "#src/api/auth/tokens.pg.ts";
import { openCharts, writeCharts } from "#src/charts/chart-store.pg.ts";
import { createChartCache } from "#src/charts/open-chart.ts";
import { factsOf } from "#src/charts/facts.ts";
import type { AccountChange } from "#src/charts/fold.pg.ts";
import { createAliases } from "#src/charts/aliases.ts";
import { applyMapped } from "#src/charts/apply.ts";
import { standingResources } from "#src/charts/merge.ts";
import { type CheckCodes, codeSubmission, type Finding, type Stream } from "#src/coding/submission.ts";
import { type Feed, makeFeed } from "#src/config/feed.ts";
import { inTransaction } from "#src/database/pool.pg.ts";
import { type CoderProfile, saveProfile } from "#src/worklist/coders.pg.ts";
import { readQueueFiles } from "#src/worklist/queue-files.ts";
import { compileQueues } from "#src/worklist/queue-rules.ts";
import { createReconcileItems, itemIdOf } from "#src/worklist/reconcile-items.pg.ts";
import type { ReleaseClaim, VoidClaim } from "#src/worklist/release.pg.ts";
import { createWorklist } from "#src/worklist/worklist.ts";
import { freshDatabase } from "#test/setup/database.ts";

export const ID_KEY = "test-id-key" as IdKey;
/** A name that must be nowhere but in sealed columns. */
export const FAMILY = "Zwetschgenbaum";
export const START = new Date("2026-03-10T12:00:00Z");
export const ADA = "00000000-0000-4000-8000-00000000ada0";
export const BEN = "00000000-0000-4000-8000-00000000be00";
export const NO_CODES = codeSubmission.parse({ diagnoses: [{ code: "I10", use: "principal" }] });

const feed = makeFeed("north", { facility: "NORTH", zone: "UTC" });
export const FEEDS: ReadonlyMap<string, Feed> = new Map([
  ["north", feed],
  ["clinic", { ...feed, name: "clinic", completeAfterHours: 24 }],
  ["groups", { ...feed, name: "groups", professionalGroups: ["CARDIO"] }],
]);

export const hard: Finding = {
  rule: "T-1",
  severity: "hard",
  path: "diagnoses[0].code",
  message: "no",
  fix: "yes",
  citation: "test",
  version: "1",
};

/** What a message says of a visit; each part is charted when it is given. */
export interface Said {
  readonly class?: string;
  readonly status?: Encounter["status"];
  readonly insured?: boolean;
  readonly cents?: number;
}

export type Charted = Resource & { readonly id: string };

export function resourcesOf(accountId: string, said: Said): readonly Charted[] {
  const subject = { reference: `Patient/${accountId}` };
  const encounter: Encounter & { id: string } = {
    resourceType: "Encounter",
    id: itemIdOf(ID_KEY, accountId, "PRO:encounter"),
    status: said.status ?? "finished",
    class: { code: said.class ?? "IMP" },
    subject,
    period: { start: "2026-03-01T10:00:00Z", ...((said.status ?? "finished") === "finished" ? { end: "2026-03-03T10:00:00Z" } : {}) },
  };
  const patient: Patient & { id: string } = { resourceType: "Patient", id: accountId, name: [{ family: FAMILY }] };
  const coverage: Coverage & { id: string } = {
    resourceType: "Coverage",
    id: itemIdOf(ID_KEY, accountId, "PRO:coverage"),
    status: "active",
    beneficiary: subject,
    payor: [{ display: "payer" }],
  };
  const charge: ChargeItem & { id: string } = {
    resourceType: "ChargeItem",
    id: itemIdOf(ID_KEY, accountId, "PRO:charge"),
    status: "billable",
    subject,
    code: { text: "charge" },
    priceOverride: { value: (said.cents ?? 0) / 100, currency: "USD" },
  };
  return [patient, encounter, ...(said.insured === false ? [] : [coverage]), ...(said.cents === undefined ? [] : [charge])];
}

/** A work list on a database of its own, with charts folded as the engine does it, and a clock that only the test moves. */
export async function startLine(files = readQueueFiles("queues")) {
  const database = await freshDatabase();
  const { pool } = database;
  const sealer = createSealer(Buffer.alloc(32, 7));
  const compiled = compileQueues(files);
  if (!compiled.ok) throw new Error(compiled.failure.join("\n"));
  const rules = compiled.value;
  const clock = { now: START };
  const reconcile = createReconcileItems({ rules, feeds: FEEDS, idKey: ID_KEY, sealer, now: () => clock.now });
  const findings: Finding[] = [];
  const claims: string[] = [];
  const voids: string[] = [];
  const behaviour: { release: ReleaseClaim; voidClaim: VoidClaim } = {
    voidClaim: (_client, { claimId }) => {
      voids.push(claimId);
      return Promise.resolve(ok({ claimId: randomUUID() }));
    },
    release: (_client, item) => {
      claims.push(item.itemId);
      return Promise.resolve(ok({ claimId: randomUUID() }));
    },
  };
  const check: CheckCodes = () => findings;
  const needs = {
    pool,
    sealer,
    rules,
    check,
    rulePack: "test 1",
    release: ((client, item) => behaviour.release(client, item)) satisfies ReleaseClaim,
    voidClaim: ((client, asked) => behaviour.voidClaim(client, asked)) satisfies VoidClaim,
    now: () => clock.now,
  };
  let hour = 0;

  /** Folds resources of one account as a message of this type, and gives what the fold told the work list. */
  const tell = (
    accountId: string,
    resources: readonly Charted[],
    more: { feed?: string; interfaceFailed?: boolean; eventType?: string; wholeSets?: readonly Resource["resourceType"][]; at?: Date } = {},
  ): Promise<AccountChange> =>
    inTransaction(pool, async (client) => {
      const key = {
        accountId: accountId as AccountId,
        feed: more.feed ?? "north",
        facility: "NORTH",
        authority: "A",
        accountNumber: accountId,
      };
      const eventType = more.eventType ?? "ADT^A08";
      const chart = (await openCharts(client, sealer, createChartCache(1), [key])).get(accountId);
      if (chart === undefined) throw new Error("the account was not opened");
      const recordId = randomUUID();
      applyMapped(
        {
          messageType: eventType,
          eventTime: (more.at ?? new Date(START.getTime() + hour++ * 3_600_000)).toISOString(),
          account: { authority: key.authority, value: key.accountNumber, resourceId: accountId },
          resources: resources.map((resource) => ({ resource, deleted: [] })),
          wholeSets: more.wholeSets ?? (eventType.startsWith("ADT") ? ["Coverage"] : []),
          lineage: [],
          warnings: [],
        },
        { charts: new Map([[accountId, chart]]), aliases: createAliases([]) },
        recordId,
      );
      chart.interfaceFailed = more.interfaceFailed ?? false;
      const now = [...standingResources(chart.content)];
      const facts = factsOf(now);
      await writeCharts(client, sealer, [{ chart, facts }]);
      const { feed: from, facility, version: chartVersion, interfaceFailed } = chart;
      const change = {
        accountId: key.accountId,
        feed: from,
        facility,
        chartVersion,
        recordId,
        eventType,
        interfaceFailed,
        facts,
        resources: now,
      };
      await reconcile(client, [change]);
      return change;
    });
  /** Folds one message of an account, and gives what the fold told the work list. */
  const say = (accountId: string, said: Said, more: Parameters<typeof tell>[2] = {}): Promise<AccountChange> =>
    tell(accountId, resourcesOf(accountId, said), more);

  const worklist = createWorklist(needs);
  return {
    database,
    pool,
    sealer,
    rules,
    needs,
    clock,
    findings,
    claims,
    voids,
    behaviour,
    worklist,
    say,
    tell,
    reconcile: (changes: readonly AccountChange[]) => inTransaction(pool, (client) => reconcile(client, changes)),
    /** A discharged, insured inpatient stay: its facility item. */
    ready: async (said: Said = {}): Promise<{ account: string; item: string }> => {
      const account = randomUUID();
      await say(account, said);
      return { account, item: itemIdOf(ID_KEY, account, "FAC") };
    },
    /** A coder whom the engine knows, and who may pull everything unless the profile says otherwise. */
    coder: async (name: string, profile: Partial<CoderProfile> = {}): Promise<string> => {
      const id = await createTokens(pool).makeUser(`${name} ${randomUUID()}`, ["coder"]);
      await saveProfile(pool, sealer, id, { facilities: [], payerExclusions: [], credentials: [], relations: [], ...profile });
      return id;
    },
    /** Leases whatever comes next for this coder; throws when nothing does. */
    lease: async (userId: string) => {
      const leased = await worklist.next({ userId, queues: [] });
      if (!leased.ok) throw new Error(leased.failure.code);
      return leased.value;
    },
    row: (item: string): Promise<Row> => rowOf(pool, item),
    later: (minutes: number): void => {
      clock.now = new Date(clock.now.getTime() + minutes * 60_000);
    },
    /** Nothing of one test is left for the next. */
    clear: async (): Promise<void> => {
      await pool.query("truncate dirty_item, item_event, coding_item, account, queue_state cascade");
      findings.length = 0;
      claims.length = 0;
      voids.length = 0;
      clock.now = START;
    },
  };
}
export type Line = Awaited<ReturnType<typeof startLine>>;

/** What was to succeed in a test's preparation. */
export function done<T>(
  result: { readonly ok: true; readonly value: T } | { readonly ok: false; readonly failure: { readonly code: string } },
): T {
  if (!result.ok) throw new Error(result.failure.code);
  return result.value;
}

export interface Row {
  readonly state: string;
  readonly progress: string;
  readonly queue: string;
  readonly priority: number;
  readonly dispatch_no: number;
  readonly chart_version: number;
  readonly stream: Stream;
  readonly holds: readonly string[];
  readonly events: readonly string[];
  readonly dirty: boolean;
}

async function rowOf(pool: pg.Pool, item: string): Promise<Row> {
  const { rows } = await pool.query<Row>(
    `select i.state, i.progress, i.queue, i.priority, i.dispatch_no, i.chart_version, i.stream,
       array(select code from item_hold h where h.item_id = i.id order by code) as holds,
       array(select coalesce(from_state, '') || '>' || to_state || ' ' || event
         from item_event e where e.item_id = i.id order by e.id) as events,
       exists (select from dirty_item d where d.item_id = i.id) as dirty
     from coding_item i where i.id = $1`,
    [item],
  );
  const row = rows[0];
  if (row === undefined) throw new Error("there is no such item");
  return row;
}

/** Waits until a backend of this database waits for a lock. */
export async function untilBlocked(pool: pg.Pool): Promise<void> {
  for (;;) {
    const { rows } = await pool.query("select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'");
    if (rows.length > 0) return;
  }
}
