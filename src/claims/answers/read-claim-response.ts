import type { ClaimResponse, ClaimResponseItemAdjudication, Extension } from "@medplum/fhirtypes";
import { centsOf } from "#src/base/money.ts";
import { IDENTIFIERS } from "../systems.ts";
import { type Adjustment, type Answered, type AnsweredLine, type AnswerSource, type ClaimAnswer, isRemark } from "./answer.ts";

const GROUPS = ["CO", "PR", "OA", "PI", "CR"];
/** Amounts of an adjudication that say what was paid, and what was asked. */
const PAID = ["benefit", "paidtoprovider", "paidbypayer"];
const SUBMITTED = "submitted";

const codeOf = (concept: { readonly coding?: readonly { readonly code?: string }[] } | undefined): string =>
  concept?.coding?.[0]?.code ?? "";

/** A group code as systems put it on an adjudication: an extension named for it, or the category itself. */
function groupOf({ extension = [], category }: ClaimResponseItemAdjudication): string | undefined {
  const said = (one: Extension): string =>
    one.valueCode ?? one.valueCoding?.code ?? codeOf(one.valueCodeableConcept) ?? one.valueString ?? "";
  const named = extension.filter(({ url }) => /group/i.test(url)).map(said);
  return [...named, codeOf(category)].map((one) => one.toUpperCase()).find((one) => GROUPS.includes(one));
}

/** Reasons of adjudications. `CO-11` in one text is a group and a code. Remark codes are told from adjustment reasons by their form. */
function answeredOf(adjudications: readonly ClaimResponseItemAdjudication[]): Answered & { readonly paidCents?: number } {
  const adjustments: Adjustment[] = [];
  const remarks: string[] = [];
  const sum = (names: readonly string[]): number | undefined => {
    const amounts = adjudications.filter(({ category }) => names.includes(codeOf(category)));
    return amounts.length === 0 ? undefined : amounts.reduce((cents, { amount }) => cents + centsOf(amount?.value ?? 0), 0);
  };
  const [paid, submitted] = [sum(PAID), sum([SUBMITTED])];
  for (const one of adjudications) {
    for (const coding of one.reason?.coding ?? []) {
      const text = (coding.code ?? "").toUpperCase();
      if (isRemark(text)) {
        remarks.push(text);
        continue;
      }
      const split = /^(CO|PR|OA|PI|CR)-?([A-Z]?\d{1,3})$/.exec(text);
      const group = split?.[1] ?? groupOf(one);
      if (text !== "")
        adjustments.push({
          list: "CARC",
          code: split?.[2] ?? text,
          ...(group === undefined ? {} : { group }),
          ...(one.amount?.value === undefined ? {} : { cents: centsOf(one.amount.value) }),
        });
    }
  }
  const [only] = adjustments;
  const unpaid = paid !== undefined && submitted !== undefined ? submitted - paid : undefined;
  return {
    adjustments:
      only !== undefined && adjustments.length === 1 && only.cents === undefined && unpaid !== undefined
        ? [{ ...only, cents: unpaid }]
        : adjustments,
    remarks,
    ...(paid === undefined ? {} : { paidCents: paid }),
  };
}

/** `Claim/ID` and the same under a server's address. */
const claimIdOf = (reference: string | undefined): string | undefined =>
  /(?:^|\/)Claim\/([0-9a-f-]{36})(?:\/|$)/i.exec(reference ?? "")?.[1]?.toLowerCase();

/**
 * Reads a FHIR R4 ClaimResponse. The claim is named by `request` (a reference to our Claim, or its identifier); `identifier` is the payer's number.
 * @param source `fhir`, or `message` when it came in a `$process-message`.
 */
export function readClaimResponse(response: ClaimResponse, source: AnswerSource): ClaimAnswer {
  const {
    request,
    identifier = [],
    outcome,
    created,
    insurer,
    item = [],
    addItem = [],
    adjudication = [],
    error = [],
    payment,
    total = [],
  } = response;
  const whole = answeredOf(adjudication);
  const lines: (AnsweredLine & { readonly paidCents?: number })[] = [
    ...item.map((one) => ({ sequence: one.itemSequence, ...answeredOf(one.adjudication) })),
    ...addItem.flatMap((one) => (one.itemSequence ?? []).map((sequence) => ({ sequence, ...answeredOf(one.adjudication) }))),
  ];
  const errors = error.map((one) => ({ sequence: one.itemSequence, adjustment: errorOf(codeOf(one.code)) }));
  const claimId = claimIdOf(request?.reference);
  const claimNumber = request?.identifier?.value ?? identifier.find(({ system }) => system === IDENTIFIERS.claim)?.value;
  const payerNumber = identifier.find(({ system }) => system !== IDENTIFIERS.claim)?.value;
  const benefit = total.find(({ category }) => PAID.includes(codeOf(category)))?.amount.value;
  const paid = payment?.amount.value ?? benefit;
  const paidCents = paid === undefined ? (whole.paidCents ?? sumOf(lines.flatMap((line) => line.paidCents ?? []))) : centsOf(paid);
  const name = insurer.identifier?.value ?? insurer.reference ?? insurer.display;
  return {
    source,
    ...(claimId === undefined ? {} : { claimId }),
    ...(claimNumber === undefined ? {} : { claimNumber }),
    ...(payerNumber === undefined ? {} : { payerNumber }),
    ...(name === undefined ? {} : { insurer: name }),
    outcome: outcome ?? "queued",
    created,
    ...(paidCents === undefined ? {} : { paidCents }),
    whole: {
      adjustments: [...whole.adjustments, ...errors.filter(({ sequence }) => sequence === undefined).map(({ adjustment }) => adjustment)],
      remarks: whole.remarks,
    },
    lines: [
      ...lines.map(({ paidCents: _paid, ...line }) => line),
      ...errors.flatMap(({ sequence, adjustment }) =>
        sequence === undefined ? [] : [{ sequence, adjustments: [adjustment], remarks: [] }],
      ),
    ],
    requests: (response.communicationRequest ?? []).map(() => ({ codes: [] })),
  };
}

const sumOf = (amounts: readonly number[]): number | undefined =>
  amounts.length === 0 ? undefined : amounts.reduce((sum, one) => sum + one, 0);

/** Errors may be said in any list; adjustment reasons and remarks are told by their form, so that they find their owner. */
function errorOf(code: string): Adjustment {
  const text = code.toUpperCase();
  if (isRemark(text)) return { list: "RARC", code: text };
  return /^[AB]?\d{1,3}$/.test(text)
    ? { list: "CARC", code: text }
    : { list: "ERROR", code: text === "" ? "none-given" : text.slice(0, 40) };
}
