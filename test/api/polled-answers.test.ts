import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { claimBundle } from "#src/claims/claim-store.pg.ts";
import { makeDestination } from "#src/config/destination.ts";
import { createDelivery, type Delivery } from "#src/destinations/delivery.bullmq.ts";
import { type BillingServer, startBillingServer } from "#src/destinations/stand-in/server.http.ts";
import { createLog } from "#src/telemetry/log.ts";
import { claimResponse } from "#test/claims/answer-files.ts";
import { type Hospital, hospitalOf } from "#test/claims/released-stays.ts";
import { waitFor } from "#test/journey/engine-process.ts";
import { redisFor, type TestRedis } from "#test/setup/redis.ts";
import { sealer } from "#test/worklist/stays.ts";
import { startApi, type TestApi } from "./engine-api.ts";

let api: TestApi;
let hospital: Hospital;
let billing: BillingServer;
let redis: TestRedis;
let delivery: Delivery;
let ahead = 0;

beforeAll(async () => {
  api = await startApi();
  hospital = await hospitalOf(api);
  redis = await redisFor();
  billing = await startBillingServer({ host: "127.0.0.1", port: 0 });
  const { pool } = api.database;
  delivery = createDelivery({
    pool,
    sealer,
    redisUrl: redis.url,
    prefix: redis.prefix,
    destinations: [makeDestination("payer", { url: billing.url, answers: { poll: { everySeconds: 60 } } })],
    claimBundle: (id) => claimBundle(pool, sealer, id),
    log: createLog("silent"),
    now: () => new Date(Date.now() + ahead),
    answers: { take: (read, consumer) => api.answers.take(read, consumer), onTaken: () => undefined },
  });
});
afterAll(async () => {
  await delivery.close();
  await billing.close();
  await redis.drop();
  await api.close();
});

/** A released claim at the payer's server. */
const delivered = async () => {
  // What is next is never the rework of another test.
  await api.database.pool.query(
    "update coding_item set reserved_for = gen_random_uuid(), reserved_until = 'infinity' where state = 'REWORK'",
  );
  const released = await hospital.release();
  const { pool } = api.database;
  await pool.query("insert into delivery (claim_id, destination, state) values ($1, 'payer', 'pending')", [released.claimId]);
  delivery.wake();
  const location = await waitFor(
    async () =>
      (await pool.query<{ at: string | null }>("select remote_location as at from delivery where claim_id = $1", [released.claimId]))
        .rows[0]?.at ?? undefined,
    60_000,
  );
  return { ...released, location };
};
const fetched = async (seen: () => Promise<boolean>): Promise<void> => {
  ahead += 120_000;
  delivery.wake();
  await waitFor(async () => ((await seen()) ? true : undefined), 60_000);
};
const denial = (number: string) =>
  claimResponse(number, {
    item: [
      {
        itemSequence: 1,
        adjudication: [{ category: { coding: [{ code: "submitted" }] }, reason: { coding: [{ code: "CO-11" }] }, amount: { value: 10 } }],
      },
    ],
  });

describe("an answer that is polled for", () => {
  it("sends the account back to its coder, once, also when it is brought as well", async () => {
    const { itemId, claimId, number, location } = await delivered();
    const { identifier, ...request } = denial(number).request ?? {};
    expect(identifier).toBeDefined();
    // The payer's server names its own copy of the claim, and no number.
    const response = { ...denial(number), request: { ...request, reference: location } };
    await billing.put(response);
    await fetched(async () => (await hospital.stateOf(itemId)) === "REWORK");
    const answers = "select source, consumer, verdict from claim_answer where claim_id = $1";
    expect((await api.database.pool.query(answers, [claimId])).rows).toMatchObject([{ source: "fhir", consumer: "payer" }]);
    const brought = await hospital.billing("POST", "/fhir/R4/ClaimResponse", denial(number), "application/fhir+json");
    expect(brought.status, brought.text).toBe(200);
    expect((await api.database.pool.query(answers, [claimId])).rows).toHaveLength(1);
  });

  it("is kept for a person when it was withdrawn, and the status shows it", async () => {
    const { location, number } = await delivered();
    const gone = await billing.put({ ...denial(number), status: "cancelled" as const, request: { reference: location } });
    const left = async () =>
      (await hospital.billing("GET", "/api/claims/answers/unreadable")).body as unknown as {
        unreadable: readonly { location: string; faults: string[] }[];
      };
    await fetched(async () => (await left()).unreadable.length > 0);
    expect(await left()).toMatchObject({
      unreadable: [{ location: `ClaimResponse/${gone.id}`, faults: ["ClaimResponse.status: cancelled: the answer was withdrawn"] }],
    });
    const status = await (await api.as("analyst"))("GET", "/api/status");
    expect(status.body).toMatchObject({ answerPolls: [{ destination: "payer", code: null, unreadable: 1 }] });
  });
});
