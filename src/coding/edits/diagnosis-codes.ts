import { dotted, isDiagnosisCode } from "../codes.ts";
import { CITE } from "../findings.ts";
import type { Scene } from "../scene.ts";
import type { Edit, Report } from "./edit.ts";
import { children, sevenCharacterForms, standingOf, type Standing } from "./standing.ts";

const list = (codes: readonly string[]): string => codes.map(dotted).join(", ");

/** Looks at each well-formed code on each of its days; a code is told of once. */
function eachStanding(
  { data, diagnoses, dates }: Scene,
  report: Report,
  look: (at: { code: string; path: string; day: string; standing: Standing }) => boolean,
) {
  for (const { code, path, index } of diagnoses) {
    if (!isDiagnosisCode(code)) continue;
    for (const day of dates[index] ?? []) {
      const standing = standingOf(data, "icd-10-cm", code, day);
      if (standing.is === "no-data") report.known("no-data", "icd-10-cm", day);
      else if (look({ code, path, day, standing })) break;
    }
  }
}

const DX01: Edit = {
  id: "DX01",
  version: 1,
  title: "The code has the form of ICD-10-CM and is in the set",
  streams: "IOP",
  severity: ["hard"],
  reads: ["diagnoses", "dates"],
  sets: ["icd-10-cm"],
  citation: CITE.codeSets,
  run: (scene, report) => {
    for (const [index, { code }] of scene.input.codes.diagnoses.entries())
      if (!isDiagnosisCode(code))
        report.at(
          `diagnoses[${index}].code`,
          "This is not the form of an ICD-10-CM code.",
          "Enter a letter, a digit, a third character and up to four more after the dot.",
        );
    eachStanding(scene, report, ({ code, path, day, standing }) => {
      if (standing.is !== "unknown" || sevenCharacterForms(scene.data, code, day).length > 0) return false;
      if (scene.data.successors("icd-10-cm", code, day).length > 0) return false;
      report.at(path, `ICD-10-CM has no such code on ${day}, nor near it.`, "Look the diagnosis up by its words.");
      return true;
    });
  },
};

const DX02: Edit = {
  id: "DX02",
  version: 1,
  title: "The code can be billed on the discharge date (inpatient) or the line's service date",
  streams: "IOP",
  severity: ["hard"],
  reads: ["diagnoses", "dates"],
  sets: ["icd-10-cm"],
  citation: "45 CFR 162.1002; ICD-10-CM Official Guidelines, Section I.B.2",
  run: (scene, report) => {
    const { data } = scene;
    eachStanding(scene, report, ({ code, path, day, standing }) => {
      const next = data.successors("icd-10-cm", code, day);
      const instead = next.length > 0 ? `Use ${list(next)}, as the documentation says.` : "Look the diagnosis up by its words.";
      if (standing.is === "header") {
        if (sevenCharacterForms(data, code, day).length > 0) return false;
        const under = children(data, code, day);
        const heads = under.length > 0 ? `Choose one below it: ${list(under)}.` : next.length > 0 ? instead : "Choose a code below it.";
        report.at(path, `On ${day} this code is a heading and cannot be billed.`, heads);
        return true;
      }
      if (standing.is === "ended" || (standing.is === "unknown" && next.length > 0 && sevenCharacterForms(data, code, day).length === 0)) {
        const until = standing.is === "ended" && standing.last !== undefined ? ` after ${standing.last}` : "";
        report.at(path, `This code is no longer valid on ${day}; it was deleted${until}.`, instead);
        return true;
      }
      if (standing.is === "future") {
        const { first } = standing;
        report.at(path, `This code is valid from ${first} on, and the claim's day is ${day}.`, "Use the code that was valid on that day.");
        return true;
      }
      return false;
    });
  },
};

const DX03: Edit = {
  id: "DX03",
  version: 1,
  title: "The 7th character and its placeholders X are there",
  streams: "IOP",
  severity: ["hard"],
  reads: ["diagnoses", "dates"],
  sets: ["icd-10-cm"],
  citation: "ICD-10-CM Official Guidelines, Sections I.A.4 and I.A.5",
  run: (scene, report) =>
    eachStanding(scene, report, ({ code, path, day, standing }) => {
      if (standing.is !== "header" && standing.is !== "unknown") return false;
      const whole = sevenCharacterForms(scene.data, code, day);
      if (whole.length === 0) return false;
      report.at(
        path,
        "The code needs seven characters, with X in every empty place before the seventh.",
        `Choose one of ${list(whole.slice(0, 6))}.`,
      );
      return true;
    }),
};

const NEW_FOR_DAYS = 92;

const DX24: Edit = {
  id: "DX24",
  version: 1,
  title: "A code in its first quarter: the coder is told that it is new",
  streams: "IOP",
  severity: ["info"],
  reads: ["diagnoses", "dates"],
  sets: ["icd-10-cm"],
  citation: "ICD-10-CM addenda of the fiscal year",
  run: (scene, report) =>
    eachStanding(scene, report, ({ path, day, standing }) => {
      if (standing.is !== "billable") return false;
      const age = (Date.parse(day) - Date.parse(standing.entry.validFrom)) / 86_400_000;
      // A year's set dates every code to that year's first day: the set of the day before tells which of them are new.
      const before = new Date(Date.parse(standing.entry.validFrom) - 86_400_000).toISOString().slice(0, 10);
      if (age > NEW_FOR_DAYS || scene.data.lookup("icd-10-cm", standing.entry.code, before) !== "unknown") return false;
      report.at(path, `This code is new since ${standing.entry.validFrom}.`, "Check that the payer has loaded this year's set.");
      return true;
    }),
};

export const DIAGNOSIS_CODES: readonly Edit[] = [DX01, DX02, DX03, DX24];
