import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { mappedPair, messageFiles } from "#src/cli/map-pairs.ts";
import { offlineMapping, SHIPPED_MAPS } from "#src/cli/offline-mapping.ts";
import { faultsOf } from "#src/fhir/validate.ts";
import type { Bundle } from "@medplum/fhirtypes";

const FOLDER = join(import.meta.dirname, "..", "messages");
const mapping = offlineMapping({ mappings: SHIPPED_MAPS, zone: "America/Chicago", authority: "NORTH" });
const files = messageFiles([FOLDER]);

describe("a message and the Bundle it becomes", () => {
  it.each(files.map((file) => [file.slice(FOLDER.length + 1), file]))("%s", (_, file) => {
    const actual = JSON.parse(mappedPair(file, mapping)) as Bundle;
    expect(actual).toEqual(JSON.parse(readFileSync(file.replace(/\.hl7$/, ".expected.json"), "utf8")));
    expect(actual.entry?.flatMap(({ resource }) => (resource === undefined ? [] : faultsOf(resource)))).toEqual([]);
  });

  it("there is one for every message type that has maps, at least sixty in all, and no expectation without its message", () => {
    expect(files.length).toBeGreaterThanOrEqual(60);
    const expected = readdirSync(FOLDER, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".expected.json"));
    expect(expected.map((name) => name.replace(".expected.json", ".hl7")).sort()).toEqual(
      files.map((file) => file.slice(FOLDER.length + 1)).sort(),
    );
    const types = new Set(files.map((file) => /^MSH(?:[^|]*\|){8}([A-Z]{3}\^[A-Z0-9]{3})/.exec(readFileSync(file, "utf8"))?.[1]));
    expect(mapping.pack.messageTypes.filter((type) => !types.has(type))).toEqual([]);
  });
});
