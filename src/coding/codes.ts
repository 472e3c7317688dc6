/** Forms of the code sets and their FHIR code systems. Forms only: whether a code exists on a day is for the loaded code sets. */

import { SYSTEMS } from "#src/codesets/systems.ts";

export { SYSTEMS };

/** Other names that HCPCS level II and CPT have in messages. */
const HCPCS_NAMES: readonly string[] = [
  SYSTEMS.hcpcs,
  "https://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets",
  "urn:oid:2.16.840.1.113883.6.285",
];
const CPT_NAMES: readonly string[] = [SYSTEMS.cpt, "urn:oid:2.16.840.1.113883.6.12"];
export const isProcedureSystem = (system: string | undefined): boolean =>
  system !== undefined && (HCPCS_NAMES.includes(system) || CPT_NAMES.includes(system));

// Position 2 is a digit in every category but QA0 and QA1 (since FY2026); U codes are billable (U07.1).
const ICD10CM = /^(?:[A-Z]\d[0-9A-Z]|QA\d)(?:\.?[0-9A-Z]{1,4})?$/;
const ICD10PCS = /^[0-9A-HJ-NP-Z]{7}$/;
const CPT = /^\d{4}[0-9FTUM]$/;
const HCPCS = /^[ABCEGHJKLMPQRSTUV]\d{4}$/;

/** Codes are compared and sent in upper case without blanks. */
export const tidy = (code: string): string => code.trim().toUpperCase();

export const isDiagnosisCode = (code: string): boolean => ICD10CM.test(tidy(code));
export const isInpatientProcedureCode = (code: string): boolean => ICD10PCS.test(tidy(code));
export const isProcedureCode = (code: string): boolean => CPT.test(tidy(code)) || HCPCS.test(tidy(code));
export const isModifier = (code: string): boolean => /^[0-9A-Z]{2}$/.test(tidy(code));
export const isRevenueCode = (code: string): boolean => /^\d{4}$/.test(code.trim());

/** ICD-10-CM with its dot after the third character. */
export function dotted(code: string): string {
  const bare = tidy(code).replace(".", "");
  return bare.length > 3 ? `${bare.slice(0, 3)}.${bare.slice(3)}` : bare;
}

/** V00–Y99: how an injury came about. */
export const isExternalCause = (code: string): boolean => /^[V-Y]\d/.test(tidy(code));
/** Chapters in which most codes are exempt from present-on-admission reporting (V00–Y99, Z00–Z99). */
export const isMostlyExemptFromPoa = (code: string): boolean => /^[V-Z]\d/.test(tidy(code));

/** The code system of a CPT or HCPCS code, told by its form. */
export const procedureSystem = (code: string): string => (CPT.test(tidy(code)) ? SYSTEMS.cpt : SYSTEMS.hcpcs);
/** The code system of a modifier: two digits are CPT's, all others HCPCS level II. */
export const modifierSystem = (code: string): string => (/^\d{2}$/.test(tidy(code)) ? SYSTEMS.cpt : SYSTEMS.hcpcs);
