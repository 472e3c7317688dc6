import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Delimiters, readDelimiters } from "#src/hl7v2/delimiters.ts";
import { escape, unescape } from "#src/hl7v2/escapes.ts";
import { parseMessage } from "#src/hl7v2/message.ts";
import { type Leaf, serialise, STANDARD_DELIMITERS } from "#src/hl7v2/serialise.ts";

/** Any delimiters HL7 allows: five different characters, or six, none a letter, digit, blank, quotation mark or control character. */
const delimiters: fc.Arbitrary<Delimiters> = fc
  .uniqueArray(fc.constantFrom(..."|^~\\&#$%*@!?:;,.-_+=<>()[]{}/'`§€"), { minLength: 6, maxLength: 6 })
  .chain((chars) => fc.boolean().map((withTruncation) => [...chars.slice(0, 5), withTruncation ? chars[5] : ""]))
  .map(([field = "", component = "", repetition = "", escapeCharacter = "", subcomponent = "", truncation = ""]) => ({
    field,
    component,
    repetition,
    escape: escapeCharacter,
    subcomponent,
    truncation,
  }));

const character = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...'AFSTREPXHN0D. \r\n\t\u000b\u001c"') },
  { weight: 2, arbitrary: fc.constantFrom(..."|^~\\&#$%*@!?:;,.-_+=<>()[]{}/'`§€") },
  { weight: 1, arbitrary: fc.string({ unit: "grapheme", minLength: 1, maxLength: 1 }) },
);
const text = fc.array(character, { maxLength: 12 }).map((chars) => chars.join(""));
const leaf: fc.Arbitrary<Leaf> = fc.oneof({ weight: 8, arbitrary: text }, { weight: 1, arbitrary: fc.constant(null) });

/** As a reader gets it: trimmed, and without control characters that mean nothing in a value. */
const asRead = (value: Leaf | undefined): string =>
  (value ?? "")
    .trim()
    .replace(/[^\P{Cc}\t\n\r]/gu, "")
    .trim();

describe("escaping", () => {
  it("is undone by unescaping, for any text and any delimiters", () => {
    fc.assert(
      fc.property(fc.oneof(text, fc.string({ unit: "binary", maxLength: 40 })), delimiters, (value, d) => {
        expect(unescape(escape(value, d), d)).toBe(value);
      }),
      { numRuns: 3_000 },
    );
  });

  it("leaves no delimiter, line end or block character in the text but the escape character", () => {
    fc.assert(
      fc.property(text, delimiters, (value, d) => {
        const written = escape(value, d);
        const forbidden = [d.field, d.component, d.repetition, d.subcomponent, d.truncation, "\r", "\n", "\u000b", "\u001c"];
        expect(forbidden.filter((one) => one !== "" && written.includes(one))).toEqual([]);
      }),
    );
  });

  it("writes the truncation character as \\P\\ only where the message has one", () => {
    expect(escape("#1", STANDARD_DELIMITERS)).toBe("#1");
    expect(escape("#1", { ...STANDARD_DELIMITERS, truncation: "#" })).toBe("\\P\\1");
  });

  it("keeps the fields apart when the message declares no escape character", () => {
    expect(escape("a|b^c\rd\\e", { ...STANDARD_DELIMITERS, escape: "" })).toBe("a b c d\\e");
  });
});

describe("a serialised message", () => {
  it("is read back as what was written, for any texts and any delimiters", () => {
    const field = fc.array(fc.array(fc.array(leaf, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 3 }), {
      minLength: 1,
      maxLength: 3,
    });
    const segments = fc.array(fc.record({ name: fc.constantFrom("PID", "OBX", "ZZ1"), fields: fc.array(field, { maxLength: 4 }) }), {
      maxLength: 4,
    });
    fc.assert(
      fc.property(segments, delimiters, (list, d) => {
        const written = serialise(
          { 9: ["ADT", "A01"], 10: "7|7" },
          list.map(({ name, fields }) => [name, Object.fromEntries(fields.map((each, at) => [at + 1, { each }]))] as const),
          d,
        );
        const message = parseMessage(written.ok ? written.value : "");
        if (!message.ok) throw new Error("it cannot be read back");
        expect([message.value.type, message.value.controlId]).toEqual(["ADT^A01", "7|7"]);
        expect(message.value.segments.slice(1).map(({ name }) => name)).toEqual(list.map(({ name }) => name));
        for (const [at, { fields }] of list.entries())
          for (const [index, repetitions] of fields.entries())
            for (const [repetition, components] of repetitions.entries())
              for (const [component, leaves] of components.entries())
                for (const [sub, value] of leaves.entries()) {
                  const read = message.value.segments[at + 1]
                    ?.repetitions(index + 1)
                    [repetition]?.part(component + 1)
                    .part(sub + 1);
                  expect(read?.text ?? "").toBe(asRead(value));
                  expect(read?.isNull ?? false).toBe(value === null);
                }
      }),
      { numRuns: 500 },
    );
  });

  it("ends its fields, components and subcomponents at the last that says something, and keeps the places of repetitions", () => {
    const written = serialise({ 9: "ACK" }, [["PID", { 1: ["a", "", ""], 2: { each: [[""], ["b"], [""]] }, 3: [["", "c", ""]], 5: "" }]]);
    expect(written).toEqual({ ok: true, value: "MSH|^~\\&|||||||ACK\rPID|a|~b~|&c\r" });
  });

  it("tells HL7's null from two quotation marks", () => {
    expect(serialise({}, [["ZZ1", { 1: null, 2: '""' }]])).toEqual({ ok: true, value: 'MSH|^~\\&\rZZ1|""|\\X2222\\\r' });
  });

  it.each([{ component: "|" }, { component: "A" }, { subcomponent: "" }, { escape: "" }, { field: '"' }, { truncation: "##" }])(
    "is not written with delimiters that could not be told apart: %j",
    (change) => {
      expect(serialise({}, [], { ...STANDARD_DELIMITERS, ...change })).toEqual({ ok: false, failure: "DELIMITERS_NOT_USABLE" });
    },
  );

  it.each(["", "PI", "PIDX", "P|D", "MSH", "pid"])("has no segment called %j", (name) => {
    expect(serialise({}, [[name, {}]])).toEqual({ ok: false, failure: "SEGMENT_NAME_NOT_VALID" });
  });

  it("has delimiters that are read off its header", () => {
    fc.assert(
      fc.property(delimiters, (d) => {
        const written = serialise({}, [], d);
        expect(written.ok ? readDelimiters(written.value.slice(0, -1)) : undefined).toEqual(d);
      }),
    );
  });
});
