import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Patient } from "@medplum/fhirtypes";
import { patientsNamed } from "#src/worklist/patients-named.ts";
import { ADA, BEN, type Line, NO_CODES, startLine } from "./line.ts";

let line: Line;
beforeAll(async () => {
  line = await startLine();
});
beforeEach(() => line.clear());
afterAll(() => line.database.drop());

const holdsOf = async (item: string): Promise<readonly unknown[]> => (await line.worklist.read(item, false))?.holds ?? [];
/** A message of the account under another medical record number, as a registration clerk's slip makes it. */
const byAnother = (account: string) =>
  line.tell(account, [{ resourceType: "Patient", id: randomUUID(), name: [{ family: "Other" }] }], { wholeSets: [] });

describe("the people that the patients of an account are", () => {
  const patient = (...numbers: readonly string[]): Patient => ({
    resourceType: "Patient",
    id: randomUUID(),
    identifier: numbers.map((number) => {
      const [system = "", value = "", kind = "MR"] = number.split(" ");
      return { system, value, type: { coding: [{ code: kind }] } };
    }),
  });

  it("are as many as one authority has given different numbers to", () => {
    expect(patientsNamed([patient("north 1"), patient("north 2")])).toBe(2);
    expect(patientsNamed([patient("north 1"), patient("north 2"), patient("north 3"), patient("lab 9")])).toBe(3);
    expect(
      patientsNamed([
        { resourceType: "Patient", id: "a" },
        { resourceType: "Patient", id: "b" },
      ]),
    ).toBe(2);
  });

  it("are not told apart by the number of another authority, nor where they share a number", () => {
    expect(patientsNamed([patient("north 1"), patient("lab 9")])).toBe(1);
    expect(patientsNamed([patient("north 1", "ssn 5"), patient("north 2", "ssn 5")])).toBe(1);
    expect(patientsNamed([patient("north 1"), patient("lab 9"), patient("north 1", "lab 9")])).toBe(1);
    expect(patientsNamed([])).toBe(0);
  });

  it("are not one for sharing an account's or a visit's number", () => {
    expect(patientsNamed([patient("north 1", "north 7 AN"), patient("north 2", "north 7 AN")])).toBe(2);
  });
});

describe("an account whose messages name two patients without a merge", () => {
  it("is held back from everybody until somebody has said whose it is", async () => {
    const { account, item } = await line.ready();
    await byAnother(account);
    expect(await holdsOf(item)).toMatchObject([{ code: "PATIENT", blocks: "everything" }]);
    expect(await line.worklist.next({ userId: ADA, queues: [] })).toMatchObject({ ok: false, failure: { code: "NOTHING_READY" } });
  });

  it("cannot be submitted by the coder who has it either", async () => {
    const { account, item } = await line.ready();
    const { leaseId, snapshotVersion } = await line.lease(ADA);
    await byAnother(account);
    expect(await holdsOf(item)).toMatchObject([{ code: "PATIENT" }]);
    expect(await line.worklist.submit({ itemId: item, leaseId, snapshotVersion, codes: NO_CODES, userId: ADA })).toMatchObject({
      ok: false,
    });
  });

  it("is lifted by a supervisor alone, and not put again by the next message", async () => {
    const { account, item } = await line.ready();
    await byAnother(account);
    expect(await line.worklist.liftHold(item, "PATIENT", BEN)).toMatchObject({ ok: false });
    expect(await line.worklist.liftHold(item, "PATIENT", BEN, true)).toMatchObject({ ok: true });
    await line.say(account, { cents: 900 });
    expect(await line.worklist.next({ userId: ADA, queues: [] })).toMatchObject({ ok: true });
  });
});
