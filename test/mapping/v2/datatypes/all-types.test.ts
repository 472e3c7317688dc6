import type { Resource } from "@medplum/fhirtypes";
import { describe, expect, it } from "vitest";
import { faultsOf } from "#src/fhir/validate.ts";
import type { MapSpec, Row } from "#src/mapping/map-schema.ts";
import { EXAMPLES } from "./examples.ts";
import { DATA_TYPES, readType } from "./read-type.ts";

/** Every element of what a data type made, by its path without indexes. */
function elementsOf(map: string, text: string): ReadonlyMap<string, string> {
  const { value, made } = readType(map, text);
  const found = new Map<string, string[]>();
  const note = (path: string, one: unknown): void => {
    if (one === null || one === undefined) return;
    const list = found.get(path);
    if (list === undefined) found.set(path, [JSON.stringify(one)]);
    else list.push(JSON.stringify(one));
    if (Array.isArray(one)) for (const entry of one) note(path, entry);
    else if (typeof one === "object")
      for (const [name, member] of Object.entries(one)) {
        // Extensions of a primitive stand beside it.
        const said = name.replace(/^_/, "");
        note(path === "" ? said : `${path}.${said}`, member);
      }
  };
  note("", value);
  for (const resource of made) note("", resource);
  return new Map(Array.from(found, ([path, list]) => [path, list.join(" ")]));
}

/** The element a row names, without slots; empty for the value itself. */
function pathOf({ key, to }: Row): string {
  const written =
    to ??
    key
      .slice(key.indexOf(">") + 1)
      .replace(/#\d+$/, "")
      .replace(/\([A-Za-z]+\)$/, "");
  return written
    .replace(/\[\w*\]/g, "")
    .replace(/^\$(?:this|value)$/, "")
    .replace(/\.\$this$/, "");
}

/** `XPN.1.2` to [1, 2]; empty for the value as a whole or none of its parts. */
const componentOf = (row: Row): readonly number[] => {
  const left = typeof row.from === "string" ? row.from : row.key.slice(0, row.key.indexOf(">"));
  return (/^[A-Z]{2,3}[.-](\d+)(?:\.(\d+))?$/.exec(left)?.slice(1) ?? []).filter((n) => n !== undefined).map(Number);
};

/** A text with one component, or subcomponent of one, replaced. */
function withPart(text: string, [component = 1, subcomponent]: readonly number[], part: string): string {
  const components = text.split("^");
  while (components.length < component) components.push("");
  if (subcomponent === undefined) components[component - 1] = part;
  else {
    const parts = (components[component - 1] ?? "").split("&");
    while (parts.length < subcomponent) parts.push("");
    parts[subcomponent - 1] = part;
    components[component - 1] = parts.join("&");
  }
  return components.join("^");
}

/** The example, and it without what may stand before the row's component. */
function* basesOf(text: string, component: readonly number[]): Generator<string> {
  yield text;
  const components = text.split("^");
  const own = component[0] ?? 0;
  yield components.map((one, at) => (at + 1 === own ? one : "")).join("^");
  for (let out = 1; out <= components.length; out++) if (out !== own) yield withPart(text, [out], "");
  yield components.map((one, at) => (at + 1 < own ? "" : one)).join("^");
  for (let from = 2; from < own; from++) yield components.map((one, at) => (at > 0 && at + 1 >= from && at + 1 < own ? "" : one)).join("^");
}

const CHANGES = ["", "Z9", "7", "20190203", "M", "2.16.840.1.113883.9"];

/** Whether changing the component that a row names changes the element that it names, in one of the examples. */
function doesWhatItNames({ map }: MapSpec, row: Row): boolean {
  const component = componentOf(row);
  const path = pathOf(row);
  for (const example of EXAMPLES[map.slice(0, map.indexOf("["))] ?? [])
    for (const base of basesOf(example, component)) {
      const before = elementsOf(map, base).get(path);
      // A row of no single component writes whenever there is a value.
      if (component.length === 0 && before !== undefined) return true;
      if (component.length > 0)
        for (const change of CHANGES) if (elementsOf(map, withPart(base, component, change)).get(path) !== before) return true;
    }
  return false;
}

/** The guide's table has no FHIR definition for any structure. */
const WITHOUT_CODES = new Set(["MSG.3>definition"]);
const isRun = (row: Row): boolean => row.guide !== "skipped" && row.by === undefined && !WITHOUT_CODES.has(row.key);

describe("a row of a data type map", () => {
  it.each(DATA_TYPES.map((spec) => [spec.map, spec] as const))(
    "of %s changes the element it names with the component it names",
    (_, spec) => {
      const idle = spec.rows.filter((row) => isRun(row) && !doesWhatItNames(spec, row)).map(({ key }) => key);
      expect(idle).toEqual([]);
    },
  );
});

describe("a resource that a data type makes", () => {
  const making = DATA_TYPES.filter(({ identity, map }) => identity.length > 0 || map === "PL[Location]");
  it.each(making.map(({ map }) => map))("of %s is valid R4", (map) => {
    const made = (EXAMPLES[map.slice(0, map.indexOf("["))] ?? []).flatMap((text) => readType(map, text).made);
    expect(made.length).toBeGreaterThan(0);
    expect(made.flatMap((resource: Resource) => faultsOf(resource))).toEqual([]);
  });
});
