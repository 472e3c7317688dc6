import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ok } from "#src/base/result.ts";
import { decideProposal, listProposals } from "#src/worklist/proposals.pg.ts";
import { readQueueFiles } from "#src/worklist/queue-files.ts";
import type { Releasable } from "#src/worklist/release.pg.ts";
import { ADA, done, hard, type Line, NO_CODES, startLine } from "./line.ts";

/** The shipped queues; those of emergencies void by themselves. */
const files = readQueueFiles("queues").map((file) =>
  file.path.endsWith("emergency.yaml") ? { ...file, text: `${file.text}\nlate: { auto: [void] }\n` } : file,
);
let line: Line;
const asked: Releasable[] = [];
let asks = false;
beforeAll(async () => {
  line = await startLine(files);
});
beforeEach(async () => {
  await line.pool.query("truncate claim, coding_version cascade");
  await line.clear();
  asked.length = 0;
  asks = false;
  line.behaviour.release = async (client, item) => {
    asked.push(item);
    if (asks && item.replaces !== undefined && item.confirmed?.includes("void-and-new") !== true)
      return ok({ asks: { kind: "void-and-new", reason: "D6", cents: 500, difference: { elements: [] } } });
    return ok({ claimId: await keep(client, item, "1") });
  };
  line.behaviour.voidClaim = async (client, { itemId, claimId }) => {
    line.voids.push(claimId);
    const { rows } = await client.query<{ account_id: string }>("select account_id from coding_item where id = $1", [itemId]);
    return ok({ claimId: await keep(client, { itemId, accountId: rows[0]?.account_id ?? "", codingVersion: 1 }, "8") });
  };
});
afterAll(() => line.database.drop());

async function keep(
  client: { query: (text: string, values: unknown[]) => Promise<unknown> },
  { itemId, accountId, codingVersion }: { itemId: string; accountId: string; codingVersion: number },
  frequency: string,
): Promise<string> {
  const id = randomUUID();
  await client.query(
    `insert into claim (id, item_id, account_id, version, coding_version, frequency, kind, status, identifier_key, patient_id, encounter_id, total_cents, sealed)
     values ($1, $2, $3, (select count(*) + 1 from claim where item_id = $2), $4, $5, 'institutional', 'active', '\\x00', $3, $3, 0, '\\x00')`,
    [id, itemId, accountId, codingVersion, frequency],
  );
  return id;
}
async function released(said: Parameters<Line["ready"]>[0] = {}) {
  const made = await line.ready({ cents: 5_000, ...said });
  const lease = await line.lease(ADA);
  done(
    await line.worklist.submit({
      itemId: made.item,
      leaseId: lease.leaseId,
      snapshotVersion: lease.snapshotVersion,
      codes: NO_CODES,
      userId: ADA,
    }),
  );
  expect(await line.worklist.releaseDue()).toBe(1);
  return made;
}
const codeAgain = async (item: string) => {
  const lease = await line.lease(ADA);
  expect(lease.id).toBe(item);
  const codes = { ...NO_CODES, diagnoses: [{ code: "I11.9", use: "principal" as const }] };
  done(await line.worklist.submit({ itemId: item, leaseId: lease.leaseId, snapshotVersion: lease.snapshotVersion, codes, userId: ADA }));
};
const only = async (item: string) => {
  const [proposal, ...more] = (await listProposals(line.needs, item)).filter(({ state }) => state === "open");
  if (proposal === undefined || more.length > 0) throw new Error(`${more.length + (proposal === undefined ? 0 : 1)} proposals are open`);
  return proposal;
};
const decide = async (item: string, accept: boolean) => {
  const { id, revision } = await only(item);
  return decideProposal(line.needs, id, { accept, revision, userId: ADA });
};

describe("a void that is confirmed", () => {
  it("makes the void claim; the cancelled visit ends, and no claim counts any more", async () => {
    const { account, item } = await released();
    await line.say(account, { status: "cancelled" }, { eventType: "ADT^A11" });
    expect(line.voids).toEqual([]);
    done(await decide(item, true));
    expect(line.voids).toHaveLength(1);
    expect(await line.row(item)).toMatchObject({ state: "CANCELLED", holds: [] });
  });

  it("that would not be valid undoes the decision, and says which rule", async () => {
    const { account, item } = await released();
    await line.say(account, { status: "cancelled" }, { eventType: "ADT^A11" });
    line.behaviour.voidClaim = () => Promise.resolve({ ok: false, failure: [hard] });
    expect(await decide(item, true)).toMatchObject({ ok: false, failure: { code: "CLAIM_NOT_VALID", detail: "T-1 at diagnoses[0].code" } });
    expect(await only(item)).toMatchObject({ state: "open" });
  });

  it("of a visit that stands again has a coder look before a first claim leaves anew", async () => {
    const { account, item } = await released();
    await line.say(account, { status: "in-progress" }, { eventType: "ADT^A13" });
    line.later(20);
    await line.worklist.passTime();
    await line.say(account, { cents: 5_000 }, { eventType: "ADT^A03" });
    done(await decide(item, true));
    expect((await line.row(item)).state).toBe("RECODE");
    await codeAgain(item);
    expect(await line.worklist.releaseDue()).toBe(1);
    expect(asked.at(-1)).not.toHaveProperty("replaces");
  });

  it("needs no person where the queue's rules say so", async () => {
    const { account, item } = await released({ class: "EMER" });
    await line.say(account, { class: "EMER", status: "cancelled" }, { eventType: "ADT^A11" });
    await line.worklist.passTime();
    expect(line.voids).toHaveLength(1);
    expect((await line.row(item)).state).toBe("CANCELLED");
  });
});

describe("codes of another kind of bill than the claim that is out", () => {
  async function waiting() {
    const made = await released();
    await line.say(made.account, { class: "EMER", cents: 5_000 }, { eventType: "ADT^A07" });
    asks = true;
    await codeAgain(made.item);
    expect(await line.worklist.releaseDue()).toBe(0);
    expect(await line.row(made.item)).toMatchObject({ state: "FINAL_CODED", holds: ["CORRECTION"] });
    return made;
  }

  it("wait for a yes, and their release is told of it", async () => {
    const { item } = await waiting();
    done(await decide(item, true));
    // The release makes the void and the new claim in their order; nothing was voided before.
    expect(line.voids).toEqual([]);
    expect(await line.worklist.releaseDue()).toBe(1);
    expect(asked.at(-1)).toMatchObject({ confirmed: ["void-and-new"] });
    expect((await line.row(item)).state).toBe("RELEASED");
  });

  it("leave the claim as it is after a no", async () => {
    const { item } = await waiting();
    done(await decide(item, false));
    expect(await line.row(item)).toMatchObject({ state: "RELEASED", holds: [] });
    expect(await line.worklist.releaseDue()).toBe(0);
  });
});

it("a release that finds nothing to correct puts the item back beside the claim that stands", async () => {
  const { account, item } = await released();
  await line.say(account, { cents: 5_000, class: "EMER" }, { eventType: "ADT^A07" });
  line.behaviour.release = (_client, { replaces = "" }) => Promise.resolve(ok({ stands: replaces, accepted: true }));
  await codeAgain(item);
  expect(await line.worklist.releaseDue()).toBe(0);
  expect((await line.row(item)).state).toBe("ACCEPTED");
});
