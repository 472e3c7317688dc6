import { isInpatientProcedureCode } from "../codes.ts";
import { isNpi } from "#src/sitedata/npi.ts";
import { CITE } from "../findings.ts";
import { ageOf } from "../scene.ts";
import { shiftDay } from "../stay.ts";
import type { Edit } from "./edit.ts";
import { standingOf } from "./standing.ts";

/** UB-04 form locator 17; the form only, for the meanings are the NUBC's. */
const DISCHARGE_STATUS = /^(0[1-79]|2[01]|30|4[0-3]|5[01]|6[1-69]|70|8[1-9]|9[0-5])$/;
const STILL_PATIENT = "30";
/** To other hospitals and to post-acute care: with some DRGs the payment changes. */
const POST_ACUTE = new Set(["02", "03", "05", "06", "62", "63", "65", "66", "82", "83", "85", "86", "90", "91", "93", "94"]);

const IP01: Edit = {
  id: "IP01",
  version: 1,
  title: "The discharge status is there and fits the stay",
  streams: "I",
  severity: ["hard", "soft"],
  reads: ["visit", "abstract"],
  citation: "UB-04 form locator 17; 42 CFR 412.4",
  run: ({ visit, abstract, policy }, report) => {
    const { dischargeStatus: status, stay } = visit;
    const interim = abstract.frequency === "2" || abstract.frequency === "3";
    if (stay?.through === undefined && !interim) return;
    if (status === undefined) return report.at("chart.dischargeStatus", "The stay has no discharge status.", "Have it sent (PV1-36).");
    const code = status.padStart(2, "0");
    if (!DISCHARGE_STATUS.test(code))
      return report.at("chart.dischargeStatus", "This is not a discharge status.", "Have PV1-36 corrected.");
    if (code === STILL_PATIENT && !interim)
      report.at(
        "chart.dischargeStatus",
        "The status says still a patient, and this is not an interim bill.",
        "Have PV1-36 corrected, or bill interim.",
      );
    if (code !== STILL_PATIENT && interim)
      report.at("chart.dischargeStatus", "An interim bill has status 30.", "Have PV1-36 corrected, or bill the whole stay.");
    const drg = abstract.drg?.kind === "MS-DRG" ? abstract.drg.code.slice(0, 3) : undefined;
    if (drg !== undefined && policy.postAcuteDrgs.includes(drg) && POST_ACUTE.has(code))
      report.at(
        "chart.dischargeStatus",
        "This DRG with this discharge status is paid as a transfer.",
        "Check the destination in the discharge summary.",
        "soft",
      );
  },
};

/** What an outpatient department did so many calendar days before belongs to the stay (three-day payment window, 42 CFR 412.2(c)(5)). */
const DAYS_BEFORE = 3;

const IP02: Edit = {
  id: "IP02",
  version: 1,
  title: "Admission, discharge and procedure days are in order",
  streams: "I",
  severity: ["hard", "soft"],
  reads: ["procedures", "visit"],
  citation: `${CITE.ub74}; UB-04 form locators 6 and 12; 42 CFR 412.2(c)(5)`,
  run: ({ procedures, visit: { stay } }, report) => {
    const from = stay?.from;
    const through = stay?.through;
    if (from !== undefined && through !== undefined && through < from)
      report.at("chart.stay", "The discharge is before the admission.", "Have PV1-44 and PV1-45 corrected.");
    for (const { date, path } of procedures) {
      const outside = (from !== undefined && date < shiftDay(from, -DAYS_BEFORE)) || (through !== undefined && date > through);
      if (outside) report.at(`${path}.date`, "The day is not within the stay or the three days before it.", "Correct the day.");
    }
  },
};

const IP03: Edit = {
  id: "IP03",
  version: 1,
  title: "Each inpatient procedure is there once, with who performed it",
  streams: "I",
  severity: ["hard", "soft"],
  reads: ["procedures"],
  citation: `${CITE.ub74}; ${CITE.npi}; UB-04 form locator 77`,
  run: ({ procedures }, report) => {
    const seen = new Set<string>();
    for (const { code, date, performerNpi, path } of procedures) {
      const key = `${code} ${date}`;
      if (seen.has(key))
        report.at(
          `${path}.code`,
          "The same procedure is already there for this day.",
          "Remove one, or confirm that it was done twice.",
          "soft",
        );
      seen.add(key);
      if (performerNpi === undefined) {
        // Medical and surgical section: somebody operated.
        if (code.startsWith("0"))
          report.at(`${path}.performerNpi`, "The procedure has no performing provider.", "Enter the NPI of who performed it.", "soft");
      } else if (!isNpi(performerNpi))
        report.at(`${path}.performerNpi`, "This is not a valid NPI.", "Correct it: its last digit does not fit the others.");
    }
  },
};

const IP04: Edit = {
  id: "IP04",
  version: 1,
  title: "The ICD-10-PCS code is valid on the discharge date",
  streams: "I",
  severity: ["hard"],
  reads: ["procedures", "visit"],
  sets: ["icd-10-pcs"],
  citation: CITE.pcs,
  run: ({ procedures, data, day }, report) => {
    for (const { code, path } of procedures) {
      if (!isInpatientProcedureCode(code)) {
        report.at(
          `${path}.code`,
          "This is not the form of an ICD-10-PCS code.",
          "Enter seven characters: digits and letters other than I and O.",
        );
        continue;
      }
      if (day === "") continue;
      const standing = standingOf(data, "icd-10-pcs", code, day);
      if (standing.is === "no-data") report.known("no-data", "icd-10-pcs", day);
      else if (standing.is === "ended")
        report.at(`${path}.code`, `This procedure code is no longer valid on ${day}.`, "Build the code again from this year's tables.");
      else if (standing.is === "future")
        report.at(
          `${path}.code`,
          `This procedure code is valid from ${standing.first} on, and the discharge is on ${day}.`,
          "Use the tables of the discharge's year.",
        );
    }
  },
};

const HOURS: Readonly<Record<string, readonly [number, number]>> = {
  "5A1935Z": [0, 24],
  "5A1945Z": [24, 96.000_1],
  "5A1955Z": [96.000_1, Number.POSITIVE_INFINITY],
};

const IP05: Edit = {
  id: "IP05",
  version: 1,
  title: "Ventilation is coded by its hours, and the stay is long enough for it",
  streams: "I",
  severity: ["soft"],
  reads: ["procedures", "abstract", "visit"],
  citation: `ICD-10-PCS table 5A1; ${CITE.mce}, edit 19`,
  run: ({ procedures, abstract, visit: { stay } }, report) => {
    for (const { code, path } of procedures) {
      const hours = HOURS[code];
      if (hours === undefined) continue;
      const [least, below] = hours;
      const vent = abstract.ventilationHours;
      if (vent !== undefined && (vent < least || vent >= below))
        report.at(
          `${path}.code`,
          `The flowsheet has ${vent} hours on the ventilator, and the code says another time.`,
          "Choose the code of the hours, counted from intubation or arrival.",
        );
      const days =
        stay?.from === undefined || stay.through === undefined
          ? undefined
          : (Date.parse(stay.through) - Date.parse(stay.from)) / 86_400_000;
      if (code === "5A1955Z" && days !== undefined && days < 4)
        report.at(
          `${path}.code`,
          "More than 96 hours of ventilation do not fit into this stay.",
          "Check the hours and the dates of the stay.",
        );
    }
  },
};

const IP06: Edit = {
  id: "IP06",
  version: 1,
  title: "Body part, approach and device make a row of the ICD-10-PCS tables",
  streams: "I",
  severity: ["hard"],
  reads: ["procedures", "visit"],
  sets: ["icd-10-pcs"],
  citation: "ICD-10-PCS Official Guidelines, A9",
  run: ({ procedures, data, day }, report) => {
    if (day === "") return;
    for (const { code, path } of procedures) {
      // Every row of the tables is in the list, so that what is in no year's list is in no table.
      if (isInpatientProcedureCode(code) && standingOf(data, "icd-10-pcs", code, day).is === "unknown")
        report.at(
          `${path}.code`,
          "No row of the tables has this combination.",
          "Build the code again: another approach, device or qualifier.",
        );
    }
  },
};

const UNGROUPABLE = ["998", "999"];

const IP07: Edit = {
  id: "IP07",
  version: 1,
  title: "The DRG groups, and the working DRG became it for a reason",
  streams: "I",
  severity: ["hard", "soft"],
  reads: ["abstract"],
  citation: "42 CFR 412.60; UB-04 form locator 71",
  run: ({ abstract: { drg } }, report) => {
    if (drg === undefined) return;
    if (drg.kind === "MS-DRG" && UNGROUPABLE.includes(drg.code))
      report.at(
        "abstract.drg",
        `The account is ungroupable (DRG ${drg.code}).`,
        "Correct the principal diagnosis or the data the grouper refuses.",
      );
    if (drg.working !== undefined && drg.working !== drg.code)
      report.at(
        "abstract.drg",
        "The final DRG is not the working one.",
        "Say what changed, or reconcile with documentation integrity.",
        "soft",
      );
  },
};

const OLDEST = 124;

const IP08: Edit = {
  id: "IP08",
  version: 1,
  title: "Age and sex are valid, a newborn has its weight, an accident its state",
  streams: "I",
  severity: ["soft"],
  reads: ["visit", "abstract"],
  citation: `${CITE.mce}, edits 14 and 15; UB-04 form locators 10, 11, 29 and 39`,
  run: (scene, report) => {
    const { visit, abstract } = scene;
    const age = ageOf(scene);
    if (age === undefined || age < 0 || age > OLDEST)
      report.at("chart.birthDate", `The age at admission is not within 0 and ${OLDEST} years.`, "Have the birth date corrected.");
    if (visit.gender !== "male" && visit.gender !== "female")
      report.at(
        "chart.gender",
        "The registered sex is neither male nor female, which a claim needs.",
        "Have registration say what the payer has on file.",
      );
    if (visit.admissionType === "4" && abstract.birthWeightGrams === undefined && !abstract.values?.some(({ code }) => code === "54"))
      report.at("abstract.birthWeightGrams", "A newborn has no birth weight.", "Enter it in grams.");
    if (abstract.accident?.kind === "auto" && abstract.accident.state === undefined)
      report.at("abstract.accident.state", "A motor accident has no state.", "Enter the state it was in.");
  },
};
export const INPATIENT: readonly Edit[] = [IP01, IP02, IP03, IP04, IP05, IP06, IP07, IP08];
