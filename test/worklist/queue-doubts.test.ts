import { describe, expect, it } from "vitest";
import { readMapFiles } from "#src/config/map-files.ts";
import { compileMaps } from "#src/mapping/compile.ts";
import { queueDoubts } from "#src/worklist/queue-doubts.ts";
import { type QueueFile, readQueueFiles } from "#src/worklist/queue-files.ts";
import { compileQueues } from "#src/worklist/queue-rules.ts";

function givenBy(...sites: Parameters<typeof compileMaps>[0]): ReadonlySet<string> {
  const compiled = compileMaps([...readMapFiles("mappings"), ...sites]);
  if (!compiled.ok) throw new Error(compiled.failure.join("\n"));
  return compiled.value.encounterClasses;
}
const GIVEN = givenBy();

const queue = (name: string, order: number, enter: string, ...more: readonly string[]): QueueFile => ({
  path: `queues/${name}.yaml`,
  text: [`queue: ${name}`, `order: ${order}`, `enter: ${enter}`, "lease: { minutes: 5 }", "billHold: { days: 0 }", ...more, ""].join("\n"),
});
const REST = queue("rest", 99, "{ all: [] }");

describe("queue files", () => {
  it("as shipped leave no doubt", () => expect(queueDoubts(readQueueFiles("queues"), GIVEN)).toEqual([]));

  it("with a queue that takes everything before the last are told of at the queue that nothing comes to, and still compile", () => {
    const all = queue("all", 5, "{ any: [{ field: class, is: IMP }, { all: [] }] }");
    const files = [REST, all, queue("late", 6, "{ all: [{ field: class, is: EMER }] }")];
    const takes = "no item comes here: queue all (queues/all.yaml:3) is tried before and takes everything";
    expect(queueDoubts(files, GIVEN)).toEqual([`queues/late.yaml:3: enter: ${takes}`, `queues/rest.yaml:3: enter: ${takes}`]);
    expect(compileQueues(files).ok).toBe(true);
  });

  it("with two queues that ask the same are told of at the second", () => {
    const rows = "{ all: [{ field: class, is: IMP }] }";
    expect(queueDoubts([queue("one", 1, rows), queue("two", 2, rows), REST], GIVEN)).toEqual([
      "queues/two.yaml:3: enter: no item comes here: queue one (queues/one.yaml:3) is tried before and takes the same",
    ]);
  });

  it("that ask for an encounter class that there is not are told of at its row, wherever it stands", () => {
    const inRest = [
      "review:",
      "  - { why: short, when: { all: [{ any: [{ field: class, notIn: [EMER, ER] }] }] } }",
      "score:",
      "  classes: { IMP: 1, INP: 0.5, '*': 0 }",
    ];
    const files = [
      queue("stays", 1, "{ all: [{ field: stream, is: FAC }, { field: class, in: [IMP, INP] }] }"),
      queue("rest", 9, "{ all: [] }", ...inRest),
      {
        path: "queues/seen.yaml",
        text: "view: seen\ntitle: Seen\nshow: { any: [{ field: class, startsWith: OBS }, { field: class, is: amb }] }\n",
      },
    ];
    const none = "is no encounter class of R4, and the maps give none of that code";
    expect(queueDoubts(files, GIVEN)).toEqual([
      `queues/stays.yaml:3: enter.all.1: INP ${none}`,
      `queues/rest.yaml:7: review.0.when.all.0.any.0: ER ${none}`,
      `queues/rest.yaml:9: score.classes.INP: INP ${none}`,
      `queues/seen.yaml:3: show.any.1: amb ${none}`,
    ]);
  });

  it("may ask for no class, for one of HL7's table that the maps keep, and for one that a site's maps give", () => {
    const rows = "{ all: [{ field: class, in: ['', C, UNK, DAYCARE] }] }";
    const site = {
      path: "sites/west.yaml",
      text: [
        "site: west",
        "senders: [{ application: EHR }]",
        "maps:",
        "  - map: PV1[Encounter]",
        "    rows:",
        '      - { key: "ZPV-1>class", from: ZPV-1, set: { code: DAYCARE }, guide: added }',
      ].join("\n"),
    };
    expect(queueDoubts([queue("own", 1, rows), REST], givenBy(site))).toEqual([]);
    expect(queueDoubts([queue("own", 1, rows), REST], GIVEN)).toHaveLength(1);
  });
});
