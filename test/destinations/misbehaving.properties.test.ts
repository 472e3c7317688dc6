import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Claim } from "@medplum/fhirtypes";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type BillingServer, type Mood, startBillingServer } from "#src/destinations/stand-in/server.http.ts";
import type { PersonalityName } from "#src/destinations/stand-in/personality.ts";
import { waitFor } from "#test/journey/engine-process.ts";
import { type DeliveryLine, deliveryLine, numberOf } from "./line.ts";

const PROCESS = fileURLToPath(new URL("./delivery-process.ts", import.meta.url));

/** What befalls one request to write: the server's own faults, or the death of the engine while the server has the request. */
const FAULTS = [
  "well",
  "silent-before",
  "silent-after",
  "failing-before",
  "failing-after",
  "throttled",
  "unavailable",
  "cut-before",
  "cut-after",
  "kill-before",
  "kill-after",
] as const;
type Fault = (typeof FAULTS)[number];

let line: DeliveryLine;
let server: BillingServer;
let engine: ChildProcess;
let settings = "";
/** What is still to befall each claim, by its number. */
const scripts = new Map<string, Fault[]>();
let starting: Promise<void> = Promise.resolve();

const startEngine = async (): Promise<void> => {
  engine = spawn(process.execPath, [PROCESS, line.database.url, line.redis.url, line.redis.prefix, settings], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  // It may be killed before it says that it is there: then another one is started, and nobody waits for this one.
  if (engine.stdout !== null) await Promise.race([once(engine.stdout, "data"), once(engine, "exit")]);
};
/** kill -9, and another one in its place on the same database. */
const restartEngine = (): void => {
  // Two requests were under way: it dies once.
  if (engine.killed) return;
  engine.kill("SIGKILL");
  starting = once(engine, "exit").then(startEngine);
};

const claimIn = (body: unknown): Claim | undefined => {
  const { resourceType, entry } = body as { resourceType?: string; entry?: readonly { resource?: { resourceType?: string } }[] };
  if (resourceType === "Claim") return body as Claim;
  return entry?.map(({ resource }) => resource).find((one) => one?.resourceType === "Claim") as Claim | undefined;
};
const nextFault = (body: unknown): Mood => {
  const number = claimIn(body)?.identifier?.[0]?.value ?? "";
  const fault = scripts.get(number)?.shift() ?? "well";
  if (!fault.startsWith("kill")) return fault as Mood;
  restartEngine();
  // Nobody is there any more to hear the answer.
  return fault === "kill-after" ? "silent-after" : "silent-before";
};

async function begin(personality: PersonalityName): Promise<void> {
  server = await startBillingServer({ host: "127.0.0.1", port: 0, personality });
  server.behave(nextFault);
  settings = JSON.stringify({
    url: server.url,
    timeoutMs: 250,
    settleMs: 0,
    concurrency: 2,
    attempts: 1_000,
    breaker: { failures: 1_000 },
  });
  await startEngine();
}

beforeEach(async () => {
  scripts.clear();
  line = await deliveryLine();
});
afterEach(async () => {
  await starting;
  engine.kill("SIGKILL");
  await server.close();
  await line.close();
});

/** Releases claims that these faults befall, lets time pass, and gives how often the server has each when nothing moves any more. */
async function deliver(faults: readonly (readonly Fault[])[]): Promise<readonly { readonly times: number; readonly state: string }[]> {
  const ids: string[] = [];
  for (const script of faults) {
    const id = await line.release({ destinations: [] });
    scripts.set(numberOf(id), [...script]);
    ids.push(id);
  }
  const { pool } = line.database;
  for (const id of ids) await pool.query("insert into delivery (claim_id, destination, state) values ($1, 'billing', 'pending')", [id]);
  const rows = await waitFor(async () => {
    await starting;
    engine.stdin?.write("\n");
    // Time passes: what waits for its next try is due.
    await pool.query("update delivery set next_try_at = now() where state in ('pending', 'unconfirmed')");
    const { rows: all } = await pool.query<{ claim_id: string; state: string; person: boolean }>(
      "select claim_id, state, needs_person as person from delivery where claim_id = any($1::uuid[])",
      [ids],
    );
    return all.every(({ state, person }) => state === "confirmed" || person) ? all : undefined;
  }, 60_000);
  const there = (await server.claims()).map(({ identifier }) => identifier?.[0]?.value);
  return ids.map((id) => ({
    times: there.filter((number) => number === numberOf(id)).length,
    state: rows.find((row) => row.claim_id === id)?.state ?? "",
  }));
}

const scriptsOf = fc.array(fc.array(fc.constantFrom(...FAULTS), { maxLength: 4 }), { minLength: 1, maxLength: 4 });

describe("a claim to a server that misbehaves, from an engine that is killed", () => {
  it.each(["open", "searchable"] as const)(
    "is there exactly once where it can be created by condition or looked up (%s)",
    async (personality) => {
      await begin(personality);
      await fc.assert(
        fc.asyncProperty(scriptsOf, async (faults) => {
          for (const { times, state } of await deliver(faults)) expect({ times, state }).toEqual({ times: 1, state: "confirmed" });
        }),
        { numRuns: 8, examples: [[FAULTS.map((fault) => [fault])], [[["silent-after", "kill-after", "cut-after", "failing-after"]]]] },
      );
    },
    300_000,
  );

  it("is there never twice where nothing can be asked, and waits for a person when nobody knows", async () => {
    await begin("blind");
    await fc.assert(
      fc.asyncProperty(scriptsOf, async (faults) => {
        for (const { times, state } of await deliver(faults)) {
          // Confirmed and there once, or a person's: there once or not at all.
          expect(["confirmed 1", "unconfirmed 0", "unconfirmed 1"]).toContain(`${state} ${times}`);
        }
      }),
      { numRuns: 8, examples: [[FAULTS.map((fault) => [fault])]] },
    );
  }, 300_000);
});
