import { dotted, isExternalCause } from "../codes.ts";
import { CITE } from "../findings.ts";
import type { Dx } from "../scene.ts";
import type { Edit } from "./edit.ts";

/** Uses of which a claim takes so many (837 institutional and professional). */
const MOST: readonly { readonly uses: readonly Dx["use"][]; readonly most: number; readonly what: string }[] = [
  { uses: ["principal", "secondary"], most: 25, what: "a principal and 24 secondary diagnoses" },
  { uses: ["admitting"], most: 1, what: "one admitting diagnosis" },
  { uses: ["patientreasonforvisit"], most: 3, what: "three reasons for visit" },
  { uses: ["externalcauseofinjury"], most: 12, what: "twelve external causes" },
];
/** A professional claim numbers all its diagnoses 1 to 12. */
const MOST_PROFESSIONAL = 12;
const MOST_PROCEDURES = 25;

const DX04: Edit = {
  id: "DX04",
  version: 1,
  title: "There is a diagnosis, one principal or first-listed, in the first place",
  streams: "IOP",
  severity: ["hard"],
  reads: ["diagnoses", "visit"],
  citation: CITE.cmSections,
  run: ({ diagnoses, kind }, report) => {
    if (diagnoses.length === 0)
      return report.at("diagnoses", "There is no diagnosis.", "Enter at least the principal or first-listed diagnosis.");
    const [first, ...more] = diagnoses.filter(({ use }) => use === "principal");
    for (const { index } of more)
      report.at(`diagnoses[${index}].use`, "There is more than one principal diagnosis.", "Make this one secondary.");
    if (first === undefined && kind !== "P")
      report.at("diagnoses", "No diagnosis is marked as principal.", "Mark the principal or first-listed diagnosis.");
    if (first !== undefined && first.index > 0)
      report.at(`diagnoses[${first.index}]`, "The principal diagnosis is not the first one.", "Move it to the first place.");
  },
};

const DX05: Edit = {
  id: "DX05",
  version: 1,
  title: "No diagnosis is there twice",
  streams: "IOP",
  severity: ["hard"],
  reads: ["diagnoses"],
  citation: `${CITE.mce}, edit 3; ${CITE.cmSections}`,
  run: ({ diagnoses }, report) => {
    const seen = new Map<string, number>();
    for (const { code, use, index, path, reported } of diagnoses) {
      // The admitting diagnosis and the reason for visit may repeat the principal one; other uses may not.
      const key = `${reported ? "reported" : use} ${code}`;
      const first = seen.get(key);
      if (first === undefined) seen.set(key, index);
      else report.at(path, `The same code is already diagnosis ${first + 1}.`, "Remove one of the two.");
    }
  },
};

/** The diagnosis in the first place: principal, or first of a professional claim. */
const leading = (diagnoses: readonly Dx[]): Dx | undefined =>
  diagnoses.find(({ use }) => use === "principal") ?? diagnoses.find(({ use }) => use === "secondary");

const DX06: Edit = {
  id: "DX06",
  version: 1,
  title: "A manifestation is never principal or first-listed",
  streams: "IOP",
  severity: ["hard"],
  reads: ["diagnoses", "dates"],
  sets: ["mce"],
  citation: `${CITE.mce}, edit 6; ICD-10-CM Official Guidelines, Section I.A.13`,
  run: ({ diagnoses, dates, data }, report) => {
    const dx = leading(diagnoses);
    const day = dates[dx?.index ?? 0]?.[0];
    if (dx === undefined || day === undefined) return;
    if (report.known(data.inList("mce-manifestation", dx.code, day), "mce", day) === true)
      report.at(dx.path, "A manifestation cannot be the principal diagnosis.", "Put the disease that causes it first.");
  },
};

/** Acceptable when there is a secondary diagnosis (MCE edit 9). */
const ACCEPTABLE_WITH_SECONDARY = "Z5189";

const DX07: Edit = {
  id: "DX07",
  version: 1,
  title: "The principal diagnosis of an inpatient is an acceptable one",
  streams: "I",
  severity: ["hard"],
  reads: ["diagnoses", "dates"],
  sets: ["mce"],
  citation: `${CITE.mce}, edit 9`,
  run: ({ diagnoses, dates, data }, report) => {
    const dx = leading(diagnoses);
    const day = dates[dx?.index ?? 0]?.[0];
    if (dx === undefined || day === undefined) return;
    if (dx.code === ACCEPTABLE_WITH_SECONDARY && diagnoses.some(({ use }) => use === "secondary")) return;
    if (report.known(data.inList("mce-unacceptable-principal", dx.code, day), "mce", day) === true)
      report.at(
        dx.path,
        "This code tells a circumstance, not the reason for an admission.",
        "Put the condition that led to the admission first.",
      );
  },
};

const DX08: Edit = {
  id: "DX08",
  version: 1,
  title: "An external cause is never principal or first-listed",
  streams: "IOP",
  severity: ["hard"],
  reads: ["diagnoses"],
  citation: `${CITE.externalCause}; ${CITE.mce}, edit 2`,
  run: ({ diagnoses }, report) => {
    const dx = leading(diagnoses);
    if (dx !== undefined && isExternalCause(dx.code))
      report.at(dx.path, "An external cause (V00-Y99) is never the principal diagnosis.", "Put the injury or condition first.");
  },
};

/** Unscheduled outpatient visits (UB-04 form locator 70): priority of admission and revenue codes. */
const UNSCHEDULED: readonly (string | undefined)[] = ["1", "2", "5", "E", "U"];
const VISIT_REVENUE = /^(045\d|0516|0526|0762)$/;

const DX19: Edit = {
  id: "DX19",
  version: 1,
  title: "Admitting diagnosis (inpatient) and reason for visit (unscheduled outpatient) are there",
  streams: "IO",
  severity: ["hard"],
  reads: ["diagnoses", "lines", "visit"],
  citation: `${CITE.ub69}; ${CITE.ub70}`,
  run: ({ diagnoses, kind, visit, lines }, report) => {
    if (diagnoses.length === 0) return;
    if (kind === "I") {
      if (!diagnoses.some(({ use }) => use === "admitting"))
        report.at("diagnoses", "There is no admitting diagnosis.", "Add the diagnosis the patient was admitted with.");
      return;
    }
    const unscheduled =
      UNSCHEDULED.includes(visit.admissionType) && lines.some(({ revenue }) => revenue !== undefined && VISIT_REVENUE.test(revenue));
    if (unscheduled && !diagnoses.some(({ use }) => use === "patientreasonforvisit"))
      report.at("diagnoses", "An unscheduled visit has no reason for visit.", "Add up to three reasons, as the patient gave them.");
  },
};

const DX20: Edit = {
  id: "DX20",
  version: 2,
  title: "No more diagnoses and procedures than a claim takes; lines of a professional claim that need more are divided",
  streams: "IOP",
  severity: ["hard", "info"],
  reads: ["diagnoses", "procedures", "visit", "lines"],
  citation: `${CITE.ub67}, 69, 70, 72 and 74; ${CITE.cms21}`,
  run: ({ diagnoses, procedures, kind, lines }, report) => {
    const pointed = new Set(lines.flatMap(({ pointers }) => pointers));
    const divides = kind === "P" && diagnoses.every(({ index }) => pointed.has(index + 1));
    const groups =
      kind === "P"
        ? [{ among: diagnoses, most: MOST_PROFESSIONAL, what: "twelve diagnoses" }]
        : MOST.map(({ uses, most, what }) => ({ among: diagnoses.filter(({ use }) => uses.includes(use)), most, what }));
    for (const { among, most, what } of groups) {
      const first = among[most];
      if (first !== undefined)
        report.at(
          `diagnoses[${first.index}]`,
          `A claim takes ${what}, and there are ${among.length}.`,
          divides ? "Nothing to do: each has its line, and the item gives more than one claim." : "Remove those that matter least.",
          divides ? "info" : "hard",
        );
    }
    const over = procedures[MOST_PROCEDURES];
    if (over !== undefined) report.at(over.path, `A claim takes ${MOST_PROCEDURES} procedures.`, "Remove those that matter least.");
  },
};

const DX14_CITE = "ICD-10-CM Official Guidelines, Section I.B.13";

const DX13: Edit = {
  id: "DX13",
  version: 1,
  title: "A side is given where the code has sides",
  streams: "IOP",
  severity: ["soft"],
  reads: ["diagnoses"],
  citation: `${DX14_CITE}; ${CITE.mce}, edit 20`,
  run: ({ diagnoses, data }, report) => {
    for (const { code, path, use } of diagnoses) {
      if (use === "admitting" || use === "patientreasonforvisit") continue;
      const side = data.laterality(code);
      if (side?.side === "unspecified" && side.siblings.length > 0)
        report.at(
          path,
          "The side is unspecified, and the set has codes for each side.",
          `Choose of ${side.siblings.map(dotted).join(", ")}, or say why no side is documented.`,
        );
    }
  },
};

const DX14: Edit = {
  id: "DX14",
  version: 1,
  title: "Right and left together are the bilateral code where there is one",
  streams: "IOP",
  severity: ["soft"],
  reads: ["diagnoses"],
  citation: DX14_CITE,
  run: ({ diagnoses, data }, report) => {
    const there = new Set(diagnoses.filter(({ reported }) => reported).map(({ code }) => code));
    for (const { code, path, reported } of diagnoses) {
      const side = reported ? data.laterality(code) : undefined;
      if (side?.side !== "left") continue;
      const right = side.siblings.find((one) => there.has(one) && data.laterality(one)?.side === "right");
      const both = side.siblings.find((one) => data.laterality(one)?.side === "bilateral");
      if (right !== undefined && both !== undefined)
        report.at(path, "Right and left are coded on their own, and one code says both sides.", `Use ${dotted(both)} in their place.`);
    }
  },
};

export const DIAGNOSIS_SEQUENCE: readonly Edit[] = [DX04, DX05, DX06, DX07, DX08, DX13, DX14, DX19, DX20];
