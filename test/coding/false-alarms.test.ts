import { describe, expect, it } from "vitest";
import { evaluate } from "#src/coding/evaluate.ts";
import { NO_CODE_DATA } from "#test/coding/code-table.ts";
import { chartOf, codesOf, demoSite } from "../claims/charts.ts";
import { codedAccounts } from "./generated-accounts.ts";
import { missing, publishedData } from "./published-data.ts";

const site = demoSite();
const COUNT = 500;
const MOST_SOFT = 0.2;

describe("rightly coded accounts", () => {
  it.for([
    ["without any code set", () => NO_CODE_DATA, undefined],
    ["with the published sets", publishedData, missing],
  ] as const)("%s are stopped by nothing, and hardly asked about", ([, read, why], { skip }) => {
    if (why !== undefined) skip(why);
    const data = read();
    const findings = codedAccounts(20_260_101, COUNT).flatMap(({ chart, stream, codes }) =>
      evaluate({ chart: chartOf(chart), stream, codes, site, data }).findings.map((one) => ({
        ...one,
        codes: codes.diagnoses.map(({ code }) => code).join(),
      })),
    );
    const shown = (severity: string) =>
      findings.filter((one) => one.severity === severity).map(({ rule, path, message, codes }) => `${rule} ${path} ${message} ${codes}`);
    expect(shown("hard").slice(0, 10)).toEqual([]);
    expect(shown("soft").length / COUNT, shown("soft").slice(0, 10).join("\n")).toBeLessThanOrEqual(MOST_SOFT);
  });

  it("are not spared by the same edits once they are coded wrongly", () => {
    const wrong = codedAccounts(7, 50).map(
      ({ chart, stream, codes }) =>
        evaluate({
          chart: chartOf(chart),
          stream,
          codes: codesOf({ ...codes, diagnoses: [...codes.diagnoses, codes.diagnoses[0]] }),
          site,
          data: NO_CODE_DATA,
        }).findings,
    );
    expect(wrong.filter((found) => found.some(({ severity }) => severity === "hard"))).toHaveLength(50);
  });
});

describe("real codes of the turn of the fiscal year", () => {
  it.runIf(missing === undefined).for([
    ["Z68.1", "2026-09-30", []],
    ["Z68.1", "2026-10-01", ["DX02"]],
    ["M72.2", "2026-10-01", ["DX02"]],
    ["I42.0", "2026-10-01", ["DX02"]],
    ["T52.8X1A", "2026-10-01", ["DX02"]],
    ["T52.8X1A", "2026-09-30", []],
    ["QA0.0101", "2026-09-30", []],
    ["U07.1", "2026-10-01", []],
    ["Y93.I1", "2026-10-01", []],
    ["S52.501", "2026-09-30", ["DX03"]],
    ["J99.77", "2026-09-30", ["DX01"]],
  ] as const)("%s on %s", ([code, day, rules]) => {
    const chart = chartOf({
      class: "IMP",
      charges: [{ code: "1200001", cents: 1, units: 3 }],
      from: `${day.slice(0, 8)}01T08:00:00-05:00`,
      through: `${day}T10:00:00-05:00`,
    });
    const codes = codesOf({
      diagnoses: [
        { code: "J18.9", use: "principal", onAdmission: "Y" },
        { code, use: "secondary" },
      ],
    });
    const data = publishedData();
    const found = evaluate({ chart, stream: "FAC", codes, site, data }).findings.filter(({ path }) => path === "diagnoses[1].code");
    expect(found.filter(({ severity, rule }) => severity === "hard" && rule.startsWith("DX0")).map(({ rule }) => rule)).toEqual(rules);
  });
});
