import { stableId } from "#src/base/ids.ts";
import type { Segment, Value } from "#src/hl7v2/message.ts";
import { choosePatient, DEFAULT_IDENTITY } from "#src/hl7v2/identity.ts";
import { type Scope, warn } from "./scope.ts";
import { following } from "./sources.ts";
import type { Merge, NamedThing } from "./types.ts";
import { authorityOf } from "./values/identifiers.ts";

type Kind = Merge["kind"];

/** Where the numbers of a merge stand (v2.5.1 ch. 3.4.9): in MRG the prior one, in PID or PV1 the surviving one. */
interface Places {
  readonly type: "Patient" | "Account" | "Encounter";
  readonly prior: number;
  readonly surviving: readonly ["PID" | "PV1", number];
}

const PATIENT: Places = { type: "Patient", prior: 1, surviving: ["PID", 3] };
const ACCOUNT: Places = { type: "Account", prior: 3, surviving: ["PID", 18] };
const VISIT: Places = { type: "Encounter", prior: 5, surviving: ["PV1", 19] };

const PLACES: Readonly<Record<Kind, Places>> = {
  patient: PATIENT,
  "change-patient-id": PATIENT,
  account: ACCOUNT,
  "move-account": ACCOUNT,
  "change-account-number": ACCOUNT,
  visit: VISIT,
  "move-visit": VISIT,
  "change-visit-number": VISIT,
};

function named(scope: Scope, type: Places["type"], value: Value | undefined): NamedThing | undefined {
  const number = value?.text ?? "";
  if (value === undefined || number === "") return undefined;
  const { authority } = authorityOf(value.part(4), scope.defaultAuthority);
  return { authority, value: number, resourceId: stableId(scope.settings.idKey, type, authority, number) };
}

const facts = (value: Value) => ({
  value: value.text,
  authority: value.part(4).text || value.part(4).part(2).text,
  type: value.part(5).text,
});

/** The one repetition that names the thing: for patients by the feed's rule, as everywhere. */
const chosen = (scope: Scope, type: Places["type"], values: readonly Value[]): Value | undefined =>
  type === "Patient" ? choosePatient(values, facts, scope.settings.identity ?? DEFAULT_IDENTITY) : values[0];

function one(scope: Scope, mrg: Segment, kind: Kind): Merge | undefined {
  const { type, prior: field, surviving: at } = PLACES[kind];
  const [segment, position] = at;
  // PV1 stands after its MRG (A42, A45, A50); PID before it.
  const holder = segment === "PV1" ? (following(scope, mrg, "PV1") ?? scope.message.first("PV1")) : scope.message.first("PID");
  const prior = named(scope, type, chosen(scope, type, mrg.repetitions(field)));
  const surviving = named(scope, type, chosen(scope, type, holder?.repetitions(position) ?? []));
  // A move within one number says who it belongs to now: both are the same then.
  const moved = kind === "move-account" || kind === "move-visit" ? (prior ?? surviving) : prior;
  if (moved === undefined) warn(scope, "REQUIRED_FIELD_MISSING", `MRG(${mrg.index})-${field}`);
  if (surviving === undefined) warn(scope, "REQUIRED_FIELD_MISSING", `${segment}-${position}`);
  return moved === undefined || surviving === undefined ? undefined : { kind, surviving, prior: moved };
}

/** What the MRG segments of a message say. A number that is missing is worth a warning, and merges nothing. */
export const mergesOf = (scope: Scope, kinds: readonly Kind[]): readonly Merge[] =>
  scope.message.all("MRG").flatMap((mrg) => kinds.flatMap((kind) => one(scope, mrg, kind) ?? []));
