import type { Failure, FailureCode } from "#src/base/failures.ts";
import type { Hl7Message, Segment, Value } from "#src/hl7v2/message.ts";
import type { Clock } from "#src/hl7v2/times.ts";
import type { Memory, RememberedResource } from "./memory.ts";
import type { Referring } from "./references.ts";
import type { AccountMemory } from "./segment-memory.ts";
import type { Source } from "./sources.ts";
import type { LineageEntry, MapSettings, UnmappedCode } from "./types.ts";

export type Elements = Record<string, unknown>;

export const isElements = (value: unknown): value is Elements => typeof value === "object" && value !== null && !Array.isArray(value);

/** A resource or data type while its rows are run. */
export interface Building {
  readonly root: Elements;
  /** Elements, or members of elements, that the sender set to `""`. */
  deleted: Set<string> | undefined;
  /** Top-level elements that count only while the chart has none. */
  initial: Set<string> | undefined;
}

export interface Made extends Building {
  root: Elements & { readonly resourceType: string; readonly id: string };
  /** It says something of the message, not of the patient. */
  readonly envelope: boolean;
}

/** A value with the place it stands at: `PV1-50`. */
export interface PlacedValue {
  readonly value: Value;
  readonly place: string;
}

/** What a map made of one segment. */
export interface MadeOf {
  /** Position of the segment in the message. */
  readonly position: number;
  readonly reference: Referring;
  readonly made: Made;
}

/** What a message is about: every map may refer to them, and each says its part of them. */
export const OWN_TYPES: ReadonlySet<string> = new Set(["Patient", "Encounter", "Account"]);

/** One of the three that a message is about. */
export interface Own {
  readonly id: string;
  /** Shared: most resources of the message have it. */
  readonly reference: Referring;
}

/** Everything known while one message, or one patient's group of it, is mapped. */
export interface Scope {
  readonly message: Hl7Message;
  /** What happened: `A01`. */
  readonly event: string;
  readonly settings: MapSettings;
  readonly clock: Clock;
  /** Who assigned the identifiers that name nobody. */
  readonly defaultAuthority: string;
  /** The message says it (MSH-4), no setting of the feed. */
  readonly authoritySaid: boolean;
  readonly account: { readonly authority: string; readonly value: string; readonly resourceId: string } | undefined;
  /** The number that names the account, and where it stands; the empty value when the account is the patient's own. */
  readonly accountNumber: PlacedValue;
  readonly visitNumber: PlacedValue;
  /** The message's own Patient, Encounter and Account, by type. */
  readonly own: Map<string, Own>;
  /** By id: what an id is made of begins with the type. */
  readonly resources: Map<string, Made>;
  /** What texts became in messages before; undefined when nothing is remembered. */
  readonly memory: Memory | undefined;
  /** What segments of the account became before. */
  readonly ofAccount: AccountMemory | undefined;
  /**
   * While what a segment becomes is to be remembered: other resources that it names, and which lineage tells of each. Undefined in it: one that is not
   * remembered itself.
   */
  named:
    | ({ readonly known: RememberedResource; readonly source: string; readonly from: number; readonly to: number } | undefined)[]
    | undefined;
  /** What each map made, in message order. */
  readonly made: Map<string, MadeOf[]>;
  /** Ids of resources that extensions were written into: one may have got an address and no value. */
  readonly unsure: Set<string>;
  /** References to what later segments become: filled in at the end. */
  readonly later: (() => void)[];
  /** Undefined when nobody asks for it. */
  readonly lineage: LineageEntry[] | undefined;
  readonly warnings: Failure[];
  /** How often something was found to warn of, the same place again included. */
  warned: number;
  readonly unmapped: UnmappedCode[];
}

/** Where a row reads and writes: within a segment, or within a data type below one of its fields. */
export interface Frame {
  readonly scope: Scope;
  readonly segment: Segment;
  /** The data type's value; the empty value in segment maps. */
  readonly value: Value;
  /** The frame and source of the row that a data type stands in. */
  readonly parent: Frame | undefined;
  readonly via: Source | undefined;
  /** `Patient` or `Patient.name[0]`; empty when no lineage is kept. */
  readonly target: string;
  resourceId: string;
  building: Building;
  /** Entries of lists that rows share, by slot and repetition: their index; made when the first is. */
  slots: (number | undefined)[][] | undefined;
  /** The field of the segment whose repetitions a row goes through, and which of them it is at, counted from 1; 0 otherwise. */
  field: number;
  repetition: number;
}

/** Where the value of a data type stands: `PID-5(1)`; empty in segment maps. */
export const placeOf = (frame: Frame): string =>
  frame.via === undefined || frame.parent === undefined ? "" : frame.via.label(frame.parent);

/** One warning a place: the same field read by two rows is not wrong twice. */
export function warn(scope: Scope, code: FailureCode, place: string, detail?: string): void {
  scope.warned++;
  if (scope.warnings.some((known) => known.code === code && known.place === place)) return;
  scope.warnings.push(detail === undefined ? { code, place } : { code, place, detail });
}
