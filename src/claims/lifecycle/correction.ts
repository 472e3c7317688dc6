import { shiftDay } from "#src/coding/stay.ts";
import type { PayerCapabilities } from "./capabilities.ts";
import { CHANGE_KINDS, type ChangeKind, type ClaimChange, type ClaimVersion, diffClaims } from "./claim-diff.ts";
import { type ChangeReason, REMARK } from "./reasons.ts";

/** How far the claim that is out has come. Only what a payer took in can be replaced. */
export type Standing =
  /** It surely reached nobody. */
  | "never-sent"
  /** Refused before anyone judged it (by every destination, a 277CA, or a ClaimResponse with outcome `error`). */
  | "rejected"
  | "received";

export interface Circumstances {
  readonly standing: Standing;
  /** Local day, YYYY-MM-DD. */
  readonly today: string;
  /** Day of the payer's denial, when there was one. */
  readonly deniedOn?: string;
  /** The coder's own word on the reason. */
  readonly reason?: ChangeReason;
}

interface Corrected {
  readonly reason: ChangeReason;
  /** UB-04 form locator 80: wanted with D9. Upper case, of the characters that X12 takes. */
  readonly remarks?: string;
  readonly changes: readonly ClaimChange[];
  /** Last day for it: the payer's limit for corrected claims, or for the appeal, whichever ends first. YYYY-MM-DD. */
  readonly deadline: string;
  readonly overdue: boolean;
}

export type Correction =
  | { readonly kind: "nothing" }
  /** A first claim again (frequency 1): the one before does not count. */
  | { readonly kind: "original"; readonly changes: readonly ClaimChange[] }
  /** Frequency 7. */
  | ({ readonly kind: "replacement" } & Corrected)
  /** Frequency 8, then a new claim (1). */
  | ({ readonly kind: "void-and-new" } & Corrected)
  /** The payer takes neither: it is told by another way (a reopening, a call). */
  | ({ readonly kind: "outside" } & Corrected);

/** Differences that no replacement may cross (the claim would be another claim). */
const NEVER_REPLACED: readonly ChangeKind[] = ["bill-type", "provider", "patient", "payer"];
const REASON_OF: Readonly<Partial<Record<ChangeKind, ChangeReason>>> = {
  dates: "D0",
  charges: "D1",
  codes: "D2",
  grouper: "D4",
  status: "E0",
};

const remark = (kinds: readonly ChangeKind[]): string =>
  `${REMARK}${kinds.map((kind) => CHANGE_KINDS[kind].toUpperCase()).join(", ")}`.slice(0, 80);

/** Without what follows from another: another amount from another code of a line, another care team from other codes. */
const withoutConsequences = (kinds: readonly ChangeKind[]): readonly ChangeKind[] =>
  kinds.filter(
    (kind) =>
      !(kind === "charges" && kinds.includes("codes")) && !(kind === "care-team" && (kinds.includes("codes") || kinds.includes("grouper"))),
  );

/** The one condition code of a replacement. Several reasons at once are D9, with a remark that names them. */
function reasonOf(kinds: readonly ChangeKind[], medicareFirst: boolean): ChangeReason {
  const [only] = kinds;
  if (kinds.length !== 1 || only === undefined) return "D9";
  if (only === "payer-order") return medicareFirst ? "D8" : "D7";
  return REASON_OF[only] ?? "D9";
}

const lastDayOf = ({ claim }: ClaimVersion): string =>
  (claim.billablePeriod?.end ?? claim.billablePeriod?.start ?? claim.created).slice(0, 10);

/**
 * What has to be done about a claim that is out when its item would give another one now. Pure.
 * @param before the claim that is out; `after` the one that would be made now, whatever its frequency.
 * @param payer what the payer of `before` takes, and within which days.
 * @param medicareFirst whether Medicare comes first on `after`; tells D8 from D7.
 */
export function decideCorrection(
  before: ClaimVersion,
  after: ClaimVersion,
  payer: PayerCapabilities,
  circumstances: Circumstances,
  medicareFirst = payer.medicare,
): Correction {
  const changes = diffClaims(before, after);
  if (changes.length === 0) return { kind: "nothing" };
  if (circumstances.standing !== "received") return { kind: "original", changes };
  const kinds = withoutConsequences([...new Set(changes.map(({ kind }) => kind))]);
  const wrongNumber = kinds.includes("provider") || (kinds.includes("member") && payer.medicare);
  const crosses = wrongNumber || kinds.some((kind) => NEVER_REPLACED.includes(kind));
  const derived = crosses ? (wrongNumber ? "D5" : "D6") : reasonOf(kinds, medicareFirst);
  const reason = crosses ? derived : (circumstances.reason ?? derived);
  const filing = shiftDay(lastDayOf(before), payer.filingDays);
  const appeal = circumstances.deniedOn === undefined ? filing : shiftDay(circumstances.deniedOn, payer.appealDays);
  const deadline = appeal < filing ? appeal : filing;
  return {
    kind: payer.takesCorrections ? (crosses ? "void-and-new" : "replacement") : "outside",
    reason,
    ...(reason === "D9" ? { remarks: remark(kinds) } : {}),
    changes,
    deadline,
    overdue: circumstances.today > deadline,
  };
}
