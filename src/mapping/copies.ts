import type { Elements } from "./scope.ts";

/** A copy of something of JSON. */
export function copyOf<T>(value: T): T {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(copyOf) as T;
  return copyInto(value as Elements, {}) as T;
}

/** Copies the members of an object into another. */
export function copyInto<T extends Elements>(from: Elements, into: T): T {
  for (const name in from) (into as Elements)[name] = copyOf(from[name]);
  return into;
}
