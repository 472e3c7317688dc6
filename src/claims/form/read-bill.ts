import type { Claim, ClaimItem, ClaimSupportingInfo, CodeableConcept, Coverage, Identifier, Resource } from "@medplum/fhirtypes";
import { centsOf } from "#src/base/money.ts";
import { isProcedureSystem } from "#src/coding/codes.ts";
import { dayOf } from "#src/coding/stay.ts";
import { controlNumberOf } from "../line-numbers.ts";
import { CLAIM_SYSTEMS, EXTENSIONS, IDENTIFIERS } from "../systems.ts";
import type { Address, Bill, BillDiagnosis, BillLine, BillPayer, Party, Person, TeamMember } from "./bill.ts";

const first = (concept: CodeableConcept | undefined): string | undefined => concept?.coding?.[0]?.code;
const numberIn = (identifiers: readonly Identifier[] | undefined, system: string): string =>
  identifiers?.find((one) => one.system === system)?.value ?? "";
const optional = <K extends string, V>(name: K, value: V | undefined): { readonly [P in K]?: V } =>
  (value === undefined || value === "" ? {} : { [name]: value }) as { readonly [P in K]?: V };

type Found = ReadonlyMap<string, Resource>;

function addressOf(resource: Resource | undefined): Address {
  const held = resource !== undefined && "address" in resource ? resource.address : undefined;
  const address = Array.isArray(held) ? held[0] : held;
  if (address === undefined || typeof address === "string") return { line: "", city: "", state: "", zip: "" };
  const {
    line,
    city = "",
    state = "",
    postalCode = "",
  } = address as { line?: string[]; city?: string; state?: string; postalCode?: string };
  return { line: line?.[0] ?? "", city, state, zip: postalCode };
}

function partyOf(resource: Resource | undefined): Party {
  const organization = resource?.resourceType === "Organization" || resource?.resourceType === "Location" ? resource : undefined;
  const identifiers = organization?.identifier;
  const taxonomy = organization?.resourceType === "Organization" ? organization.type?.[0]?.coding?.[0]?.code : undefined;
  return {
    name: organization?.name ?? "",
    npi: numberIn(identifiers, IDENTIFIERS.npi),
    taxId: numberIn(identifiers, IDENTIFIERS.taxId).replaceAll("-", ""),
    clia: numberIn(identifiers, IDENTIFIERS.clia),
    taxonomy: taxonomy ?? "",
    address: addressOf(organization),
  };
}

const GENDERS: Readonly<Record<string, "M" | "F">> = { male: "M", female: "F" };

function personOf(resource: Resource | undefined): Person {
  const person = resource?.resourceType === "Patient" || resource?.resourceType === "RelatedPerson" ? resource : undefined;
  const name = person?.name?.find(({ use }) => use === "official") ?? person?.name?.[0];
  return {
    family: name?.family ?? "",
    given: name?.given?.[0] ?? "",
    birthDate: person?.birthDate ?? "",
    gender: GENDERS[person?.gender ?? ""] ?? "U",
    address: addressOf(person),
  };
}

const RELATIONSHIPS: Readonly<Record<string, BillPayer["relationship"]>> = { self: "self", spouse: "spouse", child: "child" };
const classOf = ({ class: classes = [] }: Coverage, code: string) => classes.find(({ type }) => first(type) === code);

function payersOf({ insurance, patient }: Claim, found: Found): readonly BillPayer[] {
  return insurance.flatMap(({ coverage, focal, preAuthRef = [] }): readonly BillPayer[] => {
    const held = found.get(coverage.reference ?? "");
    if (held?.resourceType !== "Coverage") return [];
    const organization = found.get(held.payor[0]?.reference ?? "");
    const identifiers = organization?.resourceType === "Organization" ? organization.identifier : undefined;
    const group = classOf(held, "group");
    const said = held.relationship?.coding?.[0]?.code;
    return [
      {
        name: organization?.resourceType === "Organization" ? (organization.name ?? "") : "",
        electronicId: numberIn(identifiers, IDENTIFIERS.payer) || (identifiers?.[0]?.value ?? ""),
        claimFiling: numberIn(identifiers, IDENTIFIERS.claimFiling),
        focal,
        memberId: held.subscriberId ?? "",
        groupNumber: group?.value ?? "",
        groupName: group?.name ?? "",
        relationship: said === undefined ? "self" : (RELATIONSHIPS[said] ?? "other"),
        insured: personOf(found.get(held.subscriber?.reference ?? patient.reference ?? "")),
        authorizations: preAuthRef,
      },
    ];
  });
}

const diagnosesIn = ({ diagnosis = [] }: Claim): readonly BillDiagnosis[] =>
  diagnosis.map(({ sequence, diagnosisCodeableConcept, type, onAdmission }) => ({
    sequence,
    code: first(diagnosisCodeableConcept) ?? "",
    use: type?.[0]?.coding?.find(({ system }) => system === CLAIM_SYSTEMS.diagnosisType)?.code ?? first(type?.[0]) ?? "",
    ...optional("onAdmission", first(onAdmission)),
  }));

const teamIn = ({ careTeam = [] }: Claim, found: Found): readonly TeamMember[] =>
  careTeam.map(({ sequence, provider, role, qualification }) => {
    const practitioner = found.get(provider.reference ?? "");
    const held = practitioner?.resourceType === "Practitioner" ? practitioner : undefined;
    return {
      sequence,
      role: role?.text ?? first(role) ?? "",
      family: held?.name?.[0]?.family ?? "",
      given: held?.name?.[0]?.given?.[0] ?? "",
      npi: numberIn(held?.identifier, IDENTIFIERS.npi),
      taxonomy: first(qualification) ?? "",
    };
  });

function lineOf(item: ClaimItem): BillLine {
  const { extension = [], productOrService, servicedDate, servicedPeriod, quantity, unitPrice, net, detail } = item;
  const product = productOrService.coding?.find(({ system }) => isProcedureSystem(system));
  const [drug] = detail ?? [];
  const drugValue = drug?.quantity?.value;
  return {
    sequence: item.sequence,
    controlNumber: controlNumberOf(item) ?? "",
    modifiers: (item.modifier ?? []).flatMap((one) => first(one) ?? []),
    from: servicedDate ?? servicedPeriod?.start ?? "",
    quantity: quantity?.value ?? 1,
    unit: quantity?.unit ?? "UN",
    cents: centsOf(net?.value ?? 0),
    nonCoveredCents: centsOf(extension.find(({ url }) => url === EXTENSIONS.nonCovered)?.valueMoney?.value ?? 0),
    pointers: item.diagnosisSequence ?? [],
    emergency: extension.some(({ url, valueBoolean }) => url === EXTENSIONS.emergency && valueBoolean === true),
    team: item.careTeamSequence ?? [],
    ...optional("revenue", first(item.revenue)),
    ...optional("code", product?.code),
    ...optional("description", productOrService.text),
    ...optional("through", servicedPeriod?.end),
    ...(unitPrice?.value === undefined ? {} : { unitCents: centsOf(unitPrice.value) }),
    ...optional("place", first(item.locationCodeableConcept)),
    ...optional("ndc", drug === undefined ? undefined : first(drug.productOrService)),
    ...(drugValue === undefined ? {} : { ndcQuantity: { value: drugValue, unit: drug?.quantity?.unit ?? "UN" } }),
  };
}

const ACCIDENTS: Readonly<Record<string, "auto" | "work">> = { MVA: "auto", WPA: "work" };
const accidentIn = ({ accident }: Claim): Bill["accident"] =>
  accident === undefined
    ? undefined
    : {
        date: accident.date ?? "",
        kind: ACCIDENTS[first(accident.type) ?? ""] ?? "other",
        ...optional("state", accident.locationAddress?.state),
      };

/** The supporting information by category. */
class Information {
  private readonly all: readonly ClaimSupportingInfo[];

  constructor({ supportingInfo = [] }: Claim) {
    this.all = supportingInfo;
  }
  named(category: string): readonly ClaimSupportingInfo[] {
    return this.all.filter((one) => first(one.category) === category);
  }
  code(category: string): string | undefined {
    return first(this.named(category)[0]?.code);
  }
  text(category: string): string | undefined {
    return this.named(category)[0]?.valueString;
  }
}

/** Reads a claim and what goes with it as the forms say it. */
export function readBill(claim: Claim, referenced: readonly Resource[]): Bill {
  const found: Found = new Map(referenced.map((one) => [`${one.resourceType}/${one.id}`, one]));
  const info = new Information(claim);
  const professional = first(claim.type) === "professional";
  const typeOfBill = info.code("typeofbill");
  const admission = info.named("admissionperiod")[0]?.timingPeriod;
  const hospital = info.named("hospitalized")[0]?.timingPeriod;
  const accident = accidentIn(claim);
  const assignment = claim.extension?.find(({ url }) => url === EXTENSIONS.acceptAssignment)?.valueBoolean;
  return {
    kind: professional ? "professional" : "institutional",
    inpatient: first(claim.subType) === "inpatient",
    number: claim.identifier?.[0]?.value ?? "",
    frequency: typeOfBill?.slice(-1) ?? info.code("claimfrequency") ?? "1",
    provider: partyOf(found.get(claim.provider.reference ?? "")),
    patient: personOf(found.get(claim.patient.reference ?? "")),
    payers: payersOf(claim, found),
    paysProvider: first(claim.payee?.type) === "provider",
    from: dayOf(claim.billablePeriod?.start) ?? "",
    through: dayOf(claim.billablePeriod?.end) ?? "",
    conditions: info.named("conditioncode").flatMap(({ code }) => first(code) ?? []),
    occurrences: info.named("occurrence").map(({ code, timingDate }) => ({ code: first(code) ?? "", date: timingDate ?? "" })),
    spans: info
      .named("occurrencespan")
      .map(({ code, timingPeriod }) => ({ code: first(code) ?? "", from: timingPeriod?.start ?? "", through: timingPeriod?.end ?? "" })),
    values: info.named("valuecode").map(({ code, valueQuantity }) => ({ code: first(code) ?? "", amount: valueQuantity?.value ?? 0 })),
    diagnoses: diagnosesIn(claim),
    procedures: (claim.procedure ?? []).map(({ procedureCodeableConcept, date }) => ({
      code: first(procedureCodeableConcept) ?? "",
      date: dayOf(date) ?? "",
    })),
    team: teamIn(claim, found),
    lines: (claim.item ?? []).map(lineOf),
    totalCents: centsOf(claim.total?.value ?? 0),
    ...optional("accountNumber", info.text("patientaccountnumber")),
    ...optional("medicalRecordNumber", info.text("medicalrecordnumber")),
    ...optional("typeOfBill", typeOfBill),
    ...(claim.facility?.reference === undefined ? {} : { serviceFacility: partyOf(found.get(claim.facility.reference)) }),
    ...(assignment === undefined ? {} : { acceptsAssignment: assignment }),
    ...optional("admittedAt", admission?.start),
    ...optional("dischargedAt", admission?.end),
    ...optional("admissionType", info.code("admtype")),
    ...optional("pointOfOrigin", info.code("pointoforigin")),
    ...optional("dischargeStatus", info.code("discharge-status")),
    ...optional("onset", info.named("onset")[0]?.timingDate),
    ...(hospital === undefined ? {} : { hospitalized: { ...optional("from", hospital.start), ...optional("through", hospital.end) } }),
    ...(accident === undefined ? {} : { accident }),
    ...optional("drg", info.code("drg")),
    ...optional("remarks", info.text("info")),
    ...optional("referralNumber", claim.referral?.identifier?.value),
    ...optional("originalReference", claim.related?.find(({ reference }) => reference !== undefined)?.reference?.value),
  };
}
