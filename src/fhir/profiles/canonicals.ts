/** Base of our own canonical addresses. */
export const CANONICAL = "https://chartbridge.dev/fhir";

/** Version of the package: of its profiles, extensions and code systems. A released claim names the one that it was made under. */
export const PACKAGE_VERSION = "1.0.0";
export const PACKAGE_NAME = "dev.chartbridge.coded-claim";

export const profileUrl = (name: string): string => `${CANONICAL}/StructureDefinition/${name}`;
const versioned = (name: string): string => `${profileUrl(name)}|${PACKAGE_VERSION}`;

/** Profiles of the claims that leave, by kind of claim. */
export const CLAIM_PROFILES = {
  professional: versioned("coded-claim-professional"),
  institutional: versioned("coded-claim-institutional"),
} as const;

/** Profile of the answers that are taken in. */
export const RESPONSE_PROFILE: string = versioned("coded-claim-response");
