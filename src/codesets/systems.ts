import type { CodeSystemName } from "./code-data.ts";

/** FHIR code systems of the coded values (HL7 Terminology). */
export const SYSTEMS = {
  icd10cm: "http://hl7.org/fhir/sid/icd-10-cm",
  icd10pcs: "http://www.cms.gov/Medicare/Coding/ICD10",
  cpt: "http://www.ama-assn.org/go/cpt",
  hcpcs: "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets",
} as const;

export const SYSTEM_URLS: Readonly<Record<CodeSystemName, string>> = {
  "icd-10-cm": SYSTEMS.icd10cm,
  "icd-10-pcs": SYSTEMS.icd10pcs,
  hcpcs: SYSTEMS.hcpcs,
  cpt: SYSTEMS.cpt,
  // Modifiers of level II are codes of the same system.
  "hcpcs-modifier": SYSTEMS.hcpcs,
};

export const SYSTEM_NAMES = Object.keys(SYSTEM_URLS) as readonly CodeSystemName[];

/** Other names of a system that messages and clients use. */
const OTHER_NAMES: Readonly<Record<string, CodeSystemName>> = {
  "urn:oid:2.16.840.1.113883.6.90": "icd-10-cm",
  "urn:oid:2.16.840.1.113883.6.4": "icd-10-pcs",
  "urn:oid:2.16.840.1.113883.6.12": "cpt",
  "urn:oid:2.16.840.1.113883.6.285": "hcpcs",
  "https://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets": "hcpcs",
};

/** The system of a URL or of our own short name; undefined when we have none such. */
export const systemNamed = (text: string): CodeSystemName | undefined =>
  SYSTEM_NAMES.find((name) => name === text || SYSTEM_URLS[name] === text) ?? OTHER_NAMES[text];

/** A code as it is stored: upper case, no dot. */
export const bare = (code: string): string => code.trim().toUpperCase().replaceAll(".", "");

/** A code as it is shown: ICD-10-CM with its dot. */
export const shown = (system: CodeSystemName, code: string): string =>
  system === "icd-10-cm" && code.length > 3 ? `${code.slice(0, 3)}.${code.slice(3)}` : code;
