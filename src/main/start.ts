import { existsSync, mkdirSync } from "node:fs";
import { relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { builtinConfig } from "#src/config/builtin.ts";
import { makeDestination } from "#src/config/destination.ts";
import { loadKeys } from "#src/config/keys.ts";
import { loadConfig } from "#src/config/load.ts";
import { removeRunFile, writeRunFile } from "#src/config/run-file.ts";
import type { Config } from "#src/config/types.ts";
import { startBillingServer } from "#src/destinations/stand-in/server.http.ts";
import { createLog, type LogLevel } from "#src/telemetry/log.ts";
import { playDemoStory } from "./demo.ts";
import { type Engine, startEngine } from "./engine.ts";
import { HELP, readOptions, type StartOptions } from "./options.ts";
import { RuleFaults } from "./rules.ts";
import { freePort } from "./services/child.ts";
import { lockDataDir } from "./services/lock.ts";
import { type Services, startServices } from "./services/index.ts";
import { greeting } from "./greeting.ts";

export const HOME = fileURLToPath(new URL("../../", import.meta.url));

/** Something the person who started us can mend: shown without a stack. */
class StartFault extends Error {
  override readonly name = "StartFault";
}

const say = (line: string): void => void process.stdout.write(`${line}\n`);

function configOf(options: StartOptions, env: NodeJS.ProcessEnv): Config {
  const { dataDir, config, demo, port, mllpPort } = options;
  if (config === undefined) return builtinConfig(HOME, dataDir, { demo, port: port ?? 8480, mllpPort: mllpPort ?? 2575 });
  if (!existsSync(config)) throw new StartFault(`there is no configuration ${config}`);
  const loaded = loadConfig({ path: config, dataDir, env, home: HOME });
  if (!loaded.ok) throw new StartFault(`the configuration cannot be used:\n  ${loaded.failure.join("\n  ")}`);
  return port === undefined ? loaded.value : { ...loaded.value, http: { ...loaded.value.http, port } };
}

/** What starts must be undone in the opposite order, whatever happens in between. */
function undoList(): { add(undo: () => Promise<void> | void): void; run(): Promise<void> } {
  const undos: (() => Promise<void> | void)[] = [];
  return {
    add: (undo) => undos.push(undo),
    run: async () => {
      for (let undo = undos.pop(); undo !== undefined; undo = undos.pop()) await undo();
    },
  };
}

const LOG_LEVELS: readonly LogLevel[] = ["silent", "warn", "info"];

async function run(args: readonly string[], env: NodeJS.ProcessEnv): Promise<void> {
  const read = readOptions(args, process.cwd(), existsSync("chartbridge.yaml"));
  if (!read.ok) throw new StartFault(`${read.failure}\n\n${HELP}`);
  const options = read.value;
  if (options.help) return say(HELP);
  const { DATABASE_URL: databaseUrl, REDIS_URL: redisUrl } = env;
  if (options.production && (databaseUrl === undefined || redisUrl === undefined))
    throw new StartFault("--production starts no store of its own: set DATABASE_URL and REDIS_URL");

  const undo = undoList();
  let stopping: Promise<void> | undefined;
  const stop = (signal?: NodeJS.Signals): Promise<void> => {
    if (stopping === undefined && signal !== undefined) say("\nStopping: what is in hand is finished first ...");
    stopping ??= undo.run();
    return stopping;
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
    process.on(signal, () => {
      void stop(signal).then(
        () => process.exit(0),
        () => process.exit(1),
      );
    });

  try {
    const config = configOf(options, env);
    mkdirSync(options.dataDir, { recursive: true });
    undo.add(lockDataDir(options.dataDir));
    const services: Services = await startServices({
      dataDir: options.dataDir,
      redisFolder: `${HOME}.chartbridge/redis`,
      databaseUrl,
      redisUrl,
      env,
      report: say,
    });
    undo.add(() => services.stop());
    const level = LOG_LEVELS.find((one) => one === env["CHARTBRIDGE_LOG"]) ?? "warn";
    const log = createLog(level);
    const keys = loadKeys(options.dataDir, env);
    const billing = config.demo
      ? await startBillingServer({ host: "127.0.0.1", port: await freePort(options.port === 0 ? undefined : 8481) })
      : undefined;
    if (billing !== undefined) undo.add(() => billing.close());
    const destinations = billing === undefined ? config.destinations : [makeDestination("billing", { url: billing.url })];
    const engine: Engine = await startEngine({
      config: { ...config, destinations },
      keys,
      databaseUrl: services.databaseUrl,
      redisUrl: services.redisUrl,
      log,
      logLevel: level,
    });
    undo.add(() => engine.close());
    // An operator's command has changed the files of maps.
    process.on("SIGUSR2", () => {
      void engine.maps.reload().then((loaded) => (loaded.ok ? undefined : log.error("the maps have a fault; those of before still count")));
    });
    const runFile = {
      pid: process.pid,
      http: engine.http,
      mllp: engine.mllp,
      databaseUrl: services.databaseUrl,
      redisUrl: services.redisUrl,
      redisPrefix: engine.redisPrefix,
      queues: [...engine.queues],
      ...(options.config === undefined ? {} : { config: options.config }),
      startedAt: new Date().toISOString(),
      demo: config.demo,
    };
    writeRunFile(options.dataDir, runFile);
    undo.add(() => removeRunFile(options.dataDir));
    const code = await engine.tokens.oneTimeCode("admin", ["admin", "coder", "billing"]);
    if (env["CHARTBRIDGE_READY_LINE"] === "1") {
      const { http, mllp, pid, databaseUrl: database, redisUrl: redis } = runFile;
      say(
        `READY ${JSON.stringify({ http, mllp, pid, databaseUrl: database, redisUrl: redis, services: services.pids(), redisPrefix: engine.redisPrefix, signIn: code })}`,
      );
      return;
    }
    const demoPort = config.demo ? Object.values(engine.mllp)[0] : undefined;
    if (demoPort !== undefined) {
      const demo = playDemoStory(demoPort, config, log);
      undo.add(() => demo.stop());
    }
    const seconds = performance.now() / 1_000;
    const dataDir = relative(process.cwd(), options.dataDir) || ".";
    const named = !["demo", "main"].some((name) => resolve(".chartbridge", name) === options.dataDir);
    say(greeting({ config, engine, seconds, code, dataDir, named }));
  } catch (error) {
    await stop();
    throw error;
  }
}

run(process.argv.slice(2), process.env).catch((error: unknown) => {
  const code = (error as { code?: unknown }).code;
  if (error instanceof StartFault || error instanceof RuleFaults) process.stderr.write(`${error.message}\n`);
  else if (code === "EADDRINUSE") {
    const { port } = error as { port?: unknown };
    process.stderr.write(`port ${String(port)} is in use by another program; give another with --port or --mllp-port (0 = any free one)\n`);
  } else process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
