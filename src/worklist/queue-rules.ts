import { hash } from "node:crypto";
import type { Resource } from "@medplum/fhirtypes";
import type { z } from "zod";
import { fail, ok, type Result } from "#src/base/result.ts";
import { faultAt, issuePath, readYaml, type YamlFile } from "#src/base/yaml-file.ts";
import { type CodedFacts, compileCondition, type Condition, FIELDS, type ItemFacts, type Subject } from "./conditions.ts";
import type { HoldCode } from "./holds.ts";
import type { QueueFile } from "./queue-files.ts";
import { type QueueAsked, queueFile, type ViewAsked, viewFile } from "./queue-schema.ts";
import type { ScoreRules } from "./score.ts";

export type { ItemFacts } from "./conditions.ts";

export interface DocumentRule {
  readonly hold: HoldCode;
  readonly unsigned?: HoldCode;
  readonly types: readonly string[];
  readonly applies: (subject: Subject) => boolean;
}

/** One queue, compiled. */
export interface QueueRule {
  readonly name: string;
  readonly leaseMinutes: number;
  readonly returnHours: number;
  readonly score: ScoreRules;
  boosts(subject: Subject): readonly { readonly why: string; readonly points: number }[];
  /** Days after discharge before a claim may leave. */
  billHoldDays(payerId: string): number;
  readonly documents: readonly DocumentRule[];
  readonly pull: { readonly roles: readonly string[]; readonly credentials: readonly string[]; readonly perCoderPerDay?: number };
  readonly consumers: "coders" | "external";
  /** Why these codes are looked at by a second person; empty when they are not. */
  reviewReasons(itemId: string, subject: Subject & { readonly coded: CodedFacts }): readonly string[];
  readonly late: QueueAsked["late"];
  readonly significance: QueueAsked["significance"];
}

export interface QueueRules {
  /** Content hash of the files. */
  readonly version: string;
  readonly names: readonly string[];
  readonly views: readonly { readonly name: string; readonly title: string }[];
  /** Whether some rule of routing or of a view reads the chart itself. */
  readonly needsChart: boolean;
  /** The queue of an item. @param closed queues that take nothing new. */
  place(subject: Subject, closed?: ReadonlySet<string>): string;
  viewsOf(subject: Subject): readonly string[];
  /** The rule of a queue; of one that is no longer in the files, the last queue's. */
  rule(queue: string): QueueRule;
}

/** A subject of facts alone. */
export const subjectOf = (facts: ItemFacts, resources: () => readonly Resource[] = () => []): Subject => ({ facts, resources });

/** Where a fault is: within a condition, the row that is wrong and not the whole condition. */
function faultyPath(issue: z.core.$ZodIssue): readonly PropertyKey[] {
  if (issue.code !== "invalid_union") return issuePath(issue);
  const inner = issue.errors.flat().find((one) => one.code === "invalid_union") ?? deepest(issue.errors.flat());
  return inner === undefined ? issue.path : [...issue.path, ...faultyPath(inner)];
}
const deepest = (issues: readonly z.core.$ZodIssue[]): z.core.$ZodIssue | undefined =>
  issues.filter(({ path }) => path.length > 1).toSorted((a, b) => b.path.length - a.path.length)[0];

/** A queue or a view as its file says it, with a way to say where in the file something stands. */
export type AskedFile = { readonly yaml: YamlFile } & (
  | { readonly kind: "queue"; readonly value: QueueAsked }
  | { readonly kind: "view"; readonly value: ViewAsked }
);

/** Reads one file of `queues/`. Fails with every fault at once. */
export function readQueueFile({ path, text }: QueueFile): Result<AskedFile, readonly string[]> {
  const yaml = readYaml(path, text);
  if (!yaml.ok) return yaml;
  const { content } = yaml.value;
  const isView = typeof content === "object" && content !== null && "view" in content;
  const parsed = isView ? viewFile.safeParse(content) : queueFile.safeParse(content);
  if (parsed.success) return ok({ kind: isView ? "view" : "queue", value: parsed.data, yaml: yaml.value } as AskedFile);
  return fail(
    parsed.error.issues.map((issue) => {
      const message =
        issue.code === "invalid_union" ? `is not a condition on a known field (${FIELDS.join(", ")}, or fhirpath)` : issue.message;
      return faultAt(yaml.value, faultyPath(issue), message);
    }),
  );
}

/** Of a thousand digests as many are under the share as it says; the same item is always in or always out. */
export const isSampled = (itemId: string, { percent, salt }: { readonly percent: number; readonly salt: string }): boolean =>
  Number.parseInt(hash("sha256", `${salt}\u0000${itemId}`, "hex").slice(0, 8), 16) % 10_000 < percent * 100;

function compileQueue(asked: QueueAsked): { readonly rule: QueueRule; readonly enter: Condition } {
  const boosts = asked.score.boosts.map(({ why, when, points }) => ({ why, points, test: compileCondition(when).test }));
  const reviews = asked.review.map(({ why, when }) => ({ why, test: compileCondition(when).test }));
  const { roles, credentials, perCoderPerDay } = asked.pull;
  return {
    enter: compileCondition(asked.enter),
    rule: {
      name: asked.queue,
      leaseMinutes: asked.lease.minutes,
      returnHours: asked.lease.returnHours,
      score: asked.score,
      boosts: (subject) => boosts.filter(({ test }) => test(subject)),
      billHoldDays: (payerId) => asked.billHold.payers[payerId] ?? asked.billHold.days,
      documents: asked.documents.map(({ hold, unsigned, types, when }) => ({
        hold,
        ...(unsigned === undefined ? {} : { unsigned }),
        types,
        applies: when === undefined ? () => true : compileCondition(when).test,
      })),
      pull: { roles, credentials, ...(perCoderPerDay === undefined ? {} : { perCoderPerDay }) },
      consumers: asked.consumers,
      reviewReasons: (itemId, subject) => [
        ...reviews.filter(({ test }) => test(subject)).map(({ why }) => why),
        ...(isSampled(itemId, asked.audit) ? ["audit-sample"] : []),
      ],
      late: asked.late,
      significance: asked.significance,
    },
  };
}

/** Compiles `queues/`. Fails with every fault at once, each as `queues/FILE:LINE: what is wrong`. */
export function compileQueues(files: readonly QueueFile[]): Result<QueueRules, readonly string[]> {
  const faults: string[] = files.length === 0 ? ["queues/: there is no queue (*.yaml)"] : [];
  const queues: { readonly path: string; readonly asked: QueueAsked }[] = [];
  const views: { readonly path: string; readonly asked: ViewAsked }[] = [];
  for (const file of files) {
    const read = readQueueFile(file);
    if (!read.ok) faults.push(...read.failure);
    else if (read.value.kind === "queue") queues.push({ path: file.path, asked: read.value.value });
    else views.push({ path: file.path, asked: read.value.value });
  }
  queues.sort((a, b) => a.asked.order - b.asked.order);
  const seen = new Map<string, string>();
  const names = [
    ...queues.map(({ path, asked }) => ({ path, key: `queue ${asked.queue}` })),
    ...views.map(({ path, asked }) => ({ path, key: `view ${asked.view}` })),
  ];
  for (const { key, path } of names) {
    const before = seen.get(key);
    if (before !== undefined) faults.push(`${path}:1: the ${key} is already in ${before}`);
    seen.set(key, path);
  }
  const last = queues.at(-1);
  if (faults.length === 0 && last === undefined) faults.push("queues/: there is no queue, only views");
  if (faults.length === 0 && last !== undefined && !("all" in last.asked.enter && last.asked.enter.all.length === 0))
    faults.push(`${last.path}:1: the last queue must take everything (enter: { all: [] }), so that no item is without one`);
  if (faults.length > 0 || last === undefined) return fail(faults);

  const compiled = queues.map(({ asked }) => compileQueue(asked));
  const shown = views.map(({ asked }) => ({ name: asked.view, title: asked.title, show: compileCondition(asked.show) }));
  const byName = new Map(compiled.map(({ rule }) => [rule.name, rule]));
  const rest = compileQueue(last.asked).rule;
  return ok({
    version: hash("sha256", files.map(({ path, text }) => `${path}\n${text}`).join("\n"), "hex").slice(0, 16),
    names: compiled.map(({ rule }) => rule.name),
    views: shown.map(({ name, title }) => ({ name, title })),
    needsChart: [...compiled.map(({ enter }) => enter), ...shown.map(({ show }) => show)].some((one) => one.needsChart),
    place: (subject, closed) =>
      (compiled.find(({ rule, enter }) => closed?.has(rule.name) !== true && enter.test(subject)) ?? { rule: rest }).rule.name,
    viewsOf: (subject) => shown.filter(({ show }) => show.test(subject)).map(({ name }) => name),
    rule: (queue) => byName.get(queue) ?? rest,
  });
}
