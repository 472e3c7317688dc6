import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { withLineage } from "#src/sitedata/lineage.ts";
import { parseSiteData } from "#src/sitedata/parse.ts";
import { closeAnswered, readTasks, recordMisses } from "#src/sitedata/tasks.pg.ts";
import { freshDatabase, type TestDatabase } from "#test/setup/database.ts";

const site = (charges: string) => {
  const parsed = parseSiteData({
    "facilities.csv":
      "facility,name,npi,tax_id,ccn,street,city,state,zip,taxonomy,valid_from,valid_to\nA,Old,2000000010,00-0000001,,,,,,,,2025-12-31\nA,New,2000000010,00-0000001,,,,,,,2026-01-01,\n",
    "departments.csv": "department,facility,name,place_of_service,service_line\nCLN,A,Clinic,22,AMB\n",
    "practitioners.csv": "local_id,authority,npi,family,given,taxonomy\n1,A,2000001018,One,,\n",
    "payers.csv": "payer_id,name,electronic_id,claim_filing,filing_days,appeal_days,takes_replacements\nP,Payer,,CI,365,120,no\n",
    "plans.csv": "plan_id,payer_id,name,electronic_id,claim_filing,filing_days\nGOLD,P,Gold,,CI,90\n",
    "charge-master.csv": `facility,charge_code,description,revenue_code,procedure_code,effective_from,effective_to,price\n${charges}`,
  });
  if (!parsed.ok) throw new Error(parsed.failure.join("\n"));
  return parsed.value;
};
const CHARGE = "A,77,Visit,0510,G0463,2026-01-01,,185.00\n";

describe("site data by day", () => {
  it("answer as they stood on the day", () => {
    expect(site("").facility("A", "2025-12-31")?.name).toBe("Old");
    expect(site("").facility("A", "2026-01-01")?.name).toBe("New");
    expect(site("").facility("A")?.name).toBe("New");
    expect(site(CHARGE).charge("A", "77", "2026-01-01")).toMatchObject({ priceCents: 18_500 });
  });
  it("know departments, and plans before their payers", () => {
    expect(site("").department("A", "CLN")).toMatchObject({ placeOfService: "22", serviceLine: "AMB" });
    expect(site("").plan("P", "GOLD")).toMatchObject({ filingDays: 90, takesReplacements: true });
    expect(site("").plan("P", "SILVER")).toMatchObject({ filingDays: 365, appealDays: 120, takesReplacements: false });
  });
  it("leave a trace of every look-up, each once, with the file that answered", () => {
    const traced = withLineage(site(""));
    traced.site.facility("A", "2026-02-01");
    traced.site.facility("A", "2026-02-01");
    traced.site.charge("A", "77", "2026-02-01");
    traced.site.practitioner("9", "A");
    traced.site.payer("");
    expect(traced.lookups()).toEqual([
      { kind: "facility", key: "A", date: "2026-02-01", file: "facilities.csv" },
      { kind: "charge", key: "A|77", date: "2026-02-01" },
      { kind: "practitioner", key: "A|9" },
    ]);
  });
});

describe("a miss", () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await freshDatabase();
  });
  afterAll(() => database.drop());
  const [one, two] = [crypto.randomUUID(), crypto.randomUUID()];
  const miss = { kind: "charge", key: "A|77", date: "2026-02-01" } as const;

  it("opens one task a key, with the dollars of every account that waits for it", async () => {
    await recordMisses(database.pool, [{ accountId: one, cents: 10_000, lookups: [miss, { ...miss, date: "2026-02-02" }] }]);
    await recordMisses(database.pool, [{ accountId: two, cents: 2_550, lookups: [miss, { kind: "payer", key: "Q" }] }]);
    await recordMisses(database.pool, [{ accountId: one, cents: 11_000, lookups: [miss] }]);
    expect(await readTasks(database.pool)).toMatchObject([
      { kind: "charge", key: "A|77", accounts: 2, cents: 13_550 },
      { kind: "payer", key: "Q", accounts: 1, cents: 2_550 },
    ]);
  });

  it("no longer waits for what the account does not miss any more", async () => {
    await recordMisses(database.pool, [{ accountId: two, cents: 2_550, lookups: [{ kind: "payer", key: "Q", file: "payers.csv" }] }]);
    expect(await readTasks(database.pool)).toMatchObject([
      { key: "A|77", accounts: 1, cents: 11_000 },
      { key: "Q", accounts: 0, cents: 0 },
    ]);
  });

  it("is closed when the site data know the key, and opened again when they lose it", async () => {
    expect(await closeAnswered(database.pool, site(""), "2026-02-01")).toBe(0);
    expect(await closeAnswered(database.pool, site(CHARGE), "2026-02-01")).toBe(1);
    expect(await readTasks(database.pool)).toMatchObject([{ key: "Q" }]);
    await recordMisses(database.pool, [{ accountId: one, cents: 5, lookups: [miss] }]);
    expect((await readTasks(database.pool))[0]).toMatchObject({ key: "A|77", cents: 5 });
  });
});
