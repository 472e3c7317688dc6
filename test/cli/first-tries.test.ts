import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AccountId } from "#src/base/ids.ts";
import { applyToChart, emptyChart, standingResources } from "#src/charts/merge.ts";
import type { ChartSnapshot } from "#src/charts/snapshot.ts";
import { FIRST_TRIES, firstCodes, rightCodes } from "#src/cli/demo/first-tries.ts";
import { DEMO_SEED, demoStays, demoStory } from "#src/cli/demo/story.ts";
import { createChecks } from "#src/coding/checks.ts";
import { createCodeStore, type CodeStore } from "#src/codesets/code-store.pg.ts";
import { putStarterCodes } from "#src/codesets/starter.pg.ts";
import { freshDatabase } from "#test/setup/database.ts";
import type { CodeSubmission } from "#src/coding/submission.ts";
import { demoSite } from "../claims/charts.ts";
import { SETTINGS, tryMap } from "../mapping/v2/maps.ts";

const NOW = new Date("2026-03-01T12:00:00Z");
const STAYS = demoStays(DEMO_SEED, NOW, SETTINGS.zone);
const STORY = demoStory(DEMO_SEED, NOW, SETTINGS.zone).map(({ message }) => message);

let database: Awaited<ReturnType<typeof freshDatabase>>;
let codes: CodeStore;
const check = createChecks({ site: demoSite(), data: () => codes.data() });
beforeAll(async () => {
  database = await freshDatabase();
  await putStarterCodes(database.pool);
  codes = createCodeStore({ pool: database.pool, now: () => NOW });
  await codes.refresh();
});
afterAll(() => database.drop());

/** The chart of an account as its messages make it. */
function chartOf(account: string): ChartSnapshot {
  const content = emptyChart();
  for (const text of STORY.filter((one) => one.includes(account))) {
    const mapped = tryMap(text);
    if (mapped.ok) applyToChart(content, mapped.value);
  }
  const resources = [...standingResources(content)];
  return { accountId: "a" as AccountId, version: 1, feed: "demo", facility: "NORTH", accountNumber: account, resources };
}
const said = (account: string, codes: CodeSubmission): readonly string[] =>
  check(chartOf(account), "FAC", codes).flatMap(({ rule, severity }) => (severity === "info" ? [] : [`${severity} ${rule}`]));

const tries = Object.entries(FIRST_TRIES).map(([patient, { edit, slip }]) => [Number(patient), edit, slip] as const);

describe("the demo story's coders", () => {
  it("make ten different mistakes at least", () => {
    expect(new Set(tries.map(([, edit]) => edit)).size).toBe(tries.length);
    expect(tries.length).toBeGreaterThanOrEqual(10);
  });

  it.each(tries)("patient %i is stopped by %s: %s", (patient, edit) => {
    const stay = STAYS[patient - 1];
    if (stay === undefined) throw new Error("there is no such patient");
    const stopping = said(stay.account, firstCodes(patient, stay)).filter((one) => one.startsWith("hard"));
    expect(new Set(stopping)).toEqual(new Set([`hard ${edit}`]));
    expect(said(stay.account, rightCodes(stay))).toEqual([]);
  });

  it("know no code that the starter codes have not", () => {
    const unknown = STAYS.flatMap((stay, index) =>
      [firstCodes(index + 1, stay), rightCodes(stay)].flatMap((one) =>
        check(chartOf(stay.account), "FAC", one)
          .filter(({ path, kind }) => kind === "no-data" && /icd-10-cm|icd-10-pcs|hcpcs$/.test(path))
          .map(({ message }) => `${stay.account}: ${message}`),
      ),
    );
    expect(unknown).toEqual([]);
  });

  it("code every account that has its charges without being asked anything", () => {
    const asked = STAYS.flatMap((stay, index) =>
      index + 1 === WITHOUT_CHARGES ? [] : said(stay.account, rightCodes(stay)).map((one) => `${stay.account} ${one}`),
    );
    expect(asked).toEqual([]);
  });
});

/** The patient (from 1) whose charges never come. */
const WITHOUT_CHARGES = 15;
