import { isShared } from "#src/fhir/shared-json.ts";
import type { Elements, Made } from "./scope.ts";

/** A copy of something of JSON, of the copies of its parts. */
function copyWith<T>(value: T, copyPart: (part: unknown) => unknown): T {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((part) => copyPart(part)) as T;
  const copy: Elements = { ...(value as Elements) };
  for (const name in copy) {
    const member = copy[name];
    if (typeof member === "object") copy[name] = copyPart(member);
  }
  return copy as T;
}

/** A copy of something of JSON. */
export const copyOf = <T>(value: T): T => copyWith(value, copyOf);

/** A copy to be written into, which has what else of it is shared: who writes into that has a copy of it first. */
const openCopyOf = <T>(value: T): T => copyWith(value, ownPart);

const ownPart = (part: unknown): unknown => (typeof part === "object" && part !== null && isShared(part) ? part : openCopyOf(part));

/** What was made, to be written into: others may have the same resource. */
export function writable(made: Made): Made {
  if (isShared(made.root)) made.root = openCopyOf(made.root);
  return made;
}
