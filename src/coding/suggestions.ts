import type { ChargeItem, CodeableConcept, Condition, Procedure } from "@medplum/fhirtypes";
import { type ChartSnapshot, ofType } from "#src/charts/snapshot.ts";
import { type ChartCharge, procedureCodeOf } from "./charges.ts";
import { dotted, isDiagnosisCode, isInpatientProcedureCode, isProcedureCode, SYSTEMS, tidy } from "./codes.ts";
import type { Scene } from "./scene.ts";
import { dayOf } from "./stay.ts";
import type { Evidence } from "./submission.ts";

/** A code somebody already said, or a charge or the other claim asks for. Shown with where it comes from; never applied by itself. */
export interface Suggestion {
  readonly kind: "diagnosis" | "procedure" | "line" | "gap";
  /** Absent for a gap that no single code fills. */
  readonly code?: string;
  readonly use?: "principal" | "secondary" | "admitting";
  readonly onAdmission?: string;
  readonly date?: string;
  /** Where it comes from, in the feed's words: `DG1-3`, `PR1-3`, `FT1-19`, `FT1-25`, or `charges`, `professional claim`, an encoder's name. */
  readonly source: string;
  readonly why: string;
  readonly evidence?: Evidence;
}

const EXTENSION = "https://chartbridge.dev/fhir/StructureDefinition/";
const codeIn = (concept: CodeableConcept | undefined, system: string): string | undefined =>
  concept?.coding?.find((coding) => coding.system === system)?.code;
const extensionOf = ({ extension }: Condition, name: string): string | undefined =>
  extension?.find(({ url }) => url === EXTENSION + name)?.valueCode;

const evidenceOf = (resource: { readonly resourceType: string; readonly id?: string }, field: string): { readonly evidence?: Evidence } =>
  resource.id === undefined ? {} : { evidence: { kind: "field", resource: `${resource.resourceType}/${resource.id}`, field } };

const TYPES: Readonly<Record<string, Suggestion["use"]>> = { A: "admitting", admitting: "admitting" };
const REFUTED: readonly (string | undefined)[] = ["entered-in-error", "refuted"];

function fromCondition(condition: Condition): readonly Suggestion[] {
  const code = codeIn(condition.code, SYSTEMS.icd10cm);
  if (code === undefined || !isDiagnosisCode(code)) return [];
  if (REFUTED.includes(condition.verificationStatus?.coding?.[0]?.code)) return [];
  const use = TYPES[extensionOf(condition, "diagnosis-type") ?? ""];
  const onAdmission = extensionOf(condition, "present-on-admission");
  return [
    {
      kind: "diagnosis",
      code: dotted(code),
      source: "DG1-3",
      why: use === "admitting" ? "registered as the admitting diagnosis" : "registered with the visit",
      ...(use === undefined ? {} : { use }),
      ...(onAdmission === undefined ? {} : { onAdmission }),
      ...evidenceOf(condition, "DG1-3"),
    },
  ];
}

function fromProcedure(procedure: Procedure, inpatient: boolean): readonly Suggestion[] {
  if (procedure.status === "entered-in-error" || procedure.status === "not-done") return [];
  const date = dayOf(procedure.performedDateTime ?? procedure.performedPeriod?.start);
  const rest = { source: "PR1-3", why: "sent as done", ...(date === undefined ? {} : { date }), ...evidenceOf(procedure, "PR1-3") };
  const pcs = codeIn(procedure.code, SYSTEMS.icd10pcs);
  if (pcs !== undefined && isInpatientProcedureCode(pcs)) return inpatient ? [{ kind: "procedure", code: tidy(pcs), ...rest }] : [];
  const code = procedure.code?.coding?.find((coding) => coding.code !== undefined && coding.system !== SYSTEMS.icd10pcs)?.code;
  return code !== undefined && isProcedureCode(code) ? [{ kind: "line", code: tidy(code), ...rest }] : [];
}

const fromReasons = (charge: ChargeItem): readonly Suggestion[] =>
  (charge.reason ?? []).flatMap((reason): readonly Suggestion[] => {
    const code = codeIn(reason, SYSTEMS.icd10cm);
    return code === undefined || !isDiagnosisCode(code)
      ? []
      : [
          {
            kind: "diagnosis",
            code: dotted(code),
            source: "FT1-19",
            why: "given as the reason of a charge",
            ...(charge.id === undefined ? {} : { evidence: { kind: "charge", chargeId: charge.id } }),
          },
        ];
  });

const fromCharge = ({ charge, day }: ChartCharge): readonly Suggestion[] => {
  const code = procedureCodeOf(charge);
  return code === undefined
    ? []
    : [
        {
          kind: "line",
          code: tidy(code),
          date: day,
          source: "FT1-25",
          why: "came with the charge",
          ...(charge.id === undefined ? {} : { evidence: { kind: "charge", chargeId: charge.id } }),
        },
      ];
};

/** What the feed already says, each code once, in the order of the segments. */
function fromFeed(chart: ChartSnapshot, scene: Scene): readonly Suggestion[] {
  const all = [
    ...ofType(chart, "Condition").flatMap(fromCondition),
    ...ofType(chart, "Procedure").flatMap((one) => fromProcedure(one, scene.kind === "I")),
    ...scene.billedCharges.flatMap(({ charge }) => fromReasons(charge)),
    ...scene.billedCharges.flatMap(fromCharge),
  ];
  const seen = new Set<string>();
  return all.filter(({ kind, code, use }) => {
    const key = `${kind} ${code} ${use ?? ""}`;
    return !seen.has(key) && seen.add(key);
  });
}

/** Signals of charges that a code should answer, by revenue code; each asks once. */
const SIGNALS: readonly { readonly revenue: RegExp; readonly missing: (scene: Scene) => boolean; readonly why: string }[] = [
  {
    revenue: /^036/,
    missing: ({ kind, procedures, lines }) =>
      kind === "I" ? procedures.length === 0 : !lines.some(({ code }) => /^([1-6]\d{4}|[CG]\d{4})$/.test(code ?? "")),
    why: "an operating room is charged, and no operation is coded",
  },
  {
    revenue: /^037/,
    missing: ({ lines }) => !lines.some(({ revenue }) => revenue?.startsWith("036")),
    why: "anesthesia is charged, and no operating room",
  },
  {
    revenue: /^0278/,
    missing: ({ lines }) => !lines.some(({ revenue, code }) => revenue === "0278" && code !== undefined),
    why: "an implant is charged, and no device is coded",
  },
  {
    revenue: /^0762/,
    missing: ({ lines }) => !lines.some(({ code }) => code === "G0378"),
    why: "observation is charged without its hours",
  },
  {
    revenue: /^0(26|636)/,
    missing: ({ kind, lines }) => kind === "O" && !lines.some(({ code }) => /^(9636|9637|964|G03[4-6]|C8957)/.test(code ?? "")),
    why: "drugs or infusions are charged, and their administration is not coded",
  },
  {
    revenue: /^039/,
    missing: ({ kind, lines }) => kind === "O" && !lines.some(({ code }) => code === "36430" || code?.startsWith("P90") === true),
    why: "blood is charged, and no transfusion is coded",
  },
];

function gaps(scene: Scene): readonly Suggestion[] {
  if (scene.kind === "P") return [];
  return SIGNALS.flatMap(({ revenue, missing, why }): readonly Suggestion[] => {
    const line = scene.lines.find((one) => one.revenue !== undefined && revenue.test(one.revenue));
    if (line === undefined || !missing(scene)) return [];
    const id = line.charge?.charge.id;
    return [{ kind: "gap", source: "charges", why, ...(id === undefined ? {} : { evidence: { kind: "charge", chargeId: id } }) }];
  });
}

/** What the account's other claim has and this one has not. */
function mirror(scene: Scene): readonly Suggestion[] {
  const { related, input, lines, diagnoses } = scene;
  return related
    .filter(({ accountId, stream }) => accountId === input.chart.accountId && stream !== input.stream)
    .flatMap((other): readonly Suggestion[] => {
      const source = other.stream === "FAC" ? "hospital claim" : "professional claim";
      const coded = new Set(lines.map(({ code }) => code));
      const known = new Set(diagnoses.map(({ code }) => code));
      return [
        ...other.diagnoses
          .filter((code) => !known.has(code))
          .map((code): Suggestion => ({ kind: "diagnosis", code: dotted(code), source, why: "coded on the account's other claim" })),
        ...other.lines
          .filter(({ code }) => scene.kind !== "I" && !coded.has(code))
          .map(
            ({ code, day }): Suggestion => ({
              kind: "line",
              code,
              date: day,
              source,
              why: "coded on the account's other claim for this day",
            }),
          ),
      ];
    });
}

/** Everything there is to suggest for a scene. Pure; what is already coded is not suggested again. */
export function suggestionsOf(scene: Scene): readonly Suggestion[] {
  const coded = new Set([
    ...scene.diagnoses.map(({ code, use }) => `diagnosis ${dotted(code)} ${use === "admitting"}`),
    ...scene.procedures.map(({ code }) => `procedure ${code}`),
  ]);
  const chosen = new Set(scene.input.codes.lines.map(({ procedureCode }) => (procedureCode === undefined ? "" : tidy(procedureCode))));
  return [...fromFeed(scene.input.chart, scene), ...gaps(scene), ...mirror(scene)].filter(({ kind, code, use }) =>
    kind === "line"
      ? !chosen.has(code ?? "")
      : !coded.has(kind === "diagnosis" ? `diagnosis ${code} ${use === "admitting"}` : `${kind} ${code}`),
  );
}
