import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, it } from "vitest";
import { ok } from "#src/base/result.ts";
import { inTransaction } from "#src/database/pool.pg.ts";
import { confirmCodes } from "#src/worklist/actions.pg.ts";
import { readWorkBooks } from "#src/worklist/books.pg.ts";
import { moveItems } from "#src/worklist/move-items.pg.ts";
import { itemIdOf } from "#src/worklist/reconcile-items.pg.ts";
import type { ItemState } from "#src/worklist/states.ts";
import { transitionsBetween } from "#src/worklist/transitions.ts";
import { chanceOf, Expectation, type Happening, storyOf, visitOf } from "./hospital.ts";
import { ADA, type Charted, done, ID_KEY, type Line, NO_CODES, startLine } from "./line.ts";

/** Two weeks of a hospital: HOSPITAL_ACCOUNTS=2000 for the whole of it. */
const ACCOUNTS = Number(process.env["HOSPITAL_ACCOUNTS"] ?? 150);
const SEED = Number(process.env["HOSPITAL_SEED"] ?? 11);

let line: Line;
beforeAll(async () => {
  line = await startLine();
  line.behaviour.release = async (client, item) => {
    const id = randomUUID();
    await client.query(
      `insert into claim (id, item_id, account_id, version, coding_version, frequency, kind, status, identifier_key, patient_id, encounter_id, total_cents, sealed)
       values ($1, $2, $3, (select count(*) + 1 from claim where item_id = $2), $4, $5, 'institutional', 'active', '\\x00', $3, $3, 0, '\\x00')`,
      [id, item.itemId, item.accountId, item.codingVersion, item.replaces === undefined ? "1" : "7"],
    );
    await client.query("insert into delivery (claim_id, destination, state) values ($1, 'billing', 'confirmed')", [id]);
    return ok({ claimId: id });
  };
});
afterAll(() => line.database.drop());

const document = (type: string): Charted => ({
  resourceType: "DocumentReference",
  id: randomUUID(),
  status: "current",
  docStatus: "final",
  type: { coding: [{ code: type }] },
  content: [{ attachment: { contentType: "text/plain", data: Buffer.from(randomUUID()).toString("base64") } }],
});

/** One account of the hospital, and what a simple model says of it. */
class Account {
  readonly id = randomUUID();
  readonly visitId = randomUUID();
  readonly item = itemIdOf(ID_KEY, this.id, "FAC");
  readonly expected = new Expectation();
  readonly story: readonly Happening[];
  readonly seen: Happening[] = [];
  private charges = 0;
  private told = 0;
  constructor(story: readonly Happening[]) {
    this.story = story;
  }

  private tell(eventType: string, ...resources: readonly Charted[]): Promise<unknown> {
    this.told++;
    return line.tell(this.id, resources, { eventType, wholeSets: [] });
  }
  private get ended(): boolean {
    return this.expected.visit === "gone";
  }
  private visit(change: Parameters<typeof visitOf>[2]): Charted {
    return visitOf(this.id, this.visitId, { class: { code: this.expected.klass }, ...change });
  }
  private charge(cents: number, code: string): Charted {
    return {
      resourceType: "ChargeItem",
      id: randomUUID(),
      status: "billable",
      subject: { reference: `Patient/${this.id}` },
      code: { coding: [{ code }] },
      identifier: [{ value: String(this.charges++) }],
      priceOverride: { value: cents / 100, currency: "USD" },
    };
  }
  private get patient(): Charted {
    return { resourceType: "Patient", id: this.id, name: [{ family: "Testperson" }] };
  }
  private get coverage(): Charted {
    return {
      resourceType: "Coverage",
      id: this.visitId.replace(/^./, "c"),
      status: "active",
      beneficiary: { reference: `Patient/${this.id}` },
      payor: [{ display: "payer" }],
    };
  }

  /** Sends the message, or does what a coder does; then the model is told. */
  async happen(what: Happening): Promise<void> {
    const { expected } = this;
    const here = expected.visit !== "none";
    this.seen.push(what);
    if (what === "register") await this.tell("ADT^A05", this.patient, this.coverage, this.visit({ status: "planned" }));
    else if (what === "admit") await this.tell("ADT^A01", this.patient, this.coverage, this.visit({ status: "in-progress" }));
    else if (what === "discharge") await this.tell("ADT^A03", this.patient, this.coverage, this.visit({ status: "finished" }));
    else if (what === "charge") await this.tell("DFT^P03", this.charge(1_000, "ROOM"));
    else if (what === "surgical-charge") await this.tell("DFT^P03", this.charge(100_000, "44970"));
    else if (what === "credit") await this.tell("DFT^P03", this.charge(-500, "ROOM"));
    else if (what === "note") await this.tell("MDM^T02", document("DIET"));
    else if (what === "operative-note") await this.tell("MDM^T02", document("OP"));
    else if (what === "pathology")
      await this.tell("ORU^R01", {
        resourceType: "DiagnosticReport",
        id: randomUUID(),
        status: "final",
        code: { coding: [{ code: "11526-1" }] },
      });
    else if (what === "phone") await this.tell("ADT^A08", { ...this.patient, telecom: [{ value: randomUUID() }] } as Charted);
    else if (what === "person") await this.tell("ADT^A31", { ...this.patient, address: [{ city: randomUUID() }] } as Charted);
    else if (what === "birth-date")
      await this.tell("ADT^A08", { ...this.patient, birthDate: `19${10 + (this.told % 80)}-01-0${1 + (this.told % 9)}` } as Charted);
    else if (what === "insurance" && here) await this.tell("ADT^A08", { ...this.coverage, subscriberId: randomUUID() } as Charted);
    else if (what === "transfer" && here)
      await this.tell("ADT^A02", {
        ...this.visit({ status: this.ended ? "finished" : this.status }),
        location: [{ location: { display: randomUUID() } }],
      } as Charted);
    else if (what === "class" && here) {
      const other = expected.klass === "IMP" ? "EMER" : "IMP";
      await this.tell("ADT^A06", this.visit({ status: this.ended ? "finished" : this.status, class: { code: other } }));
    } else if (what === "stale-admit" && here)
      await line.tell(this.id, [this.visit({ status: "in-progress", class: { code: "SS" } })], {
        eventType: "ADT^A01",
        wholeSets: [],
        at: new Date("2026-01-01T00:00:00Z"),
      });
    else if (what === "corrected-discharge" && this.ended && !expected.status) {
      await this.tell("ADT^A13", this.visit({ status: "in-progress" }));
      line.later(5);
      await this.tell("ADT^A03", this.visit({ status: "finished" }));
    } else if (what === "discharge-taken-back" && this.ended && !expected.status) {
      await this.tell("ADT^A13", this.visit({ status: "in-progress" }));
      line.later(20);
      await line.worklist.passTime();
    } else if (what === "cancel" && here) await this.tell("ADT^A11", this.visit({ status: "cancelled" }));
    else if (what === "hold" || what === "lift") {
      const exists = this.told > 0;
      if (!exists) return;
      if (what === "hold") await line.worklist.putHold(this.item, { code: "AUDIT", owner: "audit", blocks: "coding" }, ADA);
      else await line.worklist.liftHold(this.item, "AUDIT", ADA);
    } else if (what === "code") await this.code(false);
    else if (what === "confirm") await this.code(true);
    else if (what === "release") await line.worklist.release(this.item);
    else return;
    expected.apply(what);
  }
  private get status(): "planned" | "in-progress" {
    return this.expected.visit === "expected" ? "planned" : "in-progress";
  }
  private async code(confirm: boolean): Promise<void> {
    const before = await line.pool.query<{ state: string }>("select state from coding_item where id = $1", [this.item]);
    if (confirm && before.rows[0]?.state !== "RECODE") return;
    const opened = await line.worklist.open(this.item, { userId: ADA, supervisor: true });
    if (!opened.ok) return;
    const { leaseId, snapshotVersion } = opened.value;
    const asked = { itemId: this.item, leaseId, userId: ADA };
    if (confirm) done(await confirmCodes(line.needs, { ...asked, note: "as it was" }));
    else done(await line.worklist.submit({ ...asked, snapshotVersion, codes: NO_CODES }));
  }
}

it(`a generated hospital of ${ACCOUNTS} accounts ends with each account where a simple model says, and with books that balance`, async () => {
  const chance = chanceOf(SEED);
  const accounts = Array.from({ length: ACCOUNTS }, () => new Account(storyOf(chance)));
  // All stories at once, one happening of anybody at a time.
  const open = accounts.map((account) => ({ account, next: 0 }));
  while (open.length > 0) {
    const at = Math.floor(chance() * open.length);
    const one = open[at];
    const what = one?.account.story[one.next];
    if (one === undefined || what === undefined) {
      open.splice(at, 1);
      continue;
    }
    one.next++;
    await one.account.happen(what);
    line.later(1);
  }
  // Some turn out to have been one account.
  const there = accounts.filter(({ expected }) => expected.visit === "gone" && !expected.status);
  for (let n = 0; n + 1 < there.length && n < ACCOUNTS / 10; n += 2) {
    const [loser, survivor] = [there[n], there[n + 1]];
    if (loser === undefined || survivor === undefined) continue;
    await inTransaction(line.pool, (client) => moveItems(client, line.needs, loser.id, survivor.id));
    loser.expected.merged = true;
    if (loser.expected.held) survivor.expected.held = true;
    if (survivor.expected.work !== "none") survivor.expected.again = true;
  }

  // The night's run releases what is due.
  while ((await line.worklist.releaseDue()) > 0);
  for (const { expected } of accounts) expected.apply("release");

  const { rows } = await line.pool.query<{ id: string; state: string }>("select id, state from coding_item");
  const states = new Map(rows.map(({ id, state }) => [id, state]));
  const wrong = accounts.flatMap(({ item, expected, seen }) =>
    states.has(item) && states.get(item) !== expected.state()
      ? [`${states.get(item) ?? ""} and not ${expected.state()}: ${seen.join(" ")}`]
      : [],
  );
  expect(wrong).toEqual([]);
  expect(states.size).toBeGreaterThan(ACCOUNTS * 0.9);
  // All ends of the model were met.
  expect(new Set(accounts.map(({ expected }) => expected.state())).size).toBeGreaterThanOrEqual(8);

  const books = await readWorkBooks(line.pool, new Date(Date.now() + 1_000));
  for (const sum of [books.discharged, books.finalCoded, books.released]) expect(sum).toMatchObject({ difference: 0, residue: [] });
  expect(books.released.total).toBe(books.released.parts["delivered"]);
  const { rows: moves } = await line.pool.query<{ before: ItemState | null; state: ItemState }>(
    "select distinct before, state from item_state where before is distinct from state",
  );
  expect(moves.filter(({ before, state }) => transitionsBetween(before ?? "none", state).length === 0)).toEqual([]);
}, 1_200_000);
