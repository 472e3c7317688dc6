import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { importFiles } from "#src/codesets/import.pg.ts";
import { loadCodeData } from "#src/codesets/load.pg.ts";
import { type RehearsedFinding, rehearse } from "#src/codesets/rehearsal.ts";
import { sourceFiles } from "#src/codesets/source-files.ts";
import { listVersions } from "#src/codesets/versions.pg.ts";
import { createChecks } from "#src/coding/checks.ts";
import { NO_SITE_EDITS, parseSiteEdits, type SiteEdits } from "#src/coding/site-edits.ts";
import { codeSubmission } from "#src/coding/submission.ts";
import { judgeItems, rehearsalItems } from "#src/worklist/rehearsal-items.pg.ts";
import { demoSite } from "#test/claims/charts.ts";
import { ADA, type Line, startLine } from "#test/worklist/line.ts";
import { CM_2026, CM_2027 } from "./publisher-files.ts";

const RANGE = { from: "2025-10-01", to: "2026-12-31" };
/** The line's stays end here. */
const NEXT = "2026-03-01";
const folder = mkdtempSync(join(tmpdir(), "rehearsal-"));
let line: Line;
beforeAll(async () => {
  line = await startLine();
  const bring = (name: string, text: string, more: object = {}) => {
    writeFileSync(join(folder, name), text);
    return importFiles(line.pool, sourceFiles([join(folder, name)]), { actor: "test", ...more });
  };
  await bring("icd10cm_order_2026.txt", CM_2026);
  await bring("icd10cm_order_2027.txt", CM_2027, { stage: true, from: NEXT });
});
beforeEach(() => line.clear());
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await line.database.drop();
});

const coded = async (cents: number, ...codes: readonly string[]): Promise<string> => {
  const { item } = await line.ready({ cents });
  const { id, leaseId, snapshotVersion } = await line.lease(ADA);
  const diagnoses = codes.map((code, index) => ({ code, use: index === 0 ? "principal" : "secondary" }));
  const taken = await line.worklist.submit({
    itemId: id,
    leaseId,
    snapshotVersion,
    codes: codeSubmission.parse({ diagnoses }),
    userId: ADA,
  });
  if (!taken.ok) throw new Error(taken.failure.code);
  return item;
};
const run = async (edits: SiteEdits = NO_SITE_EDITS) => {
  const [staged] = (await listVersions(line.pool)).filter(({ state }) => state === "staged");
  const before = await loadCodeData(line.pool, RANGE);
  const after = await loadCodeData(line.pool, RANGE, [staged?.name ?? ""]);
  return rehearse(
    rehearsalItems(line.pool, line.sealer, new Date(0)),
    judgeItems(createChecks({ site: demoSite(), edits: NO_SITE_EDITS, data: () => before }), before),
    judgeItems(createChecks({ site: demoSite(), edits, data: () => after }), after),
  );
};

describe("a rehearsal of next year's codes", () => {
  it("lists every result that would change, by rule and payer with dollars, and changes none", async () => {
    const bmi = await coded(100_000, "M72.2", "Z68.1");
    const solvent = await coded(25_050, "T52.8X1A");
    await coded(9_900, "S72.001A");
    const versions = await listVersions(line.pool);
    const done = await run();
    expect(done).toMatchObject({ items: 3, affected: 2 });
    expect(done.groups).toEqual([{ rule: "DX02", payer: "", appeared: 3, gone: 0, changed: 0, items: 2, cents: 125_050 }]);
    const texts = done.changes.map(({ itemId, finding: { path, message, fix } }) => `${itemId} ${path} ${message} ${fix}`).sort();
    const heading = "On 2026-03-03 this code is a heading and cannot be billed. Choose one below it:";
    expect(texts).toEqual(
      [
        `${bmi} diagnoses[0].code ${heading} M72.21, M72.22.`,
        `${bmi} diagnoses[1].code ${heading} Z68.18.`,
        `${solvent} diagnoses[0].code This code is no longer valid on 2026-03-03; it was deleted. Look the diagnosis up by its words.`,
      ].sort(),
    );
    expect(await listVersions(line.pool)).toEqual(versions);
    expect((await loadCodeData(line.pool, RANGE)).lookup("icd-10-cm", "Z681", "2026-03-03")).toMatchObject({ billable: true });
  });

  it("takes other edits of the site's beside those in use", async () => {
    const item = await coded(40_000, "S72.001A");
    const edits = parseSiteEdits(
      "edits.yaml",
      `edits:
  - id: LINE-1
    version: 1
    title: A fracture of the femur is looked at twice
    severity: soft
    each: diagnosis
    when: code = 'S72.001A'
    message: A fracture of the femur
    fix: Have it looked at
    citation: House rule 1
`,
    );
    if (!edits.ok) throw new Error(edits.failure.join());
    const done = await run(edits.value);
    expect(done.changes.filter(({ finding }) => finding.rule === "LINE-1")).toMatchObject([{ itemId: item, what: "new" }]);
    expect(done.groups.find(({ rule }) => rule === "LINE-1")).toMatchObject({ appeared: 1, cents: 40_000 });
  });

  it("takes open items too, and leaves out what was coded long ago", async () => {
    await line.ready({ cents: 1_000 });
    expect((await run()).items).toBe(1);
    await coded(1_000, "M72.2");
    await line.pool.query("update coding_item set progress = 'released', state = 'RELEASED' where progress = 'final-coded'");
    await line.pool.query("update coding_version set made_at = '2020-01-01'");
    const ids: string[] = [];
    for await (const { id } of rehearsalItems(line.pool, line.sealer, new Date("2026-01-01"))) ids.push(id);
    expect(ids).toHaveLength(1);
  });
});

describe("results before and after", () => {
  const finding = (rule: string, path: string, severity = "hard"): RehearsedFinding => ({ rule, path, severity, message: rule });
  const compare = (before: readonly RehearsedFinding[], after: readonly RehearsedFinding[]) => {
    return rehearse(
      [{ id: "1", payer: "P", cents: 5 }],
      () => before,
      () => after,
    );
  };
  it("differ by what is new, gone, or of another severity", async () => {
    const { changes, groups } = await compare(
      [finding("A", "x"), finding("B", "x"), finding("C", "x")],
      [finding("A", "x"), finding("B", "x", "soft"), finding("D", "y")],
    );
    expect(changes.map(({ what, finding: { rule } }) => `${what} ${rule}`)).toEqual(["changed B", "new D", "gone C"]);
    expect(groups.map(({ rule, items, cents }) => [rule, items, cents])).toEqual([
      ["B", 1, 5],
      ["C", 1, 5],
      ["D", 1, 5],
    ]);
  });
  it("that are the same are no change", async () =>
    expect(await compare([finding("A", "x")], [finding("A", "x")])).toMatchObject({ affected: 0, changes: [] }));
});
