import type { ChargeItem, Condition, Coverage, DocumentReference, Encounter, Resource } from "@medplum/fhirtypes";
import { z } from "zod";

/** A leased item as the API gives it. */
export const leasedItem = z.looseObject({
  id: z.string(),
  leaseId: z.string(),
  leaseUntil: z.string(),
  snapshotVersion: z.int(),
  queue: z.string(),
  stream: z.string(),
  class: z.string().nullish(),
  holds: z.array(z.looseObject({ code: z.string(), owner: z.string() })).default([]),
  chart: z.looseObject({ accountNumber: z.string(), resources: z.array(z.custom<Resource>()) }).optional(),
});
export type LeasedItem = z.infer<typeof leasedItem>;

const of = <T extends Resource>(item: LeasedItem, type: T["resourceType"]): readonly T[] =>
  (item.chart?.resources ?? []).filter((resource): resource is T => resource.resourceType === type);

const dollars = (amount: number): string => amount.toLocaleString("en-US", { style: "currency", currency: "USD" });

/** What a coder sees of an encounter in a terminal: the stay, its diagnoses as registered, charges and documents. */
export function showItem(item: LeasedItem): string {
  const [encounter] = of<Encounter>(item, "Encounter");
  const conditions = of<Condition>(item, "Condition").map(({ code }) =>
    `${code?.coding?.[0]?.code ?? "?"} ${code?.coding?.[0]?.display ?? code?.text ?? ""}`.trim(),
  );
  const charges = of<ChargeItem>(item, "ChargeItem");
  const total = charges.reduce((sum, charge) => sum + (charge.status === "entered-in-error" ? 0 : (charge.priceOverride?.value ?? 0)), 0);
  const documents = of<DocumentReference>(item, "DocumentReference").map(
    ({ type, description }) => type?.coding?.[0]?.display ?? type?.text ?? description ?? "document",
  );
  const coverage = of<Coverage>(item, "Coverage").length;
  const lines = [
    `${item.queue}, account ${item.chart?.accountNumber ?? "?"} (${item.stream}, class ${item.class ?? "?"})`,
    `  stay        ${encounter?.period?.start ?? "?"} to ${encounter?.period?.end ?? "still open"}`,
    `  registered  ${conditions.length === 0 ? "no diagnosis" : conditions.join("; ")}`,
    `  coverage    ${coverage === 0 ? "none: self-pay" : String(coverage)}`,
    `  charges     ${charges.length}, ${dollars(total)}`,
    ...charges.map(({ code, quantity, priceOverride }) => {
      const [charge, procedure] = code.coding ?? [];
      return `    ${[charge?.code, procedure?.code].filter((one) => one !== undefined).join(" / ")}  x${quantity?.value ?? 1}  ${dollars(priceOverride?.value ?? 0)}  ${charge?.display ?? code.text ?? ""}`;
    }),
    `  documents   ${documents.length === 0 ? "none" : documents.join("; ")}`,
    ...item.holds.map(({ code, owner }) => `  hold        ${code} (${owner})`),
    `  leased      until ${item.leaseUntil}, item ${item.id}, chart version ${item.snapshotVersion}`,
    "",
    "Code it with: npx chartbridge submit CODES.json   (--json above shows the whole chart)",
  ];
  return `${lines.join("\n")}\n`;
}

const denials = z.object({
  denials: z.array(
    z.looseObject({
      line: z.int().nullable(),
      code: z.string(),
      group: z.string().nullable(),
      remarks: z.array(z.string()),
      cents: z.number(),
      owner: z.string(),
      deadline: z.string().nullable(),
      edit: z.looseObject({ rule: z.string(), path: z.string(), overridden: z.boolean() }).nullable(),
    }),
  ),
});

/** Why a payer gave an encounter back; empty when none did. */
export function showDenials(body: unknown): string {
  const parsed = denials.safeParse(body);
  if (!parsed.success) return "";
  return parsed.data.denials
    .map(({ line, code, group, remarks, cents, owner, deadline, edit }) => {
      const reason = [group === null ? code : `${group}-${code}`, ...remarks].join(" ");
      const looked =
        edit === null
          ? "no edit looks for it"
          : `${edit.rule} at ${edit.path} ${edit.overridden ? "had been set aside" : "would have stopped it"}`;
      return `denied: ${line === null ? "the claim" : `line ${line}`}, ${reason}, ${dollars(cents / 100)}, ${owner}'s, until ${deadline ?? "?"}; ${looked}\n`;
    })
    .join("");
}

const finding = z.looseObject({
  rule: z.string(),
  severity: z.string(),
  path: z.string(),
  message: z.string(),
  fix: z.string(),
  citation: z.string(),
  kind: z.string().optional(),
});
const submitted = z.looseObject({
  state: z.string().optional(),
  claim: z.looseObject({ id: z.string(), url: z.string() }).nullish(),
  code: z.string().optional(),
  message: z.string().optional(),
  holds: z.array(z.looseObject({ code: z.string(), owner: z.string() })).default([]),
  findings: z.array(finding).default([]),
  difference: z
    .looseObject({ snapshotVersion: z.int(), changed: z.array(z.string()), removed: z.array(z.string()), causes: z.array(z.string()) })
    .optional(),
  faults: z.array(z.looseObject({ place: z.string(), message: z.string() })).default([]),
});

const NO_DATA = "no-data";

/** Sets that no edit could look into, in one line: what is missing is the site's to mend, and a coder has to see the findings. */
function withoutData(findings: readonly z.output<typeof finding>[]): readonly string[] {
  const sets = findings.filter(({ kind }) => kind === NO_DATA).map(({ path }) => path.replace(/^data\./, ""));
  return sets.length === 0
    ? []
    : [`  not looked at, for want of data: ${sets.join(", ")}  (chartbridge codesets import; --json says which edits)`];
}

/** What came of a submit, as text; undefined when the answer is not of the form we know. */
export function showSubmitted(body: unknown): string | undefined {
  const parsed = submitted.safeParse(body);
  if (!parsed.success) return undefined;
  const { state, claim, code, message, holds, findings, difference, faults } = parsed.data;
  const lines = [
    state === undefined
      ? `not taken: ${code ?? ""} ${message ?? ""}`.trimEnd()
      : `${state}${claim === null || claim === undefined ? "" : `: claim ${claim.id}`}`,
    ...(claim === null || claim === undefined ? [] : [`  read it at ${claim.url} of the API, with a role that bills`]),
    ...holds.map((hold) => `  hold ${hold.code} (${hold.owner}) keeps it`),
    ...findings
      .filter(({ kind }) => kind !== NO_DATA)
      .flatMap((one) => [
        `  ${one.severity.toUpperCase()} ${one.rule} at ${one.path}: ${one.message}`,
        `       ${one.fix}  [${one.citation}]`,
      ]),
    ...withoutData(findings),
    ...faults.map((fault) => `  ${fault.place}: ${fault.message}`),
    ...(difference === undefined
      ? []
      : [
          `  the chart changed since it was opened (${difference.causes.join(", ")}):`,
          ...difference.changed.map((one) => `    new or changed  ${one}`),
          ...difference.removed.map((one) => `    no longer there ${one}`),
          "  look at it again, then submit once more: the lease is still yours",
        ]),
  ];
  return `${lines.join("\n")}\n`;
}

/** The chart version to submit against after a refusal that named one. */
export const newSnapshot = (body: unknown): number | undefined => {
  const parsed = submitted.safeParse(body);
  return parsed.success ? parsed.data.difference?.snapshotVersion : undefined;
};
