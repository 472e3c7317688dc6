import { describe, expect, it } from "vitest";
import type { MapFile } from "#src/config/map-files.ts";
import { compileMaps, type MapPack } from "#src/mapping/compile.ts";
import { ADMISSION, MAP_FILES, PACK, SETTINGS, textOf, tryMap } from "./maps.ts";

const faults = (...files: readonly MapFile[]): readonly string[] => {
  const compiled = compileMaps([...MAP_FILES, ...files]);
  return compiled.ok ? [] : compiled.failure;
};

const site = (...lines: readonly string[]): MapFile => ({
  path: "sites/west.yaml",
  shown: "maps/west.yaml",
  text: ["site: west", "senders: [{ application: EHR, facility: WEST }]", ...lines, ""].join("\n"),
});

const packWith = (...files: readonly MapFile[]): MapPack => {
  const compiled = compileMaps([...MAP_FILES, ...files]);
  if (!compiled.ok) throw new Error(compiled.failure.join("\n"));
  return compiled.value;
};

const admitted = (pack: MapPack, changes: Readonly<Record<string, string>> = {}) => {
  const mapped = tryMap(textOf({ ...ADMISSION, ...changes }), SETTINGS, pack);
  if (!mapped.ok) throw new Error(JSON.stringify(mapped.failure));
  return mapped.value;
};
const encounterOf = (pack: MapPack, changes: Readonly<Record<string, string>> = {}) =>
  admitted(pack, changes).resources.find(({ resource }) => resource.resourceType === "Encounter")?.resource;

describe("faults in maps", () => {
  it("are told with file and line, all at once", () => {
    const file = {
      path: "base/segments/ZDX.yaml",
      text: [
        "maps:",
        "  - map: ZDX[Condition]",
        "    identity:",
        "      - { by: [ZDX-1] }",
        "    rows:",
        '      - { key: "ZDX-1>code", as: Nonsense, guide: added }',
        '      - { key: "ZDX-2>nmae", guide: added }',
        '      - { key: "ZDX-3>recordedDate", table: nowhere, guide: added }',
        '      - { key: "ZDX>note", guide: added }',
        '      - { key: "ZDX-4>onsetDateTime", guide: repaired }',
        '      - { key: "ZDX-5>onsetString", by: "PID[Patient] PID-99>name", guide: repaired, why: done there }',
        '      - { key: "ZDX-4>onsetDateTime", guide: added }',
      ].join("\n"),
    };
    const at = (line: number, what: string): string => `mappings/base/segments/ZDX.yaml:${line}: ${what}`;
    expect([...faults(file)].sort()).toEqual(
      [
        at(6, "no data type Nonsense"),
        at(7, "Condition has no element nmae"),
        at(8, "no table nowhere"),
        at(9, "says neither from, set, join, ref, refs, gather nor delete"),
        at(10, "repaired and says not why"),
        at(11, "there is no row PID[Patient] PID-99>name"),
        at(12, "ZDX-4>onsetDateTime is there already"),
      ].sort(),
    );
  });

  it("name a key that does not exist and a source that cannot be", () => {
    const text =
      'maps:\n  - map: ZPD[Patient]\n    rows:\n      - { key: "ZPD-5>name", mapp: 1, guide: added }\n      - { key: "ZPD-6>name", from: PID5, guide: added }\n';
    const found = faults({ path: "base/segments/ZPD.yaml", text });
    expect(found[0]).toMatch(/^mappings\/base\/segments\/ZPD\.yaml:4: .*mapp/);
    expect(found[1]).toMatch(/^mappings\/base\/segments\/ZPD\.yaml:5: .*is not a source/);
  });

  it("are told for YAML that cannot be read, unknown maps of a message, and files of no kind", () => {
    expect(faults({ path: "x.yaml", text: "a: [1\n" })[0]).toMatch(/^mappings\/x\.yaml:\d+: /);
    expect(faults({ path: "x.yaml", text: "a: 1\na: 2\n" })[0]).toMatch(/^mappings\/x\.yaml:2: /);
    expect(faults({ path: "x.yaml", text: "a: 1\n" })).toEqual(["mappings/x.yaml:1: is neither maps, messages, a table nor a site"]);
    const message = 'messages: [ADT^A99]\nlevel: person\nmaps:\n  - { row: own, map: "ZZZ[Patient]", guide: added }\n';
    expect(faults({ path: "m.yaml", text: message })).toEqual(["mappings/m.yaml:4: no map ZZZ[Patient] of a segment"]);
    expect(faults({ path: "m.yaml", text: "messages: [ADT^A01]\nlevel: account\nlike: ADT^A04\n" })).toEqual([
      "mappings/m.yaml:1: ADT^A01 has maps already",
    ]);
  });

  it("are told of an entry that is to be taken out of a list, where its entries are not told apart by what they refer to", () => {
    const file = (row: string) => site("maps:", "  - map: DG1[Encounter]", "    rows:", `      - ${row}`);
    const taking = (list: string, ref: string) => faults(file(`{ key: "DG1-21>${list}", ref: "${ref}", delete: true, guide: added }`));
    expect(taking("location", "DG1[Condition]")).toEqual([
      "maps/west.yaml:6: entries of Encounter.location are not told apart by what they refer to",
    ]);
    expect(taking("participant", "DG1[Condition]")).toHaveLength(1);
    expect(taking("diagnosis", "DG9[Condition]")).toEqual(["maps/west.yaml:6: no map DG9[Condition]"]);
    expect(taking("diagnosis", "DG1[Condition]")).toEqual([]);
  });

  it("are a constant that R4 does not know where it binds the element, in the base and in a site's maps", () => {
    const rows = [
      '      - { key: "ZPV-1>status", set: discharged, guide: added }',
      '      - { key: "ZPV-1>status#2", set: finished, guide: added }',
      '      - { key: "ZPV-2>location[9].status", set: left, guide: added }',
      '      - { key: "ZPV-3>identifier[]", set: { value: "1", use: legal }, guide: added }',
      '      - { key: "ZPV-4>identifier[]", as: "CX[Identifier]", beside: { use: legal }, guide: added }',
      '      - { key: "ZPV-5>class", set: { code: nonsense }, guide: added }',
    ];
    const told = (file: string, from: number): readonly unknown[] => [
      expect.stringMatching(`^${file}:${from}: discharged is no code of Encounter.status: R4 has planned, .*finished`),
      expect.stringMatching(`^${file}:${from + 2}: left is no code of Encounter.location.status: R4 has planned, active`),
      expect.stringMatching(`^${file}:${from + 3}: Identifier.use: R4 has no such code here; there are usual, official`),
      expect.stringMatching(`^${file}:${from + 4}: Identifier.use: R4 has no such code here; there are usual, official`),
    ];
    const base = { path: "base/segments/ZPV.yaml", text: ["maps:", "  - map: ZPV[Encounter]", "    rows:", ...rows].join("\n") };
    expect(faults(base)).toEqual(told("mappings/base/segments/ZPV.yaml", 4));
    expect(faults(site("maps:", "  - map: PV1[Encounter]", "    rows:", ...rows))).toEqual(told("maps/west.yaml", 6));
  });

  it("are a table's code that R4 does not know where a row writes it, at the code's own line, or another element's table at the row's", () => {
    const codes = site(
      "tables:",
      '  - table: "PatientClass[EncounterStatus]"',
      "    codes:",
      "      I: in-progress",
      "      X: over",
      "      Y: null",
    );
    expect(faults(codes)).toEqual([
      expect.stringMatching(
        /^maps\/west\.yaml:7: over is no code of Encounter\.status, which PV1\[Encounter\] PV1-2>status.* writes it to: R4 has/,
      ),
    ]);
    const rows = site(
      "maps:",
      "  - map: PV1[Encounter]",
      "    rows:",
      '      - { key: "ZPV-1>status", table: AdministrativeSex, guide: added }',
    );
    expect(faults(rows)).toEqual([
      expect.stringMatching(/^maps\/west\.yaml:6: the table AdministrativeSex is not of Encounter\.status: R4 has/),
    ]);
  });

  it("of a site are told in the site's own file", () => {
    const file = site("maps:", "  - map: PV1[Encounter]", "    rows:", '      - { key: "PV1-77>nothing", drop: true, guide: added }');
    expect(faults(file)).toContain("maps/west.yaml:6: there is no row PV1-77>nothing to do without");
    expect(
      faults(site("maps:", "  - map: ZIN[Procedure]", "    after: PV9[Encounter]", '    rows: [{ key: "ZIN-1>note.text", guide: added }]')),
    ).toContain("maps/west.yaml:5: there is no map PV9[Encounter]: this one would never run");
    const row = '    rows: [{ key: "ZIN-1>note.text", guide: added }]';
    expect(
      faults(
        site(
          "maps:",
          "  - map: ZIN[Procedure]",
          "    after: ZIO[Procedure]",
          row,
          "  - map: ZIO[Procedure]",
          "    after: ZIN[Procedure]",
          row,
        ),
      ),
    ).toContain("maps/west.yaml:5: there is no map ZIO[Procedure] that runs: this one would never run");
    expect(faults(site(), { ...site(), path: "sites/other.yaml", shown: "maps/other.yaml" })).toEqual([
      "maps/other.yaml:2: site west is for the same sender",
    ]);
  });
});

describe("a site's maps", () => {
  const own = packWith(
    site(
      "maps:",
      "  - map: PV1[Encounter]",
      "    rows:",
      '      - { key: "PV1-2>class", from: PV1-2, set: { code: VR }, guide: decided, why: all visits here are virtual }',
      '      - { key: "PV1-10>serviceType", drop: true, guide: added }',
      '      - { key: "ZPV-2>hospitalization.dietPreference", as: "CWE[CodeableConcept]", guide: added }',
      "tables:",
      "  - table: DischargeDisposition",
      '    codes: { HOMEX: { code: "01", system: "http://terminology.hl7.org/CodeSystem/v2-0112" } }',
    ),
  );

  it("replace, drop and add rows for their senders only, and change the version", () => {
    expect(own.version).not.toBe(PACK.version);
    const changes = {
      PV1: (ADMISSION["PV1"] ?? "").replace("||||7001", "||||7001").replace("|WEST||||", "|WEST||||"),
      ZPV: "ZPV|1|VEG^Vegetarian",
    };
    expect(encounterOf(own, changes)).toMatchObject({
      class: { code: "VR" },
      hospitalization: { dietPreference: [{ coding: [{ code: "VEG", display: "Vegetarian" }] }] },
    });
    const elsewhere = { ...changes, MSH: (ADMISSION["MSH"] ?? "").replace("|EHR|WEST|", "|EHR|EAST|") };
    expect(encounterOf(own, elsewhere)).toEqual(encounterOf(PACK, elsewhere));
  });

  it("give a code that the shipped tables do not know its meaning", () => {
    const PV1 = "PV1|1|I|3N^301^A^WEST||||||||||||||||VIS9^^^WEST^VN|||||||||||||||||HOMEX^Home with help^L||||||||20260110080000";
    expect(admitted(PACK, { PV1 }).unmapped).toEqual([{ table: "DischargeDisposition", code: "HOMEX", place: "PV1-36" }]);
    expect(admitted(own, { PV1 }).unmapped).toBeUndefined();
    expect(encounterOf(own, { PV1 })).toMatchObject({
      hospitalization: { dischargeDisposition: { coding: [{ code: "01" }, { code: "HOMEX", display: "Home with help" }] } },
    });
  });

  it("give one version for the same files in any order", () => {
    const other = compileMaps([...MAP_FILES].reverse());
    expect(other.ok && other.value.version).toBe(PACK.version);
  });
});

describe("text in a map", () => {
  it("is text, whatever is in it: of a constant, a literal, a condition, a table and a row's name", () => {
    const nasty = "`${globalThis.ran = 1}` \"; globalThis.ran = 2; // \\\n\u2028 */ globalThis.ran = 3; '";
    const quoted = JSON.stringify(nasty);
    const pack = packWith(
      site(
        "maps:",
        '  - map: "PV1[Encounter]"',
        "    rows:",
        `      - { key: ${JSON.stringify(`PV1-41>language#${nasty}`)}, to: language, set: ${quoted}, guide: added }`,
        `      - { key: "PV1-42>implicitRules", join: [PV1-3.1, ${JSON.stringify(`'${nasty}'`)}], when: { is: { PV1-2: [I, ${quoted}] }, event: [A01] }, guide: added }`,
      ),
    );
    const encounter = encounterOf(pack) as Record<string, unknown> | undefined;
    expect(encounter?.["implicitRules"]).toBe(`3N${nasty}`.trim());
    expect((globalThis as { ran?: number }).ran).toBeUndefined();
  });
});
