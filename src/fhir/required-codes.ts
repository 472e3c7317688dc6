import { elementOf, isType } from "./elements.ts";
import codes from "./r4-codes.json" with { type: "json" };
import type { ResourceFault } from "./validate.ts";

const CODES = new Map(
  Object.entries(codes).map(([type, own]) => [
    type,
    new Map(Object.entries(own).map(([name, all]) => [name, new Set((all as string).split(" "))])),
  ]),
);

/** The codes of an element that R4 binds to a value set: (`Encounter`, `status`). Undefined where it leaves them open, and for concepts. */
export const requiredCodesOf = (type: string, name: string): ReadonlySet<string> | undefined => CODES.get(type)?.get(name);

/**
 * Codes that R4 does not know where it binds an element to a value set (FHIR R4 4.1.5, required): an `Encounter.status` of "discharged". Those of elements
 * that are concepts are not looked at. Values are never quoted.
 * @param type of the object: a resource type, a data type, or a group of elements of one
 */
export function codeFaultsOf(type: string, object: object, place = type): readonly ResourceFault[] {
  return Object.entries(object).flatMap(([name, value]: [string, unknown]): readonly ResourceFault[] => {
    const held = elementOf(type, name)?.type;
    if (held === undefined) return [];
    const known = requiredCodesOf(type, name);
    return [value].flat().flatMap((one, index): readonly ResourceFault[] => {
      const at = `${place}.${name}${Array.isArray(value) ? `[${index}]` : ""}`;
      if (typeof one === "object" && one !== null) return isType(held) ? codeFaultsOf(held, one, at) : [];
      if (known === undefined || typeof one !== "string" || known.has(one)) return [];
      return [{ place: at, text: `R4 has no such code here; there are ${[...known].join(", ")}` }];
    });
  });
}
