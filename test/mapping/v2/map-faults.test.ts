import { describe, expect, it } from "vitest";
import type { MapFile } from "#src/config/map-files.ts";
import { compileMaps } from "#src/mapping/compile.ts";
import { ADMISSION, MAP_FILES, SETTINGS, textOf, tryMap } from "./maps.ts";

const faults = (...files: readonly MapFile[]): readonly string[] => {
  const compiled = compileMaps([...MAP_FILES, ...files]);
  return compiled.ok ? [] : compiled.failure;
};

describe("faults in maps", () => {
  it("are told with file and line, all at once", () => {
    const text = [
      "maps:",
      "  - map: ZDX[Condition]",
      "    identity:",
      "      - { by: [ZDX-1] }",
      "    rows:",
      "      - { from: ZDX-1, to: Condition.code, as: Nonsense }",
      "      - { from: ZDX-2, to: Patient.name }",
      "      - { from: ZDX-3, to: Condition.recordedDate, as: date, table: nowhere }",
      '      - { to: "Condition.note[]" }',
    ].join("\n");
    expect(faults({ path: "sites/z/ZDX.yaml", text })).toEqual([
      "mappings/sites/z/ZDX.yaml:6: no data type Nonsense",
      "mappings/sites/z/ZDX.yaml:7: must begin with Condition.",
      "mappings/sites/z/ZDX.yaml:8: no table nowhere",
      "mappings/sites/z/ZDX.yaml:9: says neither from, set, ref, gather nor delete",
    ]);
  });

  it("name a key that does not exist and a source that cannot be", () => {
    const text =
      "maps:\n  - map: PID[Patient]\n    rows:\n      - { from: PID-5, to: Patient.name, mapp: 1 }\n      - { from: PID5, to: Patient.name }\n";
    const found = faults({ path: "sites/z/PID.yaml", text });
    expect(found[0]).toMatch(/^mappings\/sites\/z\/PID\.yaml:4: .*mapp/);
    expect(found[1]).toMatch(/^mappings\/sites\/z\/PID\.yaml:5: .*is not a source/);
  });

  it("are told for YAML that cannot be read, unknown maps of a message, and files of no kind", () => {
    expect(faults({ path: "x.yaml", text: "a: [1\n" })[0]).toMatch(/^mappings\/x\.yaml:\d+: /);
    expect(faults({ path: "x.yaml", text: "a: 1\n" })).toEqual(["mappings/x.yaml:1: is neither maps, messages nor a table"]);
    expect(faults({ path: "m.yaml", text: "messages: [ADT^A60]\nlevel: person\nmaps:\n  - IAM[AllergyIntolerance]\n" })).toEqual([
      "mappings/m.yaml:4: no map IAM[AllergyIntolerance] of a segment",
    ]);
  });
});

describe("a site's maps", () => {
  const site: MapFile = {
    path: "sites/west/PV1.yaml",
    text: "maps:\n  - map: PV1[Encounter]\n    rows:\n      - { from: PV1-2, to: Encounter.class, set: { code: VR } }\n      - { from: PV1-36, to: Encounter.hospitalization.dischargeDisposition, drop: true }\n",
  };

  it("replace and drop single rows, and change the version", () => {
    const own = compileMaps([...MAP_FILES, site]);
    const base = compileMaps(MAP_FILES);
    if (!own.ok || !base.ok) throw new Error("does not compile");
    expect(own.value.version).not.toBe(base.value.version);
    const mapped = tryMap(textOf(ADMISSION), SETTINGS, own.value);
    expect(mapped.ok && mapped.value.resources.find(({ resource }) => resource.resourceType === "Encounter")?.resource).toMatchObject({
      class: { code: "VR" },
    });
  });

  it("give one version for the same files in any order", () => {
    const one = compileMaps(MAP_FILES);
    const other = compileMaps([...MAP_FILES].reverse());
    expect(one.ok && other.ok && one.value.version === other.value.version).toBe(true);
  });
});
