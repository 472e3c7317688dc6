import { CORE_SCHEMA, load } from "js-yaml";
import { type Document, isNode, LineCounter, parseDocument } from "yaml";
import type { z } from "zod";
import { fail, ok, type Result } from "#src/base/result.ts";
import type { MapFile } from "./map-file.ts";
import {
  mapsFile,
  type MapSpec,
  messagesFile,
  type MessageSpec,
  siteFile,
  type SiteSpec,
  tableFile,
  type TableSpec,
} from "./map-schema.ts";

/** Where something stands in the files, to say so in a fault. */
export type Where = readonly (string | number)[];

/** One part of the files with a way to report what is wrong in it. */
export interface Read<T> {
  readonly spec: T;
  /** A map of a data type; of a segment otherwise. */
  readonly dataType: boolean;
  readonly fault: (where: Where, what: string) => void;
}

export interface ReadMaps {
  readonly maps: readonly Read<MapSpec>[];
  readonly messages: readonly Read<MessageSpec>[];
  readonly tables: readonly Read<TableSpec>[];
  readonly sites: readonly Read<SiteSpec>[];
  readonly faults: string[];
}

/** Line of the innermost part of a path that exists. */
function lineOf(document: Document, lines: LineCounter, where: Where): number {
  for (let depth = where.length; depth >= 0; depth--) {
    const node: unknown = depth === 0 ? document.contents : document.getIn(where.slice(0, depth), true);
    if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
  }
  return 1;
}

const innermost = (issue: z.core.$ZodIssue): z.core.$ZodIssue => {
  if (issue.code !== "invalid_union") return issue;
  // The alternative that got furthest is the one that was meant.
  const deepest = issue.errors.flat().sort((a, b) => b.path.length - a.path.length)[0];
  return deepest === undefined ? issue : { ...innermost(deepest), path: [...issue.path, ...deepest.path] };
};

/** A file as data, and where things stand in it. Finding a place means reading it again, slowly: it is done once something is wrong. */
interface Parsed {
  readonly data: unknown;
  readonly lineOf: (where: Where) => number;
}

/** Fails with `LINE: what` of each error of form. */
function parseYaml(text: string): Result<Parsed, readonly { readonly line: number; readonly what: string }[]> {
  let document: Document | undefined;
  const lines = new LineCounter();
  const located = (): Document => (document ??= parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true }));
  try {
    // Written out and read again each text is in one piece, and no longer a part of the file's: constants are written out with every message.
    const data: unknown = JSON.parse(JSON.stringify(load(text, { schema: CORE_SCHEMA }) ?? null));
    return ok({ data, lineOf: (where) => lineOf(located(), lines, where) });
  } catch {
    const { errors } = located();
    return fail(
      errors.length === 0
        ? [{ line: 1, what: "is not YAML" }]
        : errors.map(({ pos, message }) => ({ line: lines.linePos(pos[0]).line, what: message })),
    );
  }
}

/** Reads the YAML of all files and checks its form. All faults at once, as `mappings/…yaml:LINE: what`. */
export function readMaps(files: readonly MapFile[]): ReadMaps {
  const read = {
    maps: [] as Read<MapSpec>[],
    messages: [] as Read<MessageSpec>[],
    tables: [] as Read<TableSpec>[],
    sites: [] as Read<SiteSpec>[],
    faults: [] as string[],
  };
  for (const { path, text, shown = `mappings/${path}` } of files) {
    const report = (line: number, what: string): void => void read.faults.push(`${shown}:${line}: ${what}`);
    const parsed = parseYaml(text);
    if (!parsed.ok) {
      for (const { line, what } of parsed.failure) report(line, what);
      continue;
    }
    const { data, lineOf: lineAt } = parsed.value;
    const fault = (where: Where, what: string): void => report(lineAt(where), what);
    const kind = { dataType: path.includes("datatypes/") };
    const check = <T>(schema: z.ZodType<T>, take: (spec: T) => void): void => {
      const result = schema.safeParse(data);
      if (result.success) return take(result.data);
      for (const raw of result.error.issues) {
        const issue = innermost(raw);
        const where = issue.path.map((key) => (typeof key === "number" ? key : String(key)));
        fault(where, `${where.length === 0 ? "" : `${where.join(".")}: `}${issue.message}`);
      }
    };
    const has = (key: string): boolean => typeof data === "object" && data !== null && key in data;
    if (has("site")) check(siteFile, (spec) => read.sites.push({ spec, ...kind, fault }));
    else if (has("maps") && !has("messages"))
      check(mapsFile, (spec) => {
        for (const [at, map] of spec.maps.entries())
          read.maps.push({ spec: map, ...kind, fault: (where, what) => fault(["maps", at, ...where], what) });
      });
    else if (has("messages")) check(messagesFile, (spec) => read.messages.push({ spec, ...kind, fault }));
    else if (has("table")) check(tableFile, (spec) => read.tables.push({ spec, ...kind, fault }));
    else report(1, "is neither maps, messages, a table nor a site");
  }
  return read;
}
