import { isProcedureCode } from "../codes.ts";
import type { BilledLine } from "../billed-lines.ts";
import { CITE } from "../findings.ts";
import type { Scene } from "../scene.ts";
import type { Edit } from "./edit.ts";
import { standingOf } from "./standing.ts";

const LEVEL_2 = /^[A-Z]\d{4}$/;
const isLevel2 = (code: string): boolean => LEVEL_2.test(code);

type Coded = BilledLine & { readonly code: string };
/** Lines that have a code of the right form. */
export const codedLines = ({ lines }: Scene): readonly Coded[] =>
  lines.filter((line): line is Coded => line.code !== undefined && isProcedureCode(line.code));

const PX01: Edit = {
  id: "PX01",
  version: 1,
  title: "The code has the form of CPT or HCPCS, and its family goes on this claim",
  streams: "IOP",
  severity: ["hard"],
  reads: ["lines", "procedures", "visit"],
  citation: `${CITE.codeSets}; ${CITE.pcs}`,
  run: (scene, report) => {
    const { lines, procedures, kind, visit } = scene;
    if (kind !== "I" && procedures.length > 0)
      report.at("procedures", "ICD-10-PCS codes go on inpatient hospital claims only.", "Enter CPT or HCPCS codes as lines instead.");
    for (const { code, path } of lines) {
      if (code === undefined) continue;
      const at = `${path}.procedureCode`;
      if (!isProcedureCode(code)) report.at(at, "This has neither the form of a CPT nor of a HCPCS code.", "Enter five characters.");
      else if (kind === "P" && /^C\d/.test(code))
        report.at(at, "Codes that begin with C are for hospital outpatient claims only.", "Use the code a professional claim takes.");
      else if (visit.medicare && /^[HST]\d/.test(code))
        report.at(at, "Medicare takes no code of the H, S and T series.", "Use the code Medicare takes.");
    }
  },
};

const PX02: Edit = {
  id: "PX02",
  version: 1,
  title: "The HCPCS level II code is valid on the line's day",
  streams: "IOP",
  severity: ["hard"],
  reads: ["lines"],
  sets: ["hcpcs"],
  citation: "45 CFR 162.1002; CMS HCPCS level II release, add and termination dates",
  run: (scene, report) => {
    for (const { code, path, day } of codedLines(scene)) {
      if (!isLevel2(code) || day === "") continue;
      const standing = standingOf(scene.data, "hcpcs", code, day);
      const at = `${path}.procedureCode`;
      if (standing.is === "no-data") report.known("no-data", "hcpcs", day);
      else if (standing.is === "unknown")
        report.at(at, `HCPCS level II has no code ${code} on ${day}.`, "Look the service up by its words.");
      else if (standing.is === "ended")
        report.at(
          at,
          `Code ${code} was terminated${standing.last === undefined ? "" : ` after ${standing.last}`}; the line's day is ${day}. There is no grace period.`,
          "Use the code that took its place.",
        );
      else if (standing.is === "future")
        report.at(at, `Code ${code} is valid from ${standing.first} on, and the line's day is ${day}.`, "Use the code of that day.");
    }
  },
};

const PX03: Edit = {
  id: "PX03",
  version: 1,
  title: "The CPT code is valid on the line's day",
  streams: "OP",
  severity: ["hard"],
  reads: ["lines"],
  sets: ["cpt"],
  waitsFor: "the site's own licensed CPT list",
  citation: CITE.codeSets,
  run: (scene, report) => {
    for (const { code, path, day } of codedLines(scene)) {
      if (isLevel2(code) || day === "") continue;
      const standing = standingOf(scene.data, "cpt", code, day);
      if (standing.is === "no-data") report.known("no-data", "cpt", day);
      else if (standing.is !== "billable")
        report.at(
          `${path}.procedureCode`,
          `The site's CPT list has no code ${code} on ${day}.`,
          "Look the service up in this year's list.",
        );
    }
  },
};

/** Codes for what has no code of its own, HCPCS level II. */
const NOT_OTHERWISE_CLASSIFIED = new Set([
  "J3490",
  "J3590",
  "J7199",
  "J7599",
  "J7699",
  "J7799",
  "J7999",
  "J8499",
  "J8597",
  "J8999",
  "J9999",
  "C9399",
  "A4641",
  "A9699",
  "E1399",
  "K0108",
  "L0999",
  "L1499",
  "L2999",
  "L3999",
  "L5999",
  "L8499",
  "L8699",
  "A4649",
  "A9900",
  "A9999",
  "B9998",
  "B9999",
  "E0769",
  "Q0507",
  "V2199",
  "V2799",
]);

const PX04: Edit = {
  id: "PX04",
  version: 1,
  title: "An unlisted code has the drug's national code or a description",
  streams: "OP",
  severity: ["soft"],
  reads: ["lines"],
  citation: "Medicare Claims Processing Manual, chapter 17, section 90.3; CARC 189",
  run: (scene, report) => {
    for (const { code, path, drugCode } of codedLines(scene))
      if (NOT_OTHERWISE_CLASSIFIED.has(code) && !drugCode)
        report.at(
          `${path}.procedureCode`,
          "This code stands for what has no code of its own, and nothing says what it was.",
          "Use a specific code, or add the NDC (FT1-29) and a description.",
        );
  },
};

const NOT_PAID = new Set(["E1", "E2", "M"]);

const PX05: Edit = {
  id: "PX05",
  version: 1,
  title: "The OPPS status of the code fits a hospital outpatient claim",
  streams: "O",
  payers: "medicare",
  severity: ["soft"],
  reads: ["lines"],
  sets: ["opps"],
  citation: "42 CFR 419.22; CMS OPPS Addenda B and D1; I/OCE edits 18, 27 and 62",
  run: (scene, report) => {
    const lines = codedLines(scene);
    const status = lines.map(({ code, day }) =>
      day === "" ? undefined : report.known(scene.data.ops(code, day), "opps", day)?.statusIndicator,
    );
    for (const [index, { code, path }] of lines.entries()) {
      const at = `${path}.procedureCode`;
      const indicator = status[index];
      if (indicator === undefined) continue;
      if (NOT_PAID.has(indicator))
        report.at(
          at,
          `Code ${code} is not paid on this claim (status ${indicator}).`,
          "Use a payable code, or tell the patient and report the line as non-covered.",
        );
      else if (indicator === "B")
        report.at(at, `OPPS does not know ${code} (status B): another code stands for it.`, "Use the code OPPS takes.");
      else if (indicator === "C")
        report.at(at, `Code ${code} is an inpatient-only service (status C).`, "Check the patient's status on that day.");
    }
    const known = status.filter((one) => one !== undefined);
    if (known.length > 0 && known.length === scene.lines.length && known.every((one) => one === "N"))
      report.at(
        "lines",
        "Every line is packaged into a service that is not on the claim (status N).",
        "Add the service, or wait for its charge.",
      );
  },
};

const PX06: Edit = {
  id: "PX06",
  version: 1,
  title: "Units are above zero and whole",
  streams: "IOP",
  severity: ["hard", "soft"],
  reads: ["lines"],
  citation: "Medicare Claims Processing Manual, chapter 5, section 20.2; UB-04 form locator 46",
  run: ({ lines, policy }, report) => {
    for (const { units, path, code } of lines) {
      if (units <= 0) report.at(`${path}.units`, "The line has no units.", "Enter the units, or have the charge corrected.");
      else if (code !== undefined && !Number.isInteger(units))
        report.at(`${path}.units`, "Units of a code are whole numbers.", "Round by the code's own rule.");
      else if (code !== undefined && policy.timedCodes.includes(code) && units > 4)
        report.at(
          `${path}.units`,
          `${units} units of a 15-minute code are more than an hour.`,
          "Check the minutes: 8 make one unit, 23 two, 38 three, 53 four.",
          "soft",
        );
    }
  },
};

export const PROCEDURE_CODES: readonly Edit[] = [PX01, PX02, PX03, PX04, PX05, PX06];
