import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { messageFiles } from "#src/cli/map-pairs.ts";
import { isShared, jsonText, shared } from "#src/fhir/shared-json.ts";
import { tryMap } from "#test/mapping/v2/maps.ts";

describe("text of JSON of which parts are shared", () => {
  it.each<readonly [string, unknown]>([
    ["nothing", {}],
    ["an empty list", []],
    ["members that are undefined, first, last and alone", [{ a: undefined }, { a: undefined, b: "x" }, { a: "x", b: undefined }]],
    ["texts one after the other, and before and after what is none", { a: "x", b: "y", c: 1, d: "z" }],
    ["holes of lists", { a: [null, undefined, { b: "x" }] }],
    ["lists in lists", [["a"], [], [["b", "c"]]]],
    ["truths and numbers", { a: true, b: false, c: 1.5, d: -0, e: 1e21, f: Number.NaN }],
    ["quotes, backslashes and control characters", { a: 'say "x"', b: "\\F\\", c: "a\nb\u0001", d: "x" }],
    ["letters of other languages and half of a character", { a: "Müller", b: "病院", c: "\u2028", d: "\ud83d", e: "😀" }],
    ["names of members that have to be written otherwise", { 'a"b': "x", é: 1 }],
    ["null", { a: null }],
    ["a text alone", 'a "text"'],
  ])("is as JSON has it: %s", (_, value) => {
    expect(jsonText(value)).toBe(JSON.stringify(value));
    expect(jsonText({ of: shared({ value }), again: [shared({ value })] })).toBe(JSON.stringify({ of: { value }, again: [{ value }] }));
  });

  it("is as JSON has it for all that messages become, said once and said again", () => {
    const texts = messageFiles([join(import.meta.dirname, "..", "messages")]).map((file) => readFileSync(file, "utf8"));
    let compared = 0;
    for (let time = 1; time <= 2; time++)
      for (const text of texts) {
        const mapped = tryMap(text);
        if (!mapped.ok) continue;
        for (const { resource } of mapped.value.resources) {
          compared++;
          expect(jsonText(resource)).toBe(JSON.stringify(resource));
        }
      }
    expect(compared).toBeGreaterThan(500);
  });

  it("is made once of a shared object", () => {
    const name = shared({ family: "Okafor", given: ["Amara"] });
    expect(jsonText({ name: [name] })).toBe('{"name":[{"family":"Okafor","given":["Amara"]}]}');
    // Nobody may do that; it shows that the text is the one made before.
    name.family = "Reyes";
    expect(jsonText({ name: [name] })).toContain("Okafor");
  });
});

describe("an object that is shared", () => {
  it("says so, and no copy of it does", () => {
    const name = shared({ family: "Okafor" });
    expect([name, { ...name }, structuredClone(name), { family: "Okafor" }].map(isShared)).toEqual([true, false, false, false]);
    expect(shared(name)).toBe(name);
  });

  it("has no member more than before, and equals one that is not", () => {
    const name = shared({ family: "Okafor" });
    expect(Reflect.ownKeys(name)).toEqual(["family"]);
    expect(name).toStrictEqual({ family: "Okafor" });
  });

  it("may be frozen before or after", () => {
    const before = shared(Object.freeze({ family: "Okafor" }));
    const after = Object.freeze(shared({ family: "Okafor" }));
    expect([before, after].map(jsonText)).toEqual(['{"family":"Okafor"}', '{"family":"Okafor"}']);
  });
});
