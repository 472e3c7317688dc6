import type { CodeSystem, StructureDefinition } from "@medplum/fhirtypes";
import { CANONICAL, PACKAGE_VERSION, profileUrl } from "./canonicals.ts";

interface ExtensionSpec {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly on: string;
  /** Type of the value. */
  readonly value: string;
}

const EXTENSIONS: readonly ExtensionSpec[] = [
  {
    name: "line-control-number",
    title: "Line control number",
    description: "What the line is known by in every version of the claim (837 loop 2400, REF*6R); an answer names the line by it.",
    on: "Claim.item",
    value: "Identifier",
  },
  {
    name: "non-covered-amount",
    title: "Non-covered amount",
    description: "The part of the line's amount that the payer excludes (UB-04 form locator 48).",
    on: "Claim.item",
    value: "Money",
  },
  {
    name: "emergency",
    title: "Emergency",
    description: "The service was an emergency (CMS-1500 item 24C).",
    on: "Claim.item",
    value: "boolean",
  },
  {
    name: "accept-assignment",
    title: "Accept assignment",
    description: "Whether the provider takes the payer's amount as the whole (CMS-1500 item 27).",
    on: "Claim",
    value: "boolean",
  },
  {
    name: "procedure-care-team-sequence",
    title: "Procedure performed by",
    description: "Sequence in the care team of who performed the procedure.",
    on: "Claim.procedure",
    value: "positiveInt",
  },
];

const INFORMATION: readonly (readonly [code: string, display: string])[] = [
  ["conditioncode", "Condition code"],
  ["occurrence", "Occurrence code and its day"],
  ["occurrencespan", "Occurrence span code and its days"],
  ["valuecode", "Value code and its amount"],
  ["claimfrequency", "Claim frequency"],
];

const common = { version: PACKAGE_VERSION, status: "active", publisher: "Chartbridge" } as const;

/** Our extensions on a claim. */
export const extensionDefinitions = (): readonly StructureDefinition[] =>
  EXTENSIONS.map(({ name, title, description, on, value }) => ({
    resourceType: "StructureDefinition",
    id: name,
    url: profileUrl(name),
    ...common,
    name: name.replaceAll(/(?:^|-)([a-z])/g, (_match, letter: string) => letter.toUpperCase()),
    title,
    description,
    fhirVersion: "4.0.1",
    kind: "complex-type",
    abstract: false,
    context: [{ type: "element", expression: on }],
    type: "Extension",
    baseDefinition: "http://hl7.org/fhir/StructureDefinition/Extension",
    derivation: "constraint",
    differential: {
      element: [
        { id: "Extension", path: "Extension", short: title, definition: description, max: "1" },
        { id: "Extension.extension", path: "Extension.extension", max: "0" },
        { id: "Extension.url", path: "Extension.url", fixedUri: profileUrl(name) },
        { id: "Extension.value[x]", path: "Extension.value[x]", min: 1, type: [{ code: value }] },
      ],
    },
  }));

/** Categories of supporting information that the public lists lack. The codes within them are the National Uniform Billing Committee's. */
export const informationCodeSystem = (): CodeSystem => ({
  resourceType: "CodeSystem",
  id: "claim-information",
  url: `${CANONICAL}/CodeSystem/claim-information`,
  ...common,
  name: "ClaimInformation",
  title: "Claim information",
  description: "Categories of a claim's supporting information that R4 and CARIN have no code for.",
  caseSensitive: true,
  content: "complete",
  concept: INFORMATION.map(([code, display]) => ({ code, display })),
});
