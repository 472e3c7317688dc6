import type { ListName } from "#src/codesets/code-data.ts";
import { CITE } from "../findings.ts";
import { ageOf } from "../scene.ts";
import type { Edit } from "./edit.ts";

interface AgeList {
  readonly list: ListName;
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

/** Age categories of the Medicare Code Editor, in whole years at admission. */
const AGES: readonly AgeList[] = [
  { list: "mce-newborn", from: 0, to: 0, text: "newborns" },
  { list: "mce-pediatric", from: 0, to: 17, text: "patients up to 17" },
  { list: "mce-maternity", from: 9, to: 64, text: "patients from 9 to 64" },
  { list: "mce-adult", from: 15, to: 124, text: "patients from 15" },
];

const DX09: Edit = {
  id: "DX09",
  version: 1,
  title: "The code fits the patient's age",
  streams: "IOP",
  severity: ["soft", "hard"],
  reads: ["diagnoses", "dates", "visit"],
  sets: ["mce"],
  citation: `${CITE.mce}, edit 4`,
  run: (scene, report) => {
    const age = ageOf(scene);
    if (age === undefined) return;
    for (const { code, path, index } of scene.diagnoses) {
      const day = scene.dates[index]?.[0];
      if (day === undefined) continue;
      for (const { list, from, to, text } of AGES) {
        if (age >= from && age <= to) continue;
        if (report.known(scene.data.inList(list, code, day), "mce", day) !== true) continue;
        const severity = scene.kind === "I" && scene.visit.medicare ? "hard" : "soft";
        report.at(
          path,
          `This code is for ${text}, and the patient's age does not fit.`,
          "Check the code, and the birth date with registration.",
          severity,
        );
      }
    }
  },
};

const DX10: Edit = {
  id: "DX10",
  version: 1,
  title: "The code fits the patient's sex, for payers that still ask",
  streams: "IOP",
  severity: ["info"],
  reads: ["diagnoses", "dates", "visit"],
  sets: ["mce"],
  citation: `${CITE.mce}, edit 5: off for all ICD-10 codes since 2024-10-01; some payers still run it`,
  run: ({ diagnoses, dates, visit, policy, data }, report) => {
    if (visit.payerId === undefined || !policy.sexConflictPayers.includes(visit.payerId)) return;
    const list: ListName | undefined = visit.gender === "male" ? "mce-female" : visit.gender === "female" ? "mce-male" : undefined;
    if (list === undefined) return;
    for (const { code, path, index } of diagnoses) {
      const day = dates[index]?.[0];
      if (day !== undefined && report.known(data.inList(list, code, day), "mce", day) === true)
        report.at(path, "This payer may reject the code for the registered sex.", "Report condition code 45 where the code is right.");
    }
  },
};

/** O codes that stand with Z3A: all but abortive outcomes and the puerperium (Guidelines I.C.21.c.11). */
const WANTS_WEEKS = /^O(09|[1-3]|4[0-8]|6|7[0-7]|8|9[89A])/;
const ENDED = /^O(0[0-8]|8[5-9]|9[0-2])/;
const NEWBORN_DAYS = 28;

const DX21: Edit = {
  id: "DX21",
  version: 1,
  title: "Codes of pregnancy and of the newborn fit each other and the patient",
  streams: "IOP",
  severity: ["soft"],
  reads: ["diagnoses", "visit", "dates"],
  citation: "ICD-10-CM Official Guidelines, Sections I.C.15, I.C.16 and I.C.21.c.11",
  run: (scene, report) => {
    const { diagnoses, kind } = scene;
    const age = ageOf(scene);
    const has = (form: RegExp): boolean => diagnoses.some(({ code }) => form.test(code));
    const first = diagnoses.find(({ code }) => WANTS_WEEKS.test(code) && !ENDED.test(code));
    // A professional claim of twelve codes for a part of the care need not repeat the weeks.
    if (first !== undefined && kind !== "P" && !has(/^Z3A/))
      report.at(first.path, "There is a code of pregnancy and none of its weeks.", "Add the code of the weeks (Z3A).");
    for (const { code, path } of diagnoses) {
      if (code.startsWith("O") && (has(/^Z38/) || age === 0))
        report.at(
          path,
          "Codes of pregnancy belong to the mother's record.",
          "Use a code of the perinatal chapter (P00-P96) for the newborn.",
        );
      if (code.startsWith("Z33") && has(/^O/))
        report.at(
          path,
          "An incidental pregnancy and a code of pregnancy exclude each other.",
          "Remove Z33 when the pregnancy is affected or is the reason.",
        );
      if (code.startsWith("P") && age !== undefined && age > 0 && has(/^(O|Z3)/))
        report.at(
          path,
          "A perinatal code stands on a mother's record.",
          `Perinatal codes are for the child, from its first ${NEWBORN_DAYS} days.`,
        );
    }
  },
};

const NEWBORN_ADMISSION: readonly (string | undefined)[] = ["4", "N"];

const DX22: Edit = {
  id: "DX22",
  version: 1,
  title: "A liveborn code (Z38) is principal, there once, on the birth's own stay",
  streams: "I",
  severity: ["hard"],
  reads: ["diagnoses", "visit"],
  citation: "ICD-10-CM Official Guidelines, Section I.C.16.a.2; UB-04 form locator 14",
  run: ({ diagnoses, visit }, report) => {
    const born = diagnoses.filter(({ code, reported }) => reported && code.startsWith("Z38"));
    const [first, ...more] = born;
    for (const { path } of more) report.at(path, "There is a second liveborn code.", "A birth is coded once.");
    if (first === undefined) return;
    if (first.use !== "principal")
      report.at(
        first.path,
        "A liveborn code is the principal diagnosis of the birth's stay.",
        "Put it first; on any other stay, remove it.",
      );
    if (!NEWBORN_ADMISSION.includes(visit.admissionType))
      report.at(
        first.path,
        "A liveborn code is for the stay of birth, and this admission is not of type newborn.",
        "Remove it after a transfer, or have the admission type (4) corrected.",
      );
  },
};

export const DIAGNOSIS_PEOPLE: readonly Edit[] = [DX09, DX10, DX21, DX22];
