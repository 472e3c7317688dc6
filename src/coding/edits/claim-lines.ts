import { isRevenueCode } from "../codes.ts";
import { CITE } from "../findings.ts";
import { shiftDay } from "../stay.ts";
import type { Edit } from "./edit.ts";
import { codedLines } from "./procedure-codes.ts";

const MOST_POINTERS = { P: 4, I: 12, O: 12 } as const;

const CL01: Edit = {
  id: "CL01",
  version: 1,
  title: "Lines point to diagnoses that are there and can be a reason",
  streams: "IOP",
  severity: ["hard", "info"],
  reads: ["lines", "diagnoses", "charges"],
  citation: CITE.cms24e,
  run: ({ input, lines, diagnoses, kind, billedCharges }, report) => {
    const most = MOST_POINTERS[kind];
    for (const [index, { diagnosisPointers: pointers, chargeId }] of input.codes.lines.entries()) {
      const place = `lines[${index}].diagnosisPointers`;
      if (kind === "P" && pointers.length === 0)
        report.at(place, "The line points to no diagnosis.", "Say which diagnosis is the reason for the service.");
      if (pointers.length > most) report.at(place, `A line points to ${most} diagnoses at most.`, "Keep the most important ones.");
      for (const [at, pointer] of pointers.entries()) {
        const use = diagnoses[pointer - 1]?.use;
        const path = `${place}[${at}]`;
        if (use === undefined) report.at(path, `There is no diagnosis ${pointer}.`, "Point to one that is there.");
        else if (use !== "principal" && use !== "secondary")
          report.at(path, "Only a principal or secondary diagnosis can be the reason for a line.", "Point to one of those.");
        else if (pointers.indexOf(pointer) < at) report.at(path, "The line points to this diagnosis twice.", "Remove one.");
      }
      if (
        kind === "P" &&
        pointers.length === 1 &&
        diagnoses[(pointers[0] ?? 0) - 1]?.code.startsWith("Z38") === true &&
        chargeId === undefined
      )
        report.at(place, "A liveborn code alone is not a reason for a service.", "Point to the condition.", "info");
    }
    if (kind !== "P") return;
    for (const { code, charge } of billedCharges)
      if (!input.codes.lines.some(({ chargeId }) => chargeId === charge.id))
        report.at("lines", `Charge ${code} has no line, so it points to no diagnosis.`, "Add a line for this charge.");
    const pointed = new Set(lines.flatMap(({ pointers }) => pointers));
    for (const { index, use, path } of diagnoses)
      if (lines.length > 0 && (use === "principal" || use === "secondary") && !pointed.has(index + 1))
        report.at(path, "No line points to this diagnosis.", "Point to it, or leave it out.", "info");
  },
};

const MOST_LINES = { P: 50, I: 999, O: 999 } as const;

const CL02: Edit = {
  id: "CL02",
  version: 2,
  title: "There is a line, each with an amount; more than one claim takes are divided",
  streams: "IOP",
  severity: ["hard", "soft", "info"],
  reads: ["lines", "charges"],
  citation: `${CITE.transaction}; ${CITE.cms24f}`,
  run: ({ lines, kind }, report) => {
    if (lines.length === 0)
      report.at("lines", "There is no charge and no line: the claim would be empty.", "Add a line, or wait for the charges.");
    if (lines.length > MOST_LINES[kind])
      report.at(
        "lines",
        `A claim takes ${MOST_LINES[kind]} lines, and there are ${lines.length}.`,
        kind === "I"
          ? "Nothing to do: lines that a revenue code bills alone are summed."
          : "Nothing to do: the item gives more than one claim.",
        "info",
      );
    for (const { path, charge, cents } of lines) {
      if (charge === undefined && kind === "P" && cents === 0)
        report.at(`${path}.amountCents`, "The line has no amount; it would be billed with zero.", "Enter the amount, or confirm.", "soft");
    }
  },
};

/** Revenue codes whose outpatient lines need a code (I/OCE edit 48), by their first three digits. */
const NEEDS_CODE = new Set([
  "030",
  "031",
  "032",
  "033",
  "034",
  "035",
  "036",
  "040",
  "042",
  "043",
  "044",
  "045",
  "046",
  "047",
  "048",
  "049",
  "051",
  "061",
  "073",
  "074",
  "075",
  "076",
]);
/** Drugs reported in detail. */
const DETAILED_DRUGS = "0636";
/** Pairs of revenue code and code that belong together; the site's own rules add to them. */
const PAIRS: readonly { readonly revenue: RegExp; readonly code: RegExp; readonly what: string }[] = [
  { revenue: /^0636$/, code: /^(J|Q|C9|A9|P9|G|M|9)/, what: "a drug in detail" },
  { revenue: /^0762$/, code: /^(G0378|G0379|9921[7-9]|9922|9923)/, what: "observation" },
  { revenue: /^045/, code: /^(G038|9928|992[0-9]|[0-9]|C|G|Q|A|J|P)/, what: "an emergency service" },
  { revenue: /^0278$/, code: /^(C|L|V|Q|A|[0-9])/, what: "an implant" },
];

const CL03: Edit = {
  id: "CL03",
  version: 1,
  title: "Hospital lines have a revenue code, and a code where it asks for one",
  streams: "IOP",
  severity: ["hard", "soft"],
  reads: ["lines", "charges"],
  sets: ["revenue"],
  citation: `${CITE.ub42}; ${CITE.ub44}; I/OCE edit 48`,
  run: ({ lines, kind }, report) => {
    for (const { path, charge, code, revenue } of lines) {
      if (revenue !== undefined && !isRevenueCode(revenue)) {
        report.at(`${path}.revenueCode`, "A revenue code has four digits.", "Enter it with its leading zero.");
        continue;
      }
      if (charge === undefined && code === undefined)
        report.at(
          `${path}.procedureCode`,
          "A line of your own needs a CPT or HCPCS code.",
          "Enter the code, or name the charge it changes.",
        );
      if (charge === undefined && kind !== "P" && revenue === undefined)
        report.at(`${path}.revenueCode`, "A line of your own needs a revenue code on a hospital claim.", "Enter four digits.");
      if (kind !== "O" || revenue === undefined) continue;
      if (code === undefined && (NEEDS_CODE.has(revenue.slice(0, 3)) || revenue === DETAILED_DRUGS))
        report.at(`${path}.procedureCode`, `Revenue code ${revenue} needs a CPT or HCPCS code on an outpatient claim.`, "Enter the code.");
      const pair = code === undefined ? undefined : PAIRS.find((one) => one.revenue.test(revenue) && !one.code.test(code));
      if (pair !== undefined)
        report.at(
          `${path}.revenueCode`,
          `Revenue code ${revenue} is for ${pair.what}, and code ${code} is not.`,
          "Correct one of the two.",
          "soft",
        );
    }
  },
};

/** Days before admission that may be billed with the stay (three-day payment window). */
const DAYS_BEFORE = 3;
/** Room, board and intensive care. */
const ROOM = /^0(1[0-79]|20|21)/;
const LEAVE = /^018/;

const CL04: Edit = {
  id: "CL04",
  version: 1,
  title: "Line days lie within the stay, and room days are its nights",
  streams: "IOP",
  severity: ["hard", "soft"],
  reads: ["lines", "visit"],
  citation: `${CITE.ub45}; UB-04 form locators 4, 6 and 46`,
  run: ({ lines, kind, visit: { stay } }, report) => {
    if (stay?.from === undefined) return;
    const { from, through } = stay;
    const earliest = shiftDay(from, -DAYS_BEFORE);
    for (const { path, day, touched, chargeCode } of lines) {
      if (day === "" || (day >= earliest && (through === undefined || day <= through))) continue;
      const what = chargeCode === undefined ? "The day" : `The day of charge ${chargeCode}`;
      report.at(
        `${path}.serviceDate`,
        `${what} is not within the stay.`,
        touched ? "Correct the day." : "Give its day in a line, or have the charge corrected.",
        touched ? "hard" : "soft",
      );
    }
    const rooms = lines.filter(({ revenue }) => revenue !== undefined && ROOM.test(revenue) && !LEAVE.test(revenue));
    if (kind !== "I" || through === undefined || rooms.length === 0) return;
    const nights = Math.max(1, Math.round((Date.parse(through) - Date.parse(from)) / 86_400_000));
    const billed = rooms.reduce((sum, { units }) => sum + units, 0);
    if (billed !== nights)
      report.at(
        "lines",
        `The stay has ${nights} nights, and ${billed} room days are charged.`,
        "Have the room charges corrected, or enter leave days.",
        "soft",
      );
  },
};

const CL05: Edit = {
  id: "CL05",
  version: 1,
  title: "The billing provider and the one who answers for the care are known",
  streams: "IOP",
  severity: ["hard"],
  reads: ["visit", "charges"],
  citation: `${CITE.npi}; ${CITE.ub76}`,
  run: ({ visit, kind, input }, report) => {
    if (input.site.facility(visit.facility) === undefined)
      report.at("chart.facility", `The facility ${visit.facility} is not in the site data.`, "Have it added to facilities.csv.");
    const attending = visit.encounters.some(({ participant }) =>
      (participant ?? []).some(
        ({ type, individual }) =>
          individual !== undefined && (type ?? []).some(({ coding }) => (coding ?? []).some(({ code }) => code === "ATND")),
      ),
    );
    if (kind !== "P" && visit.stay !== undefined && !attending)
      report.at("chart.attending", "The chart names no attending physician.", "Have the visit corrected (PV1-7).");
  },
};

/** New-patient visits. */
const NEW_PATIENT = /^(9920[2-5]|9938[1-7]|9934[1-5])$/;
const YEARS_NEW = 3;

const CL06: Edit = {
  id: "CL06",
  version: 1,
  title: "A new patient was not seen by the group within three years",
  streams: "P",
  severity: ["soft"],
  reads: ["lines", "related"],
  citation: "Medicare Claims Processing Manual, chapter 12, section 30.6.7",
  run: (scene, report) => {
    for (const { code, day, path } of codedLines(scene)) {
      if (!NEW_PATIENT.test(code) || day === "") continue;
      const since = `${Number(day.slice(0, 4)) - YEARS_NEW}${day.slice(4)}`;
      const seen = scene.related.some(
        (one) => one.stream === scene.input.stream && one.lines.some((line) => line.day < day && line.day >= since),
      );
      if (seen)
        report.at(
          `${path}.procedureCode`,
          "The group saw this patient within three years.",
          "Use the code of an established patient, unless the specialty is another.",
        );
    }
  },
};

export const CLAIM_LINES: readonly Edit[] = [CL01, CL02, CL03, CL04, CL05, CL06];
