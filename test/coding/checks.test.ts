import { describe, expect, it } from "vitest";
import { createChecks, RULE_PACK } from "#src/coding/checks.ts";
import { codeSubmission, type Stream } from "#src/coding/submission.ts";
import {
  chargeId,
  chartOf,
  demoSite,
  EMERGENCY_CHART,
  EMERGENCY_CODES,
  INPATIENT_CHART,
  INPATIENT_CODES,
  PROFESSIONAL_CODES,
} from "../claims/charts.ts";

const check = createChecks(demoSite());
const CHARTS = { inpatient: chartOf(INPATIENT_CHART), emergency: chartOf(EMERGENCY_CHART), empty: chartOf({ class: "AMB", charges: [] }) };
type Where = keyof typeof CHARTS;

const J18 = { code: "J18.9", use: "principal", onAdmission: "Y" };
const I10 = { code: "I10", use: "secondary", onAdmission: "Y" };
const R05 = { code: "R05.9", use: "admitting" };
const OWN = { procedureCode: "Q4010", revenueCode: "0270" };
const plain = (code: string, use = "secondary"): object => ({ code, use });
const many = (n: number, use: string): object[] =>
  Array.from({ length: n }, (_, at) => ({ code: `M1${at % 10}.${Math.floor(at / 10)}`, use, onAdmission: "Y" }));
const PRO_LINE = { procedureCode: "G2212", diagnosisPointers: [1], amountCents: 1 };

const findings = (where: Where, stream: Stream, codes: unknown): string[] =>
  check(CHARTS[where], stream, codeSubmission.parse(codes)).map(({ rule, severity, path }) => `${severity} ${rule} ${path}`);

describe("coding edits", () => {
  it("are silent about good codes", () => {
    expect(findings("inpatient", "FAC", INPATIENT_CODES)).toEqual([]);
    expect(findings("emergency", "FAC", EMERGENCY_CODES)).toEqual([]);
    expect(findings("emergency", "PRO:MED", PROFESSIONAL_CODES)).toEqual([]);
  });

  it.each<[string, Where, unknown[], string[]]>([
    ["a code that has not the form", "inpatient", [{ ...J18, code: "189.J" }, R05], ["hard CB-FMT-DX diagnoses[0].code"]],
    ["a dot in the wrong place", "inpatient", [{ ...J18, code: "J1.89" }, R05], ["hard CB-FMT-DX diagnoses[0].code"]],
    [
      "no dot, COVID-19, a letter in third place, new Q codes",
      "inpatient",
      [{ ...J18, code: "j189" }, { ...I10, code: "U07.1" }, { ...I10, code: "C4A.9" }, { ...I10, code: "QA0.0101" }, R05],
      [],
    ],
    ["no diagnosis", "inpatient", [], ["hard CB-DX-NONE diagnoses"]],
    ["no principal one", "inpatient", [I10, R05], ["hard CB-DX-PRINCIPAL diagnoses"]],
    ["two principal ones", "inpatient", [J18, { ...I10, use: "principal" }, R05], ["hard CB-DX-PRINCIPAL diagnoses[1].use"]],
    ["a principal one that is not first", "inpatient", [I10, J18, R05], ["hard CB-DX-ORDER diagnoses[1]"]],
    ["a repetition", "inpatient", [J18, { ...I10, code: "J189" }, R05], ["hard CB-DX-DUP diagnoses[1].code"]],
    ["an admitting diagnosis like the principal one", "inpatient", [J18, { code: "J18.9", use: "admitting" }], []],
    ["an external cause as principal", "emergency", [plain("W11.XXXA", "principal")], ["hard CB-DX-EXTERNAL diagnoses[0].code"]],
    ["too many", "inpatient", [J18, ...many(25, "secondary"), R05], ["hard CB-DX-COUNT diagnoses[25]"]],
    ["as many as a claim takes", "inpatient", [J18, ...many(24, "secondary"), R05], []],
    [
      "too many reasons for visit",
      "emergency",
      [plain("I10", "principal"), ...["R10.9", "R11.0", "R11.2", "R51.9"].map((code) => plain(code, "patientreasonforvisit"))],
      ["hard CB-DX-COUNT-REASON diagnoses[4]"],
    ],
    ["no present on admission", "inpatient", [J18, plain("I10"), R05], ["hard CB-POA-REQUIRED diagnoses[1].onAdmission"]],
    [
      "no present on admission where codes are mostly exempt",
      "inpatient",
      [J18, plain("Z79.4"), plain("W11.XXXA", "externalcauseofinjury"), R05],
      ["soft CB-POA-EXEMPT diagnoses[1].onAdmission", "soft CB-POA-EXEMPT diagnoses[2].onAdmission"],
    ],
    [
      "present on admission of the admitting diagnosis",
      "inpatient",
      [J18, { ...R05, onAdmission: "Y" }],
      ["hard CB-POA-NOT diagnoses[1].onAdmission"],
    ],
    ["present on admission of an outpatient", "emergency", [J18], ["info CB-POA-UNUSED diagnoses[0].onAdmission"]],
    ["no admitting diagnosis", "inpatient", [J18], ["info CB-DX-ADMITTING diagnoses"]],
  ])("diagnoses: %s", (_name, where, diagnoses, expected) => expect(findings(where, "FAC", { diagnoses })).toEqual(expected));

  it.each<[string, Where, unknown[], string[]]>([
    ["letters that PCS has not", "inpatient", [{ code: "0DTJ4ZO", date: "2026-03-03" }], ["hard CB-FMT-PCS procedures[0].code"]],
    ["an outpatient", "emergency", [{ code: "0DTJ4ZZ", date: "2026-03-03" }], ["hard CB-PX-INPATIENT procedures"]],
    ["a day before the window", "inpatient", [{ code: "0DTJ4ZZ", date: "2026-02-26" }], ["soft CB-PX-DATE procedures[0].date"]],
    ["a day within the three days before", "inpatient", [{ code: "0DTJ4ZZ", date: "2026-02-27" }], []],
    ["a day after discharge", "inpatient", [{ code: "0DTJ4ZZ", date: "2026-03-06" }], ["soft CB-PX-DATE procedures[0].date"]],
    [
      "a wrong NPI",
      "inpatient",
      [{ code: "0DTJ4ZZ", date: "2026-03-03", performerNpi: "2000001025" }],
      ["hard CB-FMT-NPI procedures[0].performerNpi"],
    ],
  ])("procedures: %s", (_name, where, procedures, expected) =>
    expect(findings(where, "FAC", { diagnoses: where === "inpatient" ? [J18, R05] : [plain("I10", "principal")], procedures })).toEqual(
      expected,
    ),
  );

  it.each<[string, unknown, string[]]>([
    ["a code of neither set", { ...OWN, procedureCode: "4X010" }, ["hard CB-FMT-HCPCS lines[0].procedureCode"]],
    ["a dental code", { ...OWN, procedureCode: "D0120" }, ["hard CB-FMT-HCPCS lines[0].procedureCode"]],
    ["a modifier of one character", { ...OWN, modifiers: ["R"] }, ["hard CB-FMT-MOD lines[0].modifiers[0]"]],
    ["a modifier twice", { ...OWN, modifiers: ["RT", "rt"] }, ["hard CB-MOD-DUP lines[0].modifiers[1]"]],
    ["five modifiers", { ...OWN, modifiers: ["RT", "59", "GC", "PO", "KX"] }, ["hard CB-MOD-COUNT lines[0].modifiers"]],
    ["a revenue code of three digits", { ...OWN, revenueCode: "270" }, ["hard CB-FMT-REV lines[0].revenueCode"]],
    ["no revenue code", { procedureCode: "Q4010" }, ["hard CB-LN-REV lines[0].revenueCode"]],
    ["no code", { revenueCode: "0270" }, ["hard CB-LN-CODE lines[0].procedureCode"]],
    ["a pointer to nothing", { ...OWN, diagnosisPointers: [9] }, ["hard CB-PTR-UNKNOWN lines[0].diagnosisPointers[0]"]],
    ["a pointer to an external cause", { ...OWN, diagnosisPointers: [2] }, ["hard CB-PTR-USE lines[0].diagnosisPointers[0]"]],
    ["a charge that the chart has not", { chargeId: chargeId(99) }, ["hard CB-LN-CHARGE lines[0].chargeId"]],
    ["a day outside the stay", { ...OWN, serviceDate: "2026-04-01" }, ["soft CB-LN-DATE lines[0].serviceDate"]],
    ["another code than the charge's", { chargeId: chargeId(0), procedureCode: "G0384" }, ["info CB-CHG-CODE lines[0].procedureCode"]],
  ])("lines: %s", (_name, line, expected) => expect(findings("emergency", "FAC", { ...EMERGENCY_CODES, lines: [line] })).toEqual(expected));

  it.each<[string, unknown, string[]]>([
    ["no pointer", { ...PRO_LINE, diagnosisPointers: [] }, ["hard CB-PTR-NONE lines[0].diagnosisPointers"]],
    ["a pointer twice", { ...PRO_LINE, diagnosisPointers: [1, 1] }, ["hard CB-PTR-DUP lines[0].diagnosisPointers[1]"]],
    ["five pointers", { ...PRO_LINE, diagnosisPointers: [1, 2, 3, 4, 5] }, ["hard CB-PTR-COUNT lines[0].diagnosisPointers"]],
    ["no amount", { procedureCode: "G2212", diagnosisPointers: [1] }, ["soft CB-LN-AMOUNT lines[0].amountCents"]],
  ])("professional lines: %s", (_name, line, expected) => {
    const diagnoses = [plain("I10", "principal"), ...["E11.9", "E78.5", "J45.909", "K21.9"].map((code) => plain(code))];
    expect(findings("empty", "PRO:MED", { diagnoses, lines: [line] })).toEqual(expected);
  });

  it("want at least one charge or line, and twelve diagnoses at most on a professional claim", () => {
    expect(findings("empty", "FAC", { diagnoses: [plain("I10", "principal")] })).toEqual(["hard CB-LN-NONE lines"]);
    expect(
      findings("empty", "PRO:MED", {
        diagnoses: [plain("I10", "principal"), ...many(12, "secondary").map((one) => ({ ...one, onAdmission: undefined }))],
        lines: [PRO_LINE],
      }),
    ).toEqual(["hard CB-DX-COUNT diagnoses[12]"]);
  });

  it("say why, what to do, what they rest on, and never quote what was entered", () => {
    const codes = codeSubmission.parse({
      diagnoses: [{ code: "SMITH", use: "principal" }],
      lines: [{ procedureCode: "JOHN", modifiers: ["XYZ"] }],
    });
    const all = check(CHARTS.inpatient, "FAC", codes);
    expect(all.length).toBeGreaterThan(2);
    for (const finding of all) {
      expect(finding).toMatchObject({ message: /\.$/.exec(finding.message) && finding.message, version: RULE_PACK });
      expect(finding.fix.length).toBeGreaterThan(5);
      expect(finding.citation.length).toBeGreaterThan(5);
      expect(JSON.stringify(finding)).not.toMatch(/SMITH|JOHN|XYZ/);
    }
  });
});
