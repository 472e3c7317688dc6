import type { ClaimResponse } from "@medplum/fhirtypes";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { TakenAnswer } from "#src/claims/answers/claim-answers.pg.ts";
import type { ReadAnswer } from "#src/claims/answers/read-answers.ts";
import { makeDestination } from "#src/config/destination.ts";
import { listUnreadable } from "#src/destinations/answer-poll.pg.ts";
import type { PersonalityName } from "#src/destinations/stand-in/personality.ts";
import { type BillingServer, type BillingServerOptions, startBillingServer } from "#src/destinations/stand-in/server.http.ts";
import { waitFor } from "#test/journey/engine-process.ts";
import { type DeliveryLine, deliveryLine, numberOf, sealer } from "./line.ts";

let line: DeliveryLine;
let billing: BillingServer;
let came: ReadAnswer[];
/** Digests as the store of answers keeps them: what it had before is told, not done. */
const take = ({ answer, original }: ReadAnswer): Promise<TakenAnswer> => {
  const again = came.some((one) => one.original === original);
  if (!again) came.push({ answer, original });
  return Promise.resolve({ id: crypto.randomUUID(), again, ...(answer.claimId === undefined ? {} : { claimId: answer.claimId }) });
};

beforeEach(async () => {
  line = await deliveryLine();
  came = [];
});
afterEach(async () => {
  await billing.close();
  await line.close();
});

const serve = async (options: Partial<BillingServerOptions> = {}): Promise<void> => {
  billing = await startBillingServer({ host: "127.0.0.1", port: 0, ...options });
  await fetch(`${billing.url}/Claim/none`);
};
const start = (poll: object = {}, rest: object = {}) =>
  line.start([makeDestination("billing", { url: billing.url, timeoutMs: 2_000, answers: { poll }, ...rest } as never)], {
    take,
    onTaken: () => undefined,
  });

const answer = (request: ClaimResponse["request"], more: Partial<ClaimResponse> = {}): ClaimResponse => ({
  resourceType: "ClaimResponse",
  status: "active",
  type: { coding: [{ system: "http://terminology.hl7.org/CodeSystem/claim-type", code: "institutional" }] },
  use: "claim",
  patient: { display: "the patient" },
  created: "2026-03-20",
  insurer: { display: "Medicare" },
  outcome: "complete",
  identifier: [{ system: "urn:payer:icn", value: "ICN1" }],
  ...(request === undefined ? {} : { request }),
  ...more,
});
/** Releases a claim and waits until the server has it. @returns our id of it, and where it is there. */
const delivered = async (): Promise<{ readonly id: string; readonly location: string }> => {
  const id = await line.release();
  const row = await waitFor(async () => (await line.ledger()).find((one) => one.claim_id === id && one.state === "confirmed"));
  return { id, location: row.location ?? "" };
};
const count = (n: number): Promise<true> => waitFor(() => (came.length >= n ? true : undefined));
const poll = async () =>
  (
    await line.database.pool.query<{
      since: Date | null;
      code: string | null;
      taken: number;
      parked: number;
      round: Date | null;
      next: Buffer | null;
      free: boolean;
    }>(
      "select since, failure_code as code, taken, parked, round_at as round, sealed_next as next, leased_until is null as free from answer_poll",
    )
  ).rows[0];
/** Waits until the first round has ended; none begins after it before time passes. @returns when it ended */
const betweenRounds = (): Promise<number> =>
  waitFor(async () => {
    const now = await poll();
    return now?.free === true ? now.round?.getTime() : undefined;
  });
/**
 * Lets an hour pass between two rounds: a page in hand would count as left by an engine that ended, and a round that ends after it would put off
 * the next.
 * @returns when the last round ended
 */
const anHourPasses = async (): Promise<number> => {
  const before = await betweenRounds();
  line.passes(3_600_000);
  return before;
};
/** Waits for the end of a round that began after now. */
const nextRound = async (): Promise<void> => {
  const before = await anHourPasses();
  await waitFor(async () => (((await poll())?.round?.getTime() ?? 0) > before ? true : undefined));
};

describe("answers that are polled for", () => {
  it("are fetched from the server and are about our claim, not its copy of it", async () => {
    await serve();
    start();
    const { id, location } = await delivered();
    await billing.put(answer({ reference: location }));
    await nextRound();
    await count(1);
    expect(came[0]?.answer).toMatchObject({ claimId: id, payerNumber: "ICN1", outcome: "complete" });
    expect(JSON.parse(came[0]?.original ?? "")).toMatchObject({ request: { reference: location } });
    expect((await poll())?.since?.getTime()).toBeGreaterThan(Date.now() - 600_000);
  });

  it.each([
    ["open", "last-updated"],
    ["searchable", "request"],
    ["messaging", "identifier"],
  ] as const)("of a server that is %s are found by %s, page by page", async (personality: PersonalityName, by) => {
    await serve({ personality });
    start({ pageSize: 2 });
    const claims = [];
    for (let n = 0; n < 5; n++) {
      const claim = await delivered();
      claims.push(claim);
      const number = { system: "urn:chartbridge:claim", value: numberOf(claim.id) };
      const about = by === "request" ? { reference: claim.location } : { identifier: number };
      await billing.put(answer(about, by === "identifier" ? { identifier: [number] } : {}));
    }
    await nextRound();
    await count(5);
    const named = came.map(({ answer: { claimId, claimNumber } }) => claimId ?? claimNumber);
    expect(new Set(named)).toEqual(new Set(claims.map(({ id }) => (by === "request" ? id : numberOf(id)))));
    expect(named).toHaveLength(5);
  });

  it("of a claim whose delivery was never confirmed are matched by the number of the server's copy", async () => {
    await serve();
    start({ by: "last-updated" });
    const { id, location } = await delivered();
    await line.database.pool.query("update delivery set remote_location = null");
    await billing.put(answer({ reference: `${billing.url}/${location}` }));
    await nextRound();
    await count(1);
    expect(came[0]?.answer.claimNumber).toBe(numberOf(id));
  });

  it("are neither lost nor repeated when the engine is started again in the middle of a round", async () => {
    await serve();
    const first = start({ pageSize: 1 }, { perSecond: 2 });
    const { location } = await delivered();
    await betweenRounds();
    for (let n = 0; n < 6; n++) await billing.put(answer({ reference: location }, { disposition: `part ${n}` }));
    await anHourPasses();
    await count(2);
    await first.close();
    const before = came.length;
    expect(before).toBeLessThan(6);
    expect((await poll())?.next).not.toBeNull();
    start({ pageSize: 1 });
    await count(6);
    await nextRound();
    expect(came).toHaveLength(6);
  });

  it("that are not valid are kept for a person and hold nothing up", async () => {
    await serve();
    start();
    const { id, location } = await delivered();
    const { outcome: _outcome, ...broken } = answer({ reference: location });
    const bad = await billing.put(broken as ClaimResponse);
    await billing.put(answer({ reference: location }, { status: "draft" }));
    await billing.put(answer({ reference: location }, { use: "preauthorization" }));
    await billing.put(answer({ reference: location }, { disposition: "good" }));
    await nextRound();
    await count(1);
    expect(came.map(({ answer: { claimId } }) => claimId)).toEqual([id]);
    const left = await listUnreadable(line.database.pool, sealer);
    expect(left).toMatchObject([{ destination: "billing", location: `ClaimResponse/${bad.id}` }]);
    expect(left[0]?.faults.join()).toContain("outcome");
  });

  it("of nobody we know are given on to be parked, and counted", async () => {
    await serve();
    start();
    await delivered();
    await billing.put(answer({ identifier: { system: "urn:other", value: "SOMEONE" } }));
    await nextRound();
    await count(1);
    await nextRound();
    expect(await poll()).toMatchObject({ taken: 0, parked: 1 });
  });

  it("wait while the server is away, behind the breaker of its deliveries", async () => {
    await serve();
    const delivery = start({}, { breaker: { failures: 2, openMs: 60_000 } });
    const { location } = await delivered();
    await billing.put(answer({ reference: location }));
    billing.behave("unavailable");
    await anHourPasses();
    await waitFor(async () => ((await poll())?.code === "PEER_UNAVAILABLE" ? true : undefined));
    line.passes(3_600_000);
    await waitFor(() => (delivery.status()[0]?.state === "open" ? true : undefined));
    billing.behave("well");
    line.passes(600_000);
    await count(1);
    await waitFor(() => (delivery.status()[0]?.state === "closed" ? true : undefined));
    await nextRound();
    expect(await poll()).toMatchObject({ code: null });
  });

  it("that the server does not offer keep no claim from it", async () => {
    await serve({ personality: "blind" });
    start();
    await delivered();
    line.passes(3_600_000);
    await waitFor(async () => ((await poll())?.code === "PEER_NOT_OFFERED" ? true : undefined));
    expect((await delivered()).location).toMatch(/^Claim\//);
  });

  it("are asked for with the token that delivers", async () => {
    await serve({ token: "secret" });
    const asked = start({}, { auth: { kind: "bearer", token: "file:secret" } });
    await line.release();
    await line.withCode("PEER_FORBIDS");
    await asked.close();
    const known = { ...makeDestination("billing", { url: billing.url, timeoutMs: 2_000, answers: { poll: {} } }) };
    line.start([{ ...known, auth: { kind: "bearer", token: "secret" } } as never], { take, onTaken: () => undefined });
    line.passes(600_000);
    const [row] = await line.inState("confirmed");
    await billing.put(answer({ reference: row?.location ?? "" }));
    await nextRound();
    await count(1);
    expect(came).toHaveLength(1);
  });
});
