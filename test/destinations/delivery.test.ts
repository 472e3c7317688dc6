import type { Claim, Patient } from "@medplum/fhirtypes";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createSealer } from "#src/base/seal.ts";
import { makeDestination } from "#src/config/destination.ts";
import { classifyNoAnswer, classifyStatus, retryAfterMs, waitBefore } from "#src/destinations/classify.ts";
import { createDelivery, type Delivery } from "#src/destinations/delivery.bullmq.ts";
import { type BillingServer, startBillingServer } from "#src/destinations/stand-in/server.http.ts";
import { freePort } from "#src/main/services/child.ts";
import { createLog } from "#src/telemetry/log.ts";
import { freshDatabase, type TestDatabase } from "#test/setup/database.ts";
import { redisFor, type TestRedis } from "#test/setup/redis.ts";
import { waitFor } from "#test/journey/engine-process.ts";

let database: TestDatabase;
let redis: TestRedis;
let billing: BillingServer;
let delivery: Delivery | undefined;
/** Time passes as the test says, so that no test waits for a retry. */
let ahead = 0;
const now = (): Date => new Date(Date.now() + ahead);

beforeEach(async () => {
  ahead = 0;
  database = await freshDatabase();
  redis = await redisFor();
  billing = await startBillingServer({ host: "127.0.0.1", port: 0 });
});
afterEach(async () => {
  await delivery?.close();
  delivery = undefined;
  await billing.close();
  await redis.drop();
  await database.drop();
});

const start = (destinations: readonly { name: string; url: string }[] = [{ name: "billing", url: billing.url }]): void => {
  delivery = createDelivery({
    pool: database.pool,
    redisUrl: redis.url,
    prefix: redis.prefix,
    sealer: createSealer(Buffer.alloc(32, 7)),
    destinations: destinations.map(({ name, url }) => makeDestination(name, { url, timeoutMs: 400 })),
    claimBundle: (claimId) => Promise.resolve({ claim: claimOf(claimId), referenced: [patient] }),
    log: createLog("silent"),
    now,
    spread: () => 0.5,
  });
};

const patient: Patient = {
  resourceType: "Patient",
  id: "11111111-1111-8111-8111-111111111111",
  identifier: [{ system: "urn:chartbridge:authority:NORTH", value: "M1" }],
};
const claimOf = (id: string): Claim & { id: string } => ({
  resourceType: "Claim",
  id,
  identifier: [{ system: "urn:chartbridge:claim", value: `CB${id.slice(0, 8)}-1` }],
  status: "active",
  type: { coding: [{ system: "http://terminology.hl7.org/CodeSystem/claim-type", code: "institutional" }] },
  use: "claim",
  patient: { reference: `Patient/${patient.id ?? ""}` },
  created: "2026-03-04",
  provider: { display: "North" },
  priority: { coding: [{ code: "normal" }] },
  insurance: [{ sequence: 1, focal: true, coverage: { display: "self-pay" } }],
});

/** A released claim that owes its delivery. */
async function release(destinations: readonly string[] = ["billing"]): Promise<string> {
  const id = crypto.randomUUID();
  const account = crypto.randomUUID();
  await database.pool.query(
    "insert into account (id, feed, facility, account_key, sealed_number) values ($1, 'north', 'NORTH', '\\x00', '\\x00')",
    [account],
  );
  await database.pool.query(
    "insert into coding_item (id, account_id, stream, progress, state, facility, chart_version) values ($1, $2, 'FAC', 'released', 'RELEASED', 'NORTH', 1)",
    [id, account],
  );
  await database.pool.query(
    `insert into claim (id, item_id, account_id, version, coding_version, frequency, kind, status, identifier_key, patient_id, encounter_id, total_cents, sealed)
     values ($1, $1, $2, 1, 1, '1', 'institutional', 'active', '\\x00', $2, $2, 0, '\\x00')`,
    [id, account],
  );
  for (const name of destinations)
    await database.pool.query("insert into delivery (claim_id, destination, state) values ($1, $2, 'pending')", [id, name]);
  delivery?.wake();
  return id;
}

const ledger = async (): Promise<readonly { destination: string; state: string; code: string | null; location: string | null }[]> =>
  (
    await database.pool.query(
      "select destination, state, failure_code as code, remote_location as location from delivery order by destination",
    )
  ).rows as never;
const inState = (state: string) =>
  waitFor(async () => {
    const rows = await ledger();
    return rows.some((row) => row.state === state) ? rows : undefined;
  });

describe("a delivery", () => {
  it("puts the claim and what it refers to on the server, once, and keeps where it is", async () => {
    start();
    await release();
    const [row] = await inState("confirmed");
    const [claim] = await billing.claims();
    expect(row?.location).toBe(`Claim/${claim?.id ?? ""}`);
    expect(claim?.patient.reference).toMatch(/^Patient\//);
  });

  it("is tried again after the server was unavailable", async () => {
    billing.behave("unavailable");
    start();
    await release();
    await waitFor(async () => ((await ledger())[0]?.code === "PEER_UNAVAILABLE" ? true : undefined));
    billing.behave("well");
    ahead = 60_000;
    delivery?.wake();
    await inState("confirmed");
    expect(await billing.claims()).toHaveLength(1);
  });

  it("whose answer never came is looked up first, and makes no second claim", async () => {
    billing.behave("silent-after");
    start();
    await release();
    await inState("unconfirmed");
    expect(await billing.claims()).toHaveLength(1);
    billing.behave("well");
    ahead = 60_000;
    delivery?.wake();
    await inState("confirmed");
    expect(await billing.claims()).toHaveLength(1);
    expect(billing.writes()).toBe(1);
  });

  it("that never arrived is sent after the look", async () => {
    billing.behave("silent-before");
    start();
    await release();
    await inState("unconfirmed");
    billing.behave("well");
    ahead = 60_000;
    delivery?.wake();
    await inState("confirmed");
    expect(await billing.claims()).toHaveLength(1);
  });

  it("left in hand by an engine that was killed is looked up, not sent blindly", async () => {
    const id = await release();
    await database.pool.query("update delivery set state = 'sending', attempts = 1 where claim_id = $1", [id]);
    start();
    await inState("confirmed");
    expect(await billing.claims()).toHaveLength(1);
  });

  it("that the server refuses waits for a person, with the reason", async () => {
    billing.behave("refusing");
    start();
    await release();
    expect(await inState("rejected")).toMatchObject([{ code: "PEER_REFUSED" }]);
    ahead = 3_600_000;
    delivery?.wake();
    expect(billing.writes()).toBe(1);
  });

  it("to a server that is down delays none to another", async () => {
    start([
      { name: "billing", url: billing.url },
      { name: "down", url: `http://127.0.0.1:${await freePort(undefined)}/fhir` },
    ]);
    await release(["billing", "down"]);
    const rows = await inState("confirmed");
    expect(rows.find((row) => row.destination === "billing")?.state).toBe("confirmed");
    await waitFor(async () => ((await ledger()).find((row) => row.destination === "down")?.code === "PEER_UNAVAILABLE" ? true : undefined));
  });
});

describe("an answer of a FHIR server", () => {
  it.each([
    [429, "PEER_THROTTLED"],
    [401, "PEER_FORBIDS"],
    [403, "PEER_FORBIDS"],
    [412, "PEER_HAS_SEVERAL"],
    [422, "PEER_REFUSED"],
    [400, "PEER_REFUSED"],
    [409, "PEER_CONFLICT"],
    [405, "PEER_NOT_OFFERED"],
    [501, "PEER_NOT_OFFERED"],
    [302, "PEER_MISCONFIGURED"],
    [500, "PEER_FAILED"],
    [502, "PEER_FAILED"],
    [503, "PEER_UNAVAILABLE"],
    [504, "PEER_NO_ANSWER"],
    [408, "PEER_NO_ANSWER"],
  ] as const)("%i means %s", (status, code) => expect(classifyStatus(status)).toBe(code));

  it("that never came is ambiguous once there was a connection, and harmless before", () => {
    expect(classifyNoAnswer({ mayHaveArrived: false, code: "ECONNREFUSED" })).toEqual({ code: "PEER_UNAVAILABLE" });
    expect(classifyNoAnswer({ mayHaveArrived: true, code: "ECONNRESET" })).toEqual({ code: "PEER_NO_ANSWER" });
  });

  it("says in seconds, as a date, or as a rate limit when to come back", () => {
    const at = Date.parse("2026-03-04T12:00:00Z");
    const headers = (entries: Record<string, string>) => (name: string) => entries[name] ?? null;
    expect(retryAfterMs(headers({ "retry-after": "7" }), at)).toBe(7_000);
    expect(retryAfterMs(headers({ "retry-after": "Wed, 04 Mar 2026 12:00:30 GMT" }), at)).toBe(30_000);
    expect(retryAfterMs(headers({ ratelimit: '"requests";r=0;t=59' }), at)).toBe(59_000);
    expect(retryAfterMs(headers({}), at)).toBeUndefined();
  });

  it("is waited for longer each time, up to a quarter of an hour, and never shorter than asked", () => {
    expect([1, 2, 3].map((attempt) => waitBefore(attempt, undefined, 0.5))).toEqual([1_000, 2_000, 4_000]);
    expect(waitBefore(40, undefined, 0.5)).toBe(900_000);
    expect(waitBefore(1, 60_000, 0.5)).toBe(60_000);
  });
});
