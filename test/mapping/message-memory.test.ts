import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { OFFLINE_ID_KEY } from "#src/base/ids.ts";
import { readMapFiles } from "#src/config/map-files.ts";
import { parseMessage } from "#src/hl7v2/message.ts";
import { compileMaps, type MapPack } from "#src/mapping/compile.ts";
import type { Mapped, MapSettings } from "#src/mapping/types.ts";

const FILES = readMapFiles(join(import.meta.dirname, "..", "..", "mappings"));
const SETTINGS: MapSettings = { idKey: OFFLINE_ID_KEY, zone: "America/Chicago" };

function maps(...sites: readonly string[]): MapPack {
  const compiled = compileMaps([...FILES, ...sites.map((text, n) => ({ path: `mappings/sites/site${n}.yaml`, text }))]);
  if (!compiled.ok) throw new Error(compiled.failure.join("\n"));
  return compiled.value;
}

interface Told {
  readonly minute: string;
  readonly account?: string;
  readonly event?: string;
  readonly msh?: string;
  readonly recorded?: string;
  readonly operator?: string;
  readonly bed?: string;
  readonly disposition?: string;
  readonly more?: readonly string[];
}

const update = ({
  minute,
  account = "A1",
  event = "A08",
  msh = "EHR|NORTH",
  recorded = `202603021${minute}`,
  operator = "",
  bed = "B",
  disposition = "",
  more = [],
}: Told): string =>
  [
    `MSH|^~\\&|${msh}|||202603021${minute}||ADT^${event}|C${minute}|P|2.5.1`,
    `EVN|${event}|${recorded}|||${operator}`,
    `PID|1||M${account}^^^NORTH^MR||Dufresne^Dmitri||19641107|M||||||||||${account}^^^NORTH^AN`,
    `PV1|1|I|OBS^118^${bed}||||||||||||||||${account}${"|".repeat(17)}${disposition}`,
    ...more,
  ].join("\r");

function mapped(pack: MapPack, text: string, settings = SETTINGS): Mapped {
  const message = parseMessage(text);
  const made = message.ok ? pack.map(message.value, settings) : message;
  if (!made.ok) throw new Error(made.failure.code);
  return made.value;
}

describe("a message that says word for word what one before it said", () => {
  const pack = maps();

  it("becomes the same resources, at its own time", () => {
    const first = mapped(pack, update({ minute: "001" }));
    const again = mapped(pack, update({ minute: "002", operator: "another" }));
    expect(again.resources).toBe(first.resources);
    expect([first, again].map(({ eventTime }) => eventTime)).toEqual(["2026-03-02T10:01:00-06:00", "2026-03-02T10:02:00-06:00"]);
    expect(again).toEqual(mapped(pack, update({ minute: "002" }), { ...SETTINGS, memory: false }));
  });

  it.each<readonly [string, Told]>([
    ["another event", { account: "B1", minute: "002", event: "A01" }],
    ["another bed", { account: "B2", minute: "002", bed: "C" }],
    ["a segment more", { account: "B3", minute: "002", more: ["AL1|1|DA|^Penicillin"] }],
    ["another sender", { account: "B4", minute: "002", msh: "EHR|SOUTH" }],
    ["a time in another offset", { account: "B5", minute: "002-0700" }],
    ["a time that is none", { account: "B6", minute: "002", recorded: "2026139910" }],
    ["a line break in a field", { account: "B7", minute: "002", more: ["and the rest of it"] }],
  ])("is mapped anew with %s", (_, told) => {
    const first = mapped(pack, update({ account: told.account ?? "", minute: "001" }));
    for (const text of [update(told), update(told)]) {
      const next = mapped(pack, text);
      expect(next.resources).not.toBe(first.resources);
      expect(next).toEqual(mapped(pack, text, { ...SETTINGS, memory: false }));
    }
  });

  it("is mapped anew with another MSH further down, which says of what follows it where it is from", () => {
    const text = (facility: string): string =>
      update({ account: "B10", minute: "001" }).replace("\rPV1|", `\rMSH|^~\\&|EHR|${facility}|||202603021001||ADT^A08|C9|P|2.5.1\rPV1|`);
    const displays = ["NORTH", "SOUTH"].map((facility) => {
      const made = mapped(pack, text(facility));
      expect(made).toEqual(mapped(pack, text(facility), { ...SETTINGS, memory: false }));
      return made.resources.map(({ resource }) => (resource.resourceType === "Encounter" ? resource.serviceProvider?.display : undefined));
    });
    expect(displays.map((all) => all.find((one) => one !== undefined))).toEqual(["NORTH", "SOUTH"]);
  });

  it("is mapped anew under other settings", () => {
    const first = mapped(pack, update({ account: "B8", minute: "001" }));
    const other = mapped(pack, update({ account: "B8", minute: "002" }), { ...SETTINGS, zone: "America/New_York" });
    expect(other.resources).not.toBe(first.resources);
    expect(other.eventTime).toBe("2026-03-02T10:02:00-05:00");
  });

  it("is mapped anew where a map looks at who sent it and when", () => {
    const west = maps(
      [
        "site: west",
        "senders: [{ application: WEST }]",
        "maps:",
        '  - map: "ZOP[Basic]"',
        '    after: "PV1[Encounter]"',
        "    identity: [{ by: [ZOP-1], within: account }]",
        "    rows:",
        '      - { key: "EVN-5>code.text", from: EVN-5, guide: added }',
      ].join("\n"),
    );
    const text = (minute: string, operator: string): string => update({ minute, operator, msh: "WEST|NORTH", more: ["ZOP|1"] });
    const operators = ["SMITH", "JONES"].map(
      (operator, n) =>
        mapped(west, text(`00${n}`, operator))
          .resources.map(({ resource }) => resource)
          .find((one) => one.resourceType === "Basic")?.code,
    );
    expect(operators).toEqual([{ text: "SMITH" }, { text: "JONES" }]);
  });

  it("keeps its warnings and its codes without an entry", () => {
    const text = (minute: string): string => update({ account: "B9", minute, disposition: "HOMEX", more: ["DG1|1||X||20261399"] });
    const first = mapped(pack, text("001"));
    expect(first.warnings.length).toBeGreaterThan(0);
    expect(first.unmapped?.length).toBeGreaterThan(0);
    expect(mapped(pack, text("002")).resources).toBe(first.resources);
    expect(mapped(pack, text("003"))).toEqual(mapped(pack, text("003"), { ...SETTINGS, memory: false }));
  });

  it("is forgotten when many others were said since, and none is kept where none comes again", () => {
    const comesAgain = (others: number, times: number): boolean => {
      const own = maps();
      const stay = (account: number): unknown => mapped(own, update({ account: `A${account}`, minute: "001" })).resources;
      const first = stay(1);
      for (let account = 2; account <= others; account++) for (let time = 0; time < times; time++) stay(account);
      return stay(1) === first;
    };
    expect(comesAgain(200, 1)).toBe(true);
    expect(comesAgain(300, 1)).toBe(false);
    expect(comesAgain(300, 2)).toBe(true);
    expect(comesAgain(2_200, 2)).toBe(false);
  });
});
