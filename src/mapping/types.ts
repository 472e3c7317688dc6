import type { Resource } from "@medplum/fhirtypes";
import type { Failure } from "#src/base/failures.ts";
import type { IdKey } from "#src/base/ids.ts";
import type { IdentityRules } from "#src/hl7v2/identity.ts";

/** What a feed contributes to mapping, besides the message. Nothing here depends on when the mapping runs. */
export interface MapSettings {
  readonly idKey: IdKey;
  /** IANA zone for times that come without an offset (and without one in MSH-7). */
  readonly zone: string;
  /** Assigning authority of identifiers that name none; without it MSH-4. */
  readonly defaultAuthority?: string;
  /** Which numbers are patient, account and visit; the usual ones when absent. */
  readonly identity?: IdentityRules;
  /** Whether to say where each element came from; true when absent. */
  readonly lineage?: boolean;
  /** Whether what a text became in one message is used for the next; true when absent. The same comes out either way. */
  readonly memory?: boolean;
  /** Whether to make what belongs to the message and not to the patient (MessageHeader, Provenance); false when absent. */
  readonly envelope?: boolean;
}

/** A code that a table has no entry for: work for a person. */
export interface UnmappedCode {
  /** `DischargeDisposition`. */
  readonly table: string;
  readonly code: string;
  /** `PV1-36`. */
  readonly place: string;
}

/** Why a target element has its value. Indexes are zero-based FHIRPath indexes; source positions are HL7's own, one-based. */
export interface LineageEntry {
  /** `Encounter.period.end`, `Patient.name[0].family`. */
  readonly target: string;
  readonly resourceId: string;
  /** `PV1-45`, `PID-5(1).1.1`, `DG1(2)-3.1`; absent for a constant. */
  readonly source?: string;
  /** Stable key of the row in `mappings/`: `PV1[Encounter] PV1-45>status`. */
  readonly row: string;
  /** `v2-0004 I` when a code table row gave the value. */
  readonly table?: string;
  /** The element is taken away: `""` in its field (v2.5.1 ch. 2.5.3), or what happened. Of a list of several kinds the target is `Patient.extension[URL]`. */
  readonly deletes?: true;
}

export interface MappedResource {
  readonly resource: Resource & { readonly id: string };
  /**
   * Elements the sender deleted with `""`: `maritalStatus`, a member of one: `period.end`, the entries of one kind of a list: `participant[ADM]`. A whole
   * resource deletes the list of which it states every kind: `participant`.
   */
  readonly deleted: readonly string[];
  /** Top-level elements that count only while the chart has none: a guess where the message says nothing. */
  readonly initial?: readonly string[];
  /** It says something of the message, not of the patient: a chart has no use for it. */
  readonly envelope?: true;
}

/** A business identifier with its authority, and the chart's id of what it names. */
export interface NamedThing {
  readonly authority: string;
  readonly value: string;
  readonly resourceId: string;
}

/**
 * Two numbers that turned out to be one, or a number that changed (v2.5.1 ch. 3.6: A18, A30, A34 to A36, A40 to A45, A47, A49 to A51).
 * - `patient`, `account`, `visit`: the prior is absorbed by the surviving one;
 * - `move-account`: the account becomes the message's patient's, under the surviving number;
 * - `move-visit`: the visit becomes the message's account's, under the surviving number;
 * - `change-…`: the same thing under another number.
 */
export interface Merge {
  readonly kind:
    | "patient"
    | "account"
    | "visit"
    | "move-account"
    | "move-visit"
    | "change-patient-id"
    | "change-account-number"
    | "change-visit-number";
  readonly surviving: NamedThing;
  readonly prior: NamedThing;
}

/** What one message means, in FHIR R4. */
export interface Mapped {
  /** `ADT^A01`. */
  readonly messageType: string;
  /** When it happened, by the sender: EVN-2, else MSH-7. ISO 8601 with offset; absent when neither can be read. */
  readonly eventTime?: string;
  /** Account number and its authority; absent in person-level messages (A28, A31). */
  readonly account?: NamedThing;
  readonly patientId?: string;
  readonly encounterId?: string;
  readonly resources: readonly MappedResource[];
  /** Types for which this message states the whole set: what it does not repeat is no longer so (DG1, PR1, IN1 in snapshot mode). */
  readonly wholeSets: readonly Resource["resourceType"][];
  /** Merges and changes of identifiers that the message states, in its order. */
  readonly merges?: readonly Merge[];
  /** The other accounts of a message about several (A17: two patients swap beds), each as a message of its own. */
  readonly others?: readonly Mapped[];
  readonly lineage: readonly LineageEntry[];
  /** Codes that tables have no entry for. */
  readonly unmapped?: readonly UnmappedCode[];
  /** What could not be mapped but does not stop the message. */
  readonly warnings: readonly Failure[];
}
