import type { Claim, ClaimItem, CodeableConcept, ChargeItem, Extension, Parameters } from "@medplum/fhirtypes";
import { digestId } from "./message-id.ts";

/** Extensions of Oracle Health Millennium R4 for what R4's ChargeItem has no element for. */
const EXTENSION = "https://fhir-ehr.cerner.com/r4/StructureDefinition/";
const NET_PRICE = `${EXTENSION}net-price`;
const PRIORITY = `${EXTENSION}priority`;

const coded = (name: string, code: CodeableConcept, priority: number): Extension => ({
  url: `${EXTENSION}${name}`,
  extension: [
    { url: "code", valueCodeableConcept: code },
    { url: PRIORITY, valueUnsignedInt: priority },
  ],
});

/** The diagnoses a line points to, in its order; a line that points to none has those of the whole claim. */
function reasonsOf({ diagnosis }: Claim, { diagnosisSequence }: ClaimItem): CodeableConcept[] {
  const all = diagnosis ?? [];
  const pointed = diagnosisSequence?.map((sequence) => all.find((one) => one.sequence === sequence));
  return (pointed ?? all).flatMap((one, index) =>
    one?.diagnosisCodeableConcept === undefined
      ? []
      : [{ ...one.diagnosisCodeableConcept, extension: [{ url: PRIORITY, valueUnsignedInt: index + 1 }] }],
  );
}

/** One line of a claim as a charge of the EHR. */
function chargeItemOf(claim: Claim, item: ClaimItem, patient: string, encounter: string): ChargeItem {
  const { quantity, net, unitPrice, modifier, revenue, servicedDate, servicedPeriod } = item;
  const when = servicedDate ?? servicedPeriod?.start;
  return {
    resourceType: "ChargeItem",
    status: "unknown",
    subject: { reference: patient },
    context: { reference: encounter },
    code: item.productOrService,
    ...(when === undefined ? {} : { occurrenceDateTime: when }),
    ...(quantity === undefined ? {} : { quantity }),
    reason: reasonsOf(claim, item),
    extension: [
      coded("procedure-code", item.productOrService, 1),
      ...(modifier ?? []).map((one, index) => coded("modifier-code", one, index + 1)),
      ...(revenue === undefined ? [] : [{ url: `${EXTENSION}revenue-code`, valueCodeableConcept: revenue }]),
      ...(unitPrice === undefined ? [] : [{ url: `${EXTENSION}unit-price`, valueMoney: unitPrice }]),
      ...(net === undefined ? [] : [{ url: NET_PRICE, valueMoney: net }]),
    ],
  };
}

export interface ChargeCall {
  /** Name of this step in the ledger. */
  readonly part: string;
  readonly parameters: Parameters;
}

/**
 * A claim as calls of ChargeItem/$create (Oracle Health Millennium R4), one for each line. The transaction id of a call is always the
 * same for the same line of the same sending.
 * @param patient `Patient/123` of the EHR
 */
export const chargeCalls = (claim: Claim, sending: number, patient: string, encounter: string): readonly ChargeCall[] =>
  (claim.item ?? []).map((item) => ({
    part: `line-${item.sequence}`,
    parameters: {
      resourceType: "Parameters",
      parameter: [
        { name: "chargeItem", resource: chargeItemOf(claim, item, patient, encounter) },
        { name: "transactionId", valueUuid: `urn:uuid:${digestId(claim.id ?? "", String(sending), String(item.sequence))}` },
      ],
    },
  }));
