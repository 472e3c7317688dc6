import { existsSync } from "node:fs";
import { join } from "node:path";
import { readFileSync } from "node:fs";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { OFFLINE_ID_KEY } from "#src/base/ids.ts";
import { chanceOf } from "#src/cli/demo/random.ts";
import { messageFiles } from "#src/cli/map-pairs.ts";
import { readMapFiles } from "#src/config/map-files.ts";
import { parseMessage } from "#src/hl7v2/message.ts";
import { compileMaps, type MapPack } from "#src/mapping/compile.ts";
import { readMaps } from "#src/mapping/read-maps.ts";
import { baseMaps } from "#src/mapping/site-overlay.ts";
import { standAlone } from "#src/mapping/stand-alone.ts";
import type { Mapped, MapSettings } from "#src/mapping/types.ts";
import { referenceFolder } from "#test/setup/reference-data.ts";

const HOME = join(import.meta.dirname, "..", "..");
const SAMPLES = referenceFolder("samples");
const FILES = readMapFiles(join(HOME, "mappings"));
const compiled = compileMaps(FILES);
if (!compiled.ok) throw new Error(compiled.failure.join("\n"));
const pack = compiled.value;

const texts = messageFiles([join(HOME, "test", "messages"), ...(existsSync(SAMPLES) ? [SAMPLES] : [])]).map((file) =>
  readFileSync(file, "utf8"),
);

const settingsOf = (memory: boolean, lineage: boolean): MapSettings => ({
  idKey: OFFLINE_ID_KEY,
  zone: "America/Chicago",
  memory,
  lineage,
});
/** All that is made of a text, lineage and warnings included. */
function made(text: string, memory: boolean, lineage: boolean, maps: Pick<MapPack, "map"> = pack): string {
  const message = parseMessage(text);
  if (!message.ok) return message.failure.code;
  const mapped = maps.map(message.value, settingsOf(memory, lineage));
  // What is remembered is shared: a map that wrote into it would fail here.
  if (mapped.ok) freeze(mapped.value.resources);
  return JSON.stringify(mapped);
}

function freeze(value: unknown): void {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return;
  Object.freeze(value);
  Object.values(value).forEach(freeze);
}

describe("what texts became in messages before", () => {
  it.each([true, false])("changes nothing of what the next message becomes, lineage kept: %s", (lineage) => {
    const without = texts.map((text) => made(text, false, lineage));
    // The second time everything that can be remembered is.
    for (const time of [1, 2])
      expect(texts.filter((text, n) => made(text, true, lineage) !== without[n]).map((text) => `${time} ${text.slice(0, 80)}`)).toEqual([]);
  });

  it("changes nothing when anything else in the message is another than it was", () => {
    const chance = chanceOf(20_260_301);
    let compared = 0;
    const differ: string[] = [];
    for (const text of texts.filter((one) => one.startsWith("MSH"))) {
      const lines = text.split(/[\r\n]+/).filter((line) => line !== "");
      const without = (at: number): string => lines.filter((_, n) => n !== at).join("\r");
      const changed = (at: number): string => {
        const fields = (lines[at] ?? "").split("|");
        const field = chance.whole(1, Math.max(1, fields.length - 1));
        const other: [string | undefined, ...string[]] = [
          fields[field]?.replace(/[0-9]/, (digit) => String((Number(digit) + 1) % 10)),
          "",
          '""',
          "X^Y",
          `${fields[field] ?? ""}~2`,
        ];
        fields[field] = chance.pick(other) ?? "";
        return lines.map((line, n) => (n === at ? fields.join("|") : line)).join("\r");
      };
      const event = lines.join("\r").replace(/\|(ADT)\^A\d\d/, `|$1^${chance.pick(["A01", "A03", "A08", "A11", "A04"])}`);
      made(text, true, true);
      const variants = Array.from({ length: 9 }, (_, n) => {
        const at = chance.whole(1, Math.max(1, lines.length - 1));
        return n === 0 ? without(at) : n === 1 ? [...lines.slice(0, at), lines[at], ...lines.slice(at)].join("\r") : changed(at);
      });
      for (const variant of [event, ...variants]) {
        compared++;
        if (made(variant, true, true) !== made(variant, false, true)) differ.push(variant);
      }
    }
    expect(compared).toBeGreaterThan(1_000);
    expect(differ.slice(0, 2)).toEqual([]);
  });

  it("changes nothing in a stay whose messages lose, repeat, move and change segments, and say again what they said", () => {
    const chance = chanceOf(20_260_302);
    const heads = texts.filter((one) => /^MSH.{5}[^\r\n]*\|(?:ADT|BAR|DFT|MDM)\^/.test(one));
    const pool = heads
      .flatMap((one) => one.split(/[\r\n]+/))
      .filter((line) => /^(?:NK1|GT1|IN[12]|DG1|PR1|ROL|PD1|PV2|ACC|MRG|UB2|NTE)\|/.test(line));
    const next = (lines: readonly string[]): readonly string[] => {
      const at = chance.whole(1, Math.max(1, lines.length - 1));
      const line = lines[at] ?? "";
      const fields = line.split("|");
      const field = chance.whole(1, Math.max(1, fields.length - 1));
      const ways: readonly [() => readonly string[], ...(() => readonly string[])[]] = [
        () => lines.toSpliced(at, 1),
        () => lines.toSpliced(at, 0, line),
        () => lines.toSpliced(Math.max(2, at), 0, pool[chance.whole(0, pool.length - 1)] ?? line),
        () => lines.toSpliced(at, 1).toSpliced(Math.max(2, chance.whole(1, lines.length - 1)), 0, line),
        () => lines.with(at, fields.with(field, chance.pick(["", '""', `${fields[field] ?? ""}X`])).join("|")),
        () => lines.with(0, (lines[0] ?? "").replace(/\|ADT\^A\d\d/, `|ADT^${chance.pick(["A01", "A03", "A08", "A11"])}`)),
      ];
      return at < lines.length ? chance.pick(ways)() : lines;
    };
    let compared = 0;
    const differ: string[] = [];
    for (const text of heads) {
      const said = [text.split(/[\r\n]+/).filter((line) => line !== "")];
      for (let n = 0; n < 12; n++) {
        const before = said[chance.whole(0, said.length - 1)] ?? [];
        // Again at another time, or changed.
        const now =
          chance.whole(0, 2) === 0
            ? before.with(0, (before[0] ?? "").replace(/^((?:[^|]*\|){6})\d{12}/, `$12026030${chance.whole(1, 9)}0815`))
            : next(before);
        said.push([...now]);
        compared++;
        const one = now.join("\r");
        if (made(one, true, true) !== made(one, false, true)) differ.push(one);
      }
    }
    expect(compared).toBeGreaterThan(500);
    expect(differ.slice(0, 2)).toEqual([]);
  });

  it("does not take what a site's map adds to the patient for the patient", () => {
    const site = [
      "site: west",
      "senders: [{ application: WEST }]",
      "maps:",
      '  - map: "ZPI[Patient]"',
      '    after: "PID[Patient]"',
      "    rows:",
      '      - { key: "ZPI-1>generalPractitioner", as: "Reference(XCN[Practitioner])", guide: added }',
    ].join("\n");
    const own = compileMaps([...FILES, { path: "mappings/sites/west.yaml", text: site }]);
    if (!own.ok) throw new Error(own.failure.join("\n"));
    const text = (minute: string): string =>
      [
        `MSH|^~\\&|WEST|NORTH|||202603021${minute}||ADT^A01|C${minute}|P|2.5.1`,
        "PID|1||M1^^^NORTH^MR||Dufresne^Dmitri||19641107|M||||||||||A1^^^NORTH^AN",
        "ZPI|1500600700^Nakamura^Jun",
      ].join("\r");
    const all = (minute: string, memory: boolean): string => {
      const message = parseMessage(text(minute));
      return JSON.stringify(message.ok && own.value.map(message.value, { idKey: OFFLINE_ID_KEY, zone: "America/Chicago", memory }));
    };
    expect(all("001", true)).toContain("generalPractitioner");
    for (const minute of ["001", "002", "003"]) expect(all(minute, true)).toBe(all(minute, false));
  });

  it("looks at what a place that a later segment names again is said to be", () => {
    // In one that has remembered nothing yet, and has not given up remembering.
    const own = compileMaps(FILES);
    if (!own.ok) throw new Error(own.failure.join("\n"));
    const stay = (place: string, again: string): string =>
      [
        "MSH|^~\\&|EHR|NORTH|||2026030210||ADT^A01|C1|P|2.5.1",
        "PID|1||M9^^^NORTH^MR||X^Y|||||||||||||A9^^^NORTH^AN",
        `PV1|1|I|${place}|||||||||||||||||A9`,
        `PR1|1||123^X^C4|X|20260302||||||||||||||||||${again}`,
      ].join("\r");
    for (const again of ["ICU^1^2^^^^^^By the window", "ICU^1^2^^^^^^^77^LAB"])
      for (const text of [stay(again, again), stay("ICU^1^2", again)])
        expect(made(text, true, true, own.value)).toBe(made(text, false, true));
  });

  it("gives each resource its own reference to a place, so that what is written beside one is in no other", () => {
    const text = [
      "MSH|^~\\&|EHR|NORTH|||2026030210||ADT^A01|C1|P|2.5.1",
      "PID|1||M8^^^NORTH^MR||X^Y|||||||||||||A8^^^NORTH^AN",
      `PV1|1|I|ICU^1^2${"|".repeat(16)}A8${"|".repeat(24)}ICU^1^2`,
    ].join("\r");
    for (const memory of [false, true, true]) {
      const { resources } = (JSON.parse(made(text, memory, false)) as { readonly value: Mapped }).value;
      const stay = resources.map(({ resource }) => resource).find((one) => one.resourceType === "Encounter");
      expect(stay?.location?.map(({ location }) => Object.keys(location))).toEqual([["reference", "display"]]);
    }
  });

  it("keeps what maps write into it through others apart", () => {
    const site = [
      "site: west",
      "senders: [{ application: WEST }]",
      "maps:",
      '  - map: "ZDR[DiagnosticReport-Note]"',
      '    after: "OBR[DiagnosticReport]"',
      '    into: ["OBR[DiagnosticReport]"]',
      "    rows:",
      '      - { key: "ZDR-1>extension[z].valueString", beside: { url: "urn:z" }, guide: added }',
      '  - map: "ZEN[Location-Any]"',
      '    after: "PV1[Encounter]"',
      "    into: [Encounter]",
      "    rows:",
      '      - { key: "ZEN-1>type[z].text", guide: added }',
    ].join("\n");
    const own = compileMaps([...FILES, { path: "mappings/sites/west.yaml", text: site }]);
    if (!own.ok) throw new Error(own.failure.join("\n"));
    const mapped = (kind: string, note: string, memory: boolean): unknown => {
      const head = [`MSH|^~\\&|WEST|NORTH|||2026030210||${kind}|C1|P|2.5.1`, "PID|1||M7^^^NORTH^MR||X^Y|||||||||||||A7^^^NORTH^AN"];
      const body =
        kind === "ADT^A01"
          ? ["PV1|1|I||E|||||||||||||||A7", `ZEN|${note}`]
          : ["ORC|RE|1|2|||||||||||||R1^Reason^L", "OBR|1|1|2|1234-5^Titers^LN", `ZDR|${note}`];
      const message = parseMessage([...head, ...body].join("\r"));
      return message.ok && own.value.map(message.value, { idKey: OFFLINE_ID_KEY, zone: "America/Chicago", memory });
    };
    for (const kind of ["ADT^A01", "ORU^R01"]) {
      const first = mapped(kind, "one", true);
      const was = JSON.stringify(first);
      expect(JSON.stringify(mapped(kind, "two", true))).toBe(JSON.stringify(mapped(kind, "two", false)));
      expect(JSON.stringify(first)).toBe(was);
    }
  });

  it("keeps apart what a site adds by a second segment, or to what a data type made", () => {
    const site = [
      "site: west",
      "senders: [{ application: WEST }]",
      "maps:",
      '  - map: "ZAC[Account]"',
      '    after: "MSH[Bundle]"',
      "    rows:",
      '      - { key: "ZAC-1>owner.display", guide: added }',
      '      - { key: "ZAC-2>owner.identifier.value", guide: added }',
      '  - map: "ZPR[Practitioner]"',
      '    after: "PV1[Encounter]"',
      "    identity: [{ identifier: ZPR-1.1, authority: ZPR-1.9 }]",
      "    rows:",
      '      - { key: "ZPR-2>name[n].text", guide: added }',
      '  - map: "ZPX[Practitioner]"',
      '    after: "ZPR[Practitioner]"',
      '    into: ["ZPR[Practitioner]"]',
      "    rows:",
      '      - { key: "ZPX-1>name[n].text", guide: added }',
      '      - { key: "ZPX-2>qualification[q].code.text", guide: added }',
    ].join("\n");
    const own = compileMaps([...FILES, { path: "mappings/sites/west.yaml", text: site }]);
    if (!own.ok) throw new Error(own.failure.join("\n"));
    const text = (notes: readonly [string, string, string]): string =>
      [
        "MSH|^~\\&|WEST|NORTH|||2026030210||ADT^A01|C1|P|2.5.1",
        `ZAC|${notes[0]}`,
        `ZAC||${notes[1]}`,
        "PID|1||M6^^^NORTH^MR||X^Y|||||||||||||A6^^^NORTH^AN",
        "PV1|1|I|||||D1001^Okafor^Amara^^^^MD^^NORTH||||||||||||A6",
        "ZPR|D1001^^^^^^^^NORTH|Amara",
        `ZPX|${notes[2]}|MD`,
      ].join("\r");
    const before = new Map<string, string>();
    for (const notes of [
      ["a", "b", "c"],
      ["a", "x", "y"],
      ["a", "b", "c"],
      ["z", "b", "y"],
      ["a", "x", "c"],
    ] as const) {
      const made = (memory: boolean): unknown => {
        const message = parseMessage(text(notes));
        return message.ok && own.value.map(message.value, settingsOf(memory, true));
      };
      const now = JSON.stringify(made(true));
      expect(now).toBe(JSON.stringify(made(false)));
      expect(before.get(notes.join("")) ?? now).toBe(now);
      before.set(notes.join(""), now);
      expect(notes.filter((note) => !now.includes(`"${note}"`))).toEqual([]);
    }
  });

  it("is nothing of a long message, whose text would stay as long as what was made of it", () => {
    const namesOfDoctor = (note: number): readonly unknown[] => {
      const own = compileMaps(FILES);
      if (!own.ok) throw new Error(own.failure.join("\n"));
      return [1, 2].map((time) => {
        const text = [
          `MSH|^~\\&|EHR|NORTH|||202603021${time}||ADT^A01|C${time}|P|2.5.1`,
          "PID|1||M5^^^NORTH^MR||X^Y|||||||||||||A5^^^NORTH^AN",
          "PV1|1|I|||||D1001^Okafor^Amara^^^^MD^^NORTH||||||||||||A5",
          `OBX|1|TX|1234-5^Note^LN||${"a".repeat(note)}||||||F`,
        ].join("\r");
        const message = parseMessage(text);
        const mapped = message.ok ? own.value.map(message.value, settingsOf(true, true)) : message;
        const names = mapped.ok
          ? mapped.value.resources.map(({ resource }) => (resource.resourceType === "Practitioner" ? resource.name : undefined))
          : [];
        return names.find((name) => name !== undefined);
      });
    };
    const [first, again] = namesOfDoctor(30_000);
    expect(first).toBeDefined();
    expect(again).toBe(first);
    const [long, longAgain] = namesOfDoctor(40_000);
    expect(longAgain).toEqual(long);
    expect(longAgain).not.toBe(long);
  });

  it("keeps no message alive: neither what its times became, nor its numbers, nor its places", () => {
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as () => void;
    const [note, code] = ["a".repeat(1 << 20), "c".repeat(1 << 19)];
    const megabytes = (): number => {
      // What lies outside of the heap is free after the second.
      collect();
      collect();
      const { heapUsed, external } = process.memoryUsage();
      return (heapUsed + external) >> 20;
    };
    const before = megabytes();
    for (let n = 10; n < 60; n++) {
      const text = [
        `MSH|^~\\&|EHR OF A HOSPITAL|NORTH CAMPUS ${n}|||202603021015${n}||ADT^A01|CONTROL-NUMBER-${n}|P|2.5.1`,
        `PID|1||MEDICAL-RECORD-${n}^^^AUTHORITY-NUMBER-${n}^MR||X^Y|||||||||||||ACCOUNT-NUMBER-${n}`,
        `PV1|1|I|WARD-OF-THE-NORTH-${n}^ROOM-OF-THE-NORTH-${n}||||DOCTOR-NUMBER-${n}^Okafor^Amara||||||||||||ACCOUNT-NUMBER-${n}`,
        `DG1|1||CODE-OF-A-DIAGNOSIS-${n}^Text of a diagnosis^L||202603021015${n}|A`,
        `OBX|1|TX|1234-5^Note^LN||${note}${n}||||||F`,
        `OBX|2|NM|${code}${n}^Code^L||1||||||F`,
      ].join("\r");
      expect(made(Buffer.from(text).toString(), true, false)).toContain(`DOCTOR-NUMBER-${n}`);
    }
    expect(megabytes() - before).toBeLessThan(15);
  });

  it("tells a field from a component with the same text: it has other parts there", () => {
    const own = compileMaps(FILES);
    if (!own.ok) throw new Error(own.failure.join("\n"));
    const text = [
      "MSH|^~\\&|EHR|NORTH|||2026030210||ADT^A08|C1|P|2.5.1",
      `PID|1||M4^^^NORTH^MR||X^Y||||||1 Elm^^Fargo^ND^58102^USA^H${"^".repeat(5)}20260101&20260201|||||||A4`,
      "OBX|1|DR|8302-2^Body height^LN||20260101&20260201||||||F",
    ].join("\r");
    const periods = made(text, true, false, own.value).match(/"(?:period|valuePeriod)":\{[^}]*\}/g);
    expect(periods).toEqual(['"period":{"start":"2026-01-01","end":"2026-02-01"}', '"valuePeriod":{"start":"2026-01-01"}']);
    expect(made(text, true, true, own.value)).toBe(made(text, false, true));
  });

  it("of a segment with a warning is worked out anew each time", () => {
    const text = ["MSH|^~\\&|EHR|NORTH|||2026030210||ADT^A01|C1|P|2.5.1", "PID|1||M1^^^NORTH^MR||X^Y||20261399|||||||||||A1"].join("\r");
    expect(made(text, true, true)).toContain("VALUE_NOT_VALID");
    expect(made(text, true, true)).toBe(made(text, true, true));
  });

  it("is not used for data types that look at other fields or make resources with other names", () => {
    const maps = baseMaps(readMaps(FILES).maps);
    const alone = standAlone(maps);
    expect(
      ["XPN[HumanName]", "XAD[Address]", "XTN[ContactPoint]", "XCN[Practitioner]", "CX[Identifier]"].filter((name) => !alone(name)),
    ).toEqual([]);
    expect(["PL[Location]", "TQ[ServiceRequest]", "CX[RelatedPerson-Mother]"].filter(alone)).toEqual([]);
  });
});
