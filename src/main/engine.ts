
import { createSealer, type Sealer } from "#src/base/seal.ts";
import { authRoutes } from "#src/api/auth/routes.ts";
import { createTokens, type Tokens } from "#src/api/auth/tokens.pg.ts";
import { fhirRoutes } from "#src/api/fhir/routes.ts";
import { messageRoutes } from "#src/api/messages/routes.ts";
import { createApi, listenHttp } from "#src/api/server.http.ts";
import { worklistRoutes } from "#src/api/worklist/routes.ts";
import { createMapRecord } from "#src/charts/map-record.ts";
import { claimBundle, createReleaseClaim, readClaim, readClaimResource, searchClaims } from "#src/claims/claim-store.pg.ts";
import { createChecks, RULE_PACK } from "#src/coding/checks.ts";
import type { Keys } from "#src/config/keys.ts";
import type { Config, Destination, Feed } from "#src/config/types.ts";
import { migrate } from "#src/database/migrate.pg.ts";
import { openPool } from "#src/database/pool.pg.ts";
import { createDelivery } from "#src/destinations/delivery.bullmq.ts";
import { acceptFrame } from "#src/intake/accept.ts";
import { createJournalWriter, type JournalWriter } from "#src/journal/journal-writer.pg.ts";
import { outcomeOf, readRecord } from "#src/journal/journal-reader.pg.ts";
import { durabilityFaults, forgetControlIds, makePartitions } from "#src/journal/upkeep.pg.ts";
import { createAcceptBundle } from "#src/sources/fhir/accept-bundle.ts";
import { type Listener, listenMllp } from "#src/sources/mllp/listener.net.ts";
import { writeAudit } from "#src/telemetry/audit.pg.ts";
import { readLineStatus } from "#src/telemetry/line-status.pg.ts";
import type { Log, LogLevel } from "#src/telemetry/log.ts";
import { createRelay } from "#src/worklist/relay.bullmq.ts";
import { startFoldThread } from "./fold-thread.ts";
import { readRules } from "./rules.ts";
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
  readonly destinations: readonly Destination[];
  readonly tokens: Tokens;
  /** Listeners first, then what is in hand, the stores' connections last. */
  close(): Promise<void>;
}
