import { describe, expect, it } from "vitest";
import { compileQueues, type ItemFacts, subjectOf } from "#src/worklist/queue-rules.ts";
import { EMPTY_FACTS } from "#src/worklist/item.ts";
import { readQueueFiles } from "#src/worklist/queue-files.ts";

const REST = "queue: rest\norder: 9\nenter: { all: [] }\nlease: { minutes: 5 }\nbillHold: { days: 0 }\n";
const stay: ItemFacts = { ...EMPTY_FACTS, class: "IMP", facility: "N", feed: "n" };

describe("the queues", () => {
  it.for([
    [{}, "inpatient"],
    [{ class: "EMER" }, "emergency"],
    [{ class: "OBSENC" }, "observation"],
    [{ class: "AMB" }, "outpatient"],
    [{ class: "" }, "default"],
    [{ class: "IMP", stream: "PRO:X" }, "professional"],
  ] as const)("as shipped take %o into %s", ([facts, queue]) => {
    const rules = compileQueues(readQueueFiles("queues"));
    expect(rules.ok && rules.value.place(subjectOf({ ...stay, ...facts }))).toBe(queue);
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

  it("say where a key is that nobody knows", () => {
    const text = `${REST.trimEnd()}\nentr: { all: [] }\n`;
    const rules = compileQueues([{ path: "queues/rest.yaml", text }]);
    expect(rules.ok ? [] : rules.failure).toEqual([`queues/rest.yaml:${text.split("\n").length - 1}: entr: Unrecognized key: "entr"`]);
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
