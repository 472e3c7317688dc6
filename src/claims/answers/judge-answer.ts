import type { Claim, ClaimItem } from "@medplum/fhirtypes";
import { centsOf } from "#src/base/money.ts";
import { shiftDay } from "#src/coding/stay.ts";
import {
  type Adjustment,
  type Answered,
  type AnsweredLine,
  type ClaimAnswer,
  clearCode,
  type DocumentRequest,
  isRemark,
} from "./answer.ts";
import { type DenialRoutes, isCodings, type Owner, type Routed } from "./denial-routes.ts";

/** What an answer comes to. */
export const VERDICTS = ["queued", "rejected", "accepted", "denied", "partly-denied", "documents"] as const;
export type Verdict = (typeof VERDICTS)[number];

/** One thing the payer refused. */
export interface Denial extends Routed {
  /** Claim.item.sequence; absent: the claim as a whole. */
  readonly line?: number;
  readonly list: Adjustment["list"];
  readonly code: string;
  readonly group?: string;
  readonly remarks: readonly string[];
  /** Whole cents at risk. */
  readonly cents: number;
}

export interface JudgedAnswer {
  readonly verdict: Verdict;
  readonly denials: readonly Denial[];
  readonly requests: readonly (DocumentRequest & { readonly due: string })[];
  /** A coder has to look. */
  readonly rework: boolean;
}

/** Days for sending documents that a payer asks for, when it names no day: what Medicare gives (42 CFR 405.930). */
const DOCUMENT_DAYS = 45;

/** Claim adjustment group codes. */
const GROUPS: readonly string[] = ["CO", "PR", "OA", "PI", "CR"];

/** Stands for the reason of a refusal that names none. */
const NONE_GIVEN = "none-given";

/** What an answer may call a line: its procedure, else its revenue code, as payers do for inpatient lines (835 SVC01, qualifier NU). */
const codesOf = ({ productOrService, revenue }: ClaimItem): readonly string[] =>
  [...(productOrService.coding ?? []), ...(revenue?.coding ?? [])].flatMap(({ code }) => code ?? []);
const charged = ({ net }: ClaimItem): number => centsOf(net?.value ?? 0);

/** Every short text of a line that may be its control number. */
const controlsOf = (item: ClaimItem): readonly string[] => [
  item.id ?? "",
  ...(item.extension ?? []).map((one) => one.valueString ?? one.valueIdentifier?.value ?? ""),
];

/** The line an answer means: by its number, its control number, else by its code and amount when only one has both. */
export function lineOf(claim: Claim, { sequence, control, procedure, chargedCents }: AnsweredLine): ClaimItem | undefined {
  const items = claim.item ?? [];
  const numbered = sequence === undefined ? undefined : items.find((item) => item.sequence === sequence);
  if (numbered !== undefined) return numbered;
  if (control !== undefined && control !== "") {
    const controlled = items.find((item) => controlsOf(item).includes(control)) ?? items.find((item) => String(item.sequence) === control);
    if (controlled !== undefined) return controlled;
  }
  const alike = items.filter((item) => procedure !== undefined && codesOf(item).includes(procedure) && charged(item) === chargedCents);
  return alike.length === 1 ? alike[0] : undefined;
}

function denialsOf(
  { adjustments, remarks }: Answered,
  item: ClaimItem | undefined,
  claim: Claim,
  routes: DenialRoutes,
  isError: boolean,
): readonly Denial[] {
  const atRisk = item === undefined ? centsOf(claim.total?.value ?? 0) : charged(item);
  return adjustments.flatMap((one, index): readonly Denial[] => {
    const routed = routes.route(one, remarks);
    // A credit, or nothing: no money was kept back.
    if (routed.owner === "none" || (!isError && one.cents !== undefined && one.cents <= 0)) return [];
    return [
      {
        ...routed,
        ...(item === undefined ? {} : { line: item.sequence }),
        list: one.list,
        code: one.code === NONE_GIVEN ? one.code : clearCode(one.code),
        ...(one.group === undefined || !GROUPS.includes(one.group) ? {} : { group: one.group }),
        remarks: remarks.filter(isRemark),
        // Several reasons for one amount that nobody split put it at risk once.
        cents: one.cents ?? (index === 0 ? atRisk : 0),
      },
    ];
  });
}

/**
 * What an answer comes to. Pure.
 * - `queued`: wait. `error`: refused unjudged; the correction is a first claim again.
 * - `complete`, `partial`: whatever was not paid and is no contractual or patient's part is a denial, whose owner the table names.
 * - Documents that are asked for are requests with a day.
 */
export function judgeAnswer(answer: ClaimAnswer, claim: Claim, routes: DenialRoutes): JudgedAnswer {
  const { outcome, whole, lines, requests: said, created, paidCents } = answer;
  const isError = outcome === "error";
  const all = [
    ...denialsOf(whole, undefined, claim, routes, isError),
    ...lines.flatMap((line) => denialsOf(line, lineOf(claim, line), claim, routes, isError)),
  ];
  const reasons = [whole, ...lines].reduce((sum, { adjustments }) => sum + adjustments.length, 0);
  // Nothing is paid and nothing says why: a denial whose reason somebody has to find out.
  const unexplained =
    !isError && outcome !== "queued" && paidCents === 0 && reasons === 0 && said.length === 0 && centsOf(claim.total?.value ?? 0) > 0;
  const asked = all.filter(({ asks }) => asks);
  const denials = [
    ...all.filter(({ asks }) => !asks),
    ...(unexplained ? denialsOf({ adjustments: [{ list: "CARC", code: NONE_GIVEN }], remarks: [] }, undefined, claim, routes, false) : []),
  ];
  const due = shiftDay(created.slice(0, 10), DOCUMENT_DAYS);
  const requests = [
    ...said.map((one) => ({ codes: one.codes.map(clearCode), due: one.due ?? due })),
    ...(asked.length === 0 || said.length > 0
      ? []
      : [{ due, codes: [...new Set(asked.flatMap(({ code, remarks }) => [code, ...remarks]))] }]),
  ];
  const verdictOf = (): Verdict => {
    if (outcome === "queued") return requests.length > 0 ? "documents" : "queued";
    if (isError) return "rejected";
    if (denials.length > 0) return paidCents === undefined || paidCents === 0 ? "denied" : "partly-denied";
    return requests.length > 0 ? "documents" : "accepted";
  };
  const verdict = verdictOf();
  // Refused without a reason that we can read: somebody has to find it out.
  const shown =
    verdict === "rejected" && denials.length === 0
      ? denialsOf({ adjustments: [{ list: "ERROR", code: NONE_GIVEN }], remarks: [] }, undefined, claim, routes, true)
      : denials;
  return { verdict, denials: verdict === "queued" ? [] : shown, requests, rework: shown.some(({ owner }) => isCodings(owner)) };
}

/** `CO-11`, `MA63`: a reason as people say it. */
export const reasonName = ({ list, code, group, remarks }: Pick<Denial, "list" | "code" | "group" | "remarks">): string =>
  [list === "CARC" ? `${group === undefined ? "" : `${group}-`}${code}` : code, ...remarks].join("+");

/** Denials that are not coding's, by owner. */
export const forOthers = (denials: readonly Denial[]): ReadonlyMap<Owner, readonly Denial[]> =>
  Map.groupBy(
    denials.filter(({ owner }) => !isCodings(owner)),
    ({ owner }) => owner,
  );
