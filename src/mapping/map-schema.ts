import { z } from "zod";
import { FAILURES, type FailureCode } from "#src/base/failures.ts";

/** `PID[Patient]`, `OBX[Observation-Component]`: which segment or data type goes to which FHIR type, named as in the v2-to-FHIR guide. */
const MAP_NAME = /^[A-Z][A-Z0-9]{1,2}\[[A-Za-z][A-Za-z.-]*\]$/;
/** `PID-5`, `PID-5.1.2`; in data types `XPN.1.1`; a data type or segment as a whole: `XPN`, `EVN`; the chosen number, or a part of it: `@visit`, `@visit.5`. */
const SOURCE =
  /^(?:@(?:account|visit)(?:\.\d{1,2}){0,2}|[A-Z][A-Z0-9]{2}-\d{1,3}(?:\.\d{1,2}){0,2}|[A-Z][A-Z0-9]{1,2}(?:\.\d{1,2}(?:\.\d{1,2})?)?)$/;
/** `name[1].given`, `participant[attending].type.coding.code`; `$this` is the place the data type stands at, `$value` a primitive's. */
const TARGET = /^(?:\$this|\$value|[A-Za-z]+(?:\[[A-Za-z0-9]*\])?(?:\.[A-Za-z]+(?:\[[A-Za-z0-9]*\])?)*(?:\.\$this)?)$/;

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
const bound = z.string().regex(/^(?:<=|>=|<|>|=)\d{1,6}$/, "is not a bound such as >1");

/** When a row counts. Several tests beside each other all have to hold. */
export interface When {
  readonly valued?: string | readonly string[] | undefined;
  readonly empty?: string | readonly string[] | undefined;
  readonly is?: Readonly<Record<string, string | readonly string[]>> | undefined;
  readonly count?: Readonly<Record<string, string>> | undefined;
  readonly length?: Readonly<Record<string, string>> | undefined;
  readonly same?: readonly [string, string] | undefined;
  readonly segment?: readonly string[] | undefined;
  readonly event?: readonly string[] | undefined;
  readonly has?: readonly string[] | undefined;
  readonly after?: readonly string[] | undefined;
  readonly any?: readonly When[] | undefined;
  readonly all?: readonly When[] | undefined;
  readonly not?: When | undefined;
}

const when: z.ZodType<When> = z.lazy(() =>
  z.strictObject({
    valued: sources.optional().describe("all of these have a text"),
    empty: sources.optional().describe("none of these has a text"),
    is: z
      .record(source, z.union([z.string(), z.array(z.string()).min(1)]))
      .optional()
      .describe("its text is one of these, without regard to case"),
    count: z.record(source, bound).optional().describe("how many repetitions it has: `>1`"),
    length: z.record(source, bound).optional().describe("how many characters its text has: `>8`"),
    same: z.tuple([source, source]).optional().describe("two places have the same text"),
    segment: z.array(z.string()).min(1).optional().describe("the message has all these segments"),
    event: z.array(z.string()).min(1).optional().describe("the event is one of these: `A01`"),
    has: z.array(z.string()).min(1).optional().describe("rows before gave the resource all these elements: `start`"),
    after: z
      .array(z.string().regex(/^[A-Z][A-Z0-9]{2}$/))
      .min(1)
      .optional()
      .describe(
        "the segment that it belongs to, the nearest before it that is none of a role, remark or disability, is one of these: ROL after PR1",
      ),
    any: z.array(when).min(1).optional(),
    all: z.array(when).min(1).optional(),
    not: when.optional(),
  }),
);

/** What a row is to the guide. */
export const STANDINGS = ["as-is", "repaired", "decided", "skipped", "added"] as const;
export type Standing = (typeof STANDINGS)[number];

const row = z.strictObject({
  key: z
    .string()
    .min(3)
    .describe(
      "stable name of the row: `PV1-2>status` as in the guide (`#2`, `#3` when it repeats there); a site's row of the same key replaces it",
    ),
  guide: z
    .enum(STANDINGS)
    .describe(
      "`as-is`: as the guide says; `repaired`: the guide's row gives invalid or wrong R4; `decided`: the guide leaves it open; `skipped`: not done; `added`: the guide has no such row",
    ),
  why: z.string().min(8).optional().describe("the reason, for every row that is not as-is"),
  by: z.string().optional().describe("`MAP KEY` of the row that does this row's work"),
  from: sources
    .optional()
    .describe(
      "where the value stands; the first that has one counts. Without it the left side of the key. `@account` and `@visit` are the numbers that the feed's `identity` chose, wherever they stand; `@visit.5` is a component of one",
    ),
  to: z
    .string()
    .regex(TARGET, "is not a target such as name[1].given")
    .optional()
    .describe(
      "the element; without it the right side of the key. `name[1]`: an entry for each repetition, which rows of the same slot share; `name[one]`, `name[oneAlias]`: one entry, whatever repeats; `name[]`: always a new one",
    ),
  as: z
    .string()
    .optional()
    .describe(
      "data type map (`XPN[HumanName]`), a reference to what one makes (`Reference(XCN[Practitioner])`) or a function; without it by the element's type",
    ),
  ref: z
    .string()
    .optional()
    .describe(
      "reference to the message's Patient, Encounter or Account, or to what another map made of this segment or the nearest before it",
    ),
  refs: z
    .string()
    .optional()
    .describe(
      "references to what another map made of the segments that belong to this one: that follow until the next of its name; all of the message where the map is `once`",
    ),
  of: when.optional().describe("with `refs`: only those segments that this holds for"),
  each: source
    .optional()
    .describe("once for each repetition of this field, into the entries of its repetitions: a code of OBX-3 for every value of OBX-5"),
  gather: z.string().optional().describe("function over several fields"),
  set: constant
    .optional()
    .describe(
      "a constant; with `from` only where that has a value. A code that R4 does not know where it binds the element (`Encounter.status`) is a fault",
    ),
  join: z.array(z.string()).min(2).optional().describe("texts put together: sources, and literals in single quotes: `[\"'+'\", XTN.5]`"),
  table: z.string().optional().describe("code table"),
  system: z.string().optional().describe("code system of codes that name none"),
  systemFrom: source.optional().describe("where older messages name the code system: DG1-2"),
  localSystem: z
    .string()
    .optional()
    .describe("code system of codes that name none or one that is not known; `{authority}` is the account's"),
  systems: z.record(z.string(), z.string()).optional().describe("code systems that mean something else here: I10 in PR1"),
  beside: z.record(z.string(), z.unknown()).optional().describe("constant elements written beside the value"),
  when: when.optional(),
  delete: z
    .literal(true)
    .optional()
    .describe("takes the element away; with `ref` only the entry of a list that names what the reference is to"),
  initial: z.literal(true).optional().describe("counts only while the chart has no value: the message itself says nothing of it"),
  warn: z.strictObject({ code: failureCode, place: source }).optional().describe("using this row is worth a warning"),
  drop: z.literal(true).optional().describe("a site does without this row"),
});
export type Row = z.infer<typeof row>;

const identity = z.union([
  z.strictObject({
    identifier: source,
    authority: source.optional().describe("where its assigning authority stands; without it component 4 of the identifier"),
  }),
  z.strictObject({ by: z.array(source).min(1), within: z.enum(["account", "patient", "authority", "message"]).default("account") }),
]);
export type Identity = z.infer<typeof identity>;

const map = z.strictObject({
  map: z
    .string()
    .regex(MAP_NAME, "is not a map name such as PID[Patient]")
    .describe("the guide's name of the map; the FHIR type is what stands in brackets, up to a hyphen"),
  once: z.boolean().default(false).describe("only the first segment of the name counts"),
  when: when.optional(),
  with: z.array(z.string()).default([]).describe("segments that follow this one and belong to it"),
  into: z
    .array(z.string())
    .default([])
    .describe(
      "writes into what is there: the message's Patient, Encounter or Account, or what another map made of the nearest segment before; the first that is there",
    ),
  identity: z
    .array(identity)
    .default([])
    .describe("what the id of the resource is made of: the first that the message has. None for plain data types"),
  alike: z.enum(["same", "numbered"]).default("same").describe("what two segments of one identity are: the same said twice, or two things"),
  native: z
    .string()
    .optional()
    .describe("the function that reads this data type in one go; the rows name what it does, component by component"),
  envelope: z
    .boolean()
    .default(false)
    .describe("says something of the message, not of the patient: made for the Bundle, not for the chart"),
  rows: z.array(row),
});
export type MapSpec = z.infer<typeof map>;

const messageEntry = z.strictObject({
  row: z.string().min(3).describe("row of the guide's message map: `ADT_A01.PV1>Encounter[1]`; `added` rows have a name of ours"),
  map: z.string().optional().describe("the segment map that it runs"),
  by: z
    .string()
    .optional()
    .describe("row of this file, before this one, that does this row's work: the second group of a message runs the first's"),
  guide: z.enum(STANDINGS),
  why: z.string().min(8).optional(),
  when: when.optional(),
});
export type MessageEntry = z.infer<typeof messageEntry>;

/** What the events of chapter 3 merge, move or number anew. */
export const MERGES = [
  "patient",
  "account",
  "visit",
  "move-account",
  "move-visit",
  "change-patient-id",
  "change-account-number",
  "change-visit-number",
] as const;

const messages = z.strictObject({
  messages: z
    .array(z.string().regex(/^[A-Z]{3}\^[A-Z][A-Z0-9]{2}$/, "is not a message such as ADT^A01"))
    .min(1)
    .describe("the events that it is for, by MSH-9.1 and 9.2; the structure in MSH-9.3 does not matter"),
  guide: z.string().optional().describe("the guide's message map: ADT_A01"),
  like: z.string().optional().describe("takes the maps of this message: `ADT^A01`"),
  why: z.string().optional().describe("where the maps come from, when the guide has none"),
  level: z
    .enum(["account", "person", "appointment"])
    .describe("`account`: it must name one; `person`: it is about no account; `appointment`: with an account or without"),
  requires: z.array(z.string()).default(["PID"]).describe("segments without which it means nothing"),
  groups: z.string().optional().describe("segment that begins a group of its own each time: each has its own patient and visit"),
  merge: z
    .array(z.enum(MERGES))
    .default([])
    .describe("what each MRG says, with the PID and PV1 of its group: the prior number and the surviving one"),
  maps: z.array(messageEntry).default([]).describe("in this order; what a map needs of another comes later"),
  without: z.array(z.string()).default([]).describe("maps of `like` that do not count here"),
  wholeSets: z.record(z.string(), z.string()).default({}).describe("segment that, when present, states the whole set of a type"),
});
export type MessageSpec = z.infer<typeof messages>;

const code = z.union([
  z.string(),
  z.null(),
  z.strictObject({
    code: z.string(),
    display: z.string().optional(),
    system: z.string().optional(),
    guide: z.enum(STANDINGS).optional(),
    why: z.string().optional(),
  }),
]);
const table = z.strictObject({
  table: z.string().describe("the guide's name of the table"),
  source: z.string().describe("HL7 table, as lineage names it: v2-0004"),
  system: z.string().optional().describe("code system of the codes it gives"),
  unknown: z
    .enum(["task", "keep", "drop"])
    .default("task")
    .describe("what a code outside the table means: work for a person, and the code stays as sent; it stays as sent; it is left out"),
  codes: z
    .record(z.string(), code)
    .describe("null: a code that FHIR has none for. What a row writes to an element that R4 binds must be a code of that"),
  repaired: z.string().optional().describe("what differs from the guide's table, and why"),
});
export type TableSpec = z.infer<typeof table>;

export const mapsFile = z.strictObject({ maps: z.array(map).min(1) });
export const messagesFile = messages;
export const tableFile = table;
export const siteFile = z.strictObject({
  site: z.string().regex(/^[a-z0-9-]+$/),
  senders: z
    .array(z.strictObject({ application: z.string().optional(), facility: z.string().optional() }))
    .min(1)
    .describe("MSH-3 and MSH-4 (first components) of the messages it is for; one that is absent is any"),
  maps: z
    .array(
      z.strictObject({
        map: z.string().regex(MAP_NAME, "is not a map name such as PID[Patient]"),
        rows: z.array(row),
        once: z.boolean().optional(),
        into: z.array(z.string()).optional(),
        identity: z.array(identity).optional(),
        alike: z.enum(["same", "numbered"]).optional(),
        when: when.optional(),
        after: z.string().optional().describe("a map of the site's own runs after this one: `PV1[Encounter]`"),
      }),
    )
    .default([]),
  tables: z
    .array(z.strictObject({ table: z.string(), codes: z.record(z.string(), code), unknown: z.enum(["task", "keep", "drop"]).optional() }))
    .default([]),
});
export type SiteSpec = z.infer<typeof siteFile>;
