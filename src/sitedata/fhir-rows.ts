import type {
  Bundle,
  ChargeItemDefinition,
  CodeableConcept,
  Identifier,
  Location,
  Organization,
  Practitioner,
  Resource,
} from "@medplum/fhirtypes";
import { fail, ok, type Result } from "#src/base/result.ts";
import type { MasterRow } from "./master-rows.ts";

const NPI = "http://hl7.org/fhir/sid/us-npi";
const TAX = "urn:oid:2.16.840.1.113883.4.4";
const CCN = "http://terminology.hl7.org/NamingSystem/CMSCertificationNumber";
const TAXONOMY = "http://nucc.org/provider-taxonomy";
const POS = "Place_of_Service_Code_Set";
const REVENUE = "RevenueCodes";
const PROCEDURES = /HCPCSReleaseCodeSets|ama-assn\.org\/go\/cpt/;

const valueIn = (identifiers: readonly Identifier[] | undefined, system: string): string =>
  identifiers?.find((one) => one.system === system)?.value ?? "";
const KNOWN = [NPI, TAX, CCN];
const localIn = (identifiers: readonly Identifier[] | undefined): Identifier | undefined =>
  identifiers?.find(({ system, value }) => value !== undefined && !KNOWN.includes(system ?? ""));
const codeIn = (concepts: readonly (CodeableConcept | undefined)[] | undefined, system: string | RegExp): string =>
  concepts
    ?.flatMap((one) => one?.coding ?? [])
    .find((one) => (typeof system === "string" ? (one.system?.includes(system) ?? false) : system.test(one.system ?? "")))?.code ?? "";

type Row = Omit<MasterRow, "what">;

const practitionerRow = (one: Practitioner): Row => {
  const local = localIn(one.identifier);
  return {
    file: "practitioners.csv",
    values: {
      local_id: local?.value ?? one.id ?? "",
      authority: local?.assigner?.identifier?.value ?? local?.assigner?.display ?? "",
      npi: valueIn(one.identifier, NPI),
      family: one.name?.[0]?.family ?? "",
      given: one.name?.[0]?.given?.[0] ?? "",
      taxonomy: codeIn(
        one.qualification?.map(({ code }) => code),
        TAXONOMY,
      ),
    },
  };
};

/** A payer is an organization of type `pay` or `ins` (organization-type); any other is a facility. */
const organizationRow = (one: Organization): Row => {
  const local = localIn(one.identifier)?.value ?? one.id ?? "";
  if (/^(pay|ins)$/.test(codeIn(one.type, "organization-type")))
    return {
      file: "payers.csv",
      values: { payer_id: local, name: one.name ?? "", electronic_id: "", claim_filing: codeIn(one.type, "claim-filing") || "CI" },
    };
  const address = one.address?.[0];
  return {
    file: "facilities.csv",
    values: {
      facility: local,
      name: one.name ?? "",
      npi: valueIn(one.identifier, NPI),
      tax_id: valueIn(one.identifier, TAX),
      ccn: valueIn(one.identifier, CCN),
      street: address?.line?.[0] ?? "",
      city: address?.city ?? "",
      state: address?.state ?? "",
      zip: address?.postalCode ?? "",
      taxonomy: codeIn(one.type, TAXONOMY),
    },
  };
};

const locationRow = (one: Location): Row => ({
  file: "departments.csv",
  values: {
    department: localIn(one.identifier)?.value ?? one.id ?? "",
    facility: one.managingOrganization?.identifier?.value ?? one.managingOrganization?.display ?? "",
    name: one.name ?? "",
    place_of_service: codeIn(one.type, POS),
    service_line: one.type?.find(({ text }) => text !== undefined)?.text ?? "",
  },
});

const chargeRow = (one: ChargeItemDefinition): Row => {
  const codes = [one.code];
  const local =
    one.code?.coding?.find(({ system = "" }) => !PROCEDURES.test(system) && !system.includes(REVENUE))?.code ??
    localIn(one.identifier)?.value;
  const price = one.propertyGroup?.flatMap(({ priceComponent }) => priceComponent ?? []).find(({ type }) => type === "base")?.amount?.value;
  return {
    file: "charge-master.csv",
    ...(one.effectivePeriod?.start === undefined ? {} : { from: one.effectivePeriod.start.slice(0, 10) }),
    values: {
      facility: one.useContext?.find(({ code }) => code?.code === "venue")?.valueReference?.identifier?.value ?? one.publisher ?? "",
      charge_code: local ?? "",
      description: one.title ?? one.description ?? one.code?.text ?? "",
      revenue_code: codeIn(codes, REVENUE),
      procedure_code: codeIn(codes, PROCEDURES),
      ...(one.effectivePeriod?.end === undefined ? {} : { effective_to: one.effectivePeriod.end.slice(0, 10) }),
      ...(price === undefined ? {} : { price: price.toFixed(2) }),
    },
  };
};

function rowOf(resource: Resource): Row | undefined {
  if (resource.resourceType === "Practitioner") return practitionerRow(resource);
  if (resource.resourceType === "Organization") return organizationRow(resource);
  if (resource.resourceType === "Location") return locationRow(resource);
  return resource.resourceType === "ChargeItemDefinition" ? chargeRow(resource) : undefined;
}

/**
 * Rows of a Bundle of Practitioner, Organization, Location and ChargeItemDefinition (R4); others are passed over.
 * Fails with a sentence for each resource that names nothing.
 */
export function readFhirRows(bundle: Bundle): Result<readonly MasterRow[], readonly string[]> {
  const faults: string[] = [];
  const rows = (bundle.entry ?? []).flatMap(({ resource }, index): readonly MasterRow[] => {
    const row = resource === undefined ? undefined : rowOf(resource);
    if (row === undefined) return [];
    if (Object.values(row.values)[row.file === "charge-master.csv" ? 1 : 0] === "")
      faults.push(`Bundle.entry[${index}]: has no code of the hospital`);
    return [{ what: "put", ...row }];
  });
  if (rows.length === 0) faults.push("Bundle.entry: has no Practitioner, Organization, Location or ChargeItemDefinition");
  return faults.length > 0 ? fail(faults) : ok(rows);
}
