import { describe, expect, it } from "vitest";
import { type Scored, type ScoreRules, scoreOf } from "#src/worklist/score.ts";

const rules: ScoreRules = {
  weights: { deadline: 40, dollars: 25, age: 20, unblocked: 10, class: 5 },
  filing: { days: 365, leadDays: 3, payers: { MCARE: 90 } },
  classes: { I: 1, "*": 0.3 },
};
const now = new Date("2026-06-01T00:00:00Z");
const item = (more: Partial<Scored> = {}): Scored => ({
  facts: { payerId: "MCARE", totalCents: 0, class: "O", dischargedAt: "2026-05-31T00:00:00Z" },
  stat: false,
  unblocked: false,
  boosts: [],
  ...more,
});
const parts = (more?: Partial<Scored>) => scoreOf(item(more), rules, now).parts;

describe("the score of an item", () => {
  it("weighs the payer's limit for filing while no claim is out", () => {
    expect(parts()).toMatchObject({ deadline: 0 });
    const facts = { ...item().facts, dischargedAt: "2026-03-10T00:00:00Z" };
    expect(parts({ facts })).toMatchObject({ deadline: 40 });
    expect(parts({ facts: { ...facts, payerId: "OTHER" } })).toMatchObject({ deadline: 0 });
  });

  it.each([
    ["2026-06-08", 40],
    ["2026-06-11", 40],
    ["2026-07-07", 20.38],
    ["2026-08-03", 0],
    ["2026-05-01", 40],
  ])("weighs the last day for the answer of one that is back from the payer: %s gives %d", (answerBy, points) => {
    // Its filing limit is long past, and it was filed: that says nothing any more.
    const facts = { ...item().facts, dischargedAt: "2025-01-01T00:00:00Z" };
    const scored = scoreOf(item({ facts, answerBy }), rules, now);
    expect(scored.parts).toMatchObject({ "answer-by": points });
    expect(scored.parts).not.toHaveProperty("deadline");
    expect(scored.total).toBe(Math.round(Object.values(scored.parts).reduce((sum, one) => sum + one, 0) * 100));
  });
});
