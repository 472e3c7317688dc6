import { z } from "zod";
import { SIGNIFICANCES } from "./late-messages.ts";
import { condition } from "./conditions.ts";
import { HOLD_CODES, type HoldCode } from "./holds.ts";

const name = z.string().regex(/^[a-z0-9-]{1,40}$/, "is small letters, digits and hyphens");
const payerDays = z.record(z.string(), z.number().min(0).max(3650));

/** One queue: what enters it, its order, its people, its waits. The descriptions are for the reference page. */
export const queueFile = z.strictObject({
  queue: name,
  order: z.int().min(0).describe("queues are tried in this order; an item enters the first one whose rows hold"),
  enter: condition.describe("rows over an item's fields"),
  score: z
    .strictObject({
      weights: z
        .strictObject({
          deadline: z.number().min(0).max(100).default(40),
          dollars: z.number().min(0).max(100).default(25),
          age: z.number().min(0).max(100).default(20),
          unblocked: z.number().min(0).max(100).default(10),
          class: z.number().min(0).max(100).default(5),
        })
        .prefault({}),
      filing: z
        .strictObject({
          days: z.number().min(1).max(3650).default(365).describe("days from discharge to the payer's limit for filing"),
          leadDays: z.number().min(0).max(90).default(7).describe("days billing needs before it"),
          payers: payerDays.default({}).describe("days of payers that differ"),
        })
        .prefault({}),
      classes: z
        .record(z.string(), z.number().min(0).max(1))
        .default({ IMP: 1, ACUTE: 1, NONAC: 1, OBSENC: 0.8, SS: 0.8, EMER: 0.5, "*": 0.3 }),
      boosts: z
        .array(z.strictObject({ why: z.string().regex(/^[a-z][a-z0-9-]{0,39}$/), when: condition, points: z.number().min(-100).max(50) }))
        .default([])
        .describe("points of the site's own"),
    })
    .prefault({}),
  lease: z.strictObject({
    minutes: z
      .number()
      .positive()
      .max(24 * 60)
      .describe("without a heartbeat for this long an item goes back"),
    returnHours: z.number().min(0).max(168).default(8).describe("hours in which a returned item goes to its own coder first"),
  }),
  billHold: z.strictObject({
    days: z.number().min(0).max(365).describe("days after discharge before a claim may leave; coding never waits for it"),
    payers: payerDays.default({}),
  }),
  documents: z
    .array(
      z.strictObject({
        hold: z.enum(HOLD_CODES as [HoldCode, ...HoldCode[]]),
        unsigned: z
          .enum(HOLD_CODES as [HoldCode, ...HoldCode[]])
          .optional()
          .describe("the hold when the document is there and not signed"),
        types: z.array(z.string()).min(1).describe("codes of the document's type: TXA-2 or LOINC"),
        when: condition.optional(),
      }),
    )
    .default([])
    .describe("documents that must be there before coding"),
  pull: z
    .strictObject({
      roles: z.array(z.string()).min(1).default(["coder", "admin", "supervisor"]),
      credentials: z.array(z.string()).default([]).describe("one of these must be valid on the day; empty = none is needed"),
      perCoderPerDay: z.int().min(1).optional().describe("most items of this queue for one coder on one day"),
    })
    .prefault({}),
  consumers: z
    .enum(["coders", "external"])
    .default("coders")
    .describe("`external`: plain BullMQ workers; a job counts once it is leased by API"),
  review: z
    .array(z.strictObject({ why: z.string().regex(/^[a-z][a-z0-9-]{0,39}$/), when: condition }))
    .default([])
    .describe("second-level review before the claim"),
  audit: z
    .strictObject({ percent: z.number().min(0).max(100).default(0), salt: z.string().default("audit") })
    .prefault({})
    .describe("the share of items that is reviewed, by a digest of the item: the same every time"),
  late: z
    .strictObject({
      floorCents: z.int().min(0).default(5_000).describe("late charges under this are noted only"),
      windowDays: z.number().min(0).default(365).describe("days after discharge in which a document may lead to recoding after the claim"),
      debounceMinutes: z.number().min(0).max(1_440).default(15).describe("a discharge taken back counts after this long"),
      evidence: z
        .array(z.string())
        .default(["OP", "OPN", "SP", "PATH", "DS", "HP", "11504-8", "18842-5", "11526-1", "34117-2", "query-answer"])
        .describe("types of documents that codes rest on"),
      auto: z
        .array(z.enum(["replacement", "late-charge", "void", "void-and-new"]))
        .default([])
        .describe("kinds of proposals that need no person's yes"),
    })
    .prefault({}),
  significance: z
    .record(z.string().regex(/^[A-Z]\w+\.(?:\w+|\*)$/), z.enum(SIGNIFICANCES))
    .default({})
    .describe("the site's own opinion on a change: element to C0, C1, C2"),
});
export type QueueAsked = z.output<typeof queueFile>;

/** A view: items of any queue, shown together. Nothing is pulled from it. */
export const viewFile = z.strictObject({ view: name, title: z.string().min(1).max(80), show: condition });
export type ViewAsked = z.output<typeof viewFile>;
