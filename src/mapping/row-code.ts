import { pathOfKind } from "#src/fhir/entry-kinds.ts";
import { type Code, constantText, literal } from "./generated.ts";
import { deletionEntry, lineageEntry } from "./lineage-entry.ts";
import { ReadAs, readRemembered } from "./memory.ts";
import type { Referring } from "./references.ts";
import type { Row } from "./map-schema.ts";
import { type ConditionText } from "./conditions.ts";
import { type Frame, warn } from "./scope.ts";
import { partText, type Source, decodedText } from "./sources.ts";
import type { Target, TargetFunctions } from "./targets.ts";
import { type Gather, type Reading, Spot, type ValueType } from "./values/value-type.ts";

/*
 * The text of a row's function. Each text here may name `frame`, and what `writerText` declares. What a row does is in the docstrings of `map-schema.ts`.
 */

/** A row's place, and how lineage names the row: `PV1[Encounter] PV1-45>period.end`. */
export interface Writer {
  readonly target: Target;
  readonly name: string;
  readonly row: Row;
  /** Its type in the map of a segment; undefined in that of a data type, which may stand in any. */
  readonly resource: string | undefined;
}

/** Puts a value in its place and says where it came from; `from` is empty where no place of the message says it. */
export type Write = (frame: Frame, value: unknown, from: string, table: string | undefined) => void;

const countsWhileNone = ({ building }: Frame, top: string): void => {
  building.initial ??= new Set();
  building.initial.add(top);
};

/** What a row does: what it declares once, and what it does with each frame. */
export interface Body {
  readonly declared: string;
  readonly run: string;
}

/** Text that declares the functions of the row's target, and `write`. */
function writerText(code: Code, { target, name, row, resource }: Writer): string {
  const path = target.path === undefined ? undefined : `.${target.path}`;
  const place =
    target.type === ""
      ? "frame.target"
      : path === undefined
        ? 'frame.target + "." + path(frame)'
        : resource === undefined
          ? `frame.target + ${literal(path)}`
          : literal(resource + path);
  return `${target.code(code, row.beside)}
    const write = (frame, value, from, table) => {
      const { lineage } = frame.scope;
      const place = lineage === undefined ? "" : ${place};
      put(frame, value);
      ${initialText(code, row, target)}
      if (lineage === undefined) return;
      lineage.push(${code.name(lineageEntry)}(place, frame.resourceId, from === "" ? undefined : from, ${literal(name)}, table));
    };`;
}

const initialText = (code: Code, row: Row, target: Target): string =>
  row.initial === true ? `${code.name(countsWhileNone)}(frame, ${literal(target.top)});` : "";

export const labelText = (code: Code, source: Source): string => `frame.scope.lineage === undefined ? "" : ${source.labelText(code)}`;

/** A constant, whatever the message says. */
export const constant = (code: Code, { row }: Writer): string => `if (!taken(frame)) write(frame, ${constantText(code, row.set)}, "");`;

/** @param source empty where no place of the message says it. */
function deleteFrom({ building, scope, resourceId }: Frame, paths: readonly string[], row: string, source: string): void {
  building.deleted ??= new Set();
  const type = building.root["resourceType"];
  for (const path of paths) {
    building.deleted.add(path);
    if (typeof type === "string")
      scope.lineage?.push(deletionEntry(`${type}.${path}`, resourceId, source === "" ? undefined : source, row));
  }
}

/** @param source text of what lineage says of it */
export const deletion = (code: Code, { target, name }: Writer, source: string): string =>
  `${code.name(deleteFrom)}(frame, ${code.name(target.deletes)}, ${literal(name)}, ${source});`;

/** Text that sets `made` to a reference to what another map made; undefined where it made nothing. */
const madeText = (code: Code, ref: string, madeBy: object): string =>
  `const made = ${code.name(madeBy)}(frame.scope, frame.segment, ${literal(ref)})?.reference;`;

/** Deletes the entry of a list that names what another map made. */
export function entryDeletion(
  code: Code,
  { target, name }: Writer,
  source: string,
  { ref, madeBy }: { readonly ref: string; readonly madeBy: object },
): string {
  const entry = (made: Referring): readonly string[] => [pathOfKind(target.top, made.reference)];
  return `${madeText(code, ref, madeBy)} if (made !== undefined) ${code.name(deleteFrom)}(frame, ${code.name(entry)}(made), ${literal(name)}, ${source});`;
}

/** A reference to one of the message's own three, else to what another map made. */
export function reference(code: Code, ref: string, { own, madeBy }: { readonly own: boolean; readonly madeBy: object }): string {
  const made = `${madeText(code, ref, madeBy)} if (made !== undefined) write(frame, { ...made }, "");`;
  if (!own) return `if (taken(frame)) return; ${made}`;
  return `if (taken(frame)) return; const own = frame.scope.own.get(${literal(ref)});
    if (own !== undefined) return write(frame, own.reference, ""); ${made}`;
}

/** References to what is made later. */
export const references = (code: Code, refer: (frame: Frame, write: Write) => void): string =>
  `frame.scope.later.push(() => ${code.name(refer)}(frame, write));`;

/** What a function over several fields gives. */
export function gathered(code: Code, gather: Gather, { name }: Writer): string {
  const all = (frame: Frame, write: Write, { taken, path }: Pick<TargetFunctions, "taken" | "path">): void => {
    for (const { value, source = "", also = [] } of gather(frame)) {
      if (taken(frame)) continue;
      const { lineage } = frame.scope;
      const said = lineage === undefined ? "" : path(frame);
      const place = said === "" ? frame.target : `${frame.target}.${said}`;
      write(frame, value, source, undefined);
      for (const one of also) lineage?.push(lineageEntry(place, frame.resourceId, one, name, undefined));
    }
  };
  return `${code.name(all)}(frame, write, { taken, path });`;
}

const asOneLine = (text: string): string => text.replace(/ {2,}/g, " ").trim();

/** Texts put together; without any text of the message there is nothing to say. Parts that are empty leave no gap. */
export function joined(code: Code, parts: readonly (Source | string)[]): string {
  const label = parts.find((part) => typeof part === "object");
  const texts = parts.map((part) =>
    typeof part === "string" ? `text += ${literal(part)};` : `one = ${decodedText(code, part)}; if (one !== "") said = true; text += one;`,
  );
  return `if (taken(frame)) return; let said = false; let text = ""; let one = ""; ${texts.join(" ")}
    if (said) write(frame, ${code.name(asOneLine)}(text), ${label === undefined ? '""' : labelText(code, label)});`;
}

/** Reads one value that a source gave, and writes it. */
export interface RowReading {
  /** Undefined: the row sets a constant where the source has a value. */
  readonly type: ValueType | undefined;
  readonly reading: Reading;
}

/** Text of a function of `frame` and `value`: writes one value. It gives whether there was one. */
function useText(code: Code, writer: Writer, { type, reading }: RowReading, source: Source): string {
  const { row, target } = writer;
  if (row.set !== undefined)
    return `(frame, value) => {
      if (!value.valued) return false;
      if (!taken(frame)) write(frame, ${constantText(code, row.set)}, ${labelText(code, source)});
      return true;
    }`;
  if (type === undefined) return "() => false";
  const { write: writeInto, recall, read } = type;
  const spot = `new ${code.name(Spot)}(frame, ${code.name(source)}, ${code.name(reading)})`;
  if (writeInto !== undefined)
    return `(frame, value) => {
      if (!value.valued || excluded(frame)) return false;
      const spot = ${spot};
      if (frame.scope.lineage !== undefined) spot.target = path(frame);
      let object = there(frame);
      const fresh = object === undefined;
      if (fresh) {${recallText()}
      }
      object = make(frame);
      if (!${code.name(writeInto)}(value, spot, object)) {
        if (fresh) drop(frame, object);
        return false;
      }
      addBeside(frame, object);
      ${initialText(code, row, target)}
      return true;
    }`;
  function recallText(): string {
    // Constants stand behind what the data type writes: they are added to the object.
    if (recall === undefined || row.beside !== undefined) return "";
    return `
        const known = ${code.name(recall)}(value, spot);
        if (known !== undefined) {
          put(frame, known);
          ${initialText(code, row, target)}
          return true;
        }`;
  }
  const reads = `${code.name(read)}(value, spot)`;
  const remembered = type.readsAlone === true && reading.systemFrom === undefined;
  return `(frame, value) => {
      if (!value.valued || taken(frame)) return false;
      const spot = ${spot};
      const made = ${remembered ? `${code.name(readRemembered)}(${code.name(new ReadAs())}, value, spot, ${code.name(read)})` : reads};
      if (made === undefined) return false;
      write(frame, made, ${labelText(code, source)}, spot.table);
      return true;
    }`;
}

const usesText = (code: Code, writer: Writer, reading: RowReading, sources: readonly Source[]): string =>
  sources.map((one, n) => `const use${n} = ${useText(code, writer, reading, one)};`).join("\n");

/** The first of the sources that has a value, in the repetition that the row is at. */
export const readOnce = (code: Code, writer: Writer, reading: RowReading, sources: readonly Source[]): Body => ({
  declared: usesText(code, writer, reading, sources),
  run: sources.map((one, n) => `if (use${n}(frame, ${one.firstText(code)})) return;`).join("\n"),
});

/** The first of the sources that has a value; every repetition of it when the target is a list. A field that is `""` deletes. */
export function readThrough(
  code: Code,
  writer: Writer,
  reading: RowReading,
  { sources, when }: { readonly sources: readonly Source[]; readonly when: ConditionText | undefined },
): Body {
  const { row, target } = writer;
  const may = when === undefined ? "" : "when(frame) && ";
  const steps = sources.map((source, n) => {
    const { field, parts } = source;
    const nulled = (test: string): string => (row.set === undefined ? `if (${test}) nulled = ${labelText(code, source)}; else ` : "");
    if (field === 0) {
      const used = `${nulled(`${code.name(source.isNull)}(frame)`)}if (use${n}(frame, ${source.firstText(code)})) return;`;
      return when === undefined ? used : `if (when(frame)) { ${used} }`;
    }
    const alone = target.repeats
      ? ""
      : `if (values.length === 1) { if (${may}use${n}(frame, ${partText("values[0]", parts)})) return; } else `;
    const isNull = parts.length === 0 ? nulled(`frame.segment.raw(${field}) === '""'`) : "";
    return `{
      const values = frame.segment.repetitions(${field});
      ${isNull}${alone}if (values.length > 0) {
        let written = false;
        frame.field = ${field};
        for (let repetition = 1; repetition <= values.length; repetition++) {
          frame.repetition = repetition;
          if (${may}use${n}(frame, ${partText("values[repetition - 1]", parts)})) { written = true; ${target.repeats ? "" : "break;"} }
        }
        frame.field = 0;
        frame.repetition = 0;
        if (written) return;
      }
    }`;
  });
  return {
    declared: `${usesText(code, writer, reading, sources)}${when === undefined ? "" : ` const when = (frame) => ${when(code)};`}`,
    run: `let nulled;
      ${steps.join("\n")}
      if (nulled !== undefined${when === undefined ? "" : " && when(frame)"}) ${deletion(code, writer, "nulled")}`,
  };
}

/** What a row is put into: it runs for each repetition of a field, where its condition holds, and may be worth a warning. */
export interface Around {
  readonly each: number;
  readonly when: ConditionText | undefined;
  readonly warning: { readonly code: NonNullable<Row["warn"]>["code"]; readonly at: Source } | undefined;
}

/** The whole text: of an expression that gives the row's function. */
export function rowText(code: Code, writer: Writer, body: (code: Code) => Body, { each, when, warning }: Around): string {
  const { declared, run } = body(code);
  const warned =
    warning === undefined
      ? "run(frame);"
      : `if (!taken(frame)) { run(frame); if (taken(frame)) ${code.name(warn)}(frame.scope, ${literal(warning.code)}, ${warning.at.labelText(code)}); }`;
  const tested = when === undefined ? warned : `if (${when(code)}) { ${warned} }`;
  const repeated =
    each === 0
      ? tested
      : `const { length } = frame.segment.repetitions(${each});
      for (let repetition = 1; repetition <= length; repetition++) { frame.field = ${each}; frame.repetition = repetition; ${tested} }
      frame.field = 0; frame.repetition = 0;`;
  return `(() => {${writerText(code, writer)} ${declared}
    const run = (frame) => { ${run} };
    return (frame) => { ${repeated} };
  })()`;
}
