import type { Claim, ClaimSupportingInfo, CodeableConcept, Identifier } from "@medplum/fhirtypes";
import { CLAIM_SYSTEMS, IDENTIFIERS } from "../systems.ts";
import { type ChangeReason, isChangeReason, REMARK } from "./reasons.ts";
import { categoryOf } from "./type-of-bill.ts";

/** Claim frequency (UB-04 form locator 4, CLM05-3): first claim, replacement, void. */
export const ORIGINAL = "1";
export const REPLACEMENT = "7";
export const VOID = "8";

const RELATIONSHIP = "http://terminology.hl7.org/CodeSystem/ex-relatedclaimrelationship";
/** The payer's own number of a claim (ICN, DCN). */
export const PAYER_NUMBER = "urn:chartbridge:payer-claim-number";

/** The claim that one takes the place of, or voids. */
export interface Prior {
  readonly claimId: string;
  /** Our number of it. */
  readonly number: string;
  /** The payer's number of it, when the payer has said it. */
  readonly payerNumber?: string;
}

export interface Link {
  readonly frequency: typeof REPLACEMENT | typeof VOID;
  readonly prior: Prior;
  readonly reason: ChangeReason;
  readonly remarks?: string;
}

/** REF*F8 of the 837: the payer's number where it is known; else ours, by whose system the reader can tell. */
const originalReference = ({ number, payerNumber }: Prior): Identifier =>
  payerNumber === undefined ? { system: IDENTIFIERS.claim, value: number } : { system: PAYER_NUMBER, value: payerNumber };

/** A type of bill with another frequency; the facility and the care stay. */
const withFrequency = ({ coding = [], ...rest }: CodeableConcept, frequency: string): CodeableConcept => ({
  ...rest,
  coding: coding.map((one) => (one.code === undefined ? one : { ...one, code: `${one.code.slice(0, -1)}${frequency}` })),
});

const info = (code: string): Pick<ClaimSupportingInfo, "category"> => ({
  category: { coding: [{ system: CLAIM_SYSTEMS.supportingInfo, code }] },
});
/** What a correction says of itself on a claim: its frequency, its reason, its remark. */
export const isOfCorrection = (one: Omit<ClaimSupportingInfo, "sequence">): boolean =>
  categoryOf(one) === "claimfrequency" || isChangeReason(one.code?.coding?.[0]?.code ?? "") || (one.valueString ?? "").startsWith(REMARK);

/**
 * A claim as a replacement or void of another: `related`, the frequency in its type of bill, and on a hospital claim the one
 * condition code and the remark. What is added comes last, so that no number of the claim moves. Pure.
 */
export function inChain(claim: Claim & { readonly id: string }, link: Link): Claim & { readonly id: string } {
  const { frequency, prior, reason, remarks } = link;
  const institutional = claim.type.coding?.[0]?.code === "institutional";
  const kept = (claim.supportingInfo ?? [])
    .filter((one) => !isOfCorrection(one))
    .map((one) =>
      categoryOf(one) === "typeofbill" && one.code !== undefined ? { ...one, code: withFrequency(one.code, frequency) } : one,
    );
  const added: Omit<ClaimSupportingInfo, "sequence">[] = [
    { ...info("claimfrequency"), code: { coding: [{ system: IDENTIFIERS.claimFrequency, code: frequency }] } },
    ...(institutional ? [{ ...info("conditioncode"), code: { coding: [{ system: CLAIM_SYSTEMS.conditionCode, code: reason }] } }] : []),
    ...(institutional && remarks !== undefined ? [{ ...info("info"), valueString: remarks }] : []),
  ];
  return {
    ...claim,
    related: [
      {
        claim: { reference: `Claim/${prior.claimId}`, identifier: { system: IDENTIFIERS.claim, value: prior.number } },
        relationship: { coding: [{ system: RELATIONSHIP, code: "prior" }] },
        reference: originalReference(prior),
      },
    ],
    supportingInfo: [...kept, ...added].map((one, index) => ({ ...one, sequence: index + 1 })),
  };
}

/** The void of a claim: the same claim once more, with frequency 8 and its own number. Pure. */
export const voidOf = (
  claim: Claim,
  { claimId, number, created }: { readonly claimId: string; readonly number: string; readonly created: string },
  link: Omit<Link, "frequency">,
): Claim & { readonly id: string } =>
  inChain(
    { ...claim, id: claimId, identifier: [{ system: IDENTIFIERS.claim, value: number }], status: "active", created },
    { ...link, frequency: VOID },
  );
