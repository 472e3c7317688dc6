import { describe, expect, it } from "vitest";
import { compileQueues, type ItemFacts } from "#src/worklist/queue-rules.ts";
import { readQueueFiles } from "#src/worklist/queue-files.ts";

const REST = "queue: rest\norder: 9\nenter: { all: [] }\nlease: { minutes: 5 }\nbillHold: { days: 0 }\n";
const stay: ItemFacts = { stream: "FAC", class: "IMP", facility: "N", feed: "n", payerId: "", totalCents: 0, lengthOfStayDays: 0 };

describe("the queues", () => {
  it.for([
    [{}, "inpatient", 1_000],
    [{ totalCents: 5_000_000, lengthOfStayDays: 9 }, "inpatient", 100],
    [{ lengthOfStayDays: 7 }, "inpatient", 200],
    [{ class: "EMER" }, "emergency", 1_000],
    [{ class: "OBSENC" }, "observation", 1_000],
    [{ class: "AMB" }, "outpatient", 1_000],
    [{ class: "" }, "default", 1_000],
    [{ class: "IMP", stream: "PRO:X" }, "professional", 1_000],
  ] as const)("as shipped take %o into %s", ([facts, queue, priority]) => {
    const rules = compileQueues(readQueueFiles("queues"));
    expect(rules.ok && rules.value.place({ ...stay, ...facts })).toEqual({ queue, priority });
  });

  it("name every fault at once with its file and line", () => {
    const bad = "queue: Not Good\norder: 1\nenter:\n  all:\n    - { field: mrn, is: x }\nlease: { minutes: 0 }\nbillHold: { days: 0 }\n";
    const rules = compileQueues([
      { path: "queues/bad.yaml", text: bad },
      { path: "queues/broken.yaml", text: "queue: [" },
      { path: "queues/rest.yaml", text: REST },
    ]);
    const faults = rules.ok ? [] : rules.failure;
    expect(faults.map((fault) => fault.split(": ")[0])).toEqual([
      "queues/bad.yaml:1",
      "queues/bad.yaml:5",
      "queues/bad.yaml:6",
      "queues/broken.yaml:1",
    ]);
  });

  it("are refused when an item could be without one, or two have one name, or there is none", () => {
    const narrow = REST.replace("{ all: [] }", "{ all: [{ field: stream, is: FAC }] }");
    expect(compileQueues([{ path: "queues/a.yaml", text: narrow }])).toMatchObject({
      ok: false,
      failure: [expect.stringContaining("must take everything")],
    });
    const twice = compileQueues(["a", "b"].map((name) => ({ path: `queues/${name}.yaml`, text: REST })));
    expect(twice).toMatchObject({ ok: false, failure: [expect.stringContaining("already in queues/a.yaml")] });
    expect(compileQueues([])).toMatchObject({ ok: false });
  });
});
