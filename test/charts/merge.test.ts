import type { Condition, Encounter, Resource } from "@medplum/fhirtypes";
import { describe, expect, it } from "vitest";
import { applyToChart, type ChartContent, emptyChart, standingResources } from "#src/charts/merge.ts";
import { factsOf } from "#src/charts/facts.ts";
import type { Mapped } from "#src/mapping/types.ts";

const encounter = (more: Partial<Encounter>): Resource & { id: string } => ({
  resourceType: "Encounter",
  id: "e1",
  status: "in-progress",
  class: { code: "IMP" },
  ...more,
});
const condition = (id: string): Resource & { id: string } =>
  ({ resourceType: "Condition", id, subject: { reference: "Patient/p" }, code: { text: id } }) satisfies Condition & { id: string };

const said = (time: string, resources: (Resource & { id: string })[], more: Partial<Mapped> & { deleted?: string[] } = {}): Mapped => ({
  messageType: "ADT^A08",
  eventTime: time,
  resources: resources.map((resource) => ({ resource, deleted: more.deleted ?? [] })),
  wholeSets: more.wholeSets ?? [],
  lineage: [],
  warnings: [],
});
const chartOf = (...messages: Mapped[]): ChartContent => {
  const chart = emptyChart();
  for (const message of messages) applyToChart(chart, message);
  return chart;
};
const visit = (chart: ChartContent): Encounter => chart.resources.get("Encounter/e1")?.resource as Encounter;

const keysOf = (chart: ChartContent): readonly string[] =>
  [...standingResources(chart)].map(({ resourceType, id }) => `${resourceType}/${id}`).sort();

const NINE = "2026-01-01T09:00:00-06:00";
const TEN = "2026-01-01T10:00:00-06:00";
const ELEVEN = "2026-01-01T11:00:00-06:00";

describe("a chart", () => {
  it("keeps the begin of a stay when the discharge says its end only, and takes the end away when the discharge is cancelled", () => {
    const left = encounter({ status: "finished", period: { end: TEN } });
    const chart = chartOf(
      said(NINE, [encounter({ period: { start: NINE }, hospitalization: { admitSource: { text: "home" } } })]),
      said(TEN, [left]),
    );
    expect(visit(chart)).toMatchObject({ period: { start: NINE, end: TEN }, hospitalization: { admitSource: { text: "home" } } });
    applyToChart(chart, said(ELEVEN, [encounter({ period: { start: NINE } })], { deleted: ["period.end"] }));
    expect(visit(chart).period).toEqual({ start: NINE });
  });

  it("learns the begin of a stay from an older message that comes late, and nothing else of it", () => {
    const chart = chartOf(
      said(TEN, [encounter({ status: "finished", period: { end: TEN } })]),
      said(NINE, [encounter({ period: { start: NINE, end: NINE } })]),
    );
    expect(visit(chart)).toMatchObject({ status: "finished", period: { start: NINE, end: TEN } });
  });

  it("takes a guess only where it knows nothing", () => {
    const guess: Mapped = { ...said(TEN, []), resources: [{ resource: encounter({}), deleted: [], initial: ["status"] }] };
    expect(visit(chartOf(guess)).status).toBe("in-progress");
    expect(visit(chartOf(said(NINE, [encounter({ status: "finished" })]), guess)).status).toBe("finished");
  });

  it("takes a newer message's value and leaves alone what it does not say", () => {
    const chart = chartOf(said(NINE, [encounter({ serviceType: { text: "surgery" } })]), said(TEN, [encounter({ status: "finished" })]));
    expect(visit(chart)).toMatchObject({ status: "finished", serviceType: { text: "surgery" } });
  });

  it("lets an older message add, and never overwrite", () => {
    const chart = chartOf(said(TEN, [encounter({ status: "finished" })]), said(NINE, [encounter({ serviceType: { text: "surgery" } })]));
    expect(visit(chart)).toMatchObject({ status: "finished", serviceType: { text: "surgery" } });
  });

  it("lets the newest win among three that come in any order", () => {
    const messages = [
      said(NINE, [encounter({ length: { value: 1 } })]),
      said(ELEVEN, [encounter({ length: { value: 3 } })]),
      said(TEN, [encounter({ length: { value: 2 }, serviceType: { text: "ten" } })]),
    ];
    for (const order of [
      [0, 1, 2],
      [2, 1, 0],
      [1, 2, 0],
      [1, 0, 2],
    ]) {
      const chart = chartOf(...order.flatMap((n) => messages[n] ?? []));
      expect(visit(chart)).toMatchObject({ length: { value: 3 }, serviceType: { text: "ten" } });
    }
  });

  it("removes what the sender deleted, unless something newer said it", () => {
    const full = said(NINE, [encounter({ serviceType: { text: "surgery" } })]);
    const deleting = (time: string): Mapped => said(time, [encounter({})], { deleted: ["serviceType"] });
    expect(visit(chartOf(full, deleting(TEN))).serviceType).toBeUndefined();
    expect(visit(chartOf(said(TEN, [encounter({ serviceType: { text: "surgery" } })]), deleting(NINE))).serviceType).toEqual({
      text: "surgery",
    });
  });

  it("does not change when the same message is applied again", () => {
    const message = said(NINE, [encounter({}), condition("c1")], { wholeSets: ["Condition"] });
    const chart = chartOf(message);
    expect(applyToChart(chart, message)).toMatchObject({ changed: [], removed: [] });
  });

  it("drops the diagnoses that a newer whole set no longer repeats, and keeps other types", () => {
    const chart = chartOf(
      said(NINE, [encounter({}), condition("c1"), condition("c2")], { wholeSets: ["Condition"] }),
      said(TEN, [encounter({}), condition("c2")], { wholeSets: ["Condition"] }),
    );
    expect(keysOf(chart)).toEqual(["Condition/c2", "Encounter/e1"]);
  });

  it("keeps the diagnoses of a newer message when an older whole set arrives late", () => {
    const chart = chartOf(
      said(TEN, [condition("new")], { wholeSets: ["Condition"] }),
      said(NINE, [condition("old")], { wholeSets: ["Condition"] }),
    );
    expect(keysOf(chart)).toEqual(["Condition/new"]);
  });

  describe("names the diagnoses of a stay", () => {
    const of = (...ids: readonly string[]): Resource & { id: string } =>
      encounter({ diagnosis: ids.map((id) => ({ condition: { reference: `Condition/${id}` }, rank: 1 })) });
    const whole = (time: string, ...ids: readonly string[]): Mapped =>
      said(time, [ids.length === 0 ? encounter({}) : of(...ids), ...ids.map(condition)], { wholeSets: ["Condition"] });
    const named = (...messages: Mapped[]): readonly string[] =>
      (visit(chartOf(...messages)).diagnosis ?? []).map(({ condition: { reference = "" } }) => reference.replace("Condition/", ""));

    it("all of them, where a message states a change of one", () => {
      expect(named(whole(NINE, "c1", "c2"), said(TEN, [of("c3"), condition("c3")]))).toEqual(["c1", "c2", "c3"]);
      expect(named(whole(NINE, "c1", "c2"), said(TEN, [encounter({})], { deleted: ["diagnosis[Condition/c1]"] }))).toEqual(["c2"]);
    });

    it("those of the newest whole set, whatever was added before and comes late", () => {
      const added = said(TEN, [of("c3"), condition("c3")]);
      expect(named(whole(NINE, "c1", "c2"), added, whole(ELEVEN, "c2"))).toEqual(["c2"]);
      expect(named(whole(NINE, "c1", "c2"), whole(ELEVEN, "c2"), added)).toEqual(["c2"]);
      expect(named(whole(NINE, "c2"), whole(ELEVEN, "c2"), added)).toEqual(["c2"]);
      expect(named(whole(NINE, "c2"), whole(ELEVEN), added)).toEqual([]);
      const takenBack = said(NINE, [encounter({})], { deleted: ["diagnosis[Condition/c1]"] });
      expect(named(takenBack, whole(ELEVEN), added)).toEqual([]);
    });

    it("and keeps the times of a set that is stated again as if it had been stated once", () => {
      const [again, once] = [
        chartOf(whole(NINE, "c1", "c2"), whole(TEN, "c1", "c2"), whole(ELEVEN, "c2", "c1")),
        chartOf(whole(ELEVEN, "c1", "c2")),
      ];
      expect(again.resources.get("Encounter/e1")).toEqual(once.resources.get("Encounter/e1"));
    });

    it("and remembers nothing of those that whole sets left out", () => {
      const [dropped, never] = [
        chartOf(whole(NINE, "c1", "c2"), whole(TEN, "c1"), whole(ELEVEN, "c1")),
        chartOf(whole(NINE, "c1"), whole(ELEVEN, "c1")),
      ];
      expect(dropped.resources.get("Encounter/e1")).toEqual(never.resources.get("Encounter/e1"));
    });
  });

  it("compares times of different offsets as instants", () => {
    const chart = chartOf(
      said("2026-01-01T16:30:00Z", [encounter({ status: "finished" })]),
      said("2026-01-01T10:00:00-06:00", [encounter({})]),
    );
    expect(visit(chart).status).toBe("finished");
  });
});

describe("the facts of a chart", () => {
  it("call an account discharged only when every standing encounter has ended", () => {
    const first = { ...encounter({ status: "finished", period: { start: NINE, end: TEN } }) };
    const second = { ...encounter({ period: { start: TEN } }), id: "e2" };
    expect(factsOf([first]).dischargedAt).toBe(TEN);
    expect(factsOf([first, second]).dischargedAt).toBeUndefined();
  });

  it("add billable charges in whole cents and leave out credited ones", () => {
    const charge = (value: number, status: "billable" | "entered-in-error"): Resource => ({
      resourceType: "ChargeItem",
      status,
      code: { text: "x" },
      subject: { reference: "Patient/p" },
      priceOverride: { value, currency: "USD" },
    });
    expect(factsOf([charge(0.1, "billable"), charge(0.2, "billable"), charge(9, "entered-in-error")]).totalCents).toBe(30);
  });
});
