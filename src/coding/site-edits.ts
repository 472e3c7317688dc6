import { hash } from "node:crypto";
import { evalFhirPath, type FhirPathAtom, parseFhirPath, toTypedValue } from "@medplum/core";
import { z } from "zod";
import { fail, ok, type Result } from "#src/base/result.ts";
import { faultAt, issuePath, readYaml } from "#src/base/yaml-file.ts";
import { dotted } from "./codes.ts";
import type { Edit } from "./edits/edit.ts";
import { BUILTIN_PACK, type EditPack } from "./evaluate.ts";
import { NO_POLICY, type Policy, policyShape } from "./policy.ts";
import { PARTS, type Scene } from "./scene.ts";

const KINDS = { inpatient: "I", outpatient: "O", professional: "P" } as const;
const FOCUS = ["account", "diagnosis", "procedure", "line"] as const;

const siteEdit = z.strictObject({
  id: z.string().regex(/^[A-Z][A-Z0-9]{1,11}-[0-9]{1,4}$/, "is capitals, a hyphen and a number: NORTH-1"),
  version: z.int().min(1),
  title: z.string().min(5).max(200),
  severity: z.enum(["hard", "soft", "info"]),
  streams: z
    .array(z.enum(["inpatient", "outpatient", "professional"]))
    .min(1)
    .default(["inpatient", "outpatient", "professional"]),
  payers: z.array(z.string()).min(1).optional(),
  from: z.iso.date().optional(),
  to: z.iso.date().optional(),
  /** What `when` is asked of, each on its own. */
  each: z.enum(FOCUS).default("account"),
  /** FHIRPath; the edit fires where it is true. */
  when: z.string().min(1),
  message: z.string().min(5).max(500),
  fix: z.string().min(5).max(500),
  citation: z.string().min(3).max(300),
});
type SiteEdit = z.output<typeof siteEdit>;

const file = z.strictObject({ policy: policyShape.prefault({}), edits: z.array(siteEdit).default([]) });

/** A site's own decisions and edits, compiled. */
export interface SiteEdits {
  readonly policy: Policy;
  /** Ours, then the site's. */
  readonly pack: EditPack;
}

export const NO_SITE_EDITS: SiteEdits = { policy: NO_POLICY, pack: BUILTIN_PACK };

type Focus = Record<string, unknown>;

const diagnosesOf = ({ diagnoses }: Scene): readonly Focus[] =>
  diagnoses.map(({ code, use, onAdmission, index }) => ({ code: dotted(code), use, sequence: index + 1, onAdmission }));
const proceduresOf = ({ procedures }: Scene): readonly Focus[] =>
  procedures.map(({ code, date, performerNpi }) => ({ code, date, performerNpi }));
const linesOf = ({ lines }: Scene): readonly Focus[] =>
  lines.map(({ code, modifiers, revenue, units, cents, day, pointers, chargeCode }) => ({
    code,
    modifiers,
    revenue,
    units,
    amount: cents / 100,
    day,
    pointers,
    charge: chargeCode,
  }));

/** What `%account`, and a rule of the account itself, sees. */
const accountOf = (scene: Scene): Focus => ({
  class: scene.visit.stay?.encounter.class.code,
  facility: scene.visit.facility,
  payer: scene.visit.payerId,
  from: scene.visit.stay?.from,
  through: scene.visit.stay?.through,
  dischargeStatus: scene.visit.dischargeStatus,
  conditionCodes: scene.abstract.conditionCodes ?? [],
  diagnoses: diagnosesOf(scene),
  procedures: proceduresOf(scene),
  lines: linesOf(scene),
});

const FOCI: Readonly<Record<SiteEdit["each"], (scene: Scene) => readonly { readonly focus: Focus; readonly path: string }[]>> = {
  account: (scene) => [{ focus: accountOf(scene), path: "codes" }],
  diagnosis: (scene) => diagnosesOf(scene).map((focus, index) => ({ focus, path: `diagnoses[${index}]` })),
  procedure: (scene) => proceduresOf(scene).map((focus, index) => ({ focus, path: `procedures[${index}]` })),
  line: (scene) => linesOf(scene).map((focus, index) => ({ focus, path: scene.lines[index]?.path ?? "lines" })),
};

const isTrue = (values: readonly unknown[]): boolean => values.length === 1 && values[0] === true;

function compile(rule: SiteEdit, when: FhirPathAtom): Edit {
  return {
    id: rule.id,
    version: rule.version,
    title: rule.title,
    streams: rule.streams.map((one) => KINDS[one]).join(""),
    severity: [rule.severity],
    reads: PARTS,
    citation: rule.citation,
    ...(rule.payers === undefined ? {} : { payers: rule.payers }),
    ...(rule.from === undefined ? {} : { from: rule.from }),
    ...(rule.to === undefined ? {} : { to: rule.to }),
    run: (scene, report) => {
      const account = toTypedValue(accountOf(scene));
      const chart = toTypedValue({
        resourceType: "Bundle",
        type: "collection",
        entry: scene.input.chart.resources.map((resource) => ({ resource })),
      });
      for (const { focus, path } of FOCI[rule.each](scene))
        if (isTrue(evalFhirPath(when, focus, { "%account": account, "%chart": chart }))) report.at(path, rule.message, rule.fix);
    },
  };
}

/** A scene's shapes with something in each: an unknown function or variable shows when an expression is tried on it. */
const TRIAL: Focus = {
  ...{ class: "IMP", facility: "X", payer: "X", from: "2026-01-01", through: "2026-01-02", dischargeStatus: "01", conditionCodes: ["44"] },
  ...{
    code: "J18.9",
    use: "principal",
    sequence: 1,
    onAdmission: "Y",
    date: "2026-01-01",
    performerNpi: "1",
    modifiers: ["RT"],
    revenue: "0450",
  },
  ...{ units: 1, amount: 1.5, day: "2026-01-01", pointers: [1], charge: "1" },
};

function tryOut(when: string): Result<FhirPathAtom, string> {
  try {
    const atom = parseFhirPath(when);
    const whole = { ...TRIAL, diagnoses: [TRIAL], procedures: [TRIAL], lines: [TRIAL] };
    evalFhirPath(atom, whole, { "%account": toTypedValue(whole), "%chart": toTypedValue({ resourceType: "Bundle", entry: [] }) });
    return ok(atom);
  } catch (error) {
    const [reason] = (error instanceof Error && error.cause instanceof Error ? error.cause : (error as Error)).message.split("\n");
    return fail(`the FHIRPath cannot be used: ${reason ?? "unreadable"}`);
  }
}

/**
 * Reads a site's edits.yaml: `policy` and `edits`. Pure.
 * Fails with every fault at once, each as `name:LINE: what is wrong`.
 */
export function parseSiteEdits(name: string, text: string): Result<SiteEdits, readonly string[]> {
  const yaml = readYaml(name, text);
  if (!yaml.ok) return yaml;
  const { at: lineOf } = yaml.value;
  const parsed = file.safeParse(yaml.value.content ?? {});
  if (!parsed.success) return fail(parsed.error.issues.map((issue) => faultAt(yaml.value, issuePath(issue), issue.message)));
  const faults: string[] = [];
  const seen = new Set(BUILTIN_PACK.edits.map(({ id }) => id));
  const edits = parsed.data.edits.flatMap((rule, index): readonly Edit[] => {
    if (seen.has(rule.id)) faults.push(`${lineOf(["edits", index, "id"])}: edits.${index}.id: ${rule.id} is there twice`);
    seen.add(rule.id);
    const when = tryOut(rule.when);
    if (when.ok) return [compile(rule, when.value)];
    faults.push(`${lineOf(["edits", index, "when"])}: edits.${index}.when: ${when.failure}`);
    return [];
  });
  if (faults.length > 0) return fail(faults);
  const revision = hash("sha256", text).slice(0, 12);
  return ok({ policy: parsed.data.policy, pack: { name: `${BUILTIN_PACK.name} + ${revision}`, edits: [...BUILTIN_PACK.edits, ...edits] } });
}
