import { hash } from "node:crypto";

/** The same UUID (version 8) for the same parts: a receiver recognises what it has had. Our ids are random already; nothing can be guessed from it. */
export function digestId(...parts: readonly string[]): string {
  const hex = hash("sha256", parts.join("\n"));
  return [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join("-");
}
