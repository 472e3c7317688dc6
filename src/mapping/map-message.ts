import type { Resource } from "@medplum/fhirtypes";
import type { Failure } from "#src/base/failures.ts";
import { recurringId } from "#src/base/ids.ts";
import { fail, ok, type Result } from "#src/base/result.ts";
import { type Hl7Message, NOTHING, type Segment, type Value } from "#src/hl7v2/message.ts";
import { choosePatient, DEFAULT_IDENTITY, type IdentifierFacts, type IdentityRules, ownAccountOf, placeOf } from "#src/hl7v2/identity.ts";
import { kindsIn, listOfKind, pathOfKind } from "#src/fhir/entry-kinds.ts";
import { shared } from "#src/fhir/shared-json.ts";
import { type Clock, offsetIn, toInstant } from "#src/hl7v2/times.ts";
import { dropIncomplete } from "./incomplete-entries.ts";
import type { MessageSpec } from "./map-schema.ts";
import { accountMemory, type MemoryOf } from "./memory.ts";
import { isElements, type Made, type Own, type PlacedValue, type Scope, warn } from "./scope.ts";
import type { RunMap } from "./segment-map.ts";
import { groupsOf } from "./message-groups.ts";
import { referenceTo } from "./references.ts";
import { mergesOf } from "./merges.ts";
import type { LineageEntry, Mapped, MappedResource, MapSettings } from "./types.ts";
import { authorityNamed } from "./values/identifiers.ts";

/** What a message type is mapped with. */
export interface MessageMap {
  readonly spec: MessageSpec;
  /** Its maps in order, those that have a segment in the message. */
  readonly runsFor: (message: Hl7Message) => readonly RunMap[];
}

const factsOf = (value: Value): IdentifierFacts => ({
  value: value.text,
  authority: value.part(4).text || value.part(4).part(2).text,
  type: value.part(5).text,
});

/** `PID-18`, read. */
interface Place extends ReturnType<typeof placeOf> {
  readonly place: string;
}

const placesOf = (places: readonly string[]): readonly Place[] => places.map((place) => ({ place, ...placeOf(place) }));

/** Where a feed's rules look for the numbers of an account and of a visit. */
const placesOfRules = new WeakMap<IdentityRules, { readonly account: readonly Place[]; readonly visit: readonly Place[] }>();

function rulesRead(rules: IdentityRules): { readonly account: readonly Place[]; readonly visit: readonly Place[] } {
  const known = placesOfRules.get(rules);
  if (known !== undefined) return known;
  const read = { account: placesOf(rules.account), visit: placesOf(rules.visit) };
  placesOfRules.set(rules, read);
  return read;
}

/** The first of these places with a number. */
function numberAt(message: Hl7Message, places: readonly Place[]): PlacedValue | undefined {
  for (const { place, segment, field } of places) {
    const value = message.first(segment)?.field(field);
    if (value !== undefined && value.text !== "") return { value, place };
  }
  return undefined;
}

const ownOf = (type: string, id: string): Own => ({ id, reference: shared(referenceTo(type, id)) });

/** What is remembered of a message keeps its text alive: of one that long, which has a document in it, nothing is. */
const LONG = 32_768;

function isLong({ segments }: Hl7Message): boolean {
  let length = 0;
  for (const { line } of segments) length += line.length;
  return length > LONG;
}

const NOWHERE: PlacedValue = { value: NOTHING, place: "" };

/** Checks what must be there, and works out who and what the message is about. */
function openScope(
  message: Hl7Message,
  event: string,
  settings: MapSettings,
  { spec, memoryOf }: Pick<MapOfMessage, "spec" | "memoryOf">,
  clock: Clock,
): Result<Scope, Failure> {
  for (const name of spec.requires) if (message.first(name) === undefined) return fail({ code: "SEGMENT_MISSING", place: name });
  const rules = settings.identity ?? DEFAULT_IDENTITY;
  const patient = choosePatient(message.first("PID")?.repetitions(3) ?? [], factsOf, rules);
  if (patient === undefined) return fail({ code: "REQUIRED_FIELD_MISSING", place: "PID-3" });
  const defaultAuthority = settings.defaultAuthority || message.msh.field(4).text;
  const authoritySaid = !settings.defaultAuthority && message.msh.field(4).text !== "";
  const { idKey } = settings;
  const authority = (cx: Value): string => authorityNamed(cx.part(4), defaultAuthority);
  const places = rulesRead(rules);
  const numbered = spec.level === "person" ? undefined : numberAt(message, places.account);
  const own = new Map([["Patient", ownOf("Patient", recurringId(idKey, "Patient", [authority(patient), patient.text]))]]);
  const account = accountOf();
  if (spec.level === "account" && account === undefined) return fail({ code: "ACCOUNT_UNKNOWN", place: rules.account[0] ?? "PID-18" });
  const visit = numberAt(message, places.visit);
  if (account !== undefined) {
    own.set("Account", ownOf("Account", account.resourceId));
    // A visit without a number of its own is the account's only one.
    const encounter = visit === undefined ? account : { authority: authority(visit.value), value: visit.value.text };
    if (message.first("PV1") !== undefined)
      own.set("Encounter", ownOf("Encounter", recurringId(idKey, "Encounter", [encounter.authority, encounter.value])));
  }
  const memory =
    settings.memory === false || isLong(message)
      ? undefined
      : memoryOf(settings, message.delimiters, { defaultAuthority, authoritySaid, authority: account?.authority, offset: clock.offset });
  return ok({
    message,
    event,
    settings,
    clock,
    defaultAuthority,
    authoritySaid,
    account,
    accountNumber: numbered ?? NOWHERE,
    visitNumber: visit ?? NOWHERE,
    own,
    resources: new Map(),
    made: new Map(),
    unsure: new Set(),
    later: [],
    lineage: settings.lineage === false ? undefined : [],
    warnings: [],
    warned: 0,
    unmapped: [],
    memory,
    ofAccount: memory === undefined ? undefined : accountMemory(memory, own),
    named: undefined,
  });

  function accountOf(): Scope["account"] {
    const named = numbered === undefined ? undefined : { authority: authority(numbered.value), value: numbered.value.text };
    const patients = rules.withoutAccount === "patient" && spec.level === "account" && patient !== undefined;
    const found = named ?? (patients ? { authority: authority(patient), value: ownAccountOf(patient.text) } : undefined);
    return found === undefined ? undefined : { ...found, resourceId: recurringId(idKey, "Account", [found.authority, found.value]) };
  }
}

/** When a message says that it happened. */
interface EventTime {
  /** Absent when it does not say. */
  readonly time: string | undefined;
  /** Places of texts that are no times. */
  readonly unread: readonly string[];
}

/** EVN-2, else MSH-7. A date without an hour orders nothing, so it is passed over. */
function eventTimeOf(message: Hl7Message, clock: Clock): EventTime {
  const unread: string[] = [];
  const places = [
    ["EVN-2", message.first("EVN")?.field(2).text ?? ""],
    ["MSH-7", message.msh.field(7).text],
  ] as const;
  for (const [place, text] of places) {
    if (text === "") continue;
    const time = toInstant(text, clock);
    if (time.ok) return { time: time.value, unread };
    if (time.failure === "NOT_A_TIME") unread.push(place);
  }
  return { time: undefined, unread };
}

function clockOf({ msh }: Hl7Message, { zone }: MapSettings): Clock {
  const offset = offsetIn(msh.field(7).text);
  return offset === undefined ? { zone } : { zone, offset };
}

const has = (root: Made["root"], path: string): boolean => {
  const list = listOfKind(path);
  if (list !== undefined) {
    const [entries, kindOf] = [root[list], kindsIn(root.resourceType, list)];
    return Array.isArray(entries) && kindOf !== undefined && entries.some((one) => pathOfKind(list, kindOf(one)) === path);
  }
  const [top = "", member] = path.split(".");
  const value = root[top];
  return member === undefined ? value !== undefined : isElements(value) && member in value;
};

function finish({ root, deleted, initial, envelope }: Made): MappedResource {
  const resource = root as unknown as MappedResource["resource"];
  const gone = deleted === undefined ? [] : [...deleted].filter((path) => !has(root, path));
  if (initial === undefined && !envelope) return { resource, deleted: gone };
  return { resource, deleted: gone, ...(initial === undefined ? {} : { initial: [...initial] }), ...(envelope ? { envelope } : {}) };
}

/** A deletion counts only where nothing else of the message gives the element a value: lineage says nothing of one that does not count. */
function dropCancelled(lineage: LineageEntry[], resources: readonly MappedResource[]): void {
  if (!lineage.some(({ deletes }) => deletes === true)) return;
  const deleted = new Set(
    resources.flatMap(({ resource, deleted: paths }) => paths.map((path) => `${resource.id} ${resource.resourceType}.${path}`)),
  );
  let kept = 0;
  for (const entry of lineage) if (entry.deletes !== true || deleted.has(`${entry.resourceId} ${entry.target}`)) lineage[kept++] = entry;
  lineage.length = kept;
}

/** Where a segment says what is to be done with it (table 0206): then a message states changes, not the whole set. */
const ACTION_CODES: Readonly<Record<string, number>> = { DG1: 21, PR1: 20 };

/** `IN1|1` counts segments and says of nothing that it is no longer so. */
const saysSomething = ({ fields }: Segment): boolean => fields.some((field, n) => n > 1 && field !== "");

function wholeSetsOf({ message, resources }: Scope, wholeSets: MessageSpec["wholeSets"]): Mapped["wholeSets"] {
  const types: string[] = [];
  for (const name in wholeSets) {
    const segments = message.all(name);
    const action = ACTION_CODES[name];
    const changes = action !== undefined && segments.some((segment) => segment.field(action).text !== "");
    const type = wholeSets[name] ?? "";
    const says =
      segments.some(saysSomething) || (segments.length > 0 && [...resources.values()].some(({ root }) => root.resourceType === type));
    if (says && !changes) types.push(type);
  }
  return types as Resource["resourceType"][];
}

/** A stay that ends before it begins is kept as it was sent: nobody here knows which of the two times is the wrong one. */
function warnOfTimes(scope: Scope): void {
  const period = scope.resources.get(scope.own.get("Encounter")?.id ?? "")?.root["period"];
  const { start, end } = isElements(period) ? period : {};
  if (typeof start === "string" && typeof end === "string" && Date.parse(end) < Date.parse(start))
    warn(scope, "VALUE_NOT_VALID", "PV1-45", "the stay ends before it begins");
}

/** A message, or one patient's part of it, and what is known of it before it is mapped. */
interface Group {
  readonly message: Hl7Message;
  readonly clock: Clock;
  readonly event: EventTime;
}

/** Maps one patient's part of a message. */
function mapGroup(
  { message, clock, event }: Group,
  settings: MapSettings,
  messageType: string,
  { spec, runsFor, memoryOf }: MapOfMessage,
): Result<Mapped, Failure> {
  const opened = openScope(message, messageType.slice(4), settings, { spec, memoryOf }, clock);
  if (!opened.ok) return opened;
  const scope = opened.value;
  for (const place of event.unread) warn(scope, "VALUE_NOT_VALID", place);
  for (const run of runsFor(message)) run(scope);
  for (const run of scope.later) run();
  for (const made of scope.resources.values())
    for (const place of dropIncomplete(made, scope.lineage, scope.unsure.has(made.root.id)))
      warn(scope, "VALUE_NOT_VALID", place, "left out: it lacks what R4 wants of it");
  for (const segment of message.broken)
    warn(scope, "VALUE_NOT_VALID", `${segment.name}(${segment.index})`, "a line break inside a field: what follows it was not read");
  warnOfTimes(scope);
  const resources = Array.from(scope.resources.values(), finish);
  if (scope.lineage !== undefined) dropCancelled(scope.lineage, resources);
  const patientId = scope.own.get("Patient")?.id;
  const encounterId = scope.own.get("Encounter")?.id;
  const merges = mergesOf(scope, spec.merge);
  return ok({
    messageType,
    ...(event.time === undefined ? {} : { eventTime: event.time }),
    ...(scope.account === undefined ? {} : { account: scope.account }),
    ...(patientId === undefined ? {} : { patientId }),
    ...(encounterId === undefined ? {} : { encounterId }),
    resources,
    wholeSets: wholeSetsOf(scope, spec.wholeSets),
    ...(merges.length === 0 ? {} : { merges }),
    lineage: scope.lineage ?? [],
    ...(scope.unmapped.length === 0 ? {} : { unmapped: scope.unmapped }),
    warnings: scope.warnings,
  });
}

/** What a message is mapped with, and what is remembered of texts of messages before. */
export type MapOfMessage = MessageMap & { readonly memoryOf: MemoryOf };

/**
 * Maps a message with the maps of its type. The same message, settings and maps always give the same.
 * Of a message about several patients or visits the first is the message's own, the others are in `others`; one that cannot be mapped fails all.
 */
export function mapMessage(message: Hl7Message, settings: MapSettings, messageType: string, map: MapOfMessage): Result<Mapped, Failure> {
  const clock = clockOf(message, settings);
  const event = eventTimeOf(message, clock);
  const [first, ...others] = groupsOf(message, map.spec.groups).map((group) =>
    mapGroup({ message: group, clock, event }, settings, messageType, map),
  );
  if (first === undefined || !first.ok || others.length === 0) return first ?? fail({ code: "SEGMENT_MISSING", place: "PID" });
  const failed = others.find((one) => !one.ok);
  return failed ?? ok({ ...first.value, others: others.flatMap((one) => (one.ok ? [one.value] : [])) });
}
