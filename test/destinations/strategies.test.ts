import type { Task } from "@medplum/fhirtypes";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeDestination } from "#src/config/destination.ts";
import { retryDeliveries } from "#src/destinations/decide.pg.ts";
import { readDeliveries } from "#src/destinations/read-deliveries.pg.ts";
import type { PersonalityName } from "#src/destinations/stand-in/personality.ts";
import { type BillingServer, startBillingServer } from "#src/destinations/stand-in/server.http.ts";
import { waitFor } from "#test/journey/engine-process.ts";
import { type DeliveryLine, deliveryLine, encounter, numberOf, patient, sealer } from "./line.ts";

let line: DeliveryLine;
let ehr: BillingServer;
beforeEach(async () => {
  line = await deliveryLine();
});
afterEach(async () => {
  await ehr.close();
  await line.close();
});

type Settings = Partial<Parameters<typeof makeDestination>[1]>;
async function start(personality: PersonalityName, settings: Settings = {}): Promise<void> {
  ehr = await startBillingServer({ host: "127.0.0.1", port: 0, personality });
  // Its first request reads the definitions: longer than the deliveries here wait for an answer.
  await fetch(`${ehr.url}/Claim/none`);
  line.start([makeDestination("billing", { url: ehr.url, timeoutMs: 400, settleMs: 0, ...settings } as never)]);
}
const bare = <T extends { id?: string }>({ id: _id, ...rest }: T) => rest;
/** The EHR's own patient and visit, under its own ids. */
async function admit(): Promise<{ readonly patientAt: string; readonly encounterAt: string }> {
  const own = await ehr.put({ ...bare(patient), id: "pat-9" });
  const visit = await ehr.put({ ...bare(encounter), id: "enc-9", subject: { reference: `Patient/${own.id}` } });
  return { patientAt: `Patient/${own.id}`, encounterAt: `Encounter/${visit.id}` };
}
const attemptsOf = async (id: string) => (await readDeliveries(line.database.pool, undefined, id)).attempts;

describe("a single Claim", () => {
  it("points to what the server has by the server's ids, and contains the rest", async () => {
    await start("searchable");
    const { patientAt } = await admit();
    await line.release();
    await line.inState("confirmed");
    const [claim] = await ehr.claims();
    expect(claim?.patient.reference).toBe(patientAt);
    expect(claim?.contained?.map(({ resourceType }) => resourceType).sort()).toEqual(["Coverage", "Organization"]);
    expect(claim?.insurance[0]?.coverage.reference).toMatch(/^#/);
  });

  it("whose references have to be the server's own waits for a person when one is not there", async () => {
    await start("searchable", { references: "logical" });
    const id = await line.release();
    await line.inState("rejected");
    expect((await line.ledger())[0]?.code).toBe("PEER_LACKS_TARGET");
    expect((await attemptsOf(id)).map(({ request }) => request)).not.toContain("create");
  });

  it("is created only if it is not there, where the server offers that", async () => {
    await start("open", { strategy: "claim", references: "contained" });
    const id = await line.release();
    await line.inState("confirmed");
    await line.database.pool.query("update delivery set state = 'pending', remote_location = null");
    line.passes(0);
    await waitFor(async () => ((await line.ledger())[0]?.attempts === 2 ? true : undefined));
    await line.inState("confirmed");
    expect(await ehr.claims()).toHaveLength(1);
    expect((await attemptsOf(id)).map(({ status }) => status)).toEqual(["200", "201", "200"]);
  });

  it("names systems as the server calls them", async () => {
    await start("searchable", { systems: { "urn:chartbridge:claim": "https://hospital.example/claims" } });
    await line.release();
    await line.inState("confirmed");
    const [claim] = await ehr.claims();
    expect(claim?.identifier?.[0]?.system).toBe("https://hospital.example/claims");
  });
});

describe("a transaction", () => {
  it("refers by condition to what the server has, and contains what has no identifier", async () => {
    await start("open", { references: "conditional" });
    await line.release();
    await line.inState("confirmed");
    const [claim] = await ehr.claims();
    expect(claim?.patient.reference).toBe(`Patient?identifier=${encodeURIComponent("urn:chartbridge:authority:NORTH|M1")}`);
    expect(claim?.contained?.map(({ resourceType }) => resourceType)).toEqual(["Coverage"]);
  });
});

describe("$process-message", () => {
  it("carries the claim and what it refers to, and its ids are the same each time", async () => {
    await start("messaging", { guard: "receiver" });
    ehr.behave("silent-after");
    await line.release();
    await line.inState("unconfirmed");
    ehr.behave("well");
    line.passes(60_000);
    await line.inState("confirmed");
    expect(ehr.writes()).toBe(2);
    expect(ehr.messages()).toHaveLength(1);
    const [message] = ehr.messages();
    expect(message?.entry?.map(({ resource }) => resource?.resourceType)).toEqual([
      "MessageHeader",
      "Claim",
      "Coverage",
      "Encounter",
      "Organization",
      "Patient",
    ]);
  });
});

describe("charges by operation", () => {
  it("are posted one for each line, for the EHR's own patient and visit", async () => {
    await start("charges");
    const { patientAt, encounterAt } = await admit();
    await line.release();
    const [row] = await line.inState("confirmed");
    expect(row?.location).toBe(encounterAt);
    expect(ehr.charges()).toHaveLength(2);
    expect(ehr.charges()[0]).toMatchObject({
      status: "unknown",
      subject: { reference: patientAt },
      context: { reference: encounterAt },
      occurrenceDateTime: "2026-03-02",
      quantity: { value: 1 },
      reason: [{ coding: [{ code: "M17.11" }] }],
    });
  });

  it("that were refused half-way go on behind the line that was posted", async () => {
    await start("charges");
    await admit();
    let posts = 0;
    ehr.behave(() => (++posts === 2 ? "refusing" : "well"));
    const id = await line.release();
    await line.inState("rejected");
    await retryDeliveries(line.database.pool, sealer, { claimId: id }, { by: "me", reason: undefined });
    line.passes(0);
    await line.inState("confirmed");
    expect(ehr.charges()).toHaveLength(2);
  });

  it("that were never answered are not posted again before a person says so", async () => {
    await start("charges");
    await admit();
    ehr.behave("silent-after");
    await line.release();
    await waitFor(async () => ((await line.ledger())[0]?.person === true ? true : undefined));
    ehr.behave("well");
    line.passes(3_600_000);
    expect(ehr.charges()).toHaveLength(1);
  });

  it("are not posted a second time for a replacement: that is a person's", async () => {
    await start("charges");
    await admit();
    const original = await line.release();
    await line.inState("confirmed");
    await line.release({ replaces: original });
    await line.inState("rejected");
    expect((await line.ledger())[1]?.code).toBe("STRATEGY_UNFIT");
    expect(ehr.charges()).toHaveLength(2);
  });
});

describe("a task of the EHR", () => {
  const task = (encounterAt: string): Task => ({
    resourceType: "Task",
    id: "task-1",
    status: "requested",
    intent: "order",
    encounter: { reference: encounterAt },
    description: "Code this visit",
  });

  it("is completed with the number of the claim, and only once", async () => {
    await start("tasks");
    const { encounterAt } = await admit();
    await ehr.put(task(encounterAt));
    ehr.behave("silent-after");
    const id = await line.release();
    await line.inState("unconfirmed");
    ehr.behave("well");
    line.passes(60_000);
    const [row] = await line.inState("confirmed");
    expect(row?.location).toBe("Task/task-1");
    expect(ehr.writes()).toBe(1);
    const done = await ehr.read<Task>("Task", "task-1");
    expect(done).toMatchObject({
      status: "completed",
      description: "Code this visit",
      output: [{ valueIdentifier: { value: numberOf(id) } }],
    });
  });

  it("that cannot be told from another waits for a person", async () => {
    await start("tasks");
    const { encounterAt } = await admit();
    await ehr.put(task(encounterAt));
    await ehr.put({ ...task(encounterAt), id: "task-2" });
    await line.release();
    await line.inState("rejected");
    expect((await line.ledger())[0]?.code).toBe("PEER_HAS_SEVERAL");
  });
});
