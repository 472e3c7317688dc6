import type { CapabilityStatement, CapabilityStatementRestResource } from "@medplum/fhirtypes";

/** What kind of FHIR server the stand-in is: real ones differ most in what they offer. */
export interface Personality {
  readonly transaction: boolean;
  /** If-None-Exist and ifNoneExist are honoured; otherwise they are ignored. */
  readonly conditionalCreate: boolean;
  readonly identifierSearch: boolean;
  /** Types that may be created. */
  readonly creates: readonly string[];
  readonly processMessage: boolean;
  readonly chargeItemCreate: boolean;
  readonly taskUpdate: boolean;
  /** Search parameters by which it gives its answers to claims. */
  readonly answersBy: readonly ("_lastUpdated" | "request" | "identifier")[];
}

const EVERYTHING = ["Claim", "Patient", "Encounter", "Coverage", "Organization", "Practitioner", "Location", "Account", "RelatedPerson"];

export const PERSONALITIES = {
  /** A billing server that does everything. */
  open: {
    transaction: true,
    conditionalCreate: true,
    identifierSearch: true,
    creates: EVERYTHING,
    processMessage: true,
    chargeItemCreate: false,
    taskUpdate: false,
    answersBy: ["_lastUpdated", "request", "identifier"],
  },
  /** Creates and finds, and makes a second one when it is asked a second time. */
  searchable: {
    transaction: false,
    conditionalCreate: false,
    identifierSearch: true,
    creates: ["Claim"],
    processMessage: false,
    chargeItemCreate: false,
    taskUpdate: false,
    answersBy: ["request"],
  },
  /** Creates, and that is all: nothing can be asked. */
  blind: {
    transaction: false,
    conditionalCreate: false,
    identifierSearch: false,
    creates: ["Claim"],
    processMessage: false,
    chargeItemCreate: false,
    taskUpdate: false,
    answersBy: [],
  },
  messaging: {
    transaction: false,
    conditionalCreate: false,
    identifierSearch: false,
    creates: [],
    processMessage: true,
    chargeItemCreate: false,
    taskUpdate: false,
    answersBy: ["identifier"],
  },
  /** An EHR that takes charges by an operation, as Oracle Health does. */
  charges: {
    transaction: false,
    conditionalCreate: false,
    identifierSearch: true,
    creates: [],
    processMessage: false,
    chargeItemCreate: true,
    taskUpdate: false,
    answersBy: [],
  },
  /** An EHR that takes nothing of a claim but the update of its own task, as Epic does. */
  tasks: {
    transaction: false,
    conditionalCreate: false,
    identifierSearch: true,
    creates: [],
    processMessage: false,
    chargeItemCreate: false,
    taskUpdate: true,
    answersBy: [],
  },
} as const satisfies Readonly<Record<string, Personality>>;
export type PersonalityName = keyof typeof PERSONALITIES;

/** What it says of itself: GET /metadata. */
export function statementOf({
  transaction,
  conditionalCreate,
  identifierSearch,
  creates,
  processMessage,
  chargeItemCreate,
  taskUpdate,
  answersBy,
}: Personality): CapabilityStatement {
  const resource = EVERYTHING.map(
    (type): CapabilityStatementRestResource => ({
      type: type as CapabilityStatementRestResource["type"],
      interaction: [
        { code: "read" },
        ...(creates.includes(type) ? [{ code: "create" as const }] : []),
        ...(identifierSearch ? [{ code: "search-type" as const }] : []),
      ],
      conditionalCreate: conditionalCreate && creates.includes(type),
      ...(identifierSearch ? { searchParam: [{ name: "identifier", type: "token" }] } : {}),
    }),
  );
  return {
    resourceType: "CapabilityStatement",
    status: "active",
    date: "2026-01-01",
    kind: "instance",
    fhirVersion: "4.0.1",
    format: ["json"],
    rest: [
      {
        mode: "server",
        resource: [
          ...resource,
          ...(answersBy.length === 0
            ? []
            : [
                {
                  type: "ClaimResponse" as const,
                  interaction: [{ code: "read" as const }, { code: "search-type" as const }],
                  searchParam: answersBy.map((name) => ({ name, type: "token" as const })),
                },
              ]),
          ...(chargeItemCreate
            ? [
                {
                  type: "ChargeItem" as const,
                  operation: [{ name: "create", definition: "OperationDefinition/charge-item-create" }],
                },
              ]
            : []),
          ...(taskUpdate
            ? [
                {
                  type: "Task" as const,
                  interaction: [{ code: "update" as const }, { code: "search-type" as const }],
                  versioning: "versioned-update" as const,
                },
              ]
            : []),
        ],
        ...(transaction ? { interaction: [{ code: "transaction" }] } : {}),
        ...(processMessage
          ? {
              operation: [{ name: "process-message", definition: "http://hl7.org/fhir/OperationDefinition/MessageHeader-process-message" }],
            }
          : {}),
      },
    ],
  };
}
