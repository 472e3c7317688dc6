import { isMap, isScalar, isSeq, LineCounter, parseDocument } from "yaml";
import type { z } from "zod";
import { fail, ok, type Result } from "./result.ts";

/** A YAML file that a person wrote, and where its parts stand. */
export interface YamlFile {
  readonly content: unknown;
  /** `queues/inpatient.yaml:7`: the line of what is at a path, or of the nearest thing around it that is there. */
  readonly at: (path: readonly PropertyKey[]) => string;
}

/**
 * Reads a YAML text.
 * Fails with every fault at once, each as `name:LINE: what is wrong`.
 */
export function readYaml(name: string, text: string): Result<YamlFile, readonly string[]> {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const where = (offset: number | undefined): string => `${name}:${offset === undefined ? 1 : lines.linePos(offset).line}`;
  if (document.errors.length > 0)
    return fail(document.errors.map((error) => `${where(error.pos[0])}: ${error.message.split("\n")[0] ?? ""}`));
  const at = (path: readonly PropertyKey[]): string => {
    let node: unknown = document.contents;
    let offset: number | undefined;
    for (const step of path) {
      const pair = isMap(node) ? node.items.find(({ key }) => isScalar(key) && String(key.value) === String(step)) : undefined;
      const key = isScalar(pair?.key) ? pair.key : undefined;
      node = isSeq(node) ? node.items[Number(step)] : pair?.value;
      const range = (key ?? (node as { readonly range?: readonly number[] | null } | undefined))?.range;
      if (range === undefined || range === null) break;
      [offset] = range;
    }
    return where(offset);
  };
  return ok({ content: document.toJS() as unknown, at });
}

/** Where an issue of a schema is: at a key that nobody knows, and not at what it stands in. */
export const issuePath = ({ code, path, ...issue }: z.core.$ZodIssue): readonly PropertyKey[] =>
  code === "unrecognized_keys" ? [...path, ...("keys" in issue ? issue.keys.slice(0, 1) : [])] : path;

/** `queues/inpatient.yaml:7: pull.roles: what is wrong`. */
export const faultAt = ({ at }: YamlFile, path: readonly PropertyKey[], what: string): string =>
  `${at(path)}: ${path.length === 0 ? "" : `${path.join(".")}: `}${what}`;
