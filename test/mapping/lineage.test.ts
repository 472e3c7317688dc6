import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { messageFiles } from "#src/cli/map-pairs.ts";
import { splitMessages } from "#src/cli/send.ts";
import { parseMessage } from "#src/hl7v2/message.ts";
import type { LineageEntry, Mapped } from "#src/mapping/types.ts";
import { allLineage, fieldUses } from "#src/mapping/usage.ts";
import { PACK, SETTINGS } from "./v2/maps.ts";
import { referenceFolder } from "#test/setup/reference-data.ts";

const OWN = join(import.meta.dirname, "..", "messages");
const SAMPLES = referenceFolder("samples");

const texts = messageFiles([OWN, ...(existsSync(SAMPLES) ? [SAMPLES] : [])]).flatMap((file) =>
  splitMessages(readFileSync(file)).map((bytes, at) => ({ name: `${file.split("/").at(-1) ?? file}#${at + 1}`, text: bytes.toString() })),
);

const mapOf = (text: string): Mapped | undefined => {
  const message = parseMessage(text);
  const mapped = message.ok ? PACK.map(message.value, { ...SETTINGS, envelope: true }) : message;
  return mapped.ok ? mapped.value : undefined;
};

/** All that a message became and took away, without ids: those of what is identified by a changed field change with it. */
const contentOf = (mapped: Mapped): string =>
  JSON.stringify(
    [mapped, ...(mapped.others ?? [])].map(({ resources }) => resources.map(({ resource, deleted }) => [resource, deleted])),
  ).replace(/[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}/g, "ID");

/** A message with one field emptied, or with another text put before what was there. */
function changed(text: string, place: string, put: (raw: string) => string): string {
  const [, name = "", index = "1", field = "0"] = /^([A-Z0-9]{3})(?:\((\d+)\))?-(\d+)/.exec(place) ?? [];
  const separator = text[3] ?? "|";
  let seen = 0;
  return text
    .split(/\r\n|\r|\n/)
    .map((line) => {
      if (!line.startsWith(name + separator) || ++seen !== Number(index)) return line;
      const fields = line.split(separator);
      const at = name === "MSH" ? Number(field) - 1 : Number(field);
      fields[at] = put(fields[at] ?? "");
      return fields.join(separator);
    })
    .join("\r");
}

/** A field as it might have been sent: nothing, other digits, other letters, other codes. */
const OTHERWISE: readonly ((raw: string) => string)[] = [
  () => "",
  (raw) => raw.replace(/\d/g, (digit) => String((Number(digit) % 9) + 1)),
  (raw) => raw.replace(/(\d{3})\d(?=\d{4})/g, (_, year: string) => `${year}1`),
  (raw) => `Q${raw}`,
  ...["CA", "C", "D", "X", "P", "F", "Booked", "Cancelled", "RE", "NA", "PY"].map((code) => () => code),
];

/** Fields that say how a message is to be read, or what it is about: they change more than what is made of them. */
const READING = new Set(["MSH-3", "MSH-4", "MSH-7", "MSH-9", "MSH-10", "MSH-12", "MSH-18", "EVN-1", "EVN-2", "OBX-2", "OBX-5"]);

describe("lineage", () => {
  it("names places that are in the message and have something in them", () => {
    const wrong: string[] = [];
    for (const { name, text } of texts) {
      const message = parseMessage(text);
      const mapped = mapOf(text);
      if (!message.ok || mapped === undefined) continue;
      const populated = new Set(fieldUses(message.value, []).map(({ place }) => place.replace(/^([A-Z0-9]{3})-/, "$1(1)-")));
      for (const { source, row } of allLineage(mapped)) {
        const place = /^([A-Z0-9]{3})(\(\d+\))?-\d+/.exec(source ?? "");
        if (place === null) continue;
        const numbered = place[2] === undefined ? place[0].replace("-", "(1)-") : place[0];
        if (!populated.has(numbered)) wrong.push(`${name}: ${source} by ${row}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  it("is true: a field that is named, written otherwise or emptied, changes what came of the message", () => {
    const wrong: string[] = [];
    let tried = 0;
    for (const { name, text } of texts) {
      const mapped = mapOf(text);
      const message = parseMessage(text);
      if (mapped === undefined || !message.ok) continue;
      const before = contentOf(mapped);
      for (const { place, field, fed } of fieldUses(message.value, allLineage(mapped))) {
        if (fed.length === 0 || READING.has(field)) continue;
        tried++;
        // One of them is another value: what is emptied may be filled in by what stands in for it, and a code may mean the same as another.
        const counts = OTHERWISE.some((put) => {
          const after = mapOf(changed(text, place, put));
          return after === undefined || contentOf(after) !== before;
        });
        if (!counts) wrong.push(`${name}: ${place} is said to make ${fed[0]?.target}`);
      }
    }
    expect(wrong).toEqual([]);
    expect(tried).toBeGreaterThan(500);
  }, 120_000);

  it("is whole: emptying a field that is not named changes nothing", () => {
    const wrong: string[] = [];
    let tried = 0;
    for (const { name, text } of texts) {
      const mapped = mapOf(text);
      const message = parseMessage(text);
      if (mapped === undefined || !message.ok) continue;
      const before = contentOf(mapped);
      const usedAnywhere = new Set(conditions(allLineage(mapped)));
      for (const { place, field, fed } of fieldUses(message.value, allLineage(mapped))) {
        if (fed.length > 0 || READING.has(field) || usedAnywhere.has(field) || PACK.looksAt.has(field)) continue;
        tried++;
        const after = mapOf(changed(text, place, () => ""));
        if (after === undefined || contentOf(after) !== before) wrong.push(`${name}: ${place} is not named and changes something`);
      }
    }
    expect(wrong).toEqual([]);
    expect(tried).toBeGreaterThan(100);
  }, 120_000);
});

/** Fields of the segments that anything came from. */
const conditions = (lineage: readonly LineageEntry[]): readonly string[] =>
  lineage.flatMap(
    ({ source }) =>
      /^([A-Z0-9]{3})(?:\(\d+\))?(-\d+)/
        .exec(source ?? "")
        ?.slice(1, 3)
        .join("") ?? [],
  );
