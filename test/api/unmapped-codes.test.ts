import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { faultsOf } from "#src/fhir/validate.ts";
import type { Provenance } from "@medplum/fhirtypes";
import { startApi, type TestApi } from "./engine-api.ts";

let api: TestApi;
beforeEach(async () => {
  api = await startApi({ folding: false });
});
afterEach(() => api.close());

/** A discharge with a disposition that only its sender knows. */
const discharge = (account: string, disposition: string, control: string): string =>
  [
    `MSH|^~\\&|LAKEEHR|LAKE|CB|HIM|20260312150000||ADT^A03^ADT_A03|${control}|P|2.5.1`,
    "EVN|A03|20260312150000",
    `PID|1||M1${account}^^^LAKE^MR||Finch^Ora||19610506|F|||||||||||${account}^^^LAKE^AN`,
    `PV1|1|I|2W^201^A^LAKE||||||||||||||||V${account}^^^LAKE^VN|||||||||||||||||${disposition}||||||||20260310090000|20260312144500`,
    "",
  ].join("\r");

async function received(...messages: readonly string[]) {
  const source = await api.as("source", "admin");
  const answers: string[] = [];
  for (const message of messages) answers.push((await source("POST", "/hl7v2/local", message, "application/hl7-v2")).text);
  await api.fold();
  return answers;
}

interface Task {
  readonly id: string;
  readonly sender: string;
  readonly table: string;
  readonly code: string;
  readonly times: number;
  readonly accounts: number;
  readonly place: string;
  readonly recordId: string;
}

const tasks = async (): Promise<readonly Task[]> => (await (await api.as("analyst"))("GET", "/api/unmapped-codes")).body;

describe("a code that no table knows", () => {
  it("keeps the sender's coding, and is one task for each sender, table and code, with counts and an example", async () => {
    await received(discharge("A1", "GHOME^Gone home^L", "1"), discharge("A2", "GHOME^Gone home^L", "2"), discharge("A3", "SNFX", "3"));
    expect(await tasks()).toMatchObject([
      { sender: "LAKEEHR|LAKE", table: "DischargeDisposition", code: "GHOME", times: 2, accounts: 2, place: "PV1-36" },
      { sender: "LAKEEHR|LAKE", table: "DischargeDisposition", code: "SNFX", times: 1, accounts: 1, place: "PV1-36" },
    ]);
  });

  it("gets its meaning in the site's own maps, and the charts that have it are made again", async () => {
    await received(discharge("A1", "GHOME^Gone home^L", "1"), discharge("A2", "GHOME^Gone home^L", "2"));
    const analyst = await api.as("analyst");
    const before = (await analyst("GET", "/api/maps")).body as { readonly version: string };
    const [task] = await tasks();
    const answer = await analyst("POST", `/api/unmapped-codes/${task?.id}/resolve`, {
      code: "01",
      display: "Home or self care",
      system: "http://terminology.hl7.org/CodeSystem/v2-0112",
    });
    expect(answer).toMatchObject({ status: 200, body: { refolded: 2, changed: 2, failed: [] } });
    const [file = ""] = readdirSync(api.siteMapsDir);
    expect(readFileSync(join(api.siteMapsDir, file), "utf8")).toMatch(/LAKEEHR[\s\S]*LAKE[\s\S]*DischargeDisposition[\s\S]*GHOME/);
    expect(await tasks()).toEqual([]);
    const after = (await analyst("GET", "/api/maps")).body as { readonly version: string };
    expect(after.version).not.toBe(before.version);

    // What comes from now on is mapped by it; another sender's code of the same name is not.
    await received(discharge("A5", "GHOME", "5"), discharge("A6", "GHOME", "6").replace("LAKEEHR|LAKE", "OTHEREHR|HILL"));
    expect(await tasks()).toMatchObject([{ sender: "OTHEREHR|HILL", code: "GHOME", times: 1 }]);
    const { rows } = await api.database.pool.query<{ record_id: string }>(
      "select record_id from journal_outcome order by seq desc limit 2",
    );
    const lineage = await analyst("GET", `/api/messages/${rows[1]?.record_id}/lineage`);
    expect(lineage.body).toMatchObject({ mapVersion: after.version });
    expect((lineage.body as { lineage: unknown[] }).lineage).toContainEqual(
      expect.objectContaining({
        source: "PV1-36",
        row: "PV1[Encounter] PV1-36>hospitalization.dischargeDisposition",
        table: "v2-0112 GHOME",
      }),
    );
  });

  it("may mean nothing that FHIR has a code for: it stays as sent, and is no task again", async () => {
    await received(discharge("A1", "GHOME", "1"));
    const [task] = await tasks();
    const analyst = await api.as("analyst");
    expect(await analyst("POST", `/api/unmapped-codes/${task?.id}/resolve`, { none: true })).toMatchObject({ status: 200 });
    await received(discharge("A2", "GHOME", "2"));
    expect(await tasks()).toEqual([]);
  });

  it("is not resolved twice, nor with something that is no meaning", async () => {
    await received(discharge("A1", "GHOME", "1"));
    const [task] = await tasks();
    const analyst = await api.as("analyst");
    expect(await analyst("POST", `/api/unmapped-codes/${task?.id}/resolve`, {})).toMatchObject({ status: 400 });
    expect(await analyst("POST", `/api/unmapped-codes/${crypto.randomUUID()}/resolve`, { code: "01" })).toMatchObject({ status: 404 });
    expect(await analyst("POST", `/api/unmapped-codes/${task?.id}/resolve`, { code: "01" })).toMatchObject({ status: 200 });
    expect(await analyst("POST", `/api/unmapped-codes/${task?.id}/resolve`, { code: "02" })).toMatchObject({ status: 404 });
  });
});

describe("maps that are changed while the engine runs", () => {
  it("are read again when they have no fault, and stay as they were when they have", async () => {
    const analyst = await api.as("analyst");
    const { version } = (await analyst("GET", "/api/maps")).body as { version: string };
    writeFileSync(
      join(api.siteMapsDir, "lake.yaml"),
      "site: lake\nsenders: [{ facility: LAKE }]\nmaps:\n  - map: PV1[Nothing]\n    rows: []\n",
    );
    const refused = await analyst("POST", "/api/maps/reload");
    expect(refused).toMatchObject({ status: 422, body: { code: "MAP_NOT_VALID" } });
    expect(JSON.stringify(refused.body)).toContain("lake.yaml:4");
    expect((await analyst("GET", "/api/maps")).body).toMatchObject({ version });
    writeFileSync(join(api.siteMapsDir, "lake.yaml"), "site: lake\nsenders: [{ facility: LAKE }]\n");
    const taken = await analyst("POST", "/api/maps/reload");
    expect(taken.status).toBe(200);
    expect(taken.body).not.toMatchObject({ version });
    expect(existsSync(join(api.siteMapsDir, "lake.yaml"))).toBe(true);
  });
});

it("lineage is had as FHIR Provenance, valid, one for each resource", async () => {
  await received(discharge("A1", "01", "1"));
  const { rows } = await api.database.pool.query<{ record_id: string }>("select record_id from journal_outcome");
  const analyst = await api.as("analyst");
  const bundle = (await analyst("GET", `/api/messages/${rows[0]?.record_id}/provenance`)).body as { entry: { resource: Provenance }[] };
  expect(bundle.entry.length).toBeGreaterThan(3);
  expect(bundle.entry.flatMap(({ resource }) => faultsOf(resource))).toEqual([]);
  expect(JSON.stringify(bundle)).not.toContain("Finch");
});
