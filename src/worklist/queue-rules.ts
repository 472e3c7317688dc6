import { hash } from "node:crypto";
import { LineCounter, parseDocument } from "yaml";
import { z } from "zod";
import { fail, ok, type Result } from "#src/base/result.ts";
import type { QueueFile } from "./queue-files.ts";

/** What rows may ask of an item. Free of patient data: these are the clear columns. */
export interface ItemFacts {
  /** `FAC`, or `PRO:` and the billing group. */
  readonly stream: string;
  /** Encounter.class: IMP, EMER, AMB, OBSENC … */
  readonly class: string;
  readonly facility: string;
  readonly feed: string;
  /** IN1-3 of the first coverage; empty for self-pay. */
  readonly payerId: string;
  /** Billable charges, in cents. */
  readonly totalCents: number;
  /** Whole days from admission to discharge; 0 while either is unknown. */
  readonly lengthOfStayDays: number;
}

const TEXT_FIELDS = ["stream", "class", "facility", "feed", "payerId"] as const;
const NUMBER_FIELDS = ["totalCents", "lengthOfStayDays"] as const;

const textRow = z.union([
  z.strictObject({ field: z.enum(TEXT_FIELDS), is: z.string() }),
  z.strictObject({ field: z.enum(TEXT_FIELDS), in: z.array(z.string()).min(1) }),
  z.strictObject({ field: z.enum(TEXT_FIELDS), startsWith: z.string().min(1) }),
]);
const numberRow = z.union([
  z.strictObject({ field: z.enum(NUMBER_FIELDS), atLeast: z.number() }),
  z.strictObject({ field: z.enum(NUMBER_FIELDS), below: z.number() }),
]);
const row = z.union([textRow, numberRow]);
const condition = z.union([z.strictObject({ all: z.array(row) }), z.strictObject({ any: z.array(row).min(1) })]);
const queueFile = z.strictObject({
  queue: z.string().regex(/^[a-z0-9-]{1,40}$/, "is small letters, digits and hyphens"),
  order: z.int().min(0),
  enter: condition,
  /** BullMQ takes priorities from 1 to 2,097,152. */
  priority: z.array(z.strictObject({ when: condition, value: z.int().min(1).max(2_000_000) })).default([]),
  lease: z.strictObject({
    minutes: z
      .number()
      .positive()
      .max(24 * 60),
  }),
  billHold: z.strictObject({ days: z.number().min(0).max(365) }),
});

type Test = (facts: ItemFacts) => boolean;
const DEFAULT_PRIORITY = 1_000;

/** One queue, compiled. */
export interface QueueRule {
  readonly name: string;
  readonly leaseMinutes: number;
  readonly billHoldDays: number;
}

export interface QueueRules {
  /** Content hash of the files. */
  readonly version: string;
  readonly names: readonly string[];
  /** The queue of an item and its priority there (1 comes first). */
  place(facts: ItemFacts): { readonly queue: string; readonly priority: number };
  rule(queue: string): QueueRule | undefined;
}

function compileRow(asked: z.infer<typeof row>): Test {
  if ("is" in asked) return (facts) => facts[asked.field] === asked.is;
  if ("startsWith" in asked) return (facts) => facts[asked.field].startsWith(asked.startsWith);
  if ("atLeast" in asked) return (facts) => facts[asked.field] >= asked.atLeast;
  if ("below" in asked) return (facts) => facts[asked.field] < asked.below;
  const values = new Set(asked.in);
  return (facts) => values.has(facts[asked.field]);
}

function compileCondition(asked: z.infer<typeof condition>): Test {
  if ("all" in asked) {
    const tests = asked.all.map(compileRow);
    return (facts) => tests.every((test) => test(facts));
  }
  const tests = asked.any.map(compileRow);
  return (facts) => tests.some((test) => test(facts));
}

/** Where a fault is: within a condition, the row that is wrong and not the whole condition. */
function faultyPath(issue: z.core.$ZodIssue): readonly PropertyKey[] {
  if (issue.code !== "invalid_union") return issue.path;
  const row = issue.errors.flat().find((inner) => inner.code === "invalid_union");
  return row === undefined ? issue.path : [...issue.path, ...faultyPath(row)];
}

function readFile({ path, text }: QueueFile): Result<z.infer<typeof queueFile>, readonly string[]> {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const where = (offset: number | undefined): string => `${path}:${offset === undefined ? 1 : lines.linePos(offset).line}`;
  if (document.errors.length > 0)
    return fail(document.errors.map((error) => `${where(error.pos[0])}: ${error.message.split("\n")[0] ?? ""}`));
  const parsed = queueFile.safeParse(document.toJS());
  if (parsed.success) return ok(parsed.data);
  return fail(
    parsed.error.issues.map((issue) => {
      const path = faultyPath(issue);
      let offset: number | undefined;
      for (let depth = path.length; depth > 0 && offset === undefined; depth--) {
        const node = document.getIn(path.slice(0, depth), true) as { range?: [number, number, number] } | undefined;
        offset = node?.range?.[0];
      }
      const message =
        issue.code === "invalid_union"
          ? `is not a condition on a known field (${[...TEXT_FIELDS, ...NUMBER_FIELDS].join(", ")})`
          : issue.message;
      return `${where(offset)}: ${path.join(".")}: ${message}`;
    }),
  );
}

/** Compiles `queues/`. Fails with every fault at once, each as `queues/FILE:LINE: what is wrong`. */
export function compileQueues(files: readonly QueueFile[]): Result<QueueRules, readonly string[]> {
  const faults: string[] = files.length === 0 ? ["queues/: there is no queue (*.yaml)"] : [];
  const queues = files.flatMap((file) => {
    const read = readFile(file);
    if (!read.ok) faults.push(...read.failure);
    return read.ok ? [{ path: file.path, ...read.value }] : [];
  });
  queues.sort((a, b) => a.order - b.order);
  const seen = new Map<string, string>();
  for (const { queue, path } of queues) {
    const before = seen.get(queue);
    if (before !== undefined) faults.push(`${path}:1: the queue ${queue} is already in ${before}`);
    seen.set(queue, path);
  }
  const last = queues.at(-1);
  if (faults.length === 0 && last !== undefined && !("all" in last.enter && last.enter.all.length === 0))
    faults.push(`${last.path}:1: the last queue must take everything (enter: { all: [] }), so that no item is without one`);
  if (faults.length > 0) return fail(faults);

  const compiled = queues.map((one) => ({
    rule: { name: one.queue, leaseMinutes: one.lease.minutes, billHoldDays: one.billHold.days },
    enter: compileCondition(one.enter),
    priorities: one.priority.map(({ when, value }) => ({ test: compileCondition(when), value })),
  }));
  const byName = new Map(compiled.map(({ rule }) => [rule.name, rule]));
  return ok({
    version: hash("sha256", files.map(({ path, text }) => `${path}\n${text}`).join("\n"), "hex").slice(0, 16),
    names: compiled.map(({ rule }) => rule.name),
    place: (facts) => {
      const found = compiled.find(({ enter }) => enter(facts));
      const priority = found?.priorities.find(({ test }) => test(facts))?.value ?? DEFAULT_PRIORITY;
      return { queue: found?.rule.name ?? last?.queue ?? "default", priority };
    },
    rule: (queue) => byName.get(queue),
  });
}
