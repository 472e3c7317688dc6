import type { Identifier, Resource } from "@medplum/fhirtypes";
import { stableId } from "#src/base/ids.ts";
import type { MapSettings } from "../types.ts";

/** A business identifier with its authority, as HL7 v2 messages name it too. */
export interface Identity {
  readonly authority: string;
  readonly value: string;
}

const AUTHORITY = "urn:chartbridge:authority:";
const OID = "urn:oid:";

/** The authority of a FHIR identifier system, so that a chart is found again whichever way its messages come. */
export function authorityOf(system: string | undefined, { defaultAuthority }: MapSettings): string {
  if (system === undefined || system === "") return defaultAuthority ?? "";
  if (system.startsWith(AUTHORITY)) return system.slice(AUTHORITY.length);
  return system.startsWith(OID) ? system.slice(OID.length) : system;
}

/** HL7 table 0203. */
const ACCOUNT_TYPES = ["AN", "ANC"];
const VISIT_TYPES = ["VN"];

const typeOf = (identifier: Identifier): string => identifier.type?.coding?.find((coding) => coding.code !== undefined)?.code ?? "";

function pick(identifiers: readonly Identifier[], types: readonly string[]): Identifier | undefined {
  const usable = identifiers.filter((identifier) => identifier.value !== undefined && identifier.use !== "old");
  return usable.find((identifier) => types.includes(typeOf(identifier))) ?? (types.length === 0 ? usable[0] : undefined);
}

const asIdentity = (identifier: Identifier | undefined, settings: MapSettings): Identity | undefined =>
  identifier?.value === undefined ? undefined : { authority: authorityOf(identifier.system, settings), value: identifier.value.trim() };

/** All business identifiers of a resource. A few types have a single one. */
export function identifiersOf(resource: Resource): readonly Identifier[] {
  const { identifier } = resource as { identifier?: Identifier | Identifier[] };
  return identifier === undefined ? [] : Array.isArray(identifier) ? identifier : [identifier];
}

/** The medical record number (type MR), else the first identifier. */
export const patientIdentity = (resource: Resource, settings: MapSettings): Identity | undefined =>
  asIdentity(pick(identifiersOf(resource), ["MR"]) ?? pick(identifiersOf(resource), []), settings);

/** The visit number (type VN), else the first identifier that is not an account number. */
export const visitIdentity = (resource: Resource, settings: MapSettings): Identity | undefined =>
  asIdentity(
    pick(identifiersOf(resource), VISIT_TYPES) ??
      identifiersOf(resource).find((one) => one.value !== undefined && !ACCOUNT_TYPES.includes(typeOf(one))) ??
      pick(identifiersOf(resource), []),
    settings,
  );

/** The account number of a bundle: of its Account, else on its Encounter (type AN), else the visit number. */
export function accountIdentity(resources: readonly Resource[], settings: MapSettings): Identity | undefined {
  const account = resources.find((resource) => resource.resourceType === "Account");
  const encounter = resources.find((resource) => resource.resourceType === "Encounter");
  const onAccount = account && (pick(identifiersOf(account), ACCOUNT_TYPES) ?? pick(identifiersOf(account), []));
  const onEncounter = encounter && pick(identifiersOf(encounter), ACCOUNT_TYPES);
  return asIdentity(onAccount ?? onEncounter, settings) ?? (encounter === undefined ? undefined : visitIdentity(encounter, settings));
}

/** Chart ids are those of the same patient, account or visit in an HL7 v2 message. */
export const identityId = ({ idKey }: MapSettings, type: "Patient" | "Account" | "Encounter", { authority, value }: Identity): string =>
  stableId(idKey, type, authority, value);
