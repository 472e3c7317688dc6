import { inRange } from "../policy.ts";
import type { Dx } from "../scene.ts";
import type { Edit, Report } from "./edit.ts";

const DX17: Edit = {
  id: "DX17",
  version: 1,
  title: "An injury's first encounter has its external cause, where a site asks for it",
  streams: "IOP",
  severity: ["info"],
  reads: ["diagnoses"],
  citation: "ICD-10-CM Official Guidelines, Section I.C.20",
  run: ({ diagnoses, policy }, report) => {
    if (!policy.externalCauseWanted) return;
    const injury = diagnoses.find(({ code, reported }) => reported && /^(S\d|T[0-2]\d|T3[0-2])/.test(code) && code.endsWith("A"));
    if (injury !== undefined && !diagnoses.some(({ code }) => /^[V-Y]\d/.test(code)))
      report.at(
        injury.path,
        "An injury is treated for the first time, and nothing says how it came about.",
        "Add the external cause, the place (Y92) and the activity (Y93), as documented.",
      );
  },
};

const DX18: Edit = {
  id: "DX18",
  version: 1,
  title: "No symptom that belongs to a diagnosis made, and none as principal beside one",
  streams: "I",
  severity: ["info"],
  reads: ["diagnoses"],
  citation: "ICD-10-CM Official Guidelines, Sections I.B.5 and II.A",
  run: ({ diagnoses, policy }, report) => {
    for (const dx of diagnoses.filter(({ reported }) => reported)) {
      const definitive = policy.integralSymptoms.find(
        ({ symptom, of }) => inRange(dx.code, symptom) && diagnoses.some((one) => one.reported && inRange(one.code, of)),
      );
      if (definitive !== undefined)
        report.at(dx.path, "This symptom belongs to a diagnosis that is coded.", "Leave it out unless it was treated on its own.");
    }
  },
};

/** One rule of the guideline pack: what must not be, and what to do. */
interface Guideline {
  readonly section: string;
  readonly looks: (
    has: (form: RegExp) => Dx | undefined,
    all: readonly Dx[],
  ) => { readonly dx: Dx; readonly text: string; readonly fix: string } | undefined;
}

const both = (a: Dx | undefined, b: Dx | undefined, text: string, fix: string) =>
  a !== undefined && b !== undefined ? { dx: b, text, fix } : undefined;
const without = (a: Dx | undefined, b: Dx | undefined, text: string, fix: string) =>
  a !== undefined && b === undefined ? { dx: a, text, fix } : undefined;

/** Type 1, type 2, and diabetes due to something else are one patient's one at a time. */
const DIABETES = [/^E08/, /^E09/, /^E10/, /^E11/, /^E13/];

const GUIDELINES: readonly Guideline[] = [
  {
    section: "I.C.1.a",
    looks: (has) =>
      both(
        has(/^B20/),
        has(/^Z21/),
        "HIV disease (B20) and symptomless HIV (Z21) exclude each other.",
        "Once B20 is coded, Z21 is never coded again.",
      ),
  },
  {
    section: "I.C.4.a",
    looks: (has) => {
      const [first, second] = DIABETES.map((form) => has(form)).filter((dx) => dx !== undefined);
      return both(first, second, "Two types of diabetes are coded.", "Code the type that is documented; ask when two are.");
    },
  },
  {
    section: "I.C.4.a.3",
    looks: (has) => both(has(/^E10/), has(/^Z794$/), "Insulin use is part of type 1 diabetes.", "Leave Z79.4 out with type 1."),
  },
  {
    section: "I.C.1.d",
    looks: (has, all) => {
      const severe = has(/^R652/);
      const sepsis = all.find(({ code }) =>
        /^(A40|A41|A02\.?1|A227|A267|A327|A427|A5486|B377|O85|O8604|P36|T8144|T802|T8351|T8361|T827|T847)/.test(code),
      );
      if (severe === undefined) return undefined;
      if (sepsis === undefined)
        return { dx: severe, text: "Severe sepsis has no underlying infection.", fix: "Put the systemic infection before R65.2." };
      return severe.index < sepsis.index
        ? { dx: severe, text: "Severe sepsis stands before its infection.", fix: "Put the systemic infection before R65.2." }
        : undefined;
    },
  },
  {
    section: "I.B.14",
    looks: (has) =>
      without(
        has(/^Z68/),
        has(/^(E66|E43|E44|E46|E45|R63|E40|E41|E42|Z71|O9921|O252|R64|E88|F50|Z98)/),
        "A body mass index has no diagnosis it belongs to.",
        "Add the weight diagnosis a provider documented, or remove Z68.",
      ),
  },
  {
    section: "I.C.1.g.1",
    looks: (has, all) => {
      const covid = has(/^U071$/);
      const pneumonia = all.find(({ code, use }) => /^(J1282|J208|J22|J40|J80|J988)$/.test(code) && use === "principal");
      return both(
        pneumonia,
        covid,
        "COVID-19 stands after its manifestation.",
        "Put U07.1 first, except in obstetrics, sepsis and transplant complications.",
      );
    },
  },
  {
    section: "I.C.1.g.1.a",
    looks: (has) => without(has(/^J1282$/), has(/^U071$/), "Pneumonia due to COVID-19 has no COVID-19.", "Add U07.1 before it."),
  },
  {
    section: "I.C.9.a",
    looks: (has) =>
      both(has(/^I1[123]/), has(/^I10$/), "Hypertension with heart or kidney disease is coded, and plain hypertension too.", "Remove I10."),
  },
  {
    section: "I.C.9.a.2",
    looks: (has) =>
      both(
        has(/^I10$/),
        has(/^N18/),
        "Hypertension and chronic kidney disease are taken as related.",
        "Use I12 with N18, unless documented as unrelated.",
      ),
  },
  {
    section: "I.C.9.a.1",
    looks: (has) =>
      both(
        has(/^I10$/),
        has(/^I50/),
        "Hypertension and heart failure are taken as related.",
        "Use I11.0 with I50, unless documented as unrelated.",
      ),
  },
];

const DX23: Edit = {
  id: "DX23",
  version: 1,
  title: "Official guidelines on HIV, diabetes, sepsis, weight, COVID-19 and hypertension",
  streams: "IOP",
  severity: ["soft"],
  reads: ["diagnoses"],
  citation: "ICD-10-CM Official Guidelines, Sections I.B.14, I.C.1, I.C.4 and I.C.9",
  run: ({ diagnoses }, report: Report) => {
    const reported = diagnoses.filter((dx) => dx.reported);
    const has = (form: RegExp): Dx | undefined => reported.find(({ code }) => form.test(code));
    for (const { section, looks } of GUIDELINES) {
      const found = looks(has, reported);
      if (found !== undefined) report.at(found.dx.path, `${found.text} (Section ${section})`, found.fix);
    }
  },
};

export const DIAGNOSIS_GUIDELINES: readonly Edit[] = [DX17, DX18, DX23];
