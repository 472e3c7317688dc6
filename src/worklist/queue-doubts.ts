import { faultAt } from "#src/base/yaml-file.ts";
import { type ConditionAsked, isGroup, type RowAsked } from "./conditions.ts";
import type { QueueFile } from "./queue-files.ts";
import { type AskedFile, readQueueFile } from "./queue-rules.ts";

/** Encounter classes of R4: value set ActEncounterCode (v3-ActCode), which Encounter.class is bound to. */
const R4_CLASSES = ["AMB", "EMER", "FLD", "HH", "IMP", "ACUTE", "NONAC", "OBSENC", "PRENC", "SS", "VR"];

type Path = readonly PropertyKey[];

interface Placed<T> {
  readonly path: Path;
  readonly asked: T;
}

const partsOf = (asked: ConditionAsked): readonly (RowAsked | ConditionAsked)[] => ("all" in asked ? asked.all : asked.any);

/** Nothing is asked: every item comes in. */
const takesEverything = (asked: RowAsked | ConditionAsked): boolean => {
  if (!isGroup(asked)) return false;
  return "all" in asked ? asked.all.every(takesEverything) : asked.any.some(takesEverything);
};

function rowsOf({ path, asked }: Placed<ConditionAsked>): readonly Placed<RowAsked>[] {
  const kind = "all" in asked ? "all" : "any";
  return partsOf(asked).flatMap((part, at) => {
    const here = [...path, kind, at];
    return isGroup(part) ? rowsOf({ path: here, asked: part }) : [{ path: here, asked: part }];
  });
}

function conditionsOf(file: AskedFile): readonly Placed<ConditionAsked>[] {
  if (file.kind === "view") return [{ path: ["show"], asked: file.value.show }];
  const { enter, score, documents, review } = file.value;
  return [
    { path: ["enter"], asked: enter },
    ...score.boosts.map(({ when }, at) => ({ path: ["score", "boosts", at, "when"], asked: when })),
    ...documents.flatMap(({ when }, at) => (when === undefined ? [] : [{ path: ["documents", at, "when"], asked: when }])),
    ...review.map(({ when }, at) => ({ path: ["review", at, "when"], asked: when })),
  ];
}

/** The classes that a row asks for, of which there are none. An empty one is that of an encounter without a class. */
function strangeClasses(asked: RowAsked, known: ReadonlySet<string>): readonly string[] {
  if (!("field" in asked) || asked.field !== "class") return [];
  if ("startsWith" in asked) return [...known].some((code) => code.startsWith(asked.startsWith)) ? [] : [asked.startsWith];
  const wanted = "in" in asked ? asked.in : "notIn" in asked ? asked.notIn : "not" in asked ? [asked.not] : "is" in asked ? [asked.is] : [];
  return wanted.filter((code) => code !== "" && !known.has(code));
}

function classDoubts(file: AskedFile, known: ReadonlySet<string>): readonly string[] {
  const asked = conditionsOf(file)
    .flatMap(rowsOf)
    .flatMap(({ path, asked: row }) => strangeClasses(row, known).map((code) => ({ path, code })));
  const scored = file.kind === "view" ? [] : Object.keys(file.value.score.classes).filter((code) => code !== "*" && !known.has(code));
  return [...asked, ...scored.map((code) => ({ path: ["score", "classes", code], code }))].map(({ path, code }) =>
    faultAt(file.yaml, path, `${code} is no encounter class of R4, and the maps give none of that code`),
  );
}

/** Queues that an earlier one leaves nothing: it takes everything, or asks the same. Draining alone sends items on to them. */
function orderDoubts(files: readonly AskedFile[]): readonly string[] {
  const queues = files.flatMap((file) => (file.kind === "queue" ? [file] : [])).sort((a, b) => a.value.order - b.value.order);
  return queues.flatMap(({ value, yaml }, at) => {
    const before = queues
      .slice(0, at)
      .find(({ value: { enter } }) => takesEverything(enter) || JSON.stringify(enter) === JSON.stringify(value.enter));
    if (before === undefined) return [];
    const takes = takesEverything(before.value.enter) ? "takes everything" : "takes the same";
    return [
      faultAt(
        yaml,
        ["enter"],
        `no item comes here: queue ${before.value.queue} (${before.yaml.at(["enter"])}) is tried before and ${takes}`,
      ),
    ];
  });
}

/**
 * What is in order and yet hardly meant: a queue that no item comes to, a class that no encounter has. Each as `queues/FILE:LINE: what`; files with
 * faults, which are told elsewhere, are passed over.
 * @param given classes that the maps give beside those of R4
 */
export function queueDoubts(files: readonly QueueFile[], given: ReadonlySet<string>): readonly string[] {
  const read = files.map(readQueueFile).flatMap((file) => (file.ok ? [file.value] : []));
  const known = new Set([...R4_CLASSES, ...given]);
  return [...orderDoubts(read), ...read.flatMap((file) => classDoubts(file, known))];
}
