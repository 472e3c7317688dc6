import { describe, expect, it } from "vitest";
import fc from "fast-check";
import { createSearchIndex } from "#src/codesets/search-index.ts";
import { createVocabulary, slipsBetween } from "#src/codesets/vocabulary.ts";

const TITLES: readonly (readonly [string, string, ...string[]])[] = [
  ["I10", "Essential (primary) hypertension", "high blood pressure"],
  ["I150", "Renovascular hypertension"],
  ["E119", "Type 2 diabetes mellitus without complications"],
  ["E1140", "Type 2 diabetes mellitus with diabetic neuropathy, unspecified"],
  ["E109", "Type 1 diabetes mellitus without complications"],
  ["S72001A", "Fracture of unspecified part of neck of right femur, initial encounter for closed fracture"],
  ["S72002A", "Fracture of unspecified part of neck of left femur, initial encounter for closed fracture"],
];
const index = (() => {
  const building = createSearchIndex();
  for (const [code, title, ...others] of TITLES) building.add({ system: "icd-10-cm", code, title }, others);
  building.add({ system: "hcpcs", code: "E1140", title: "Wheelchair, detachable arms" });
  return building.build();
})();
const found = (text: string, limit = 3): readonly string[] => index.find(text, { limit }).map(({ code }) => code);

describe("codes are found", () => {
  it.each([
    ["the beginning of a code", "e11.", ["E1140", "E1140", "E119"]],
    ["a whole code, with or without its dot", "S72.001A", ["S72001A"]],
    ["words in any order", "femur left fracture", ["S72002A"]],
    ["beginnings of words", "hypert ess", ["I10"]],
    ["an abbreviation", "htn", ["I10", "I150"]],
    ["an abbreviation with a word", "t2dm neuropathy", ["E1140"]],
    ["a number that is a word of its own", "type 1 diabetes", ["E109"]],
    ["another name of the code", "high blood pressure", ["I10"]],
    ["a word with a letter missing", "hypertnsion", ["I10", "I150"]],
    ["a word with letters swapped", "diabtees type 1", ["E109"]],
    ["a word whose first letter is missing", "ypertension", ["I10", "I150"]],
  ])("by %s", (_how, text, codes) => expect(found(text)).toEqual(codes));

  it("of one system, and of those that are accepted alone", () => {
    expect(index.find("E1140", { limit: 5, systems: ["hcpcs"] })).toMatchObject([{ title: "Wheelchair, detachable arms" }]);
    expect(index.find("hypertension", { limit: 5, accepts: ({ code }) => code !== "I10" })).toMatchObject([{ code: "I150" }]);
  });

  it("no more of them than were asked for, and none for what is not there", () => {
    expect(found("diabetes", 2)).toHaveLength(2);
    expect(found("zzzzzzzz")).toEqual([]);
    expect(found("  ")).toEqual([]);
  });

  it("the same way each time: a search leaves nothing behind", () => {
    fc.assert(
      fc.property(fc.constantFrom("htn", "fracture", "type", "diabetes", "x", "of"), fc.string(), (text, noise) => {
        const before = found(text);
        index.find(noise, { limit: 3 });
        expect(found(text)).toEqual(before);
      }),
    );
  });
});

describe("slips between words", () => {
  it("count letters wrong, missing, added and swapped", () => {
    expect(slipsBetween("fracture", "fracture", 2)).toBe(0);
    expect(slipsBetween("fractrue", "fracture", 2)).toBe(1);
    expect(slipsBetween("fractur", "fracture", 2)).toBe(1);
    expect(slipsBetween("fractutre", "fracture", 2)).toBe(1);
    expect(slipsBetween("frakshure", "fracture", 2)).toBe(3);
  });
  it("are the same both ways, and none only for the same word", () => {
    const word = fc.stringMatching(/^[a-d]{0,7}$/);
    fc.assert(
      fc.property(word, word, (a, b) => {
        expect(slipsBetween(a, b, 7)).toBe(slipsBetween(b, a, 7));
        expect(slipsBetween(a, b, 7) === 0).toBe(a === b);
      }),
    );
  });
  it("are not looked for in short words", () => expect(createVocabulary(["leg", "arm"]).like("lag")).toEqual([]));
});
