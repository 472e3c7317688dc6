import type { ChargeItem, Resource } from "@medplum/fhirtypes";
import { centsOf } from "#src/base/money.ts";

/** One posting: a charge, or a credit or adjustment that takes from one. */
export interface Posting {
  readonly id: string;
  readonly kind: "charge" | "credit";
  readonly units: number;
  readonly cents: number;
  readonly enteredAt?: string;
  /** Taken out by its sender (`entered-in-error`): shown, not counted. */
  readonly counts: boolean;
}

/** What stands of one service on one day after its credits and adjustments. */
export interface LedgerLine {
  /** Codes as sent, the hospital's own first. */
  readonly codes: readonly string[];
  readonly text?: string;
  /** Local day of service; absent when the sender gave none. */
  readonly day?: string;
  readonly units: number;
  readonly cents: number;
  /** In the order they were entered. */
  readonly postings: readonly Posting[];
}

const dayOf = ({ occurrenceDateTime, occurrencePeriod }: ChargeItem): string =>
  (occurrenceDateTime ?? occurrencePeriod?.start ?? "").slice(0, 10);
const codesOf = ({ code }: ChargeItem): readonly string[] => (code.coding ?? []).flatMap((coding) => coding.code ?? []);
const centsIn = ({ priceOverride }: ChargeItem): number => centsOf(priceOverride?.value ?? 0);
const isCredit = (charge: ChargeItem): boolean => centsIn(charge) < 0 || (charge.quantity?.value ?? 1) < 0;
const counts = ({ status }: ChargeItem): boolean => status !== "entered-in-error" && status !== "not-billable";

/** Charges with their credits and adjustments, netted by service and day. Nothing is left out: the lines sum to the chart's total. */
export function chargeLedger(resources: Iterable<Resource>): readonly LedgerLine[] {
  const lines = new Map<string, ChargeItem[]>();
  for (const resource of resources) {
    if (resource.resourceType !== "ChargeItem") continue;
    const key = `${dayOf(resource)} ${codesOf(resource).join(" ") || (resource.code.text ?? "")}`;
    const have = lines.get(key);
    if (have === undefined) lines.set(key, [resource]);
    else have.push(resource);
  }
  return [...lines.entries()]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([, charges]): LedgerLine[] => {
      const [first] = charges;
      if (first === undefined) return [];
      const postings = charges
        .map(
          (charge): Posting => ({
            id: charge.id ?? "",
            kind: isCredit(charge) ? "credit" : "charge",
            units: charge.quantity?.value ?? 1,
            cents: centsIn(charge),
            ...(charge.enteredDate === undefined ? {} : { enteredAt: charge.enteredDate }),
            counts: counts(charge),
          }),
        )
        .sort((a, b) => (a.enteredAt ?? "").localeCompare(b.enteredAt ?? "") || a.id.localeCompare(b.id));
      const counted = postings.filter((posting) => posting.counts);
      const day = dayOf(first);
      return [
        {
          codes: codesOf(first),
          ...(first.code.text === undefined ? {} : { text: first.code.text }),
          ...(day === "" ? {} : { day }),
          units: counted.reduce((sum, { units }) => sum + units, 0),
          cents: counted.reduce((sum, { cents }) => sum + cents, 0),
          postings,
        },
      ];
    });
}
