import type { Frame } from "#src/hl7v2/framer.ts";
import { KINDS, type Kind } from "./kinds.ts";

/** What may not happen. */
export type Problem =
  | "answer is no valid acknowledgement"
  | "bytes between answers"
  | "answer has another code than expected"
  | "answer missing"
  | "answers out of order"
  | "answer to a message that was never sent"
  | "connection closed by the engine"
  | "no answer in time"
  | "engine does not take connections";

/** Running counts of one run, over all connections. */
export interface Tally {
  readonly framesByKind: Map<Kind, number>;
  readonly answersByCode: Map<string, number>;
  /** Answers of each kind whose answers are certain, as they were expected. */
  readonly expectedByKind: Map<Kind, number>;
  /** Frames as a reader of what we wrote must cut them. */
  readonly cutByKind: Map<Frame["kind"], number>;
  /** How often, and the first case in words. */
  readonly problems: Map<Problem, { count: number; readonly first: string }>;
  frames: number;
  answers: number;
  connections: number;
}

export const newTally = (): Tally => ({
  framesByKind: new Map((Object.keys(KINDS) as Kind[]).map((kind) => [kind, 0])),
  answersByCode: new Map(),
  expectedByKind: new Map(),
  cutByKind: new Map(),
  problems: new Map(),
  frames: 0,
  answers: 0,
  connections: 0,
});

export const count = <K>(counts: Map<K, number>, key: K, by = 1): void => void counts.set(key, (counts.get(key) ?? 0) + by);

export function note(tally: Tally, problem: Problem, detail: string): void {
  const known = tally.problems.get(problem);
  if (known === undefined) tally.problems.set(problem, { count: 1, first: detail });
  else known.count++;
}
