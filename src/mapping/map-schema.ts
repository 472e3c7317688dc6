import { z } from "zod";
import { FAILURES, type FailureCode } from "#src/base/failures.ts";

/** `PID[Patient]`: which segment or data type goes to which FHIR type, named as in the v2-to-FHIR guide. */
const MAP_NAME = /^[A-Z][A-Z0-9]{1,2}\[[A-Za-z]+\]$/;
/** `PID-5`, `PID-5.1.2` in segments, `XPN.1.1` in data types. */
const SOURCE = /^(?:@account|@visit|[A-Z][A-Z0-9]{2}-\d{1,3}(?:\.\d{1,2}){0,2}|[A-Z]{2,3}\.\d{1,2}(?:\.\d{1,2})?)$/;
/** `Patient.name[]`, `Coverage.class[group].value`; in data types without the first name. */
const TARGET = /^[A-Za-z]+(?:\[[a-z]*\])?(?:\.[A-Za-z]+(?:\[[a-z]*\])?)*$/;

const source = z.string().regex(SOURCE, "is not a source such as PID-5 or XPN.1.1");
const sources = z.union([source, z.array(source).min(1)]);
const constant: z.ZodType<unknown> = z.union([
  z.string(),
  z.number(),
  z.boolean(),
  z.record(z.string(), z.unknown()),
  z.array(z.unknown()),
]);
const failureCode = z.enum(Object.keys(FAILURES) as [FailureCode, ...FailureCode[]]);

/** When a row counts. Several tests beside each other all have to hold. */
export interface When {
  readonly valued?: string | readonly string[] | undefined;
  readonly empty?: string | readonly string[] | undefined;
  readonly is?: Readonly<Record<string, string | readonly string[]>> | undefined;
  readonly event?: readonly string[] | undefined;
  readonly any?: readonly When[] | undefined;
  readonly all?: readonly When[] | undefined;
  readonly not?: When | undefined;
}

const when: z.ZodType<When> = z.lazy(() =>
  z.strictObject({
    valued: sources.optional(),
    empty: sources.optional(),
    is: z.record(source, z.union([z.string(), z.array(z.string()).min(1)])).optional(),
    event: z.array(z.string()).min(1).optional(),
    any: z.array(when).min(1).optional(),
    all: z.array(when).min(1).optional(),
    not: when.optional(),
  }),
);

const row = z.strictObject({
  from: sources.optional(),
  to: z.string().regex(TARGET, "is not a target such as Patient.name[]"),
  /** Data type: a map of `datatypes/` or a function of `src/mapping/values`. */
  as: z.string().optional(),
  /** Refers to the message's Patient, Encounter or Account, or to what another map made of the same segment. */
  ref: z.string().optional(),
  /** Function over several fields. */
  gather: z.string().optional(),
  set: constant.optional(),
  table: z.string().optional(),
  /** Code system of codes that name none. */
  system: z.string().optional(),
  /** Where older messages name the code system: DG1-2. */
  systemFrom: source.optional(),
  /** Code system of codes that name none, or one that is not known. `{authority}` is the account's. */
  localSystem: z.string().optional(),
  /** Code systems that mean something else here: I10 in PR1. */
  systems: z.record(z.string(), z.string()).optional(),
  /** Constant elements written beside the value. */
  beside: z.record(z.string(), z.unknown()).optional(),
  when: when.optional(),
  delete: z.literal(true).optional(),
  /** The value counts only while the chart has none: the message itself says nothing of it. */
  initial: z.literal(true).optional(),
  /** Using this row is worth a warning. */
  warn: z.strictObject({ code: failureCode, place: source }).optional(),
  /** Row of the v2-to-FHIR guide, or why there is none. */
  guide: z.string().optional(),
  drop: z.literal(true).optional(),
});
export type Row = z.infer<typeof row>;

const identity = z.union([
  z.strictObject({
    identifier: source,
    /** Where its assigning authority stands; CX.4 of the same field. */
    authority: source.optional(),
  }),
  z.strictObject({ by: z.array(source).min(1), within: z.enum(["account", "authority"]).default("account") }),
]);
export type Identity = z.infer<typeof identity>;

const map = z.strictObject({
  map: z.string().regex(MAP_NAME, "is not a map name such as PID[Patient]"),
  /** Only the first segment of the name counts. */
  once: z.boolean().default(false),
  when: when.optional(),
  /** Segments that follow this one and belong to it. */
  with: z.array(z.string()).default([]),
  /** What the id of the resource is made of: the first that the message has. None for plain data types. */
  identity: z.array(identity).default([]),
  /** What two segments of one identity are: the same thing said twice, or two things. */
  alike: z.enum(["same", "numbered"]).default("same"),
  rows: z.array(row),
});
export type MapSpec = z.infer<typeof map>;

const messages = z.strictObject({
  messages: z.array(z.string().regex(/^[A-Z]{3}\^[A-Z][A-Z0-9]{2}$/, "is not a message such as ADT^A01")).min(1),
  level: z.enum(["account", "person"]),
  requires: z.array(z.string()).default(["PID"]),
  /** In this order; what a map needs of another comes later. */
  maps: z.array(z.union([z.string(), z.strictObject({ map: z.string(), when })])).min(1),
  /** Segment that, when present, states the whole set of a type. */
  wholeSets: z.record(z.string(), z.string()).default({}),
});
export type MessageSpec = z.infer<typeof messages>;

const code = z.union([z.string(), z.strictObject({ code: z.string(), display: z.string().optional(), system: z.string().optional() })]);
const table = z.strictObject({
  table: z.string(),
  /** HL7 table, as lineage names it: v2-0004. */
  source: z.string(),
  system: z.string().optional(),
  /** What a code outside the table means: worth a warning, or left as sent, or left out. */
  unknown: z.enum(["warn", "keep", "drop"]).default("warn"),
  codes: z.record(z.string(), code),
});
export type TableSpec = z.infer<typeof table>;

export const mapsFile = z.strictObject({ maps: z.array(map).min(1) });
export const messagesFile = messages;
export const tableFile = table;
