import type { Account, Bundle, Encounter, Resource } from "@medplum/fhirtypes";
import type { Failure } from "#src/base/failures.ts";
import { stableId } from "#src/base/ids.ts";
import { fail, ok, type Result } from "#src/base/result.ts";
import type { LineageEntry, Mapped, MappedResource, MapSettings } from "../types.ts";
import { accountIdentity, authorityOf, type Identity, identifiersOf, identityId, patientIdentity, visitIdentity } from "./identities.ts";

/** What a chart keeps of a FHIR bundle. Anything else in one is noted and left. */
export const CHARTED_TYPES: ReadonlySet<string> = new Set([
  "Patient",
  "Encounter",
  "Account",
  "Coverage",
  "Condition",
  "Procedure",
  "DocumentReference",
  "ChargeItem",
  "Organization",
  "Practitioner",
  "RelatedPerson",
]);

interface Entry {
  readonly index: number;
  readonly resource: Resource;
  readonly fullUrl: string | undefined;
}

const entriesOf = (bundle: Bundle): readonly Entry[] =>
  (bundle.entry ?? []).flatMap(({ resource, fullUrl }, index) =>
    resource === undefined || resource.resourceType === "MessageHeader" ? [] : [{ index, resource, fullUrl }],
  );

/** When it happened, by the sender: the bundle's time, else the newest resource, else the visit's own times. */
const eventTimeOf = (bundle: Bundle, resources: readonly Resource[]): string | undefined => {
  if (bundle.timestamp !== undefined) return bundle.timestamp;
  const updated = resources
    .map((resource) => resource.meta?.lastUpdated ?? "")
    .sort()
    .at(-1);
  if (updated !== undefined && updated !== "") return updated;
  const encounter = resources.find((resource): resource is Encounter => resource.resourceType === "Encounter");
  return encounter?.period?.end ?? encounter?.period?.start;
};

/** Everything but what a server adds: equal content has equal ids, however often it is sent. */
function contentKey(resource: Resource): string {
  const { id: _id, meta: _meta, text: _text, ...content } = resource as Resource & { text?: unknown };
  return JSON.stringify(content);
}

/** The chart's id of one entry. */
function idOf(resource: Resource, settings: MapSettings, account: Identity): string {
  const { idKey } = settings;
  if (resource.resourceType === "Patient") {
    const identity = patientIdentity(resource, settings);
    if (identity !== undefined) return identityId(settings, "Patient", identity);
  }
  if (resource.resourceType === "Account") return identityId(settings, "Account", account);
  if (resource.resourceType === "Encounter") return identityId(settings, "Encounter", visitIdentity(resource, settings) ?? account);
  const [identifier] = identifiersOf(resource);
  // People and organizations are the same whatever the account; the rest belongs to it.
  const shared = resource.resourceType === "Organization" || resource.resourceType === "Practitioner";
  const scope = shared ? [] : [account.authority, account.value];
  if (identifier?.value !== undefined)
    return stableId(idKey, resource.resourceType, ...scope, authorityOf(identifier.system, settings), identifier.value);
  return resource.id === undefined
    ? stableId(idKey, resource.resourceType, ...scope, contentKey(resource))
    : stableId(idKey, resource.resourceType, ...scope, "id", resource.id);
}

/** `Type/id` and `https://base/Type/id`, with or without a version, to `Type/id`. */
const relative = (reference: string): string =>
  /(?:^|\/)([A-Z][A-Za-z]+\/[A-Za-z0-9.-]{1,64})(?:\/_history\/.*)?$/.exec(reference)?.[1] ?? reference;

interface Rewriting {
  readonly ids: ReadonlyMap<string, string>;
  readonly onUnknown: () => void;
}

/** A copy with every reference rewritten to the chart's ids. One that leads nowhere keeps its display and identifier only. */
function rewrite(value: unknown, rewriting: Rewriting): unknown {
  if (Array.isArray(value)) return value.map((one) => rewrite(one, rewriting));
  if (typeof value !== "object" || value === null) return value;
  const copy: Record<string, unknown> = {};
  for (const [name, inner] of Object.entries(value)) {
    if (name !== "reference" || typeof inner !== "string" || inner.startsWith("#")) {
      copy[name] = rewrite(inner, rewriting);
      continue;
    }
    const target = rewriting.ids.get(inner) ?? rewriting.ids.get(relative(inner));
    if (target !== undefined) copy[name] = target;
    else rewriting.onUnknown();
  }
  return copy;
}

/** Lists that a resource states as a whole, though segments of HL7 v2 state them entry by entry: a role that it no longer names is no more. */
const statedWhole = (resource: Resource): readonly string[] =>
  resource.resourceType === "Encounter" ? (["participant", "diagnosis"] as const).filter((list) => resource[list] !== undefined) : [];

/**
 * Reads a FHIR R4 message or transaction as one event of one account, as HL7 v2 messages are read: ids come from the business
 * identifiers, so both ways of sending lead to the same chart. Pure.
 * Fails with `ACCOUNT_UNKNOWN` when nothing names the account or visit, with `REQUIRED_FIELD_MISSING` without a Patient identifier.
 */
export function mapBundle(bundle: Bundle, settings: MapSettings): Result<Mapped, Failure> {
  const entries = entriesOf(bundle);
  const resources = entries.map(({ resource }) => resource);
  const account = accountIdentity(resources, settings);
  if (account === undefined) return fail({ code: "ACCOUNT_UNKNOWN", place: "Bundle.entry.resource.ofType(Encounter).identifier" });
  const patient = resources.find((resource) => resource.resourceType === "Patient");
  if (patient !== undefined && patientIdentity(patient, settings) === undefined)
    return fail({ code: "REQUIRED_FIELD_MISSING", place: "Bundle.entry.resource.ofType(Patient).identifier" });

  const warnings: Failure[] = [];
  const known = entries.flatMap((entry) => {
    if (CHARTED_TYPES.has(entry.resource.resourceType)) return [{ ...entry, id: idOf(entry.resource, settings, account) }];
    warnings.push({
      code: "MESSAGE_NOT_SUPPORTED",
      place: `Bundle.entry[${entry.index}]`,
      detail: `${entry.resource.resourceType} is not kept in a chart`,
    });
    return [];
  });
  const ids = new Map<string, string>();
  for (const { resource, fullUrl, id } of known) {
    const target = `${resource.resourceType}/${id}`;
    if (fullUrl !== undefined) ids.set(fullUrl, target);
    if (fullUrl !== undefined) ids.set(relative(fullUrl), target);
    if (resource.id !== undefined) ids.set(`${resource.resourceType}/${resource.id}`, target);
  }
  const lineage: LineageEntry[] = [];
  const mapped = known.map(({ index, resource, id }): MappedResource => {
    const source = `Bundle.entry[${index}].resource`;
    const onUnknown = (): void =>
      void warnings.push({ code: "NOT_FOUND", place: source, detail: "a reference leads to nothing in this bundle" });
    const { meta: _meta, text: _text, ...content } = resource as Resource & { text?: unknown };
    const copy = { ...(rewrite(content, { ids, onUnknown }) as Resource), id };
    for (const element of Object.keys(copy))
      if (element !== "resourceType" && element !== "id")
        lineage.push({ target: `${resource.resourceType}.${element}`, resourceId: id, source: `${source}.${element}`, row: "FHIR copy" });
    return { resource: copy, deleted: statedWhole(copy) };
  });

  const accountId = identityId(settings, "Account", account);
  const withAccount = known.some(({ resource }) => resource.resourceType === "Account")
    ? mapped
    : [...mapped, { resource: accountOf(accountId, account, known), deleted: [] }];
  const header = (bundle.entry ?? []).find(({ resource }) => resource?.resourceType === "MessageHeader");
  const eventTime = eventTimeOf(bundle, resources);
  const patientId = known.find(({ resource }) => resource.resourceType === "Patient")?.id;
  const encounterId = known.find(({ resource }) => resource.resourceType === "Encounter")?.id;
  return ok({
    messageType: header === undefined ? "FHIR transaction" : "FHIR message",
    ...(eventTime === undefined ? {} : { eventTime }),
    account: { ...account, resourceId: accountId },
    ...(patientId === undefined ? {} : { patientId }),
    ...(encounterId === undefined ? {} : { encounterId }),
    resources: withAccount,
    wholeSets: [],
    lineage,
    warnings,
  });
}

/** An account that the sender did not send, but named on the encounter. */
function accountOf(
  id: string,
  { authority, value }: Identity,
  known: readonly { readonly resource: Resource; readonly id: string }[],
): Account & { readonly id: string } {
  const patient = known.find(({ resource }) => resource.resourceType === "Patient");
  return {
    resourceType: "Account",
    id,
    status: "active",
    identifier: [
      {
        value,
        ...(authority === ""
          ? {}
          : {
              system: authority.includes(":")
                ? authority
                : /^[\d.]+$/.test(authority)
                  ? `urn:oid:${authority}`
                  : `urn:chartbridge:authority:${authority}`,
            }),
      },
    ],
    ...(patient === undefined ? {} : { subject: [{ reference: `Patient/${patient.id}` }] }),
  };
}

/** What a bundle is about, for those who must know before it is mapped: whose it is, and where each entry will be in the chart. */
export function readSubject(
  bundle: Bundle,
  settings: MapSettings,
): Result<{ readonly orderKey?: string; readonly locations: readonly (string | undefined)[] }, Failure> {
  const mapped = mapBundle(bundle, settings);
  if (!mapped.ok) return mapped;
  const patient = entriesOf(bundle).find(({ resource }) => resource.resourceType === "Patient");
  const identity = patient && patientIdentity(patient.resource, settings);
  const places = new Map(
    mapped.value.lineage.map(({ source, target, resourceId }) => [
      /\[(\d+)\]/.exec(source ?? "")?.[1],
      `${target.split(".")[0] ?? ""}/${resourceId}`,
    ]),
  );
  return ok({
    ...(identity === undefined ? {} : { orderKey: `${identity.authority}|${identity.value}` }),
    locations: (bundle.entry ?? []).map((_, index) => places.get(String(index))),
  });
}
