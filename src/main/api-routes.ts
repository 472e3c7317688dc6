import { readFileSync } from "node:fs";
import type { Pool, PoolClient } from "pg";
import { deliveryRoutes } from "#src/api/deliveries/routes.ts";
import { answerRoutes } from "#src/api/claims/answer-routes.ts";
import { trailRoutes } from "#src/api/claims/trail-routes.ts";
import { chartRoutes } from "#src/api/charts/routes.ts";
import { failureRoutes } from "#src/api/failures/routes.ts";
import { createChartView } from "#src/api/charts/view.ts";
import { codeRoutes } from "#src/api/codesets/routes.ts";
import { terminologyRoutes } from "#src/api/codesets/terminology.ts";
import { authRoutes } from "#src/api/auth/routes.ts";
import type { Tokens } from "#src/api/auth/tokens.pg.ts";
import { type FeedStatus, feedRoutes } from "#src/api/feeds/routes.ts";
import { type Hl7RouteNeeds, hl7Routes } from "#src/api/hl7v2/routes.ts";
import { claimRoutes } from "#src/api/claims/routes.ts";
import { conformanceRoutes } from "#src/api/fhir/conformance-routes.ts";
import { fhirRoutes } from "#src/api/fhir/routes.ts";
import { metricsRoutes } from "#src/api/metrics/routes.ts";
import { messagePage } from "#src/api/messages/page.ts";
import { mapRoutes } from "#src/api/maps/routes.ts";
import { messageRoutes } from "#src/api/messages/routes.ts";
import type { Caller, Role, Route } from "#src/api/route.ts";
import type { AuditEntry } from "#src/api/server.http.ts";
import { codingRoutes } from "#src/api/coding/routes.ts";
import { supervisionRoutes } from "#src/api/worklist/supervision-routes.ts";
import { worklistRoutes } from "#src/api/worklist/routes.ts";
import { describe } from "#src/base/failures.ts";
import type { MessageId } from "#src/base/ids.ts";
import type { Sealer } from "#src/base/seal.ts";
import { readChart } from "#src/charts/chart-store.pg.ts";
import { createChartCache } from "#src/charts/open-chart.ts";
import { listFailures, readDecisions, readFailure } from "#src/charts/failures.pg.ts";
import { refold } from "#src/charts/refold.pg.ts";
import { correctFailure, retryFailure, skipFailure } from "#src/charts/repair.pg.ts";
import { type ConfidentialRules, isConfidentialAt } from "#src/charts/confidential.ts";
import { textsOf } from "#src/charts/documents/document-text.pg.ts";
import { extractInThread } from "#src/charts/documents/extract-thread.ts";
import { findAccounts, readChartAt, readHistory } from "#src/charts/history.pg.ts";
import { readLineage } from "#src/charts/lineage.pg.ts";
import { createMapRecord, settingsOf } from "#src/charts/map-record.ts";
import { resolveUnmapped } from "#src/charts/resolve-code.pg.ts";
import { createTrace, type Trace } from "#src/charts/trace.pg.ts";
import { unmappedTasks } from "#src/charts/unmapped-codes.pg.ts";
import { claimBundle } from "#src/claims/claim-store.pg.ts";
import { servedBundle, servedClaim, servedClaims, servedResource } from "#src/claims/served-claims.pg.ts";
import { packageExamples } from "#src/claims/sandbox/examples.ts";
import { sandboxClaims } from "#src/claims/sandbox/sandbox.ts";
import type { CodingDesk } from "#src/coding/coding-desk.pg.ts";
import type { CodeStore } from "#src/codesets/code-store.pg.ts";
import { describeCode } from "#src/codesets/describe.pg.ts";
import type { CodeSystemName } from "#src/codesets/code-data.ts";
import { type CodeQuery, searchCodes } from "#src/codesets/search.ts";
import { gapsOn } from "#src/codesets/versions.ts";
import { listVersions } from "#src/codesets/versions.pg.ts";
import type { Keys } from "#src/config/keys.ts";
import { confirmDelivery, giveUpDelivery, retryDeliveries } from "#src/destinations/decide.pg.ts";
import type { DestinationStatus } from "#src/destinations/delivery.bullmq.ts";
import { listDeliveries, readDeliveries } from "#src/destinations/read-deliveries.pg.ts";
import { readSubject } from "#src/mapping/fhir/map-bundle.ts";
import type { Config, Feed } from "#src/config/types.ts";
import type { MapPack } from "#src/mapping/compile.ts";
import { infoOf } from "#src/mapping/message-info.ts";
import { toProvenance } from "#src/mapping/provenance.ts";
import { allLineage, allResources, warningsOf } from "#src/mapping/usage.ts";
import { type JournalRecord, outcomeOf, readRecord } from "#src/journal/journal-reader.pg.ts";
import type { Journal } from "#src/journal/journal.ts";
import { searchMessages } from "#src/journal/search.pg.ts";
import { readStoredMessage } from "#src/journal/stored-message.pg.ts";
import { createAcceptBundle } from "#src/sources/fhir/accept-bundle.ts";
import type { AuditRow } from "#src/telemetry/audit.pg.ts";
import { readLineStatus } from "#src/telemetry/line-status.pg.ts";
import { withFeedLives } from "#src/worklist/feed-lives.pg.ts";
import { createReconcileItems } from "#src/worklist/reconcile-items.pg.ts";
import type { Worklist } from "#src/worklist/worklist.ts";
import { claimServices } from "./claim-services.ts";
import type { LiveMaps } from "./live-maps.ts";
import type { Rules } from "./rules.ts";

export interface ApiNeeds {
  readonly pool: Pool;
  readonly sealer: Sealer;
  readonly config: Config;
  readonly keys: Keys;
  readonly rules: Rules;
  readonly maps: LiveMaps;
  readonly journal: Journal;
  readonly tokens: Tokens;
  readonly worklist: Worklist;
  readonly codingDesk: CodingDesk;
  readonly codes: CodeStore;
  readonly acceptHl7: Hl7RouteNeeds["accept"];
  readonly feedStatus: () => readonly FeedStatus[];
  /** Prometheus text. */
  readonly metrics?: () => string;
  readonly wakeRelay: () => void;
  readonly wakeDelivery: () => void;
  readonly destinationStatus?: () => readonly DestinationStatus[];
  /** Of the keys that destinations know us by, as JWK. */
  readonly publicKeys?: readonly object[];
}

const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as { version: string };
const TROUBLES_SHOWN = 50;
/** For charts of a feed that is no longer configured. */
const NO_FEED_RULES: ConfidentialRules = { labels: ["R", "V"], visitIndicators: [], services: [], documentTypes: [] };

/** The feed a machine writes to: the one of its own name, else the only one there is. */
function feedOf(caller: Caller, feeds: readonly Feed[]): Feed | undefined {
  return feeds.find((feed) => feed.name === caller.name) ?? (feeds.length === 1 ? feeds[0] : undefined);
}

/** Every route this engine serves: the whole of the route x role table. */
export function apiRoutes({
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
  acceptHl7,
  feedStatus,
  metrics = () => "",
  wakeRelay,
  wakeDelivery,
  destinationStatus = () => [],
  publicKeys = [],
}: ApiNeeds): readonly Route[] {
  const feeds = new Map(config.feeds.map((feed) => [feed.name, feed]));
  const mapUnder = (pack: MapPack) => createMapRecord(pack, feeds, keys.idKey);
  const map = (record: JournalRecord) => mapUnder(maps.current())(record);
  const mapAgain = async (id: string) => {
    const record = await readRecord(pool, sealer, id);
    return record === undefined ? undefined : { record, ...map(record) };
  };
  const view = createChartView(
    (feed) => feeds.get(feed)?.confidential ?? NO_FEED_RULES,
    (feed) => feeds.get(feed)?.chartLink,
  );
  // What people fold again is folded here; the fold's own thread notices by the edit of an account.
  const foldNeeds = {
    trace: (client: PoolClient, read: Parameters<Trace>[1]) => createTrace(sealer, maps.current())(client, read),
    pool,
    sealer,
    cache: createChartCache(0),
    map,
    onChanges: withFeedLives(createReconcileItems({ rules: rules.queues, feeds, idKey: keys.idKey, sealer, now: () => new Date() }), feeds),
    restricted: isConfidentialAt(feeds),
    journal,
    now: () => new Date(),
  };
  const outcome = (id: string, waitMs: number) => outcomeOf(pool, id as MessageId, waitMs);
  const accept = createAcceptBundle({
    journal,
    idKey: keys.idKey,
    now: () => new Date(),
    subjectOf: (feed) => (bundle) => readSubject(bundle, settingsOf(feed, keys.idKey)),
    awaitOutcome: outcome,
  });
  const today = (): string => new Date().toISOString().slice(0, 10);
  const codeNeeds = {
    today,
    data: codes.data,
    search: async (query: CodeQuery) => searchCodes(await codes.index(), codes.data(), query),
    describe: (system: CodeSystemName, code: string, date: string) => describeCode(pool, codes.data(), system, code, date),
    versions: async () => {
      const versions = await listVersions(pool);
      return { versions, gaps: gapsOn(versions, today()) };
    },
  };
  const claims = claimServices(
    {
      pool,
      sealer,
      keys,
      rules,
      codes,
      worklist,
      dataDir: config.dataDir,
      mapAgain: async (id) => {
        const mapped = (await mapAgain(id))?.mapped;
        return mapped?.ok === true ? { resources: allResources(mapped.value), lineage: allLineage(mapped.value) } : undefined;
      },
    },
    wakeRelay,
  );
  return [
    ...authRoutes(tokens),
    ...codeRoutes(codeNeeds),
    ...terminologyRoutes(codeNeeds),
    ...feedRoutes(feedStatus),
    ...deliveryRoutes({
      status: destinationStatus,
      publicKeys,
      list: (search) => listDeliveries(pool, search),
      read: (id, words) => readDeliveries(pool, words ? sealer : undefined, id),
      retry: (which, decision) => retryDeliveries(pool, sealer, which, decision),
      confirm: (which, location, decision) => confirmDelivery(pool, sealer, which, location, decision),
      giveUp: (which, decision) => giveUpDelivery(pool, sealer, which, decision),
      onDecided: wakeDelivery,
    }),
    ...metricsRoutes(metrics),
    ...hl7Routes({ feeds: config.feeds, accept: acceptHl7 }),
    ...messageRoutes({
      status: () => readLineStatus(pool, TROUBLES_SHOWN),
      search: (search) => searchMessages(pool, sealer, search),
      page: async (id, content) => {
        const stored = await readStoredMessage(pool, sealer, id);
        if (stored === undefined) return undefined;
        const mapped = stored.verdict === "accepted" ? (await mapAgain(id))?.mapped : undefined;
        return messagePage(stored, feeds.get(stored.feed)?.charset, mapped?.ok === true ? warningsOf(mapped.value) : [], content);
      },
      raw: async (id) => (await readRecord(pool, sealer, id))?.bytes,
      lineage: (id) => readLineage(pool, sealer, id),
      provenance: async (id) => {
        const again = await mapAgain(id);
        if (again === undefined) return undefined;
        const { record, mapped, mapVersion } = again;
        return mapped.ok ? toProvenance(mapped.value, infoOf(record.bytes), mapVersion, keys.idKey) : [];
      },
      mapAgain: async (id) => {
        const again = await mapAgain(id);
        if (again === undefined) return undefined;
        const { mapped, mapVersion } = again;
        return mapped.ok
          ? { mapVersion, mapped: mapped.value, failure: undefined }
          : { mapVersion, mapped: undefined, failure: describe(mapped.failure) };
      },
    }),
    ...mapRoutes({
      maps: () => ({ version: maps.current().version, messageTypes: maps.current().messageTypes }),
      reload: () => maps.reload(),
      unmapped: () => unmappedTasks(pool, sealer),
      resolve: (id, meaning, who) =>
        resolveUnmapped(
          {
            pool,
            sealer,
            siteMapsDir: config.siteMapsDir,
            compile: () => maps.compile(),
            adopt: async (pack) => {
              await maps.adopt(pack);
              return foldNeeds;
            },
          },
          id,
          meaning,
          who,
        ),
      onFolded: wakeRelay,
    }),
    ...chartRoutes({
      find: (number) => findAccounts(pool, sealer, number),
      history: (id) => readHistory(pool, id),
      chart: (id, version) => (version === undefined ? readChart(pool, sealer, id) : readChartAt(pool, sealer, id, version)),
      texts: (id, documents) => textsOf({ pool, sealer, extract: extractInThread }, id, documents),
      view,
    }),
    ...failureRoutes({
      list: (page) => listFailures(pool, page),
      read: (id) => readFailure(pool, sealer, id),
      decisions: (id) => readDecisions(pool, sealer, id),
      retry: (id, decision) => retryFailure(foldNeeds, id, decision),
      skip: (id, decision) => skipFailure(foldNeeds, id, decision),
      correct: (id, edited, decision) => correctFailure(foldNeeds, id, edited, decision),
      refold: (id) => refold(foldNeeds, id),
      onFolded: wakeRelay,
    }),
    ...worklistRoutes({ worklist, view, queues: rules.queues.names, onTickets: wakeRelay, onReleased: wakeDelivery }),
    ...codingRoutes(codingDesk, view),
    ...answerRoutes(claims.answers),
    ...trailRoutes(claims.trail, view),
    ...supervisionRoutes({
      worklist,
      view,
      queues: rules.queues.names,
      onTickets: wakeRelay,
      onReleased: wakeDelivery,
      sealer,
      makeUser: (name, roles) => tokens.makeUser(name, roles as readonly Role[]),
    }),
    ...claimRoutes({
      claimBundle: (id) => claimBundle(pool, sealer, id),
      servedBundle: (id) => servedBundle(pool, sealer, id),
      sandbox: sandboxClaims,
    }),
    ...conformanceRoutes(packageExamples),
    ...fhirRoutes({
      ...claims.responses,
      version,
      startedAt: new Date().toISOString(),
      readClaim: (id) => servedClaim(pool, sealer, id),
      readClaimResource: (type, id, version) => servedResource(pool, sealer, type, id, version),
      searchClaims: ({ identifier, ...rest }) =>
        servedClaims(pool, sealer, { ...rest, ...(identifier === undefined ? {} : { identifier: tokenOf(identifier) }) }),
      acceptBundle: async (caller, kind, body, bytes) => {
        const feed = feedOf(caller, config.feeds);
        return feed === undefined ? undefined : accept(feed, kind, body, bytes);
      },
      recordState: async (id) => (await outcome(id, 0)) ?? ((await readRecord(pool, sealer, id)) === undefined ? undefined : "waiting"),
    }),
  ];
}

/** A token parameter (R4 search, 3.1.1.4.10): `system|value`, or a value of any system. */
function tokenOf(text: string): { readonly system?: string; readonly value: string } {
  const at = text.indexOf("|");
  return at < 0 ? { value: text } : { system: text.slice(0, at), value: text.slice(at + 1) };
}

/** What the audit keeps of one answered request. */
export const auditRow = ({ caller, route, status, object, requestId }: AuditEntry): AuditRow => ({
  actor: caller?.userId ?? "anonymous",
  ...(caller === undefined ? {} : { role: caller.roles.join(" ") }),
  action: route.action,
  route: `${route.method} ${route.path}`,
  outcome: status,
  objectType: object?.type ?? route.objectType,
  ...(object === undefined ? {} : { objectId: object.id }),
  requestId,
});
