import type { ChargeItem, DocumentReference, Resource } from "@medplum/fhirtypes";
import { centsOf } from "#src/base/money.ts";
import { chargedCents, type ElementChange, isCodedFamily, textHash, textOf, typesOf } from "./chart-changes.ts";
import type { ItemFacts } from "./conditions.ts";
import { type Effect, effectsOf, type Guard, LATE_MESSAGES, type LateKind, type Phase, type Significance } from "./late-messages.ts";
import type { QueueRule } from "./queue-rules.ts";

/** What is known when a late change is judged. */
export interface LateCase {
  readonly phase: Phase;
  readonly before: { readonly facts: ItemFacts; readonly resources: readonly Resource[] };
  readonly after: { readonly facts: ItemFacts; readonly resources: readonly Resource[] };
  /** `ADT^A13`; decides where the chart alone does not say which message it was. */
  readonly eventType: string;
  readonly changes: readonly ElementChange[];
  readonly rule: QueueRule;
  readonly now: Date;
  /** A feed without discharges takes none back. */
  readonly knowsDischarges: boolean;
  readonly bothLeased?: boolean;
  readonly candidate?: boolean;
  readonly regression?: boolean;
}

/** One kind of change and what is done about it. */
export interface Judged {
  readonly kind: LateKind;
  readonly significance: Significance;
  readonly changes: readonly ElementChange[];
  readonly effects: readonly Effect[];
  /** Claim change reason of a claim that is corrected for it (NUBC condition codes D0 to E0). */
  readonly reason: string;
}

const DELETES: readonly string[] = ["ADT^A23", "ADT^A27", "ADT^A38"];
const TRANSFERS: readonly string[] = ["ADT^A02", "ADT^A12", "ADT^A20"];
const LINKS: readonly string[] = ["ADT^A24", "ADT^A37"];
const PERSONS: readonly string[] = ["ADT^A28", "ADT^A31"];
const QUERY_TOKEN = /CBQ-[0-9A-F]{12}/;

/** What the two charts and the event say together, by kind. Cancelling a visit says everything there is to say. */
export function kindsOf(given: LateCase): ReadonlyMap<LateKind, readonly ElementChange[]> {
  const { before, after, eventType, changes } = given;
  const kinds = new Map<LateKind, ElementChange[]>();
  const add = (kind: LateKind, change?: ElementChange): void => {
    const have = kinds.get(kind) ?? [];
    if (change !== undefined) have.push(change);
    kinds.set(kind, have);
  };
  if (after.facts.cancelled && !before.facts.cancelled) {
    add(DELETES.includes(eventType) ? "delete-visit" : "cancel-visit");
    return kinds;
  }
  const takenBack =
    given.knowsDischarges && before.facts.dischargedAt !== undefined && after.facts.dischargedAt === undefined && !after.facts.cancelled;
  if (takenBack) add("cancel-discharge");
  if (before.facts.class !== after.facts.class && after.facts.class !== "") add("class");
  for (const change of changes) {
    if (change.kind === "class" || (takenBack && change.element === "Encounter.period")) continue;
    if (carriesAnswer(change)) add("answer", change);
    else if (change.significance !== "C0" && PERSONS.includes(eventType) && change.element.startsWith("Patient.")) {
      add(change.kind === "clinical" ? "clinical" : "person", change);
    } else add(change.kind, change);
  }
  if (TRANSFERS.includes(eventType)) add("transfer");
  if (LINKS.includes(eventType)) add("link");
  if (eventType.startsWith("BAR^")) add("billing-account");
  return kinds;
}

/** A document that names a question. */
const carriesAnswer = ({ kind, element, after }: ElementChange): boolean =>
  kind === "document" && !element.includes(".") && after !== undefined && QUERY_TOKEN.test(textOf(after as Resource));

const chargesIn = (changes: readonly ElementChange[]): readonly ChargeItem[] =>
  changes.flatMap(({ element, after }) => (element === "ChargeItem" && after !== undefined ? [after as ChargeItem] : []));

/** Whether a document gives a coder something to read: of a type that codes rest on, and not a copy of what was there. */
function isEvidence({ before, after, rule }: LateCase, changes: readonly ElementChange[]): boolean {
  const known = new Set(before.resources.flatMap((one) => (one.resourceType === "DocumentReference" ? [textHash(one)] : [])));
  const touched = new Set(changes.map(({ of }) => of));
  const documents: DocumentReference[] = [...after.resources, ...before.resources].flatMap((one) =>
    one.resourceType === "DocumentReference" && touched.has(`DocumentReference/${one.id ?? ""}`) ? [one] : [],
  );
  return documents.some(
    (document) =>
      typesOf(document).some((type) => rule.late.evidence.includes(type)) &&
      // A new status of the same text matters: signed, amended, or cancelled. A new number of the same text does not.
      (!known.has(textHash(document)) ||
        changes.some(({ of, element }) => of.endsWith(document.id ?? "") && element !== "DocumentReference")),
  );
}

function guardOf(given: LateCase, changes: readonly ElementChange[]): (guard: Guard) => boolean {
  const { before, after, rule, now, phase } = given;
  const codedFamily = (): boolean => chargesIn(changes).some((charge) => isCodedFamily(charge, before.resources));
  const amount = (): number => Math.abs(chargesIn(changes).reduce((sum, { priceOverride }) => sum + centsOf(priceOverride?.value ?? 0), 0));
  const inWindow = (): boolean =>
    after.facts.dischargedAt === undefined || now.getTime() - Date.parse(after.facts.dischargedAt) <= rule.late.windowDays * 86_400_000;
  const tests: Readonly<Record<Guard, () => boolean>> = {
    charges: () => before.facts.totalCents !== 0 || after.facts.totalCents !== 0,
    "on-claim": () => changes.some(({ onClaim }) => onClaim),
    "drg-relevant": () =>
      before.facts.lengthOfStayDays !== after.facts.lengthOfStayDays ||
      before.facts.disposition !== after.facts.disposition ||
      before.facts.class !== after.facts.class,
    "coded-family": codedFamily,
    "other-charge": () => !codedFamily(),
    "above-floor": () => !codedFamily() && amount() >= rule.late.floorCents,
    "below-floor": () => !codedFamily() && amount() < rule.late.floorCents,
    "net-changed": () => chargedCents(before.resources) !== chargedCents(after.resources),
    evidence: () => isEvidence(given, changes),
    other: () => !isEvidence(given, changes),
    "in-window": () => inWindow() && (phase !== "out" || isEvidence(given, changes)),
    late: () => !inWindow(),
    // P12 carries diagnoses and procedures of another coding system: shown, never taken over.
    foreign: () => given.eventType === "BAR^P12",
    candidate: () => given.candidate === true,
    "both-leased": () => given.bothLeased === true,
    regression: () => given.regression === true,
  };
  return (guard) => tests[guard]();
}

/** The condition code a corrected claim would carry. */
function reasonOf(kind: LateKind, changes: readonly ElementChange[]): string {
  const touches = (element: string): boolean => changes.some((change) => change.element === element);
  if (kind === "discharge" || touches("Encounter.period")) return "D0";
  if (kind === "charge" || kind === "credit") return changes.some(({ element }) => element === "ChargeItem.code") ? "D2" : "D1";
  if (touches("Encounter.hospitalization")) return "E0";
  if (kind === "merge-patient") return "D5";
  if (kind === "cancel-discharge" || kind === "cancel-visit" || kind === "delete-visit" || kind === "class" || kind === "merge-account")
    return "D6";
  if (kind === "clinical" || kind === "document" || kind === "result" || kind === "answer") return "D4";
  return "D9";
}

/** Judges one kind of change of one item. Pure. */
export function judgeKind(given: LateCase, kind: LateKind, changes: readonly ElementChange[]): Judged {
  return {
    kind,
    significance: LATE_MESSAGES[kind].significance,
    changes,
    effects: effectsOf(kind, given.phase, guardOf(given, changes)),
    reason: reasonOf(kind, changes),
  };
}

/** Judges everything that changed. Pure. */
export const judgeLate = (given: LateCase): readonly Judged[] =>
  [...kindsOf(given)].map(([kind, changes]) => judgeKind(given, kind, changes));
