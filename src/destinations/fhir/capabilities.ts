import type { CapabilityStatement, CapabilityStatementRest } from "@medplum/fhirtypes";
import { fail, ok, type Result } from "#src/base/result.ts";
import type { FhirDestination, Guard, ReferenceStyle, Strategy } from "#src/config/destination.ts";
import type { Classified } from "../classify.ts";

/** What a FHIR server says that it does (R4 CapabilityStatement), as far as a delivery asks. */
export interface Capabilities {
  readonly transaction: boolean;
  readonly processMessage: boolean;
  /** ChargeItem/$create of Oracle Health Millennium. */
  readonly chargeItemCreate: boolean;
  readonly creates: (type: string) => boolean;
  readonly createsConditionally: (type: string) => boolean;
  readonly updates: (type: string) => boolean;
  readonly findsByIdentifier: (type: string) => boolean;
  /** Whether resources of a type are found by a search parameter. */
  readonly findsBy: (type: string, parameter: string) => boolean;
}

const hasOperation = (operations: CapabilityStatementRest["operation"], name: RegExp): boolean =>
  operations?.some(({ name: short, definition }) => name.test(`${short ?? ""} ${definition ?? ""}`)) === true;

/** Undefined when it is no CapabilityStatement of a server. */
export function readCapabilities(body: unknown): Capabilities | undefined {
  if ((body as { resourceType?: unknown } | null | undefined)?.resourceType !== "CapabilityStatement") return undefined;
  const rest = (body as CapabilityStatement).rest?.find(({ mode }) => mode === "server");
  if (rest === undefined) return undefined;
  const of = (type: string) => rest.resource?.find((one) => one.type === type);
  const does = (type: string, code: string): boolean => of(type)?.interaction?.some((one) => one.code === code) === true;
  const findsBy = (type: string, parameter: string): boolean =>
    does(type, "search-type") && [...(of(type)?.searchParam ?? []), ...(rest.searchParam ?? [])].some(({ name }) => name === parameter);
  const anyOperation = [...(rest.operation ?? []), ...(of("MessageHeader")?.operation ?? [])];
  return {
    transaction: rest.interaction?.some(({ code }) => code === "transaction") === true,
    processMessage: hasOperation(anyOperation, /process-message/),
    chargeItemCreate: hasOperation(
      of("ChargeItem")?.operation,
      /^(\$?create |\$?charge-item-create )|ChargeItem-create|charge-item-create/,
    ),
    creates: (type) => does(type, "create"),
    createsConditionally: (type) => does(type, "create") && of(type)?.conditionalCreate === true,
    updates: (type) => does(type, "update"),
    findsByIdentifier: (type) => findsBy(type, "identifier"),
    findsBy,
  };
}

/** How one claim is written to one server. */
export interface Plan {
  readonly strategy: Strategy;
  readonly references: ReferenceStyle;
  readonly guard: Guard;
  /** What is not there to be referred to goes into the claim; otherwise it fails. */
  readonly containWhatIsMissing: boolean;
}

type Settings = Pick<FhirDestination, "strategy" | "references" | "guard">;

/** Whether the settings leave nothing for the server to say. */
export const isSettled = ({ strategy, references, guard }: Settings): boolean =>
  strategy !== "auto" && guard !== "auto" && (references !== "auto" || !["transaction", "claim"].includes(strategy));

const OFFERED: Readonly<Record<Strategy, (can: Capabilities) => boolean>> = {
  transaction: (can) => can.transaction && can.creates("Claim"),
  claim: (can) => can.creates("Claim"),
  "process-message": (can) => can.processMessage,
  "charge-items": (can) => can.chargeItemCreate,
  task: (can) => can.updates("Task"),
};

/** Sent whatever the settings say of references: an EHR knows its own patients and visits only by its own ids. */
const OWN_STYLE: Readonly<Partial<Record<Strategy, ReferenceStyle>>> = {
  "process-message": "entries",
  "charge-items": "logical",
  task: "logical",
};

function styleOf(strategy: Strategy, can: Capabilities, types: readonly string[]): ReferenceStyle {
  if (strategy === "claim") return types.some(can.findsByIdentifier) ? "logical" : "contained";
  if (types.every(can.createsConditionally)) return "entries";
  return types.every(can.findsByIdentifier) ? "conditional" : "contained";
}

function guardOf(strategy: Strategy, can: Capabilities): Guard {
  // A Task is read before it is written, and says itself whether it was.
  if (strategy === "task") return "receiver";
  if (strategy === "charge-items") return "none";
  if (strategy !== "process-message" && can.createsConditionally("Claim")) return "conditional-create";
  return can.findsByIdentifier("Claim") ? "search" : "none";
}

/**
 * Settings win; what they leave open is chosen by what the server offers.
 * @param types of the resources the claim refers to
 * Fails with `PEER_NOT_OFFERED` when the server offers no strategy at all.
 */
export function choosePlan(
  { strategy: wanted, references, guard }: Settings,
  can: Capabilities | undefined,
  types: readonly string[],
): Result<Plan, Classified> {
  const strategy = wanted === "auto" ? (Object.keys(OFFERED) as Strategy[]).find((one) => can !== undefined && OFFERED[one](can)) : wanted;
  if (strategy === undefined) return fail({ code: "PEER_NOT_OFFERED" });
  const style =
    OWN_STYLE[strategy] ?? (references === "auto" ? (can === undefined ? "contained" : styleOf(strategy, can, types)) : references);
  return ok({
    strategy,
    references: style,
    guard: guard === "auto" ? (can === undefined ? "none" : guardOf(strategy, can)) : guard,
    containWhatIsMissing: references === "auto",
  });
}
