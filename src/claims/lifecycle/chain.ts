import type { Claim, ClaimSupportingInfo, CodeableConcept, Identifier } from "@medplum/fhirtypes";
import { CLAIM_SYSTEMS, IDENTIFIERS } from "../systems.ts";
import { type ChangeReason, isChangeReason, REMARK } from "./reasons.ts";
import { categoryOf } from "./type-of-bill.ts";

/** Claim frequency (UB-04 form locator 4, CLM05-3): first claim, replacement, void. */
export const ORIGINAL = "1";
export const REPLACEMENT = "7";
export const VOID = "8";

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

const PRIOR = "prior";

/** REF*F8 of the 837: the payer's number where it is known; else ours, by whose system the reader can tell. */
const originalReference = ({ number, payerNumber }: Prior): Identifier =>
  payerNumber === undefined ? { system: IDENTIFIERS.claim, value: number } : { system: IDENTIFIERS.payerClaim, value: payerNumber };

/** A type of bill with another frequency; the facility and the care stay. */
const withFrequency = ({ coding = [], ...rest }: CodeableConcept, frequency: string): CodeableConcept => ({
  ...rest,
  coding: coding.map((one) => (one.code === undefined ? one : { ...one, code: `${one.code.slice(0, -1)}${frequency}` })),
});

const info = (system: string, code: string): Pick<ClaimSupportingInfo, "category"> => ({ category: { coding: [{ system, code }] } });
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
    {
      ...info(CLAIM_SYSTEMS.ownInformation, "claimfrequency"),
      code: { coding: [{ system: CLAIM_SYSTEMS.claimFrequency, code: frequency }] },
    },
    ...(institutional
      ? [
          {
            ...info(CLAIM_SYSTEMS.ownInformation, "conditioncode"),
            code: { coding: [{ system: CLAIM_SYSTEMS.conditionCode, code: reason }] },
          },
        ]
      : []),
    ...(institutional && remarks !== undefined ? [{ ...info(CLAIM_SYSTEMS.informationCategory, "info"), valueString: remarks }] : []),
  ];
  return {
    ...claim,
    related: [
      {
        claim: { reference: `Claim/${prior.claimId}`, identifier: { system: IDENTIFIERS.claim, value: prior.number } },
        relationship: { coding: [{ system: CLAIM_SYSTEMS.relatedClaim, code: PRIOR }] },
        reference: originalReference(prior),
      },
      // Other parts of the same version.
      ...(claim.related ?? []).filter(({ relationship }) => relationship?.coding?.[0]?.code !== PRIOR),
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
