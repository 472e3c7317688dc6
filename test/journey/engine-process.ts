import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { inject } from "vitest";
import { z } from "zod";
import { freePort } from "#src/main/services/child.ts";
import { freshDatabase, type TestDatabase } from "#test/setup/database.ts";

const HOME = fileURLToPath(new URL("../../", import.meta.url));
const START = join(HOME, "src", "main", "start.ts");

const ready = z.object({
  http: z.string(),
  mllp: z.record(z.string(), z.int()),
  pid: z.int(),
  signIn: z.string(),
  redisPrefix: z.string(),
});
export type Ready = z.infer<typeof ready>;

/** An engine as a hospital runs it: a process of its own, killed or stopped as the test likes, on a database of its own. */
export interface Installation {
  readonly database: TestDatabase;
  readonly dataDir: string;
  start(): Promise<RunningEngine>;
  remove(): Promise<void>;
}

export interface RunningEngine extends Ready {
  readonly mllpPort: number;
  /** Asks it to stop, as Ctrl-C does; resolves with its exit code. */
  stop(): Promise<number | null>;
  /** kill -9. */
  kill(): Promise<void>;
  /** Everything it has written to its standard output and error. */
  said(): string;
}

async function startProcess(dataDir: string, databaseUrl: string, redisUrl: string): Promise<RunningEngine> {
  const args = [START, "--config", join(dataDir, "chartbridge.yaml"), "--data-dir", dataDir, "--port", "0"];
  const env = { ...process.env, DATABASE_URL: databaseUrl, REDIS_URL: redisUrl, CHARTBRIDGE_READY_LINE: "1", CHARTBRIDGE_LOG: "info" };
  const child: ChildProcess = spawn(process.execPath, args, { cwd: HOME, env, stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  const exited = once(child, "exit");
  const begun = new Promise<Ready>((resolve, reject) => {
    const hear = (chunk: Buffer): void => {
      said += chunk.toString();
      const line = /^READY (.*)\n/m.exec(said)?.[1];
      if (line !== undefined) resolve(ready.parse(JSON.parse(line)));
    };
    child.stdout?.on("data", hear);
    child.stderr?.on("data", hear);
    void exited.then(() => reject(new Error(`the engine ended before it was ready:\n${said}`)));
  });
  const state = await begun;
  const end = async (signal: NodeJS.Signals): Promise<number | null> => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    await exited;
    return child.exitCode;
  };
  return {
    ...state,
    mllpPort: Object.values(state.mllp)[0] ?? 0,
    stop: () => end("SIGINT"),
    kill: async () => void (await end("SIGKILL")),
    said: () => said,
  };
}

/** @param destination address of a FHIR server that takes the claims */
export async function newInstallation(destination?: string): Promise<Installation> {
  const database = await freshDatabase();
  const dataDir = mkdtempSync(join(tmpdir(), "chartbridge-test-"));
  const config = [
    "feeds:",
    "  north:",
    "    facility: NORTH",
    "    zone: America/Chicago",
    "    defaultAuthority: NORTH",
    `    mllp: { port: ${await freePort(undefined)} }`,
    `siteData: ${join(HOME, "sites", "demo")}`,
    ...(destination === undefined ? [] : ["destinations:", `  billing: { url: "${destination}", timeoutMs: 2000 }`]),
    "",
  ];
  writeFileSync(join(dataDir, "chartbridge.yaml"), config.join("\n"));
  let running: RunningEngine | undefined;
  return {
    database,
    dataDir,
    start: async () => {
      running = await startProcess(dataDir, database.url, inject("redisUrl"));
      return running;
    },
    remove: async () => {
      await running?.kill();
      await database.drop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

/** Looks again and again until there is something to see; fails after `limitMs`. */
export async function waitFor<T>(look: () => Promise<T | undefined> | T | undefined, limitMs = 15_000): Promise<T> {
  const until = Date.now() + limitMs;
  for (;;) {
    const seen = await look();
    if (seen !== undefined) return seen;
    if (Date.now() > until) throw new Error(`nothing to see within ${limitMs} ms: ${look.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** A signed-in caller of the API. */
export async function signedIn({ http, signIn }: Ready) {
  const call = async (
    method: string,
    path: string,
    body?: unknown,
    token = "",
  ): Promise<{ readonly status: number; readonly body: unknown; readonly headers: Headers }> => {
    const response = await fetch(`${http}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: text === "" ? undefined : JSON.parse(text), headers: response.headers };
  };
  const session = z.object({ token: z.string() }).parse((await call("POST", "/auth/sign-in", { code: signIn })).body);
  return {
    token: session.token,
    get: (path: string) => call("GET", path, undefined, session.token),
    post: (path: string, body: unknown) => call("POST", path, body, session.token),
  };
}
