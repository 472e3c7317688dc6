import { dx, EMERGENCY, INPATIENT, lines, OFFICE, OUTPATIENT, type Row, type Situation } from "./situation.ts";

const out = (texts: readonly string[], more: Partial<Situation> = {}): Situation => ({
  chart: { ...OUTPATIENT, charges: [], admissionType: "3" },
  codes: { diagnoses: dx("I10", "W11.XXXA ext"), lines: lines(...texts) },
  ...more,
});
const pro = (texts: readonly string[], more: Partial<Situation> = {}): Situation => ({
  ...out(texts),
  stream: "PRO:A",
  chart: OFFICE,
  ...more,
});
const abstract = (value: object) => ({ codes: { abstract: value } });
const visitOn = (from: string, through = from) => ({ ...OUTPATIENT, from: `${from}T08:00:00-05:00`, through: `${through}T09:00:00-05:00` });

export const CLAIM_ROWS: readonly Row[] = [
  ["CL01", "no pointer", pro(["G2212 $9"]), ["hard lines[0].diagnosisPointers", "info diagnoses[0].code"]],
  ["CL01", "a pointer to nothing", out(["G0463 rev0510 ->9"]), ["hard lines[0].diagnosisPointers[0]"]],
  ["CL01", "a pointer to an external cause", out(["G0463 rev0510 ->2"]), ["hard lines[0].diagnosisPointers[0]"]],
  ["CL01", "twice", pro(["G2212 ->1,1 $9"]), ["hard lines[0].diagnosisPointers[1]"]],
  [
    "CL01",
    "five",
    pro(["G2212 ->1,2,3,4,5 $9"], {
      codes: { diagnoses: dx("I10", "E11.9", "E78.5", "J45.909", "K21.9"), lines: lines("G2212 ->1,2,3,4,5 $9") },
    }),
    ["hard lines[0].diagnosisPointers"],
  ],
  ["CL01", "the first diagnosis", pro(["G2212 ->1 $9"]), []],
  ["CL02", "an empty claim", out([]), ["hard lines"]],
  ["CL02", "51 lines of a professional item", pro(Array.from({ length: 51 }, () => "G2212 ->1 $9")), ["info lines"]],
  ["CL02", "no amount", pro(["G2212 ->1"]), ["soft lines[0].amountCents"]],
  ["CL02", "one line with its amount", pro(["G2212 ->1 $9"]), []],
  ["CL03", "three digits", out(["Q4010 rev270"]), ["hard lines[0].revenueCode"]],
  ["CL03", "a line of the coder's without a revenue code", out(["Q4010"]), ["hard lines[0].revenueCode"]],
  ["CL03", "a line of the coder's without a code", out(["rev0270"]), ["hard lines[0].procedureCode"]],
  [
    "CL03",
    "a revenue code that asks for a code",
    { chart: { ...EMERGENCY, charges: [{ code: "1200001", cents: 5 }] }, codes: { diagnoses: dx("I10"), lines: lines("#0 rev0450") } },
    ["hard lines[0].procedureCode"],
  ],
  ["CL03", "a pair that does not belong together", out(["E0100 rev0762"]), ["soft lines[0].revenueCode"]],
  ["CL03", "a pair that does", out(["G0463 rev0510"]), []],
  ["CL04", "a day outside the stay", out(["G0463 rev0510 on2026-04-01"]), ["hard lines[0].serviceDate"]],
  [
    "CL04",
    "a charge's day outside the stay",
    { chart: { ...INPATIENT, charges: [{ code: "1200001", cents: 5, units: 3, day: "2026-02-01" }] } },
    ["soft charges[#].serviceDate"],
  ],
  ["CL04", "other room days than nights", { chart: { ...INPATIENT, charges: [{ code: "1200001", cents: 5, units: 4 }] } }, ["soft lines"]],
  ["CL04", "as many room days as nights", { chart: INPATIENT }, []],
  ["CL05", "no attending physician", { chart: { ...INPATIENT, unattended: true } }, ["hard chart.attending"]],
  ["CL05", "a facility nobody knows", { chart: { ...INPATIENT, facility: "SOUTH" } }, ["hard chart.facility"]],
  ["CL05", "both known", { chart: INPATIENT }, []],
  [
    "CL06",
    "seen two years ago",
    pro(["99204 ->1 $9 on2026-03-03"], { related: [{ stream: "PRO:A", lines: [{ code: "99213", day: "2024-05-01", modifiers: [] }] }] }),
    ["soft lines[0].procedureCode"],
  ],
  [
    "CL06",
    "seen four years ago",
    pro(["99204 ->1 $9 on2026-03-03"], { related: [{ stream: "PRO:A", lines: [{ code: "99213", day: "2022-03-01", modifiers: [] }] }] }),
    [],
  ],
  ["CL07", "a Medicare number with an S", { chart: { ...INPATIENT, member: "1SG4TE5MK73" } }, ["hard chart.coverage"]],
  ["CL07", "no member number", { chart: { ...INPATIENT, member: "" } }, ["soft chart.coverage"]],
  ["CL07", "the patient pays", { chart: { ...INPATIENT, insured: false } }, ["info chart.coverage"]],
  ["CL07", "a Medicare number", { chart: { ...INPATIENT, member: "1EG4-TE5-MK73" } }, []],
  ["CL08", "the limit was yesterday", { today: "2027-03-06" }, ["soft chart.stay"]],
  ["CL08", "a payer's own limit is near", { today: "2026-05-30", policy: { timelyFilingDays: { MCARE: 90 } } }, ["soft chart.stay"]],
  ["CL08", "time enough", { today: "2026-03-10" }, []],
  [
    "CL09",
    "a stay that begins two days after the visit",
    { chart: visitOn("2026-03-01"), codes: { diagnoses: dx("I10") }, related: [{ inpatient: true, from: "2026-03-03" }] },
    ["hard chart.stay"],
  ],
  [
    "CL09",
    "a visit on the day before the stay",
    { chart: INPATIENT, related: [{ from: "2026-03-01", through: "2026-03-01" }] },
    ["hard chart.stay"],
  ],
  ["CL09", "attested as unrelated", { chart: INPATIENT, ...abstract({ unrelatedAttested: true }), related: [{ from: "2026-03-01" }] }, []],
  ["CL09", "four days before", { chart: INPATIENT, related: [{ from: "2026-02-26" }] }, []],
  [
    "CL10",
    "a claim that is out from another account",
    {
      chart: visitOn("2026-03-03"),
      codes: { diagnoses: dx("I10") },
      related: [{ from: "2026-03-03", through: "2026-03-03", lines: [{ code: "G0463", day: "2026-03-03", modifiers: [] }] }],
    },
    ["hard lines"],
  ],
  [
    "CL10",
    "another service",
    {
      chart: visitOn("2026-03-03"),
      codes: { diagnoses: dx("I10") },
      related: [{ from: "2026-03-03", through: "2026-03-03", lines: [{ code: "G0008", day: "2026-03-03", modifiers: [] }] }],
    },
    [],
  ],
  [
    "CL11",
    "no diagnosis supports it",
    out(["G0104 rev0750"], { policy: { medicalNecessity: [{ codes: ["G0104"], diagnoses: ["Z12"], citation: "NCD 210.3" }] } }),
    ["soft lines[0].procedureCode"],
  ],
  [
    "CL11",
    "the patient was told",
    out(["G0104 rev0750 +GA"], { policy: { medicalNecessity: [{ codes: ["G0104"], diagnoses: ["Z12"], citation: "NCD 210.3" }] } }),
    [],
  ],
  [
    "CL12",
    "no authorisation",
    out(["G0104 rev0750"], { policy: { authorizations: [{ payer: "MCARE", codes: ["G0104"] }] } }),
    ["soft lines[0].procedureCode"],
  ],
  ["CL12", "for another payer", out(["G0104 rev0750"], { policy: { authorizations: [{ payer: "OTHER", codes: ["G0104"] }] } }), []],
  [
    "CL13",
    "a replacement of nothing, for no reason",
    abstract({ frequency: "7" }),
    ["hard abstract.originalReference", "hard abstract.conditionCodes"],
  ],
  [
    "CL13",
    "a payer that takes none",
    { ...abstract({ frequency: "7", originalReference: "X1", conditionCodes: ["D1"] }), policy: { noReplacementPayers: ["MCARE"] } },
    ["hard abstract.frequency"],
  ],
  ["CL13", "a whole replacement", abstract({ frequency: "7", originalReference: "X1", conditionCodes: ["D1"] }), []],
  [
    "CL14",
    "another first diagnosis on the professional claim",
    { related: [{ accountId: "00000000-0000-4000-8000-00000000cccc", stream: "PRO:A", diagnoses: ["I10"] }] },
    ["info diagnoses[0].code"],
  ],
  [
    "CL14",
    "another side",
    out(["Q4010 rev0270 +RT on2026-03-03"], {
      related: [
        {
          accountId: "00000000-0000-4000-8000-00000000cccc",
          stream: "PRO:A",
          diagnoses: ["I10"],
          lines: [{ code: "Q4010", day: "2026-03-03", modifiers: ["LT"] }],
        },
      ],
    }),
    ["info lines[0].modifiers"],
  ],
  [
    "CL14",
    "the same diagnosis",
    { related: [{ accountId: "00000000-0000-4000-8000-00000000cccc", stream: "PRO:A", diagnoses: ["J189"] }] },
    [],
  ],
  [
    "CL15",
    "services before and after 1 October",
    out(["G0463 rev0510 on2026-09-30", "G0463 rev0510 on2026-10-01"], { chart: { ...visitOn("2026-09-30", "2026-10-01"), charges: [] } }),
    ["soft lines"],
  ],
  [
    "CL15",
    "both after",
    out(["G0463 rev0510 on2026-10-01", "G0463 rev0510 on2026-10-02"], { chart: { ...visitOn("2026-10-01", "2026-10-02"), charges: [] } }),
    [],
  ],
  [
    "CL16",
    "a transport accident without its day",
    { chart: EMERGENCY, codes: { diagnoses: dx("S52.501A", "V43.52XA ext") } },
    ["soft abstract.accident"],
  ],
  [
    "CL16",
    "with it",
    {
      chart: EMERGENCY,
      codes: { diagnoses: dx("S52.501A", "V43.52XA ext"), abstract: { accident: { date: "2026-03-02", kind: "auto", state: "OH" } } },
    },
    [],
  ],
  ["CL17", "44 on an inpatient claim", abstract({ conditionCodes: ["44"] }), ["soft abstract.conditionCodes"]],
  ["CL17", "44 on an outpatient claim", { chart: OUTPATIENT, ...abstract({ conditionCodes: ["44"] }) }, []],
];
