import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createApi, listenHttp } from "#src/api/server.http.ts";
import { createTokens } from "#src/api/auth/tokens.pg.ts";
import type { Role } from "#src/api/route.ts";
import { createChartCache } from "#src/charts/open-chart.ts";
import { isConfidentialAt } from "#src/charts/confidential.ts";
import { foldOnce, type FoldNeeds } from "#src/charts/fold.pg.ts";
import { keepMapVersion } from "#src/charts/lineage.pg.ts";
import { createMapRecord } from "#src/charts/map-record.ts";
import { createTrace } from "#src/charts/trace.pg.ts";
import { createReleaseClaim } from "#src/claims/claim-store.pg.ts";
import { createCorrectingRelease } from "#src/claims/lifecycle/correct-release.pg.ts";
import { createVoidClaim } from "#src/claims/lifecycle/void-claim.pg.ts";
import { createCodingDesk } from "#src/coding/coding-desk.pg.ts";
import { createChecks } from "#src/coding/checks.ts";
import { createOutcomeWatch } from "#src/journal/outcome-watch.pg.ts";
import { createFeedSources } from "#src/main/feed-sources.ts";
import { createJournalWriter } from "#src/journal/journal-writer.pg.ts";
import { createLiveMaps } from "#src/main/live-maps.ts";
import { createCodeStore } from "#src/codesets/code-store.pg.ts";
import { putStarterCodes } from "#src/codesets/starter.pg.ts";
import { claimAnswers } from "#src/main/claim-services.ts";
import { apiRoutes, auditRow } from "#src/main/api-routes.ts";
import { readRules } from "#src/main/rules.ts";
import { builtinConfig } from "#src/config/builtin.ts";
import type { Feed } from "#src/config/types.ts";
import { writeAudit } from "#src/telemetry/audit.pg.ts";
import { createLog } from "#src/telemetry/log.ts";
import { createReconcileItems } from "#src/worklist/reconcile-items.pg.ts";
import { createWorklist } from "#src/worklist/worklist.ts";
import { ID_KEY, sealer } from "#test/worklist/stays.ts";
import { freshDatabase } from "#test/setup/database.ts";

const builtin = builtinConfig(process.cwd(), ".", { demo: false, port: 0, mllpPort: 0 });
const rules = readRules(builtin);

/** The API over real stores, with a fold that the test runs when it likes. */
export async function startApi({
  folding = true,
  feed = {},
  now = () => new Date(),
}: {
  readonly folding?: boolean;
  readonly feed?: Partial<Feed>;
  readonly now?: () => Date;
} = {}) {
  const siteMapsDir = mkdtempSync(join(tmpdir(), "site-maps-"));
  const config = { ...builtin, siteMapsDir, dataDir: siteMapsDir, feeds: builtin.feeds.map((one) => ({ ...one, ...feed })) };
  const database = await freshDatabase();
  const { pool } = database;
  const feeds = new Map(config.feeds.map((feed) => [feed.name, feed]));
  await keepMapVersion(pool, rules.maps);
  const maps = createLiveMaps(rules.maps, config, pool, () => undefined);
  const foldNeeds: FoldNeeds = {
    pool,
    sealer,
    cache: createChartCache(10),
    map: (record) => createMapRecord(maps.current(), feeds, ID_KEY)(record),
    trace: (client, read) => createTrace(sealer, maps.current())(client, read),
    restricted: isConfidentialAt(feeds),
    onChanges: createReconcileItems({ rules: rules.queues, feeds, idKey: ID_KEY, sealer, now }),
  };
  // One behind the other: a fold beside another finds the lanes taken, and a test that folds would go on with nothing folded.
  let folded: Promise<unknown> = Promise.resolve();
  const fold = (): Promise<number> => {
    const next = folded.then(() => foldOnce(foldNeeds));
    folded = next.catch(() => undefined);
    return next;
  };
  const journal = createJournalWriter(pool, sealer, () => void (folding ? fold() : undefined));
  const tokens = createTokens(pool);
  const lifecycle = { sealer, site: rules.site, idKey: ID_KEY, now };
  const release = createCorrectingRelease({ ...lifecycle, release: createReleaseClaim({ ...lifecycle, destinations: [] }) });
  const voidClaim = createVoidClaim(lifecycle);
  await putStarterCodes(pool);
  const codes = createCodeStore({ pool, now: () => new Date() });
  await codes.refresh();
  const data = () => codes.data();
  const check = createChecks({ site: rules.site, data, edits: rules.edits });
  const codingDesk = createCodingDesk({ pool, sealer, site: rules.site, data, check });
  const worklist = createWorklist({
    pool,
    sealer,
    rules: rules.queues,
    check,
    rulePack: rules.edits.pack.name,
    release,
    voidClaim,
    now,
  });
  const keys = { idKey: ID_KEY, encryptionKey: Buffer.alloc(32, 3) };
  const nothing = (): void => undefined;
  const outcomes = createOutcomeWatch(pool);
  const sources = createFeedSources({ feeds: config.feeds, pool, sealer, journal, outcomes, log: createLog("silent"), now });
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
    wakeRelay: nothing,
    wakeDelivery: nothing,
  });
  let auditFails = false;
  const api = await listenHttp(
    createApi({
      routes,
      callerOf: tokens.callerOf,
      audit: (entry) => (auditFails ? Promise.reject(new Error("no audit")) : writeAudit(pool, auditRow(entry))),
      log: createLog("silent"),
    }),
    { host: "127.0.0.1", port: 0 },
  );
  const base = `http://127.0.0.1:${api.port}`;
  const as = async (...roles: readonly Role[]) => {
    const token = await tokens.machineToken(`test ${roles.join(" ")}`, roles, 1);
    return async (method: string, path: string, body?: unknown, type = "application/json") => {
      const response = await fetch(`${base}${path}`, {
        method,
        headers: { authorization: `Bearer ${token}`, "content-type": type },
        ...(body === undefined
          ? {}
          : { body: typeof body === "string" ? body : Buffer.isBuffer(body) ? new Uint8Array(body) : JSON.stringify(body) }),
      });
      const text = await response.text();
      const isJson = (response.headers.get("content-type") ?? "").includes("json");
      return { status: response.status, headers: response.headers, text, body: (isJson ? JSON.parse(text) : undefined) as never };
    };
  };
  return {
    base,
    siteMapsDir,
    database,
    routes,
    tokens,
    fold,
    as,
    answers: claimAnswers({ pool, keys, rules, worklist }),
    sweepAnswers: () => claimAnswers({ pool, keys, rules, worklist }).sweep(),
    failAudit: () => {
      auditFails = true;
    },
    close: async () => {
      await api.close();
      outcomes.close();
      rmSync(siteMapsDir, { recursive: true, force: true });
      await database.drop();
    },
  };
}
export type TestApi = Awaited<ReturnType<typeof startApi>>;
