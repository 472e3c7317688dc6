import type { Patient, Resource } from "@medplum/fhirtypes";

/** Numbers of a person, as `system|value`; of one that has none its id. Account and visit numbers say nothing of who somebody is. */
function numbersOf({ id, identifier = [] }: Patient): readonly string[] {
  const own = identifier.flatMap(({ system = "", value, type }) => {
    const kind = type?.coding?.[0]?.code ?? "";
    return value === undefined || kind === "AN" || kind === "VN" ? [] : [`${system}|${value}`];
  });
  return own.length === 0 ? [`|${id ?? ""}`] : own;
}

/**
 * How many people the patients of an account certainly are: those whose numbers one authority gave, each another. Patients that share a number are one
 * person, and the number of another authority, a laboratory's, may be anybody's.
 */
export function patientsNamed(resources: readonly Resource[]): number {
  const people: Set<string>[] = [];
  for (const resource of resources) {
    if (resource.resourceType !== "Patient") continue;
    const numbers = numbersOf(resource);
    const same = people.filter((known) => numbers.some((number) => known.has(number)));
    for (const one of same) people.splice(people.indexOf(one), 1);
    people.push(new Set([...numbers, ...same.flatMap((one) => [...one])]));
  }
  const bySystem = new Map<string, number>();
  for (const numbers of people)
    for (const system of new Set([...numbers].map((number) => number.slice(0, number.lastIndexOf("|")))))
      bySystem.set(system, (bySystem.get(system) ?? 0) + 1);
  return Math.max(0, ...bySystem.values());
}
