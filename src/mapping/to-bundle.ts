import type { Bundle, MessageHeader, OperationOutcome, OperationOutcomeIssue, Resource } from "@medplum/fhirtypes";
import { describe, type Failure, FAILURES } from "#src/base/failures.ts";
import { type IdKey, stableId } from "#src/base/ids.ts";
import type { Result } from "#src/base/result.ts";
import type { MessageInfo } from "./message-info.ts";
import type { Mapped } from "./types.ts";

/** Relative references resolve against the full URL's base (R4, Bundle). Nothing is served there. */
const BASE = "https://chartbridge.dev/fhir";

const issueOf = (failure: Failure, severity: "error" | "warning"): OperationOutcomeIssue => ({
  severity,
  code: FAILURES[failure.code].fhir as OperationOutcomeIssue["code"],
  details: { coding: [{ system: "https://chartbridge.dev/fhir/CodeSystem/failure", code: failure.code }], text: describe(failure) },
  ...(failure.place === undefined ? {} : { expression: [failure.place] }),
});

const known = (text: string): string => (text.trim() === "" ? "unknown" : text.trim());

function headerOf(id: string, info: MessageInfo, focus: readonly string[]): MessageHeader {
  const event = info.messageType.slice(4);
  const source = `urn:chartbridge:application:${encodeURIComponent(known(info.sendingApplication))}`;
  return {
    resourceType: "MessageHeader",
    id,
    eventCoding: {
      system: "http://terminology.hl7.org/CodeSystem/v2-0003",
      code: known(event).replace(/\s+/g, " "),
      display: known(info.messageType),
    },
    source: { name: known(info.sendingApplication), endpoint: source },
    ...(info.sendingFacility === undefined || info.sendingFacility === "" ? {} : { sender: { display: info.sendingFacility } }),
    ...(focus.length === 0 ? {} : { focus: focus.map((reference) => ({ reference })) }),
  };
}

/** All that a message was mapped to, each thing once: the groups of one message share its envelope, and may each say a part of one account. */
function mappedIn(mapped: Mapped): readonly (Resource & { readonly id: string })[] {
  const all = new Map<string, Resource & { readonly id: string }>();
  for (const group of [mapped, ...(mapped.others ?? [])])
    for (const { resource } of group.resources) {
      const key = `${resource.resourceType}/${resource.id}`;
      const before = all.get(key);
      all.set(key, before === undefined ? resource : ({ ...(resource as object), ...(before as object) } as typeof resource));
    }
  return [...all.values()];
}

/** Patient, account and visit: what the message is about. */
const focusOf = (mapped: Mapped): readonly string[] => {
  const made = new Set(mapped.resources.map(({ resource }) => `${resource.resourceType}/${resource.id}`));
  return [
    mapped.patientId === undefined ? "" : `Patient/${mapped.patientId}`,
    mapped.account === undefined ? "" : `Account/${mapped.account.resourceId}`,
    mapped.encounterId === undefined ? "" : `Encounter/${mapped.encounterId}`,
  ].filter((reference) => made.has(reference));
};

/**
 * A message as a FHIR R4 message bundle: MessageHeader, then what was mapped, then an OperationOutcome when there is something to say.
 * A message that could not be mapped is its header and the outcome alone. The same input gives the same bundle.
 */
export function toBundle(mapped: Result<Mapped, Failure>, info: MessageInfo, idKey: IdKey): Bundle {
  const idOf = (type: string): string =>
    stableId(idKey, type, info.sendingApplication, info.sendingFacility ?? "", info.controlId, info.messageType);
  const issues = mapped.ok ? mapped.value.warnings.map((one) => issueOf(one, "warning")) : [issueOf(mapped.failure, "error")];
  const outcome: OperationOutcome = { resourceType: "OperationOutcome", id: idOf("OperationOutcome"), issue: issues };
  const made = mapped.ok ? mappedIn(mapped.value) : [];
  const header = made.find((one) => one.resourceType === "MessageHeader");
  const envelope = made.find((one) => one.resourceType === "Bundle") as (Bundle & { readonly id: string }) | undefined;
  const focus = mapped.ok ? focusOf(mapped.value) : [];
  const resources: readonly (Resource & { readonly id: string })[] = [
    header === undefined
      ? (headerOf(idOf("MessageHeader"), info, focus) as Resource & { id: string })
      : ({ ...header, ...(focus.length === 0 ? {} : { focus: focus.map((reference) => ({ reference })) }) } as Resource & { id: string }),
    ...made.filter((one) => one !== header && one !== envelope),
    ...(issues.length === 0 ? [] : [outcome as OperationOutcome & { id: string }]),
  ];
  const time = envelope?.timestamp ?? (mapped.ok ? mapped.value.eventTime : undefined);
  return {
    resourceType: "Bundle",
    id: idOf("Bundle"),
    type: "message",
    ...(time === undefined ? {} : { timestamp: time }),
    entry: resources.map((resource) => ({ fullUrl: `${BASE}/${resource.resourceType}/${resource.id}`, resource })),
  };
}
