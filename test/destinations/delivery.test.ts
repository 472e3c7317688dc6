import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeDestination } from "#src/config/destination.ts";
import { confirmDelivery, giveUpDelivery, retryDeliveries } from "#src/destinations/decide.pg.ts";
import { readDeliveries } from "#src/destinations/read-deliveries.pg.ts";
import { type BillingServer, type BillingServerOptions, startBillingServer } from "#src/destinations/stand-in/server.http.ts";
import { freePort } from "#src/main/services/child.ts";
import { waitFor } from "#test/journey/engine-process.ts";
import { type DeliveryLine, deliveryLine, numberOf, sealer } from "./line.ts";

let line: DeliveryLine;
let billing: BillingServer;

beforeEach(async () => {
  line = await deliveryLine();
});
afterEach(async () => {
  await billing.close();
  await line.close();
});

type Settings = Partial<Parameters<typeof makeDestination>[1]>;
const serve = async (options: Partial<BillingServerOptions> = {}): Promise<void> => {
  billing = await startBillingServer({ host: "127.0.0.1", port: 0, ...options });
  // Its first request reads the definitions: longer than the deliveries here wait for an answer.
  await fetch(`${billing.url}/Claim/none`);
};
const start = (settings: Settings = {}) =>
  line.start([makeDestination("billing", { url: billing.url, timeoutMs: 400, ...settings } as never)]);
const decision = { by: "a supervisor", reason: "seen by telephone" };

describe("a delivery", () => {
  beforeEach(() => serve());

  it("puts the claim and what it refers to on the server, once, and keeps where it is", async () => {
    start();
    await line.release();
    const [row] = await line.inState("confirmed");
    const [claim] = await billing.claims();
    expect(row?.location).toBe(`Claim/${claim?.id ?? ""}`);
    expect(claim?.patient.reference).toMatch(/^Patient\//);
  });

  it("is tried again after the server was unavailable", async () => {
    billing.behave("unavailable");
    start();
    await line.release();
    await line.withCode("PEER_UNAVAILABLE");
    billing.behave("well");
    line.passes(60_000);
    await line.inState("confirmed");
    expect(await billing.claims()).toHaveLength(1);
  });

  it("whose answer never came is looked up first, and makes no second claim", async () => {
    billing.behave("silent-after");
    start();
    await line.release();
    await line.inState("unconfirmed");
    expect(await billing.claims()).toHaveLength(1);
    billing.behave("well");
    line.passes(60_000);
    await line.inState("confirmed");
    expect(await billing.claims()).toHaveLength(1);
    expect(billing.writes()).toBe(1);
  });

  it("that never arrived is sent after the look", async () => {
    billing.behave((body) => ((body as { resourceType?: string }).resourceType === "Bundle" ? "silent-before" : "well"));
    start();
    await line.release();
    await line.inState("unconfirmed");
    billing.behave("well");
    line.passes(60_000);
    await line.inState("confirmed");
    expect(await billing.claims()).toHaveLength(1);
  });

  it("left in hand by an engine that was killed is looked up, not sent blindly", async () => {
    const id = await line.release();
    await line.database.pool.query("update delivery set state = 'sending', attempts = 1 where claim_id = $1", [id]);
    start();
    await line.inState("confirmed");
    expect(await billing.claims()).toHaveLength(1);
    const { attempts } = await readDeliveries(line.database.pool, undefined, id);
    expect(attempts.map(({ request }) => request)).toEqual(["interrupted", "capabilities", "look-up", "transaction"]);
  });

  it("that the server refuses waits for a person, with the elements it names, and its words sealed", async () => {
    billing.behave("refusing");
    start();
    const id = await line.release();
    expect(await line.inState("rejected")).toMatchObject([{ code: "PEER_REFUSED" }]);
    line.passes(3_600_000);
    expect(billing.writes()).toBe(1);
    const { pool } = line.database;
    const shown = await readDeliveries(pool, sealer, id);
    expect(shown.attempts.at(-1)).toMatchObject({
      request: "transaction",
      status: "422",
      code: "PEER_REFUSED",
      issues: [{ severity: "error", code: "business-rule", expression: "Claim.diagnosis[0].diagnosisCodeableConcept" }],
      words: "no such code for DOE, JANE",
    });
    expect((await readDeliveries(pool, undefined, id)).attempts.at(-1)).not.toHaveProperty("words");
    const stored = await pool.query<{ text: string }>("select to_jsonb(a)::text as text from delivery_attempt a");
    expect(stored.rows.map(({ text }) => text).join("\n")).not.toContain("DOE");
  });

  it("that was refused is sent again when a person says so, and once", async () => {
    billing.behave("refusing");
    start();
    const id = await line.release();
    await line.inState("rejected");
    billing.behave("well");
    expect(await retryDeliveries(line.database.pool, sealer, { claimId: id }, decision)).toBe(1);
    line.passes(0);
    await line.inState("confirmed");
    expect(await billing.claims()).toHaveLength(1);
    const { decisions } = await readDeliveries(line.database.pool, sealer, id);
    expect(decisions).toMatchObject([{ decision: "retry", by: "a supervisor" }]);
    expect(await retryDeliveries(line.database.pool, sealer, { claimId: id }, decision)).toBe(0);
  });

  it("to a server that is down delays none to another", async () => {
    const down = `http://127.0.0.1:${await freePort(undefined)}/fhir`;
    line.start([makeDestination("billing", { url: billing.url }), makeDestination("down", { url: down })]);
    await line.release({ destinations: ["billing", "down"] });
    const rows = await line.inState("confirmed");
    expect(rows.find((row) => row.destination === "billing")?.state).toBe("confirmed");
    await line.withCode("PEER_UNAVAILABLE");
  });

  it("of a replacement waits for its original, and names it as the server does", async () => {
    billing.behave("throttled");
    start();
    const original = await line.release();
    const replacement = await line.release({ replaces: original });
    await line.withCode("PEER_THROTTLED");
    line.passes(0);
    const [first, second] = await line.ledger();
    expect([first?.claim_id, second?.claim_id, second?.attempts]).toEqual([original, replacement, 0]);
    billing.behave("well");
    line.passes(60_000);
    const rows = await waitFor(async () => {
      const all = await line.ledger();
      return all.every(({ state }) => state === "confirmed") ? all : undefined;
    });
    const claims = await billing.claims();
    const later = claims.find(({ identifier }) => identifier?.[0]?.value === numberOf(replacement));
    expect(later?.related?.[0]?.claim).toMatchObject({ reference: rows[0]?.location, identifier: { value: numberOf(original) } });
  });

  it("of a replacement waits while its original waits for a person, and goes when that is given up", async () => {
    billing.behave("refusing");
    start();
    const original = await line.release();
    await line.inState("rejected");
    billing.behave("well");
    await line.release({ replaces: original });
    line.passes(60_000);
    await line.release();
    await line.inState("confirmed");
    expect((await line.ledger()).map(({ state }) => state)).toEqual(["rejected", "pending", "confirmed"]);
    expect((await giveUpDelivery(line.database.pool, sealer, { claimId: original, destination: "billing" }, decision)).ok).toBe(true);
    line.passes(0);
    await waitFor(async () => ((await line.ledger())[1]?.state === "confirmed" ? true : undefined));
  });

  it.each(["test", "backload", "parallel"])("of a feed in %s is not made before the feed is live", async (life) => {
    const { pool } = line.database;
    const enter = (now: string) => pool.query("insert into feed_life (feed, life, who, why) values ('south', $1, 'me', 'a test')", [now]);
    await enter(life);
    start();
    await line.release({ feed: "south" });
    await line.release();
    await line.inState("confirmed");
    expect((await line.ledger())[0]).toMatchObject({ state: "pending", attempts: 0 });
    await enter("live");
    line.passes(0);
    await waitFor(async () => ((await line.ledger()).every(({ state }) => state === "confirmed") ? true : undefined));
  });

  it("is given to a person after so many tries", async () => {
    billing.behave("failing-before");
    start({ attempts: 3, breaker: { failures: 100 } });
    await line.release();
    const row = await waitFor(async () => {
      line.passes(3_600_000);
      return (await line.ledger()).find(({ person }) => person);
    });
    expect(row).toMatchObject({ state: "unconfirmed", code: "PEER_FAILED" });
    expect(await retryDeliveries(line.database.pool, sealer, {}, decision)).toBe(1);
  });
});

describe("a destination that cannot be asked", () => {
  beforeEach(() => serve({ personality: "blind" }));

  it("gets nothing twice: what it did not answer waits for a person", async () => {
    billing.behave((body) => ((body as { resourceType: string }).resourceType === "Claim" ? "silent-after" : "well"));
    start();
    const id = await line.release();
    await line.inState("unconfirmed");
    billing.behave("well");
    line.passes(24 * 3_600_000);
    await line.release();
    await line.inState("confirmed");
    expect((await line.ledger())[0]).toMatchObject({ state: "unconfirmed", person: true });
    expect(billing.writes()).toBe(2);
    const key = { claimId: id, destination: "billing" };
    expect((await confirmDelivery(line.database.pool, sealer, key, "Claim/77", decision)).ok).toBe(true);
    expect((await line.ledger())[0]).toMatchObject({ state: "confirmed", location: "Claim/77", person: false });
    expect((await giveUpDelivery(line.database.pool, sealer, key, decision)).ok).toBe(false);
  });

  it("gets nothing twice from an engine that was killed while it sent", async () => {
    const id = await line.release();
    await line.database.pool.query("update delivery set state = 'sending', attempts = 1 where claim_id = $1", [id]);
    start();
    await waitFor(async () => ((await line.ledger())[0]?.person === true ? true : undefined));
    expect(billing.writes()).toBe(0);
  });
});

describe("the breaker of a destination", () => {
  beforeEach(() => serve());

  it("opens after failures in a row, shows so, and lets one delivery probe", async () => {
    billing.behave("unavailable");
    const delivery = start({ breaker: { failures: 2, openMs: 60_000 }, concurrency: 1 });
    for (let n = 0; n < 5; n++) await line.release();
    await waitFor(() => (delivery.status()[0]?.state === "open" ? true : undefined));
    expect(delivery.status()[0]).toMatchObject({ name: "billing", code: "PEER_UNAVAILABLE" });
    const kept = await waitFor(
      async () =>
        (
          await line.database.pool.query<{ state: string; failure_code: string }>(
            "select state, failure_code from destination_state where state = 'open'",
          )
        ).rows[0],
    );
    expect(kept).toEqual({ state: "open", failure_code: "PEER_UNAVAILABLE" });
    const tried = async () => (await line.ledger()).reduce((sum, { attempts }) => sum + attempts, 0);
    const before = await tried();
    line.passes(10_000);
    line.passes(60_000);
    await waitFor(async () => ((await tried()) > before ? true : undefined));
    await waitFor(() => (delivery.status()[0]?.state === "open" ? true : undefined));
    expect(await tried()).toBe(before + 1);
    billing.behave("well");
    await waitFor(async () => {
      line.passes(60_000);
      return (await line.ledger()).every(({ state }) => state === "confirmed") ? true : undefined;
    });
    expect(delivery.status()[0]?.state).toBe("closed");
  });

  it.each([
    ["forbidding", "PEER_FORBIDS"],
    ["web-page", "PEER_MISCONFIGURED"],
  ] as const)("opens at once when the server is %s, and the claims are kept", async (mood, code) => {
    billing.behave(mood);
    const delivery = start();
    await line.release();
    await line.withCode(code);
    await waitFor(() => (delivery.status()[0]?.state === "open" ? true : undefined));
    expect(await line.ledger()).toMatchObject([{ state: "pending", person: false }]);
    billing.behave("well");
    line.passes(600_000);
    await line.inState("confirmed");
  });
});
