import type { Resource } from "@medplum/fhirtypes";
import type { Failure } from "#src/base/failures.ts";
import { stableId } from "#src/base/ids.ts";
import { fail, ok, type Result } from "#src/base/result.ts";
import type { Hl7Message, Value } from "#src/hl7v2/message.ts";
import { type Clock, offsetIn, toInstant } from "#src/hl7v2/times.ts";
import type { MessageSpec } from "./map-schema.ts";
import { type Made, type Scope, warn } from "./scope.ts";
import type { RunMap } from "./segment-map.ts";
import type { Mapped, MappedResource, MapSettings } from "./types.ts";
import { authorityOf } from "./values/identifiers.ts";

/** What a message type is mapped with. */
export interface MessageMap {
  readonly spec: MessageSpec;
  readonly maps: readonly RunMap[];
}

/** The patient's number: the medical record number (MR) when the list names one, else the first. */
function patientNumber(message: Hl7Message): Value | undefined {
  const numbers =
    message
      .first("PID")
      ?.repetitions(3)
      .filter((value) => value.part(1).text !== "") ?? [];
  return numbers.find((value) => value.part(5).text === "MR") ?? numbers[0];
}

/** PID-18, else PV1-19: some senders have no account number and bill by visit. */
function accountNumber(message: Hl7Message): Value | undefined {
  const account = message.first("PID")?.field(18);
  if (account !== undefined && account.part(1).text !== "") return account;
  const visit = message.first("PV1")?.field(19);
  return visit !== undefined && visit.part(1).text !== "" ? visit : undefined;
}

/** Checks what must be there, and works out who and what the message is about. */
function openScope(message: Hl7Message, settings: MapSettings, spec: MessageSpec, event: string): Result<Scope, Failure> {
  for (const name of spec.requires) if (message.first(name) === undefined) return fail({ code: "SEGMENT_MISSING", place: name });
  const patient = patientNumber(message);
  if (patient === undefined) return fail({ code: "REQUIRED_FIELD_MISSING", place: "PID-3" });
  const account = spec.level === "account" ? accountNumber(message) : undefined;
  if (spec.level === "account" && account === undefined) return fail({ code: "ACCOUNT_UNKNOWN", place: "PID-18" });

  const defaultAuthority = settings.defaultAuthority || message.msh.field(4).part(1).text;
  const { idKey } = settings;
  const idOf = (type: string, cx: Value): string =>
    stableId(idKey, type, authorityOf(cx.part(4), defaultAuthority).authority, cx.part(1).text);
  const own = new Map([["Patient", `Patient/${idOf("Patient", patient)}`]]);
  const pv1 = message.first("PV1");
  const accountId = account === undefined ? "" : idOf("Account", account);
  if (account !== undefined) {
    own.set("Account", `Account/${accountId}`);
    // A visit without a number of its own is the account's only one.
    if (pv1 !== undefined)
      own.set("Encounter", `Encounter/${idOf("Encounter", pv1.field(19).part(1).text === "" ? account : pv1.field(19))}`);
  }
  const offset = offsetIn(message.msh.field(7).text);
  const clock: Clock = offset === undefined ? { zone: settings.zone } : { zone: settings.zone, offset };
  return ok({
    message,
    settings,
    clock,
    event,
    defaultAuthority,
    account:
      account === undefined
        ? undefined
        : { authority: authorityOf(account.part(4), defaultAuthority).authority, value: account.part(1).text, resourceId: accountId },
    own,
    resources: new Map(),
    made: new Map(),
    lineage: [],
    warnings: [],
  });
}

/** EVN-2, else MSH-7. A date without an hour orders nothing, so it is passed over. */
function eventTime(scope: Scope): string | undefined {
  const { message, clock } = scope;
  const places = [
    ["EVN-2", message.first("EVN")?.field(2).text ?? ""],
    ["MSH-7", message.msh.field(7).text],
  ] as const;
  for (const [place, text] of places) {
    if (text === "") continue;
    const time = toInstant(text, clock);
    if (time.ok) return time.value;
    if (time.failure === "NOT_A_TIME") warn(scope, "VALUE_NOT_VALID", place);
  }
  return undefined;
}

const idIn = (scope: Scope, type: string): string | undefined => scope.own.get(type)?.slice(type.length + 1);

const has = (root: Made["root"], path: string): boolean => {
  const [top = "", member] = path.split(".");
  const value = root[top];
  return member === undefined ? value !== undefined : typeof value === "object" && value !== null && member in value;
};

const finish = ({ root, deleted, initial }: Made): MappedResource => ({
  resource: root as unknown as MappedResource["resource"],
  deleted: deleted === undefined ? [] : [...deleted].filter((path) => !has(root, path)),
  ...(initial === undefined ? {} : { initial: [...initial] }),
});

/** Maps a message with the maps of its type. The same message, settings and maps always give the same. */
export function mapMessage(
  message: Hl7Message,
  settings: MapSettings,
  messageType: string,
  { spec, maps }: MessageMap,
): Result<Mapped, Failure> {
  const opened = openScope(message, settings, spec, messageType.slice(4));
  if (!opened.ok) return opened;
  const scope = opened.value;
  const time = eventTime(scope);
  for (const run of maps) run(scope);
  for (const segment of message.broken)
    warn(scope, "VALUE_NOT_VALID", `${segment.name}(${segment.index})`, "a line break inside a field: what follows it was not read");
  const patientId = idIn(scope, "Patient");
  const encounterId = idIn(scope, "Encounter");
  const wholeSets = Object.entries(spec.wholeSets).flatMap(([name, type]) => (message.first(name) === undefined ? [] : [type]));
  return ok({
    messageType,
    ...(time === undefined ? {} : { eventTime: time }),
    ...(scope.account === undefined ? {} : { account: scope.account }),
    ...(patientId === undefined ? {} : { patientId }),
    ...(encounterId === undefined ? {} : { encounterId }),
    resources: Array.from(scope.resources.values(), finish),
    wholeSets: wholeSets as Resource["resourceType"][],
    lineage: scope.lineage,
    warnings: scope.warnings,
  });
}
