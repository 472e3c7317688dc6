import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Hl7Message as MedplumMessage } from "@medplum/core";
import fc from "fast-check";
import { HL7Message as LibraryMessage } from "hl7v2";
import { describe, expect, it } from "vitest";
import { splitMessages } from "#src/cli/send.ts";
import { decode } from "#src/hl7v2/charsets.ts";
import { unescape } from "#src/hl7v2/escapes.ts";
import { readHeader } from "#src/hl7v2/header.ts";
import { type Hl7Message, parseMessage, type Segment } from "#src/hl7v2/message.ts";
import { type SegmentFields, serialise, STANDARD_DELIMITERS } from "#src/hl7v2/serialise.ts";
import { referenceFolder } from "#test/setup/reference-data.ts";

const HOME = join(import.meta.dirname, "..", "..");
const SAMPLES = referenceFolder("samples");
const samplesPresent = existsSync(SAMPLES);

function read(text: string): Hl7Message {
  const message = parseMessage(text);
  if (!message.ok) throw new Error(`not read: ${message.failure.code}`);
  return message.value;
}

/** Number of the last field that may hold something. */
const lastField = (line: string, separator: string): number => line.split(separator).length;

/** One place where a reader differs from ours. */
interface Differs {
  readonly place: string;
  readonly ours: string;
  readonly theirs: string;
}

/** `PID[2]-3(1).4.1` */
const placeOf = ({ name, index }: Segment, field: number, repetition: number, component: number, subcomponent?: number): string =>
  `${name}[${index}]-${field}(${repetition + 1}).${component}${subcomponent === undefined ? "" : `.${subcomponent}`}`;

/** Every subcomponent as sent, which is all that @medplum/core gives: it decodes nothing. */
function againstMedplum(text: string): { readonly compared: number; readonly differs: readonly Differs[] } {
  const ours = read(text);
  const theirs = MedplumMessage.parse(text);
  const { component, subcomponent } = ours.delimiters;
  const differs: Differs[] = [];
  let compared = 0;
  for (const [position, segment] of ours.segments.entries()) {
    const other = theirs.getSegment(position);
    for (let n = segment.name === "MSH" ? 3 : 1; n <= lastField(other?.toString() ?? "", ours.delimiters.field); n++) {
      for (const [repetition, value] of segment.repetitions(n).entries()) {
        for (let c = 1; c <= value.raw.split(component).length; c++) {
          const part = value.part(c);
          for (let s = 1; s <= part.raw.split(subcomponent).length; s++) {
            compared++;
            // Their index of subcomponents counts from 0 and that of components from 1.
            const [mine, its] = [part.part(s).raw, other?.getComponent(n, c, s - 1, repetition) ?? ""];
            if (mine !== its) differs.push({ place: placeOf(segment, n, repetition, c, s), ours: mine, theirs: its });
          }
        }
      }
    }
  }
  return { compared, differs };
}

/** Escapes whose reading by `hl7v2` is one of the known differences below. */
const READ_OTHERWISE = /\\(?![FSTRE]\\)[^\\]*\\/;

/** Dates and times, which it writes in a form of its own. */
const WRITTEN_ANEW = /^\d[\d:]{3,}(\.\d+)?([+-]\d{4})?$/;

/** Every component as decoded text, where `hl7v2` gives the text that was sent. */
function againstLibrary(text: string): { readonly compared: number; readonly differs: readonly Differs[] } {
  const ours = read(text);
  const theirs = LibraryMessage.parse(text);
  const { component, subcomponent } = ours.delimiters;
  const differs: Differs[] = [];
  let compared = 0;
  for (const [position, segment] of ours.segments.entries()) {
    const other = theirs.segments[position];
    for (let n = segment.name === "MSH" ? 3 : 1; n <= (other?.fields.length ?? 0); n++) {
      for (const [repetition, value] of segment.repetitions(n).entries()) {
        for (let c = 1; c <= value.raw.split(component).length; c++) {
          const part = value.part(c);
          if (part.raw.includes(subcomponent) || READ_OTHERWISE.test(part.raw) || WRITTEN_ANEW.test(part.raw)) continue;
          const its: unknown = other?.field(n).repetitions[repetition]?.getValue(c);
          // It makes numbers of some types.
          if (its !== undefined && its !== null && typeof its !== "string") continue;
          compared++;
          const mine = part.isNull ? null : part.text;
          const same = its === null ? mine === null : mine === (its ?? "").trim();
          if (!same) differs.push({ place: placeOf(segment, n, repetition, c), ours: String(mine), theirs: String(its) });
        }
      }
    }
  }
  return { compared, differs };
}

/** Messages of every file, with segments ended by CR and decoded by their MSH-18. */
function messagesIn(files: readonly string[]): readonly { readonly name: string; readonly text: string }[] {
  return files.flatMap((file) =>
    splitMessages(readFileSync(file)).flatMap((bytes, index) => {
      const header = readHeader(bytes);
      const decoded = header.ok ? decode(bytes, header.value.charsets) : undefined;
      return decoded?.ok === true ? [{ name: `${file}#${index + 1}`, text: decoded.value.text }] : [];
    }),
  );
}

const OURS = [...globSync("test/**/*.hl7", { cwd: HOME }), ...globSync("examples/**/*.hl7", { cwd: HOME })].map((file) => join(HOME, file));

/** What looks to `hl7v2` like an escape of a multi-byte character set; in a path it is not, and it throws. */
const THROWS = /\\M\w*\\/i;

/** How many places of the files were compared, and where a reader differs. */
function compareFiles(files: readonly string[]): { readonly compared: number; readonly differs: readonly unknown[] } {
  let compared = 0;
  const differs = messagesIn(files).flatMap(({ name, text }) => {
    const medplum = againstMedplum(text);
    const library = THROWS.test(text) ? { compared: 0, differs: [] } : againstLibrary(text);
    compared += medplum.compared + library.compared;
    const found = [...medplum.differs, ...library.differs];
    return found.map((one) => ({ name, ...one }));
  });
  return { compared, differs };
}

/** Synthetic segments whose fields any of the three readers takes. */
const leaf = fc.oneof(
  fc.string({ unit: fc.constantFrom(..."abcXYZ019 .,-é漢"), maxLength: 8 }),
  fc.string({ unit: fc.constantFrom(..."a|^~\\&"), maxLength: 4 }),
  fc.constant(null),
);
const component = fc.oneof(leaf, fc.array(leaf, { minLength: 1, maxLength: 3 }));
const field = fc.array(fc.array(component, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 3 }).map((each) => ({ each }));
const segment: fc.Arbitrary<SegmentFields> = fc
  .tuple(fc.constantFrom("PID", "PV1", "DG1", "OBX", "ZZ1"), fc.array(field, { minLength: 1, maxLength: 8 }))
  .map(([name, fields]) => [name, Object.fromEntries(fields.map((one, at) => [at + 1, one]))]);
const generated = fc.array(segment, { minLength: 1, maxLength: 6 });

const MSH = { 3: "EHR", 4: "NORTH", 7: "20260131", 9: ["ADT", "A01", "ADT_A01"], 10: "7", 11: "P", 12: "2.5.1" } as const;

function written(segments: readonly SegmentFields[], delimiters = STANDARD_DELIMITERS): string {
  const text = serialise(MSH, segments, delimiters);
  if (!text.ok) throw new Error(text.failure);
  return text.value;
}

describe("field by field our reader says the same", () => {
  it("as @medplum/core of any message, under any four delimiters", () => {
    const four = fc.uniqueArray(fc.constantFrom(..."^~\\&#$%*@!"), { minLength: 4, maxLength: 4 });
    fc.assert(
      fc.property(generated, four, (segments, [c = "", repetition = "", escape = "", subcomponent = ""]) => {
        const text = written(segments, { field: "|", component: c, repetition, escape, subcomponent, truncation: "" });
        expect(againstMedplum(text).differs).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  it("as hl7v2 of any message with the standard's delimiters, where that gives text", () => {
    let compared = 0;
    fc.assert(
      fc.property(generated, (segments) => {
        const result = againstLibrary(written(segments));
        compared += result.compared;
        expect(result.differs).toEqual([]);
      }),
      { numRuns: 300 },
    );
    expect(compared).toBeGreaterThan(1_000);
  });

  it("as both of every message in this repository", () => {
    const { compared, differs } = compareFiles(OURS);
    expect(differs).toEqual([]);
    expect(compared).toBeGreaterThan(500);
  });

  it.skipIf(!samplesPresent)(`as both of every real sample${samplesPresent ? "" : " (skipped: the folder of samples is not here)"}`, () => {
    const { compared, differs } = compareFiles(globSync("*.hl7", { cwd: SAMPLES }).map((file) => join(SAMPLES, file)));
    expect(differs).toEqual([]);
    expect(compared).toBeGreaterThan(5_000);
  });
});

type Reader = "@medplum/core" | "hl7v2";

/** Where a reader differs from ours, who is right, and why. The assertion below each keeps the list true. */
interface KnownDifference {
  readonly what: string;
  readonly other: Reader;
  readonly right: "ours are right" | "a matter of taste";
  readonly why: string;
  readonly ours: () => unknown;
  readonly theirs: () => unknown;
  /** What ours gives, then what the other gives; `throws` where it does. */
  readonly gives: readonly [ours: unknown, theirs: unknown];
}

const HEAD = "MSH|^~\\&|E|N|||20260131||ADT^A01|7|P|2.5.1\r";
const medplum = (text: string) => MedplumMessage.parse(text);
const library = (text: string) => LibraryMessage.parse(text);
const z = (value: string): string => `${HEAD}ZZ1|${value}\r`;
const ourText = (text: string, name: string, n: number, c = 1): string | undefined => read(text).first(name)?.field(n).part(c).text;
const libraryValue = (text: string, name: string, n: number, c = 1): unknown => library(text).getSegment(name)?.field(n).getValue(c);

/** The value, or `throws`: what a reader does is compared, not how it says it. */
function outcome(run: () => unknown): unknown {
  try {
    return run();
  } catch {
    return "throws";
  }
}

const DIFFERENCES: readonly KnownDifference[] = [
  {
    what: "a byte order mark before MSH",
    other: "@medplum/core",
    right: "ours are right",
    why: "Windows tools write one in front of files; nothing about the message is unclear",
    ours: () => read(`\ufeff${HEAD}`).controlId,
    theirs: () => medplum(`\ufeff${HEAD}`).header.getComponent(10, 1),
    gives: ["7", "throws"],
  },
  {
    what: "a blank line before MSH",
    other: "hl7v2",
    right: "ours are right",
    why: "nothing about the message is unclear; a sender that writes files has such lines",
    ours: () => read(`\n${HEAD}`).controlId,
    theirs: () => library(`\n${HEAD}`).controlId,
    gives: ["7", "throws"],
  },
  {
    what: "LF alone between segments",
    other: "hl7v2",
    right: "ours are right",
    why: "HL7 says CR, many files have LF; read as one segment the message loses its patient",
    ours: () => read(HEAD.replace("\r", "\nPID|1\n")).segments.length,
    theirs: () => library(HEAD.replace("\r", "\nPID|1\n")).segments.length,
    gives: [2, 1],
  },
  {
    what: "the CR behind the last segment",
    other: "@medplum/core",
    right: "ours are right",
    why: "it ends a segment and begins none (v2.5.1 ch. 2.6)",
    ours: () => read(HEAD).segments.map(({ name }) => name),
    theirs: () => medplum(HEAD).segments.map(({ name }) => name),
    gives: [["MSH"], ["MSH", ""]],
  },
  {
    what: "escapes",
    other: "@medplum/core",
    right: "ours are right",
    why: "it never decodes them, so `&` stays `\\T\\` in names",
    ours: () => ourText(z("Do\\T\\e"), "ZZ1", 1),
    theirs: () => medplum(z("Do\\T\\e")).getSegment("ZZ1")?.getComponent(1, 1),
    gives: ["Do&e", "Do\\T\\e"],
  },
  {
    what: "subcomponents count from 0",
    other: "@medplum/core",
    right: "ours are right",
    why: "HL7 counts from 1; its documentation says so too",
    ours: () => read(z("a&b")).first("ZZ1")?.field(1).part(1).part(1).text,
    theirs: () => medplum(z("a&b")).getSegment("ZZ1")?.getComponent(1, 1, 1),
    gives: ["a", "b"],
  },
  {
    what: "MSH-2 with three characters",
    other: "@medplum/core",
    right: "ours are right",
    why: "no subcomponent separator was declared, so nothing is split at the pipe or at `&`",
    ours: () => read(HEAD.replace("\\&", "\\")).delimiters.subcomponent,
    theirs: () => medplum(HEAD.replace("\\&", "\\")).context.subcomponentSeparator,
    gives: ["", "|"],
  },
  {
    what: "the truncation character in MSH-2",
    other: "hl7v2",
    right: "ours are right",
    why: "v2.7 added a fifth character; written again it must be there",
    ours: () => read(HEAD.replace("\\&", "\\&#")).msh.field(2).text,
    theirs: () => library(HEAD.replace("\\&", "\\&#")).toHL7String().split("|")[1],
    gives: ["^~\\&#", "^~\\&"],
  },
  {
    what: "the seconds of a time",
    other: "hl7v2",
    right: "ours are right",
    why: "it writes seconds nobody sent, and drops those that are 00: the sender's precision is information",
    ours: () => ["202601310930+0215", "20260131093000"].map((time) => ourText(`${HEAD}EVN||${time}\r`, "EVN", 2)),
    theirs: () => ["202601310930+0215", "20260131093000"].map((time) => libraryValue(`${HEAD}EVN||${time}\r`, "EVN", 2)),
    gives: [
      ["202601310930+0215", "20260131093000"],
      ["20260131093000+0215", "202601310930"],
    ],
  },
  {
    what: "a line break written as \\.br\\",
    other: "hl7v2",
    right: "ours are right",
    why: "a formatting command of FT (v2.5.1 ch. 2.7.6), not text",
    ours: () => ourText(z("a\\.br\\b"), "ZZ1", 1),
    theirs: () => libraryValue(z("a\\.br\\b"), "ZZ1", 1),
    gives: ["a\nb", "a\\.br\\b"],
  },
  {
    what: "highlighting, \\H\\ and \\N\\",
    other: "hl7v2",
    right: "ours are right",
    why: "it says how to show the text; its letters are not part of the text",
    ours: () => ourText(z("\\H\\high\\N\\"), "ZZ1", 1),
    theirs: () => libraryValue(z("\\H\\high\\N\\"), "ZZ1", 1),
    gives: ["high", "HhighN"],
  },
  {
    what: "an escape nobody knows",
    other: "hl7v2",
    right: "ours are right",
    why: "a path `C:\\temp\\x` must not lose its backslashes",
    ours: () => ourText(z("C:\\temp\\x"), "ZZ1", 1),
    theirs: () => libraryValue(z("C:\\temp\\x"), "ZZ1", 1),
    gives: ["C:\\temp\\x", "C:tempx"],
  },
  {
    what: "a folder whose name begins with M",
    other: "hl7v2",
    right: "ours are right",
    why: "it takes `\\Mail\\` for an escape of a multi-byte character set, finds no such bytes, and gives up the message",
    ours: () => ourText(z("C:\\Mail\\x"), "ZZ1", 1),
    theirs: () => libraryValue(z("C:\\Mail\\x"), "ZZ1", 1),
    gives: ["C:\\Mail\\x", "throws"],
  },
  {
    what: "a value that is one hexadecimal escape",
    other: "hl7v2",
    right: "ours are right",
    why: "it gives a Buffer where every other value of the field is text",
    ours: () => ourText(z("\\X41\\"), "ZZ1", 1),
    theirs: () => Buffer.isBuffer(libraryValue(z("\\X41\\"), "ZZ1", 1)),
    gives: ["A", true],
  },
  {
    what: "another escape character than the backslash",
    other: "hl7v2",
    right: "ours are right",
    why: "MSH-2 says which it is; it looks for the backslash whatever that says",
    ours: () => ourText(z("a!F!b").replace("~\\&", "~!&"), "ZZ1", 1),
    theirs: () => libraryValue(z("a!F!b").replace("~\\&", "~!&"), "ZZ1", 1),
    gives: ["a|b", "a!F!b"],
  },
  {
    what: "subcomponents of a field its dictionary calls primitive",
    other: "hl7v2",
    right: "ours are right",
    why: "a receiver ignores the parts it does not expect (v2.5.1 ch. 2.6), and reads the first",
    ours: () => ourText(z("a&b"), "ZZ1", 1),
    theirs: () => libraryValue(z("a&b"), "ZZ1", 1),
    gives: ["a", "a&b"],
  },
  {
    what: "the data type of a component",
    other: "hl7v2",
    right: "ours are right",
    why: "component n is given the type of component n - 1, so an assigning authority (PID-3.4, HD) is not split",
    ours: () => ourText(`${HEAD}PID|1||7^^^N&1.9&ISO\r`, "PID", 3, 4),
    theirs: () => libraryValue(`${HEAD}PID|1||7^^^N&1.9&ISO\r`, "PID", 3, 4),
    gives: ["N", "N&1.9&ISO"],
  },
  {
    what: "text in a character set of HL7's table",
    other: "hl7v2",
    right: "ours are right",
    why: "it looks the HL7 name up where a MIME name is needed, and falls back to UTF-8",
    ours: () => {
      const bytes = Buffer.from(`${HEAD.replace("2.5.1", "2.5.1||||||8859/1")}ZZ1|\xe9\r`, "latin1");
      const decoded = decode(bytes, ["8859/1"]);
      return decoded.ok ? ourText(decoded.value.text, "ZZ1", 1) : "refused";
    },
    theirs: (): unknown =>
      LibraryMessage.parse(Buffer.from(`${HEAD.replace("2.5.1", "2.5.1||||||8859/1")}ZZ1|\xe9\r`, "latin1"))
        .getSegment("ZZ1")
        ?.field(1)
        .getValue(),
    gives: ["é", "\ufffd"],
  },
  {
    what: "an end byte within the message",
    other: "hl7v2",
    right: "ours are right",
    why: "a lone FS is content of a damaged field; cut there, what follows is lost without a word",
    ours: () => ourText(`${HEAD}ZZ1|a\x1cb\rZZ2|c\r`, "ZZ2", 1),
    theirs: () => library(`${HEAD}ZZ1|a\x1cb\rZZ2|c\r`).segments.length,
    gives: ["c", 2],
  },
  {
    what: "blanks around a value",
    other: "hl7v2",
    right: "a matter of taste",
    why: "fixed-width senders pad; codes and names are compared, so we trim where a value is read and keep the bytes as they came",
    ours: () => ourText(z(" a "), "ZZ1", 1),
    theirs: () => libraryValue(z(" a "), "ZZ1", 1),
    gives: ["a", " a "],
  },
];

describe("where our reader differs", () => {
  it.each(DIFFERENCES)("from $other in $what ($right)", ({ ours, theirs, gives }) => {
    expect([outcome(ours), outcome(theirs)]).toEqual(gives);
  });

  it("decodes no escape twice", () => {
    expect(unescape("\\E\\T\\E\\", STANDARD_DELIMITERS)).toBe("\\T\\");
  });
});
