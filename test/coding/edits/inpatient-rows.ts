import { dx, INPATIENT, OUTPATIENT, type Row } from "./situation.ts";

const diagnoses = (...texts: readonly string[]) => ({ diagnoses: dx(...texts) });
const procedures = (...all: readonly object[]) => ({
  procedures: all.map((one) => ({ code: "0DTJ4ZZ", date: "2026-03-03", performerNpi: "2000001026", ...one })),
});
const PCS = ["0DTJ4ZZ", "5A1935Z", "5A1945Z", "5A1955Z", "XW033E5 2020-10-01..2025-09-30", "0DTJ4ZA 2026-10-01..2099-12-31"];
const EXEMPT = { lists: { "poa-exempt": ["Z794", "W11XXXA"] } };
const drg = (code: string, more: object = {}) => ({ abstract: { drg: { kind: "MS-DRG", code, version: "43", ...more } } });

export const INPATIENT_ROWS: readonly Row[] = [
  ["POA01", "no indicator", { rows: EXEMPT, codes: diagnoses("J18.9 Y", "I10") }, ["hard diagnoses[1].onAdmission"]],
  ["POA01", "an indicator on an exempt code", { rows: EXEMPT, codes: diagnoses("J18.9 Y", "Z79.4 Y") }, ["hard diagnoses[1].onAdmission"]],
  ["POA01", "exempt and empty", { rows: EXEMPT, codes: diagnoses("J18.9 Y", "Z79.4", "W11.XXXA ext") }, []],
  ["POA01", "mostly exempt, and the list is not there", { codes: diagnoses("J18.9 Y", "Z79.4") }, []],
  ["POA01", "an outpatient", { chart: OUTPATIENT, codes: diagnoses("J18.9 Y") }, ["info diagnoses[0].onAdmission"]],
  ["POA02", "an admitting diagnosis with an indicator", { codes: diagnoses("J18.9 Y", "R05.9 adm Y") }, ["hard diagnoses[1].onAdmission"]],
  ["POA02", "without", { codes: diagnoses("J18.9 Y", "R05.9 adm") }, []],
  ["POA03", "a principal diagnosis that came later", { codes: diagnoses("J18.9 N") }, ["soft diagnoses[0].onAdmission"]],
  ["POA03", "in obstetrics", { codes: diagnoses("O72.1 N") }, []],
  ["POA04", "not documented", { codes: diagnoses("J18.9 Y", "I10 U") }, ["soft diagnoses[1].onAdmission"]],
  ["POA04", "cannot be determined", { codes: diagnoses("J18.9 Y", "I10 W") }, []],
  ["POA05", "a pressure ulcer that came in hospital", { codes: diagnoses("J18.9 Y", "L89.153 N") }, ["soft diagnoses[1].onAdmission"]],
  ["POA05", "one that was there", { codes: diagnoses("J18.9 Y", "L89.153 Y") }, []],
  [
    "POA06",
    "a cause in hospital of an injury before it",
    { codes: diagnoses("S52.501A Y", "W06.XXXA ext N") },
    ["info diagnoses[1].onAdmission"],
  ],
  ["POA06", "both before it", { codes: diagnoses("S52.501A Y", "W06.XXXA ext Y") }, []],
  ["IP01", "no discharge status", { chart: { ...INPATIENT, dischargeStatus: null } }, ["hard chart.dischargeStatus"]],
  ["IP01", "still a patient, and discharged", { chart: { ...INPATIENT, dischargeStatus: "30" } }, ["hard chart.dischargeStatus"]],
  ["IP01", "not a status", { chart: { ...INPATIENT, dischargeStatus: "99" } }, ["hard chart.dischargeStatus"]],
  [
    "IP01",
    "a transfer of a DRG that is paid by days",
    { chart: { ...INPATIENT, dischargeStatus: "03" }, policy: { postAcuteDrgs: ["193"] }, codes: drg("193") },
    ["soft chart.dischargeStatus"],
  ],
  ["IP01", "home", { codes: drg("193"), policy: { postAcuteDrgs: ["193"] } }, []],
  ["IP02", "a procedure before the window", { codes: procedures({ date: "2026-02-26" }) }, ["hard procedures[0].date"]],
  ["IP02", "a procedure after the discharge", { codes: procedures({ date: "2026-03-06" }) }, ["hard procedures[0].date"]],
  ["IP02", "within the three days before", { codes: procedures({ date: "2026-02-27" }) }, []],
  ["IP03", "a wrong NPI", { codes: procedures({ performerNpi: "2000001025" }) }, ["hard procedures[0].performerNpi"]],
  ["IP03", "an operation by nobody", { codes: procedures({ performerNpi: undefined }) }, ["soft procedures[0].performerNpi"]],
  ["IP03", "twice on a day", { codes: procedures({}, { code: "0dtj4zz" }) }, ["soft procedures[1].code"]],
  ["IP03", "once, by a surgeon", { codes: procedures({}) }, []],
  ["IP04", "letters PCS has not", { codes: procedures({ code: "0DTJ4ZO" }) }, ["hard procedures[0].code"]],
  ["IP04", "ended before the discharge", { rows: { pcs: PCS }, codes: procedures({ code: "XW033E5" }) }, ["hard procedures[0].code"]],
  ["IP04", "not yet valid", { rows: { pcs: PCS }, codes: procedures({ code: "0DTJ4ZA" }) }, ["hard procedures[0].code"]],
  ["IP04", "valid", { rows: { pcs: PCS }, codes: procedures({}) }, []],
  [
    "IP05",
    "another number of hours",
    { codes: { ...procedures({ code: "5A1945Z" }), abstract: { ventilationHours: 10 } } },
    ["soft procedures[0].code"],
  ],
  ["IP05", "longer than the stay", { codes: procedures({ code: "5A1955Z" }) }, ["soft procedures[0].code"]],
  ["IP05", "96 hours are not more than 96", { codes: { ...procedures({ code: "5A1945Z" }), abstract: { ventilationHours: 96 } } }, []],
  ["IP06", "no row of the tables", { rows: { pcs: PCS }, codes: procedures({ code: "0DTJ9ZZ" }) }, ["hard procedures[0].code"]],
  ["IP06", "a row", { rows: { pcs: PCS }, codes: procedures({}) }, []],
  ["IP07", "ungroupable", { codes: drg("999") }, ["hard abstract.drg"]],
  ["IP07", "another DRG than the working one", { codes: drg("193", { working: "194" }) }, ["soft abstract.drg"]],
  ["IP07", "the working one", { codes: drg("193", { working: "193" }) }, []],
  [
    "IP08",
    "a newborn without a weight",
    { chart: { ...INPATIENT, born: "2026-03-02", admissionType: "4" } },
    ["soft abstract.birthWeightGrams"],
  ],
  ["IP08", "born in 1890", { chart: { ...INPATIENT, born: "1890-01-01" } }, ["soft chart.birthDate"]],
  ["IP08", "no sex a claim takes", { chart: { ...INPATIENT, gender: "unknown" } }, ["soft chart.gender"]],
  [
    "IP08",
    "a motor accident without a state",
    { codes: { abstract: { accident: { date: "2026-03-01", kind: "auto" } } } },
    ["soft abstract.accident.state"],
  ],
  [
    "IP08",
    "all there",
    { chart: { ...INPATIENT, born: "2026-03-02", admissionType: "4" }, codes: { abstract: { birthWeightGrams: 3_400 } } },
    [],
  ],
];
