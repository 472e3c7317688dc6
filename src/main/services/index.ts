import { mkdirSync } from "node:fs";
import { isAlive } from "./child.ts";
import { type RunningStore, startPostgres } from "./postgres.ts";
import { findRedis } from "./redis-packages.ts";
import { startRedis } from "./redis.ts";

export interface ServiceOptions {
  readonly dataDir: string;
  /** Folder in which a fetched Redis is kept, shared by all data directories of this checkout. */
  readonly redisFolder: string;
  /** Given: a database or Redis of somebody's own, which is neither started nor stopped here. */
  readonly databaseUrl?: string | undefined;
  readonly redisUrl?: string | undefined;
  readonly env: NodeJS.ProcessEnv;
  readonly report: (line: string) => void;
}

export interface Services {
  readonly databaseUrl: string;
  readonly redisUrl: string;
  /** Processes started (or adopted) here. */
  pids(): { readonly postgres?: number; readonly redis?: number };
  /** Redis first, Postgres last: what is still in hand can be written. */
  stop(): Promise<void>;
}

/** How often a store of ours is looked after, in ms. */
const LOOK_MS = 500;

/** Keeps a store running on its address: one that dies (out of memory, killed) is started again. */
function keepAlive(
  first: RunningStore,
  again: (port: number) => Promise<RunningStore>,
  report: (line: string) => void,
): { current(): RunningStore; stop(): Promise<void> } {
  let store = first;
  let stopping = false;
  let starting: Promise<void> | undefined;
  const look = (): void => {
    if (stopping || starting !== undefined || isAlive(store.pid)) return;
    starting = again(first.port)
      .then((next) => {
        store = next;
      })
      .catch((error: unknown) => report(error instanceof Error ? error.message : "a store could not be started again"))
      .finally(() => {
        starting = undefined;
      });
  };
  const timer = setInterval(look, LOOK_MS);
  timer.unref();
  return {
    current: () => store,
    stop: async () => {
      stopping = true;
      clearInterval(timer);
      await starting;
      await store.stop();
    },
  };
}

/** Starts the stores that are not given. Rejects with a sentence that says what to do. */
export async function startServices({ dataDir, redisFolder, databaseUrl, redisUrl, env, report }: ServiceOptions): Promise<Services> {
  mkdirSync(dataDir, { recursive: true });
  const begun = await Promise.allSettled([
    databaseUrl === undefined ? startPostgres(dataDir, report) : undefined,
    redisUrl === undefined ? Promise.resolve().then(() => startRedis(dataDir, findRedis(redisFolder, env, report))) : undefined,
  ]);
  const [postgresBegun, redisBegun] = begun;
  const failed = begun.find((one) => one.status === "rejected");
  if (failed !== undefined) {
    for (const one of begun) if (one.status === "fulfilled") await one.value?.stop();
    throw failed.reason;
  }
  const postgresStore = postgresBegun.status === "fulfilled" ? postgresBegun.value : undefined;
  const redisStore = redisBegun.status === "fulfilled" ? redisBegun.value : undefined;
  const quiet = (): void => undefined;
  const postgres = postgresStore && keepAlive(postgresStore, (port) => startPostgres(dataDir, quiet, port), report);
  const redis = redisStore && keepAlive(redisStore, (port) => startRedis(dataDir, findRedis(redisFolder, env, quiet), port), report);
  return {
    databaseUrl: databaseUrl ?? postgresStore?.url ?? "",
    redisUrl: redisUrl ?? redisStore?.url ?? "",
    pids: () => ({
      ...(postgres === undefined ? {} : { postgres: postgres.current().pid }),
      ...(redis === undefined ? {} : { redis: redis.current().pid }),
    }),
    stop: async () => {
      await redis?.stop();
      await postgres?.stop();
    },
  };
}
