import type { EngineBooks } from "./books.pg.ts";
import { KINDS, type Kind } from "./kinds.ts";
import { type MemoryWatch, MOST_GROWTH_MB } from "./memory.ts";
import type { Tally } from "./tally.ts";

/** What is known at the end of a run. */
export interface Outcome {
  readonly tally: Tally;
  readonly seconds: number;
  readonly alive: boolean;
  /** Has no points of a target that is not ours. */
  readonly memory: MemoryWatch;
  /** Absent of a target that is not ours, or when its database cannot be read. */
  readonly books?: EngineBooks;
  /** Frames begun and reset: the journal may have each or not. */
  readonly resets: number;
}

const listed = (counts: Iterable<readonly [string, number]>): string =>
  [...counts]
    .filter(([, n]) => n > 0)
    .map(([name, n]) => `${n} ${name}`)
    .join(", ") || "none";

const sum = (counts: ReadonlyMap<string, number>): number => [...counts.values()].reduce((total, n) => total + n, 0);

function booksFaults({ tally, books, resets }: Outcome): readonly string[] {
  if (books === undefined) return ["the engine's books could not be read"];
  const faults: string[] = [];
  const { journal, answers } = books;
  const cut = sum(tally.cutByKind);
  if (journal.received < cut || journal.received > cut + resets)
    faults.push(`${cut} frames were sent (${resets} more were reset), and the journal received ${journal.received}`);
  for (const code of new Set([...answers.keys(), ...tally.answersByCode.keys()])) {
    const [told, heard] = [answers.get(code) ?? 0, tally.answersByCode.get(code) ?? 0];
    if (told !== heard) faults.push(`the journal answered ${code} ${told} times, and ${heard} came`);
  }
  const { applied, filtered, failed, parked } = journal.outcomes;
  if (applied + filtered + failed + parked !== journal.verdicts.accepted)
    faults.push(`${journal.verdicts.accepted} were accepted, and ${journal.notYetFolded} of them were not folded in time`);
  return faults;
}

/** Everything that makes the run a failure, a line each. */
export function faultsOf(outcome: Outcome, isOurs: boolean): readonly string[] {
  const {
    tally,
    alive,
    memory: { growth },
  } = outcome;
  return [
    ...(alive ? [] : ["the engine is not alive"]),
    ...[...tally.problems].map(([problem, { count, first }]) => `${problem}: ${count} times, first: ${first}`),
    ...(growth > MOST_GROWTH_MB
      ? [`memory grew by ${Math.round(growth)} MB behind the first quarter, more than ${MOST_GROWTH_MB} MB`]
      : []),
    ...(isOurs ? booksFaults(outcome) : []),
  ];
}

const whole = (mb: number): string => String(Math.round(mb));

const kindLine = (tally: Tally, kind: Kind): string => {
  const expected = tally.expectedByKind.get(kind) ?? 0;
  const answers = !KINDS[kind].certain ? "any valid answer" : expected === 0 ? "no answer, as expected" : `${expected} answers as expected`;
  return `  ${kind.padEnd(18)}${String(tally.framesByKind.get(kind) ?? 0).padStart(9)}  ${answers}`;
};

/** The report of a run, for a person. */
export function reportLines(outcome: Outcome): readonly string[] {
  const { tally, seconds, alive, memory, books, resets } = outcome;
  return [
    `frames sent: ${tally.frames} over ${tally.connections} connections in ${seconds.toFixed(1)} s (${Math.round(tally.frames / seconds)} a second)`,
    ...(Object.keys(KINDS) as Kind[]).map((kind) => kindLine(tally, kind)),
    `  ${"reset mid-frame".padEnd(18)}${String(resets).padStart(9)}  no answer, recorded or not`,
    `answers: ${tally.answers} (${listed(tally.answersByCode)})`,
    `frames on the wire: ${sum(tally.cutByKind)} (${listed(tally.cutByKind)})`,
    ...(books === undefined
      ? []
      : [
          `journal received:   ${books.journal.received} = ${listed(Object.entries(books.journal.verdicts))}`,
          `journal accepted:   ${books.journal.verdicts.accepted} = ${listed(Object.entries(books.journal.outcomes))}, ${books.journal.notYetFolded} not yet folded`,
          `journal answered:   ${sum(books.answers)} (${listed(books.answers)})`,
        ]),
    ...(memory.points.length < 2
      ? []
      : [
          `engine memory at rest, at the start and behind each quarter: ${memory.points.map(whole).join(", ")} MB (most at any time ${whole(memory.peak)}); growth behind the first quarter ${whole(memory.growth)} MB`,
        ]),
    `engine: ${alive ? "alive" : "NOT ALIVE"}`,
  ];
}
