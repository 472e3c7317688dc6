import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { createChecks } from "#src/coding/checks.ts";
import { NO_CODE_DATA } from "#test/coding/code-table.ts";
import { codeSubmission } from "#src/coding/submission.ts";
import { chartOf, demoSite } from "../claims/charts.ts";

const read = (name: string): string => readFileSync(`examples/first-claim/${name}`, "utf8");
const MESSAGES = ["01-admit.hl7", "02-charges.hl7", "03-note.hl7", "04-discharge.hl7"].map(read);
const fieldOf = (message: string, segment: string, position: number): string =>
  message
    .split("\n")
    .find((line) => line.startsWith(`${segment}|`))
    ?.split("|")[position] ?? "";

describe("the first claim's example", () => {
  it("is four messages of one account and one visit, ending with the discharge", () => {
    expect(MESSAGES.map((one) => fieldOf(one, "MSH", 8))).toEqual([
      "ADT^A01^ADT_A01",
      "DFT^P03^DFT_P03",
      "MDM^T02^MDM_T02",
      "ADT^A03^ADT_A03",
    ]);
    expect(new Set(MESSAGES.map((one) => `${fieldOf(one, "PID", 18)} ${fieldOf(one, "PV1", 19)}`)).size).toBe(1);
    expect(MESSAGES.map((one) => fieldOf(one, "PV1", 45))).toEqual(["", "", "", "20260305111500"]);
    expect(new Set(MESSAGES.map((one) => fieldOf(one, "MSH", 9))).size).toBe(4);
  });

  it("has charges, doctors and a payer that the demo's site data know", () => {
    const site = demoSite();
    for (const line of (MESSAGES[1] ?? "").split("\n").filter((one) => one.startsWith("FT1|"))) {
      const fields = line.split("|");
      expect(site.charge("NORTH", fields[7]?.split("^")[0] ?? "", "2026-03-02")).toBeDefined();
      expect(Number.parseFloat(fields[11] ?? "")).toBeCloseTo(Number.parseFloat(fields[12] ?? "") * Number(fields[10]), 2);
    }
    for (const message of MESSAGES) {
      const [id = "", , , , , , , , authority] = fieldOf(message, "PV1", 7).split("^");
      expect(site.practitioner(id, authority)).toBeDefined();
    }
    expect(site.payer(fieldOf(MESSAGES[0] ?? "", "IN1", 3).split("^")[0] ?? "")).toBeDefined();
  });

  it("has codes without a finding", () => {
    const chart = chartOf({ class: "IMP", charges: [{ code: "1200001", cents: 426_000, units: 3 }] });
    const findings = createChecks({ site: demoSite(), data: () => NO_CODE_DATA })(
      chart,
      "FAC",
      codeSubmission.parse(JSON.parse(read("codes.json"))),
    );
    expect(findings.filter(({ severity }) => severity !== "info")).toEqual([]);
  });
});
