import type { Encounter, Resource } from "@medplum/fhirtypes";
import { describe, expect, it } from "vitest";
import { diffCharts } from "#src/charts/diff.ts";

const stay = (more: Partial<Encounter>): Resource => ({
  resourceType: "Encounter",
  id: "e",
  status: "in-progress",
  class: { code: "IMP" },
  ...more,
});
const naming = (...ids: readonly string[]): Partial<Encounter> => ({
  diagnosis: ids.map((id, n) => ({ condition: { reference: `Condition/${id}` }, rank: n + 1 })),
});
const attended = (role: string, display: string): NonNullable<Encounter["participant"]>[number] => ({
  type: [{ coding: [{ code: role }] }],
  individual: { display },
});
const between = (before: Partial<Encounter>, after: Partial<Encounter>) =>
  diffCharts([stay(before)], [stay(after)]).map(({ path, before: was, after: is }) => [path, was, is]);

describe("what differs between two states of a chart", () => {
  it("is told element by element", () => {
    expect(
      between({ period: { start: "2026-01-10" } }, { status: "finished", period: { start: "2026-01-10", end: "2026-01-12" } }),
    ).toEqual([
      ["status", "in-progress", "finished"],
      ["period.end", undefined, "2026-01-12"],
    ]);
    expect(diffCharts([stay({})], [])).toEqual([{ resource: "Encounter/e", path: "", before: stay({}) }]);
    expect(diffCharts([stay(naming("a"))], [stay(naming("a"))])).toEqual([]);
  });

  it("of entries that are said apart is told by their kind: one more is one change, wherever it stands", () => {
    const [a, b, c] = naming("a", "b", "c").diagnosis ?? [];
    expect(between({ diagnosis: [b, c] as never }, { diagnosis: [a, b, c] as never })).toEqual([["diagnosis[Condition/a]", undefined, a]]);
    expect(between({}, { diagnosis: [a] as never })).toEqual([["diagnosis[Condition/a]", undefined, a]]);
    expect(between(naming("a", "b"), naming("b"))).toEqual([
      ["diagnosis[Condition/a]", a, undefined],
      ["diagnosis[Condition/b].rank", 2, 1],
    ]);
    expect(
      between({ participant: [attended("ATND", "Stone")] }, { participant: [attended("ADM", "Reed"), attended("ATND", "Marsh")] }),
    ).toEqual([
      ["participant[ATND].individual.display", "Stone", "Marsh"],
      ["participant[ADM]", undefined, attended("ADM", "Reed")],
    ]);
  });

  it("is told whole where a list is none", () => {
    const [a] = naming("a").diagnosis ?? [];
    expect(between({ diagnosis: [a] as never }, { diagnosis: a as never })).toEqual([["diagnosis", [a], a]]);
  });

  it("of several of one kind is told as a list where their number differs", () => {
    const two = [attended("CON", "Stone"), attended("CON", "Reed")];
    expect(between({ participant: two.slice(0, 1) }, { participant: two })).toEqual([["participant[CON]", two[0], two]]);
    expect(between({ participant: two }, { participant: [...two].reverse() })).toEqual([
      ["participant[CON][0].individual.display", "Stone", "Reed"],
      ["participant[CON][1].individual.display", "Reed", "Stone"],
    ]);
  });
});
