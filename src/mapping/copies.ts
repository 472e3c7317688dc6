import { isShared } from "#src/fhir/shared-json.ts";
import type { Elements, Made } from "./scope.ts";

/** A copy of something of JSON. */
export function copyOf<T>(value: T): T {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(copyOf) as T;
  const copy: Elements = { ...(value as Elements) };
  for (const name in copy) {
    const member = copy[name];
    if (typeof member === "object") copy[name] = copyOf(member);
  }
  return copy as T;
}

/** A copy to be written into, which has what else of it is shared: who writes into that has a copy of it first. */
export function openCopyOf<T>(value: T): T {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(ownPart) as T;
  const copy: Elements = { ...(value as Elements) };
  for (const name in copy) {
    const member = copy[name];
    if (typeof member === "object") copy[name] = ownPart(member);
  }
  return copy as T;
}

const ownPart = (part: unknown): unknown => (typeof part === "object" && part !== null && isShared(part) ? part : openCopyOf(part));

/** What was made, to be written into: others may have the same resource. */
export function writable(made: Made): Made {
  if (isShared(made.root)) made.root = openCopyOf(made.root);
  return made;
}
