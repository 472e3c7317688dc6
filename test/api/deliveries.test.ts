import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { Phi } from "#src/base/phi.ts";
import { createLedger, takeDelivery } from "#src/destinations/ledger.pg.ts";
import { sealer } from "#test/worklist/stays.ts";
import { startApi, type TestApi } from "./engine-api.ts";

let api: TestApi;
const id = crypto.randomUUID();
const at = new Date();

beforeAll(async () => {
  api = await startApi();
  const { pool } = api.database;
  await pool.query("insert into account (id, feed, facility, account_key, sealed_number) values ($1, 'north', 'NORTH', '\\x00', '\\x00')", [
    id,
  ]);
  await pool.query(
    "insert into coding_item (id, account_id, stream, progress, state, facility, chart_version) values ($1, $1, 'FAC', 'released', 'RELEASED', 'NORTH', 1)",
    [id],
  );
  await pool.query(
    `insert into claim (id, item_id, account_id, version, coding_version, frequency, kind, status, identifier_key, patient_id, encounter_id, total_cents, sealed)
     values ($1, $1, $1, 1, 1, '1', 'institutional', 'active', '\\x00', $1, $1, 0, '\\x00')`,
    [id],
  );
  await pool.query("insert into delivery (claim_id, destination, state) values ($1, 'billing', 'pending')", [id]);
  // Due by the database's clock, which is not this process's.
  const taken = await takeDelivery(pool, id, "billing", new Date(Date.now() + 60_000));
  if (taken === undefined) throw new Error("not taken");
  const said = { issues: [{ severity: "error", code: "value", expression: "Claim.item[0].net" }], words: new Phi("JANE DOE owes more") };
  const attempt = { request: "create", startedAt: at, endedAt: at, status: "422", code: "PEER_REFUSED", said } as const;
  const to = { state: "rejected", code: "PEER_REFUSED", nextTryAt: at, needsPerson: true, strike: true, mayHaveArrived: false } as const;
  await createLedger(pool, sealer).postpone(taken, to, [attempt], at);
});
afterAll(() => api.close());

const shown = z.object({
  deliveries: z.array(z.object({ state: z.string(), needsPerson: z.boolean(), attempts: z.int() })),
  attempts: z.array(z.object({ status: z.string(), issues: z.array(z.unknown()), words: z.string().optional() })),
  decisions: z.array(z.object({ decision: z.string(), by: z.string() })),
});

describe("deliveries over the API", () => {
  it("are listed when they wait for a person, and shown by element", async () => {
    const analyst = await api.as("analyst");
    const { body } = await analyst("GET", "/api/deliveries?waiting=person");
    expect(body).toMatchObject({ deliveries: [{ claimId: id, destination: "billing", code: "PEER_REFUSED" }] });
    const one = shown.parse((await analyst("GET", `/api/claims/${id}/deliveries`)).body);
    expect(one.attempts).toEqual([
      { status: "422", issues: [{ severity: "error", code: "value", expression: "Claim.item[0].net" }], words: "JANE DOE owes more" },
    ]);
  });

  it("show the destination's own words to those who mend only", async () => {
    const { text } = await (await api.as("billing"))("GET", `/api/claims/${id}/deliveries`);
    expect(text).toContain("Claim.item[0].net");
    expect(text).not.toContain("DOE");
  });

  it("are decided with a reason, once, by those who may", async () => {
    const path = `/api/claims/${id}/deliveries`;
    expect((await (await api.as("billing"))("POST", `${path}/retry`, {})).status).toBe(403);
    const supervisor = await api.as("supervisor");
    expect((await supervisor("POST", `${path}/confirm`, { destination: "billing" })).status).toBe(400);
    expect((await supervisor("POST", `${path}/retry`, { reason: "the payer mended it" })).body).toEqual({ due: 1 });
    expect((await supervisor("POST", `${path}/confirm`, { destination: "billing", location: "Claim/7", reason: "seen" })).status).toBe(200);
    expect((await supervisor("POST", `${path}/give-up`, { destination: "billing", reason: "again" })).status).toBe(409);
    const { deliveries, decisions } = shown.parse((await supervisor("GET", path)).body);
    expect(deliveries).toMatchObject([{ state: "confirmed", needsPerson: false }]);
    expect(decisions.map(({ decision }) => decision)).toEqual(["retry", "confirm"]);
  });

  it("of a claim that is none are not found", async () => {
    const analyst = await api.as("analyst");
    expect((await analyst("GET", `/api/claims/${crypto.randomUUID()}/deliveries`)).status).toBe(404);
    expect((await analyst("POST", "/api/claims/x/deliveries/retry", {})).status).toBe(404);
  });

  it("publish the keys we sign with to anybody", async () => {
    const response = await fetch(`${api.base}/.well-known/jwks.json`);
    expect([response.status, await response.json()]).toEqual([200, { keys: [] }]);
  });
});
