import { dotted, isDiagnosisCode, isExternalCause, isMostlyExemptFromPoa } from "./codes.ts";
import { CITE, hard, info, soft } from "./findings.ts";
import type { CodeSubmission, Finding } from "./submission.ts";

type Diagnosis = CodeSubmission["diagnoses"][number];
type Use = Diagnosis["use"];

/** Uses of which a claim takes so many (837 institutional and professional). */
const MOST: readonly { readonly rule: string; readonly uses: readonly Use[]; readonly most: number; readonly citation: string }[] = [
  { rule: "CB-DX-COUNT", uses: ["principal", "secondary"], most: 25, citation: CITE.ub67 },
  { rule: "CB-DX-COUNT-ADMITTING", uses: ["admitting"], most: 1, citation: CITE.ub69 },
  { rule: "CB-DX-COUNT-REASON", uses: ["patientreasonforvisit"], most: 3, citation: CITE.ub70 },
  { rule: "CB-DX-COUNT-EXTERNAL", uses: ["externalcauseofinjury"], most: 12, citation: CITE.ub72 },
];
/** A professional claim numbers all its diagnoses 1 to 12. */
const MOST_PROFESSIONAL = 12;

/** The admitting diagnosis and the reason for visit may repeat the principal one; other uses may not. */
const kindOfUse = (use: Use): string => (use === "admitting" || use === "patientreasonforvisit" ? use : "reported");

function oneByOne(diagnoses: readonly Diagnosis[]): readonly Finding[] {
  const seen = new Map<string, number>();
  return diagnoses.flatMap(({ code, use }, index): readonly Finding[] => {
    const path = `diagnoses[${index}].code`;
    if (!isDiagnosisCode(code))
      return [
        hard(
          "CB-FMT-DX",
          path,
          ["This is not the form of an ICD-10-CM code.", "Enter a letter, a digit, a third character and up to four more after the dot."],
          CITE.codeSets,
        ),
      ];
    const key = `${kindOfUse(use)} ${dotted(code)}`;
    const first = seen.get(key);
    if (first === undefined) seen.set(key, index);
    return [
      ...(first === undefined
        ? []
        : [hard("CB-DX-DUP", path, [`The same code is already diagnosis ${first + 1}.`, "Remove one of the two."], CITE.cmSections)]),
      ...(use === "principal" && isExternalCause(code)
        ? [
            hard(
              "CB-DX-EXTERNAL",
              path,
              ["An external cause (V00-Y99) is never the principal diagnosis.", "Put the injury or condition first."],
              CITE.externalCause,
            ),
          ]
        : []),
    ];
  });
}

function sequence(diagnoses: readonly Diagnosis[], professional: boolean): readonly Finding[] {
  if (diagnoses.length === 0)
    return [
      hard(
        "CB-DX-NONE",
        "diagnoses",
        ["There is no diagnosis.", "Enter at least the principal or first-listed diagnosis."],
        CITE.cmSections,
      ),
    ];
  const principals = diagnoses.flatMap(({ use }, index) => (use === "principal" ? [index] : []));
  const at = principals[0];
  const findings = principals
    .slice(1)
    .map((index) =>
      hard(
        "CB-DX-PRINCIPAL",
        `diagnoses[${index}].use`,
        ["There is more than one principal diagnosis.", "Make this one secondary."],
        CITE.cmSections,
      ),
    );
  if (at === undefined && !professional)
    findings.push(
      hard(
        "CB-DX-PRINCIPAL",
        "diagnoses",
        ["No diagnosis is marked as principal.", "Mark the principal or first-listed diagnosis."],
        CITE.cmSections,
      ),
    );
  if (at !== undefined && at > 0)
    findings.push(
      hard(
        "CB-DX-ORDER",
        `diagnoses[${at}]`,
        ["The principal diagnosis is not the first one.", "Move it to the first place."],
        professional ? CITE.cms21 : CITE.ub67,
      ),
    );
  return findings;
}

function counts(diagnoses: readonly Diagnosis[], professional: boolean): readonly Finding[] {
  const over = (rule: string, most: number, among: readonly number[], citation: string): readonly Finding[] => {
    const first = among[most];
    if (first === undefined) return [];
    return [
      hard(
        rule,
        `diagnoses[${first}]`,
        [`A claim takes ${most} of these, and there are ${among.length}.`, "Remove those that matter least."],
        citation,
      ),
    ];
  };
  if (professional) return over("CB-DX-COUNT", MOST_PROFESSIONAL, [...diagnoses.keys()], CITE.cms21);
  return MOST.flatMap(({ rule, uses, most, citation }) =>
    over(
      rule,
      most,
      diagnoses.flatMap(({ use }, index) => (uses.includes(use) ? [index] : [])),
      citation,
    ),
  );
}

function presentOnAdmission(diagnoses: readonly Diagnosis[], wanted: boolean): readonly Finding[] {
  return diagnoses.flatMap(({ code, use, onAdmission }, index): readonly Finding[] => {
    const path = `diagnoses[${index}].onAdmission`;
    const reported = kindOfUse(use) === "reported";
    if (onAdmission !== undefined && !reported)
      return [hard("CB-POA-NOT", path, ["This use of a diagnosis has no present-on-admission indicator.", "Leave it empty."], CITE.poa)];
    if (onAdmission !== undefined && !wanted)
      return [
        info("CB-POA-UNUSED", path, ["Only inpatient hospital claims report present on admission.", "It is left off the claim."], CITE.poa),
      ];
    if (onAdmission !== undefined || !wanted || !reported) return [];
    if (isMostlyExemptFromPoa(code))
      return [
        soft(
          "CB-POA-EXEMPT",
          path,
          ["There is no present-on-admission indicator.", "Enter Y, N, U or W, or confirm that this code is exempt."],
          CITE.poa,
        ),
      ];
    return [hard("CB-POA-REQUIRED", path, ["The present-on-admission indicator is missing.", "Enter Y, N, U or W."], CITE.poa)];
  });
}

/** Edits on the diagnoses alone. @param inpatient the stay is one; only a hospital's own inpatient claim reports POA. */
export function checkDiagnoses({ diagnoses }: CodeSubmission, professional: boolean, inpatient: boolean): readonly Finding[] {
  const hospitalInpatient = inpatient && !professional;
  const admitting = diagnoses.some(({ use }) => use === "admitting");
  return [
    ...sequence(diagnoses, professional),
    ...oneByOne(diagnoses),
    ...counts(diagnoses, professional),
    ...presentOnAdmission(diagnoses, hospitalInpatient),
    ...(hospitalInpatient && !admitting && diagnoses.length > 0
      ? [
          info(
            "CB-DX-ADMITTING",
            "diagnoses",
            ["There is no admitting diagnosis.", "Add the diagnosis the patient was admitted with."],
            CITE.ub69,
          ),
        ]
      : []),
  ];
}
