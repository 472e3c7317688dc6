import type { CodeableConcept, Encounter, Identifier, Location, Organization, Practitioner, Reference } from "@medplum/fhirtypes";
import { type IdKey, stableId } from "#src/base/ids.ts";
import type { Facility, KnownPractitioner, SiteData } from "#src/sitedata/site-data.ts";
import { isNpi } from "#src/sitedata/npi.ts";
import { CLAIM_SYSTEMS, IDENTIFIERS } from "./systems.ts";

export const typed = (code: string): CodeableConcept => ({ coding: [{ system: CLAIM_SYSTEMS.identifierType, code }] });

/** The billing provider: UB-04 form locators 1 and 56, CMS-1500 items 25 and 33. */
export const providerOf = (facility: Facility, idKey: IdKey): Organization & { readonly id: string } => ({
  resourceType: "Organization",
  id: stableId(idKey, "Organization", "facility", facility.code),
  identifier: [
    { type: typed("NPI"), system: IDENTIFIERS.npi, value: facility.npi },
    { type: typed("TAX"), system: IDENTIFIERS.taxId, value: facility.taxId },
    ...(facility.ccn === "" ? [] : [{ system: IDENTIFIERS.ccn, value: facility.ccn }]),
    ...(facility.clia === undefined ? [] : [{ system: IDENTIFIERS.clia, value: facility.clia }]),
    { system: IDENTIFIERS.facility, value: facility.code },
  ],
  active: true,
  type: facility.taxonomy === "" ? [{ text: "provider" }] : [{ coding: [{ system: CLAIM_SYSTEMS.taxonomy, code: facility.taxonomy }] }],
  name: facility.name,
  address: [
    {
      use: "work",
      line: facility.street === "" ? ["unknown"] : [facility.street],
      ...(facility.city === "" ? {} : { city: facility.city }),
      ...(facility.state === "" ? {} : { state: facility.state }),
      ...(facility.zip === "" ? {} : { postalCode: facility.zip }),
    },
  ],
});

/** Where a group's service was done (CMS-1500 item 32): the hospital. */
export const serviceFacilityOf = (facility: Facility, idKey: IdKey): Location & { readonly id: string } => {
  const { identifier = [], name, address } = providerOf(facility, idKey);
  return {
    resourceType: "Location",
    id: stableId(idKey, "Location", "service-facility", facility.code),
    identifier: identifier.filter(({ system }) => system === IDENTIFIERS.npi || system === IDENTIFIERS.facility),
    status: "active",
    ...(name === undefined ? {} : { name }),
    ...(address?.[0] === undefined ? {} : { address: address[0] }),
  };
};

/** A practitioner of the chart and the NPI: what the message carried, else what practitioners.csv says of the local number. */
export interface NamedPractitioner {
  readonly practitioner: Practitioner;
  readonly npi?: string;
  readonly known?: KnownPractitioner;
}

/** Who gave a local number, as the map wrote it: the assigner, or the last part of the identifier's system, percent-encoded. */
function authorityOf({ assigner, system }: Identifier): string | undefined {
  const said = assigner?.identifier?.value ?? assigner?.display;
  const encoded = system?.split(/[:/]/).at(-1);
  if (said !== undefined || encoded === undefined) return said;
  try {
    return decodeURIComponent(encoded);
  } catch {
    return encoded;
  }
}

export function nameWithNpi(practitioner: Practitioner, site: SiteData): NamedPractitioner {
  const identifiers = practitioner.identifier ?? [];
  const own = identifiers.find(({ system, value }) => system === IDENTIFIERS.npi && value !== undefined && isNpi(value))?.value;
  if (own !== undefined) {
    const known = site.practitionerByNpi(own);
    return { practitioner, npi: own, ...(known === undefined ? {} : { known }) };
  }
  for (const identifier of identifiers) {
    if (identifier.value === undefined) continue;
    const known = site.practitioner(identifier.value, authorityOf(identifier));
    if (known === undefined) continue;
    const npi: Identifier = { type: typed("NPI"), system: IDENTIFIERS.npi, value: known.npi };
    return {
      practitioner: {
        ...practitioner,
        identifier: [npi, ...identifiers],
        name: practitioner.name ?? [{ family: known.family, ...(known.given === "" ? {} : { given: [known.given] }) }],
      },
      npi: known.npi,
      known,
    };
  }
  return { practitioner };
}

/** A practitioner whom only the coder named, by NPI. */
export function practitionerOfNpi(npi: string, site: SiteData, idKey: IdKey): Practitioner & { readonly id: string } {
  const known = site.practitionerByNpi(npi);
  return {
    resourceType: "Practitioner",
    id: stableId(idKey, "Practitioner", "npi", npi),
    identifier: [{ type: typed("NPI"), system: IDENTIFIERS.npi, value: npi }],
    ...(known === undefined ? {} : { name: [{ family: known.family, ...(known.given === "" ? {} : { given: [known.given] }) }] }),
  };
}

/** References of an encounter's participants in a role (v3 ParticipationType: ATND, REFR, ADM …). */
export const participantsIn = (encounter: Encounter, role: string): readonly Reference[] =>
  (encounter.participant ?? [])
    .filter(({ type }) => type?.some(({ coding }) => coding?.some(({ code }) => code === role)) === true)
    .flatMap(({ individual }) => individual ?? []);
