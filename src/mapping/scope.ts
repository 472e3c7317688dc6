import type { Reference } from "@medplum/fhirtypes";
import type { Failure, FailureCode } from "#src/base/failures.ts";
import type { Hl7Message, Segment, Value } from "#src/hl7v2/message.ts";
import type { Clock } from "#src/hl7v2/times.ts";
import type { LineageEntry, MapSettings } from "./types.ts";

export type Elements = Record<string, unknown>;

/** A resource or data type while its rows are run. */
export interface Building {
  readonly root: Elements;
  /** Array entries that several rows write to together: `class[group]` to its index. */
  slots: Map<string, number> | undefined;
  /** Elements, or members of elements, that the sender set to `""`. */
  deleted: Set<string> | undefined;
  /** Top-level elements that count only while the chart has none. */
  initial?: Set<string>;
}

export interface Made extends Building {
  readonly root: Elements & { readonly resourceType: string; readonly id: string };
}

/** A value with the place it stands at: `PV1-50`. */
export interface PlacedValue {
  readonly value: Value;
  readonly place: string;
}

/** Everything known while one message is mapped. */
export interface Scope {
  readonly message: Hl7Message;
  readonly settings: MapSettings;
  readonly clock: Clock;
  /** `A01`. */
  readonly event: string;
  /** Who assigned the identifiers that name nobody. */
  readonly defaultAuthority: string;
  readonly account: { readonly authority: string; readonly value: string; readonly resourceId: string } | undefined;
  /** The number that names the account, and where it stands; the empty value when the account is the patient's own. */
  readonly accountNumber: PlacedValue;
  readonly visitNumber: PlacedValue;
  /** References to the message's own Patient, Encounter and Account. */
  readonly own: Map<string, string>;
  readonly resources: Map<string, Made>;
  /** What a map made of a segment, or of the text of a data type. */
  readonly made: Map<string, Reference>;
  readonly lineage: LineageEntry[];
  readonly warnings: Failure[];
}

/** Where a row reads and writes: within a segment, or within a data type below one of its fields. */
export interface Frame {
  readonly scope: Scope;
  readonly segment: Segment;
  /** The data type's value; the empty value in segment maps. */
  readonly value: Value;
  /** `PID-5(1)` within a data type; empty in segment maps. */
  readonly source: string;
  /** `Patient` or `Patient.name[0]`. */
  readonly target: string;
  readonly resourceId: string;
  readonly building: Building;
}

/** One warning a place: the same field read by two rows is not wrong twice. */
export function warn(scope: Scope, code: FailureCode, place: string, detail?: string): void {
  if (scope.warnings.some((known) => known.code === code && known.place === place)) return;
  scope.warnings.push(detail === undefined ? { code, place } : { code, place, detail });
}
