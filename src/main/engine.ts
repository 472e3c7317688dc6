import type { Pool } from "pg";
import { listenHttp, createApi } from "#src/api/server.http.ts";
import type { FeedStatus } from "#src/api/feeds/routes.ts";
import { createTokens, type Tokens } from "#src/api/auth/tokens.pg.ts";
import { createSealer, type Sealer } from "#src/base/seal.ts";
import { keepMapVersion } from "#src/charts/lineage.pg.ts";
import { claimBundle, createReleaseClaim } from "#src/claims/claim-store.pg.ts";
import { createCorrectingRelease } from "#src/claims/lifecycle/correct-release.pg.ts";
import { createVoidClaim } from "#src/claims/lifecycle/void-claim.pg.ts";
import { createCodingDesk } from "#src/coding/coding-desk.pg.ts";
import { createChecks } from "#src/coding/checks.ts";
import { watchEvidence } from "#src/coding/evidence-watch.pg.ts";
import type { CodeData } from "#src/codesets/code-data.ts";
import { createCodeStore } from "#src/codesets/code-store.pg.ts";
import { putStarterCodes } from "#src/codesets/starter.pg.ts";
import type { Keys } from "#src/config/keys.ts";
import type { Config, Destination, Feed } from "#src/config/types.ts";
import { migrate } from "#src/database/migrate.pg.ts";
import { openPool } from "#src/database/pool.pg.ts";
import { publicKeysOf } from "#src/destinations/auth/signing-keys.ts";
import { createDelivery } from "#src/destinations/delivery.bullmq.ts";
import { prepareValidation } from "#src/fhir/validate.ts";
import { createJournalWriter } from "#src/journal/journal-writer.pg.ts";
import { recordLives } from "#src/journal/feed-lives.pg.ts";
import { sparingDisk, watchDisk } from "#src/journal/disk-space.ts";
import { createOutcomeWatch } from "#src/journal/outcome-watch.pg.ts";
import { dataDirectory, durabilityFaults, forgetControlIds, makePartitions } from "#src/journal/upkeep.pg.ts";
import { writeAudit } from "#src/telemetry/audit.pg.ts";
import { closeAnswered } from "#src/sitedata/tasks.pg.ts";
import type { Log, LogLevel } from "#src/telemetry/log.ts";
import { createMetrics, type Reading } from "#src/telemetry/metrics.ts";
import { completeQuietVisits } from "#src/worklist/complete-after.pg.ts";
import { raiseRecode } from "#src/worklist/raise-recode.pg.ts";
import { heldOfOtherLives, PARALLEL } from "#src/worklist/feed-lives.pg.ts";
import { createRelay } from "#src/worklist/relay.bullmq.ts";
import { recheckCoded } from "#src/worklist/recheck.pg.ts";
import { applyChangedQueues } from "#src/worklist/requeue.pg.ts";
import { createWorklist } from "#src/worklist/worklist.ts";
import { apiRoutes, auditRow } from "./api-routes.ts";
import { claimAnswers } from "./claim-services.ts";
import { createFeedSources } from "./feed-sources.ts";
import { createGrouper } from "./services/grouper.ts";
import { startFoldThreads } from "./fold-thread.ts";
import { createLiveMaps, type LiveMaps } from "./live-maps.ts";
import { readRules } from "./rules.ts";
import { createMissBook } from "./site-misses.ts";
import { startSweeps } from "./sweeps.ts";

export interface EngineOptions {
  readonly config: Config;
  readonly keys: Keys;
  readonly databaseUrl: string;
  readonly redisUrl: string;
  readonly log: Log;
  readonly logLevel: LogLevel;
}

export interface Engine {
  /** Base address of the API. */
  readonly http: string;
  /** Port of each MLLP feed. */
  readonly mllp: Readonly<Record<string, number>>;
  readonly redisPrefix: string;
  /** Names of the coding queues. */
  readonly queues: readonly string[];
  readonly destinations: readonly Destination[];
  readonly tokens: Tokens;
  readonly maps: LiveMaps;
  /** Listeners first, then what is in hand, the stores' connections last. */
  close(): Promise<void>;
}

/** Connections: for the journal's commits alone, and for everything else in this process. */
const POOLS = { intake: 3, work: 8 } as const;
const HOUR_MS = 3_600_000;

/** A name of this installation in a Redis that others may use too; says nothing about whose it is. */
const prefixOf = (sealer: Sealer): string => `chartbridge-${sealer.blindIndex("installation", "redis").toString("hex").slice(0, 12)}`;

/** Starts every stage on stores that are up. Rejects, with everything it began stopped again, when a port is taken or a file has a fault. */
export async function startEngine(options: EngineOptions): Promise<Engine> {
  const undos: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    for (let undo = undos.pop(); undo !== undefined; undo = undos.pop()) await undo();
  };
  try {
    return { ...(await startStages(options, (undo) => undos.push(undo))), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function startStages(
  { config, keys, databaseUrl, redisUrl, log, logLevel }: EngineOptions,
  onClose: (undo: () => Promise<void>) => void,
): Promise<Omit<Engine, "close">> {
  const rules = readRules(config);
  // Before anyone listens: reading the definitions later would hold every acknowledgement up for most of a second.
  prepareValidation();
  const sealer = createSealer(keys.encryptionKey);
  const redisPrefix = prefixOf(sealer);
  const now = (): Date => new Date();
  const lost = (code: string): void => log.warn("a database connection was lost", { code });
  const intakePool = openPool(databaseUrl, { max: POOLS.intake, name: "intake" }, lost);
  onClose(() => intakePool.end());
  const pool = openPool(databaseUrl, { max: POOLS.work, name: "work" }, lost);
  onClose(() => pool.end());
  await migrate(pool);
  await refuseMixing(pool, config.demo);
  await makePartitions(pool);
  const faults = await durabilityFaults(pool);
  if (faults.length > 0) throw new Error(`no acknowledgement could be trusted: ${faults.join("; ")}`);
  const lives = await recordLives(pool, config.feeds);
  if (lives.faults.length > 0) throw new Error(lives.faults.join("\n"));
  for (const { feed } of lives.changes.filter(({ before }) => before !== undefined)) log.warn("the life of a feed has changed", { feed });
  const tokens = createTokens(pool);
  await putStarterCodes(pool);
  const codes = createCodeStore({ pool, now: () => new Date() });
  await codes.refresh();

  const relay = createRelay({ pool, redisUrl, prefix: redisPrefix, queues: rules.queues.names, log });
  onClose(() => relay.close());
  const outcomes = createOutcomeWatch(pool);
  const onFolded = (): void => {
    relay.wake();
    outcomes.wake();
  };
  await keepMapVersion(pool, rules.maps);
  const fold = await startFoldThreads({ databaseUrl, config, keys, logLevel }, onFolded, log);
  onClose(() => fold.close());
  const maps = createLiveMaps(rules.maps, config, pool, () => fold.takeMaps());
  const writer = createJournalWriter(
    intakePool,
    sealer,
    () => fold.wake(),
    (count) => fold.unanswered(count),
  );
  onClose(() => writer.drain());
  const disk = watchDisk({
    folders: [config.dataDir, ...config.disk.folders, ...(await dataDirectory(pool))],
    minimumFreeBytes: config.disk.minimumFreeMb * 1024 ** 2,
    log,
  });
  await disk.look();
  const journal = sparingDisk(writer, disk);
  onClose(async () => outcomes.close());
  const metrics = createMetrics(() => [
    ...sources.status().flatMap(readingsOf),
    ...delivery.status().map(({ name, state }) => ({
      name: "chartbridge_destination_open" as const,
      labels: { destination: name },
      value: state === "closed" ? 0 : 1,
    })),
    { name: "chartbridge_journal_waiting", labels: {}, value: writer.waiting },
    { name: "chartbridge_disk_free_bytes", labels: {}, value: disk.freeBytes ?? Number.NaN },
    { name: "chartbridge_intake_stopped", labels: {}, value: disk.full ? 1 : 0 },
  ]);
  const sources = createFeedSources({ feeds: config.feeds, pool, sealer, journal, outcomes, log, now, count: metrics.count });
  onClose(() => sources.close());
  const { destinations } = config;
  const lifecycle = { sealer, site: rules.site, idKey: keys.idKey, now };
  const firstClaim = createReleaseClaim({
    sealer,
    site: rules.site,
    idKey: keys.idKey,
    destinations: destinations.map(({ name }) => name),
    now,
  });
  const release = createCorrectingRelease({ ...lifecycle, release: firstClaim });
  const voidClaim = createVoidClaim(lifecycle);
  const misses = createMissBook(pool, rules.site);
  await closeAnswered(pool, rules.site, now().toISOString().slice(0, 10));
  const { site, edits } = rules;
  const data = (): CodeData => codes.data();
  const check = misses.watching(createChecks({ site, data, edits, today: () => now().toISOString().slice(0, 10) }));
  const codingDesk = createCodingDesk({
    pool,
    sealer,
    site,
    data,
    check,
    ...(config.grouper === undefined ? {} : { group: createGrouper(config.grouper) }),
  });
  const worklist = createWorklist({
    pool,
    sealer,
    rules: rules.queues,
    check,
    rulePack: edits.pack.name,
    release,
    voidClaim,
    now,
  });

  const answers = claimAnswers({ pool, keys, rules, worklist });
  const delivery = createDelivery({
    pool,
    sealer,
    redisUrl,
    prefix: redisPrefix,
    destinations,
    claimBundle: (claimId) => claimBundle(pool, sealer, claimId),
    log,
    now,
    count: (destination, outcome) => metrics.count("chartbridge_deliveries_total", { destination, outcome }),
    answers: {
      take: (read, consumer) => answers.take(read, consumer),
      onTaken: () => relay.wake(),
      count: (destination, outcome) => metrics.count("chartbridge_answers_fetched_total", { destination, outcome }),
    },
  });
  onClose(() => delivery.close());
  const recheck = async (): Promise<void> => {
    const regressed = await recheckCoded(worklist.needs);
    if (regressed > 0) log.warn(`edits or code sets are others: ${regressed} coded items have a hard finding now and are coded again`);
    if (regressed > 0) relay.wake();
  };
  await recheck();
  const moved = await applyChangedQueues(worklist.needs);
  for (const { from, to, items } of moved?.moves ?? []) log.info(`the queue rules are others: ${items} items moved from ${from} to ${to}`);
  onClose(
    startSweeps(
      [
        {
          name: "ending leases that ran out",
          everyMs: 5_000,
          run: () => worklist.expireLeases().then((ended) => (ended > 0 ? relay.wake() : undefined)),
        },
        {
          name: "completing quiet visits",
          everyMs: 60_000,
          run: () =>
            completeQuietVisits({ pool, rules: rules.queues }, config.feeds, now()).then((done) => (done > 0 ? relay.wake() : undefined)),
        },
        {
          name: "what time alone changes",
          everyMs: 15_000,
          run: () => worklist.passTime().then((changed) => (changed > 0 ? relay.wake() : undefined)),
        },
        {
          name: "scoring what waits",
          everyMs: HOUR_MS,
          run: () => worklist.rescore().then((moved) => (moved > 0 ? relay.wake() : undefined)),
        },
        {
          name: "releasing what is due",
          everyMs: 2_000,
          run: () => worklist.releaseDue().then((released) => (released > 0 ? delivery.wake() : undefined)),
        },
        {
          name: "looking for the evidence of coded items",
          everyMs: 10_000,
          run: () =>
            watchEvidence({ pool, sealer, onBroken: (client, broken) => raiseRecode(client, worklist.needs, broken) }).then((looked) =>
              looked > 0 ? relay.wake() : undefined,
            ),
        },
        {
          name: "reading code sets that were changed",
          everyMs: 30_000,
          run: () => codes.refresh().then((changed) => (changed ? recheck() : undefined)),
        },
        {
          name: "matching answers whose claim has appeared",
          everyMs: 60_000,
          run: () => answers.sweep().then((matched) => (matched > 0 ? relay.wake() : undefined)),
        },
        { name: "writing what the site data do not know", everyMs: 5_000, run: () => misses.flush() },
        { name: "looking at the free space", everyMs: 2_000, run: () => disk.look() },
        { name: "forgetting old control ids", everyMs: HOUR_MS, run: () => forgetAll(pool, config.feeds) },
        { name: "making the journal's partitions", everyMs: 6 * HOUR_MS, run: () => makePartitions(pool) },
        { name: "looking at the database's durability", everyMs: HOUR_MS, run: () => sayFaults(pool, log) },
      ],
      log,
    ),
  );

  // A feed that went live: what was held beside the old system is work now.
  for (const id of await heldOfOtherLives(pool, config.feeds)) await worklist.liftHold(id, PARALLEL, "engine", true);

  const routes = apiRoutes({
    pool,
    sealer,
    config,
    keys,
    rules,
    maps,
    journal,
    tokens,
    worklist,
    codingDesk,
    codes,
    acceptHl7: sources.acceptHttp,
    feedStatus: sources.status,
    metrics: metrics.text,
    wakeRelay: () => relay.wake(),
    wakeDelivery: () => delivery.wake(),
    destinationStatus: () => delivery.status(),
    publicKeys: await publicKeysOf(destinations),
  });
  const api = await listenHttp(
    createApi({ routes, callerOf: tokens.callerOf, audit: (entry) => writeAudit(pool, auditRow(entry)), log }),
    config.http,
  );
  onClose(() => api.close());
  const mllp = await sources.listen();
  return {
    http: `http://${shownHost(config.http.host)}:${api.port}`,
    mllp,
    redisPrefix,
    queues: rules.queues.names,
    destinations,
    tokens,
    maps,
  };
}

/** Synthetic patients and real ones are never kept in one database: nobody could tell them apart later. */
async function refuseMixing(pool: Pool, demo: boolean): Promise<void> {
  // The first record tells: from then on no engine of the other kind has started here.
  const { rows } = await pool.query<{ feed: string }>("select feed from journal_record order by day, seq limit 1");
  const first = rows[0]?.feed;
  if (demo && first !== undefined && first !== "demo")
    throw new Error("this database holds messages of a real feed: the demo needs one of its own (no DATABASE_URL, or another --data-dir)");
  if (!demo && first === "demo")
    throw new Error("this database was used by the demo: a real feed needs one of its own (another DATABASE_URL or --data-dir)");
}

/** Live counts of one feed's connections. */
const readingsOf = ({ feed, connections, refusedConnections, discardedBytes }: FeedStatus): readonly Reading[] => [
  { name: "chartbridge_connections", labels: { feed }, value: connections.length },
  { name: "chartbridge_connections_refused_total", labels: { feed }, value: refusedConnections },
  { name: "chartbridge_discarded_bytes_total", labels: { feed }, value: discardedBytes },
];

const forgetAll = (pool: Pool, feeds: readonly Feed[]): Promise<unknown> =>
  Promise.all(feeds.map(({ name, duplicates }) => forgetControlIds(pool, name, duplicates.windowHours)));

/** Somebody may change the database's settings while we run. */
async function sayFaults(pool: Pool, log: Log): Promise<void> {
  for (const fault of await durabilityFaults(pool)) log.error(fault);
}

/** An address that listens everywhere is reached on this machine by loopback. */
const shownHost = (host: string): string => (host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host);
