import type { CodeEntry } from "./code-data.ts";
import { createExcludes, type Excludes } from "./excludes.ts";
import { createPairs, type Pairs } from "./pairs.ts";
import type { CodeRow, FactRow } from "./rows.ts";
import type { Version } from "./versions.ts";

export interface AddOn {
  readonly type: 1 | 2 | 3;
  readonly primary: string;
  readonly from?: string;
  readonly to?: string;
}
export interface Units {
  readonly units: number;
  readonly adjudication: 1 | 2 | 3;
  readonly rationale: string;
}
export type Side = "left" | "right" | "bilateral" | "unspecified";

/** One version in memory. Only the maps that its kind of data fills have anything in them. */
export interface LoadedVersion {
  readonly version: Version;
  /** Most codes have one row; those whose state changed within the version have more. */
  readonly codes: ReadonlyMap<string, CodeEntry | readonly CodeEntry[]>;
  readonly lists: ReadonlyMap<string, ReadonlySet<string>>;
  readonly units: ReadonlyMap<string, Units>;
  readonly status: ReadonlyMap<string, string>;
  readonly addOns: ReadonlyMap<string, readonly AddOn[]>;
  /** Previous code to the codes that came after it. */
  readonly successors: ReadonlyMap<string, readonly { readonly code: string; readonly from: string }[]>;
  readonly sides: ReadonlyMap<string, { readonly side: Side; readonly group: string }>;
  readonly groups: ReadonlyMap<string, readonly string[]>;
  readonly pairs: Pairs;
  readonly excludes: Excludes;
  /** Codes in order, for looking under a header; made when first asked for. */
  readonly sorted: () => readonly string[];
}

const SIDES: Readonly<Record<string, Side>> = { R: "right", L: "left", B: "bilateral", U: "unspecified" };
const SIDE_WORD = /\b(right|left|bilateral|unspecified)\b/i;
const ADJUDICATION = { 1: 1, 2: 2, 3: 3 } as const;
const three = (value: number | undefined): 1 | 2 | 3 => ADJUDICATION[value as 1 | 2 | 3] ?? 3;

/** Texts that many rows share are kept once. */
export class SharedTexts {
  readonly #known = new Map<string, string>();
  share(text: string): string {
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    this.#known.set(text, text);
    return text;
  }
}

/** Fills one version row by row. */
export function createLoadedVersion(version: Version, texts: SharedTexts = new SharedTexts()) {
  const codes = new Map<string, CodeEntry | CodeEntry[]>();
  const lists = new Map<string, Set<string>>();
  const units = new Map<string, Units>();
  const status = new Map<string, string>();
  const addOns = new Map<string, AddOn[]>();
  const successors = new Map<string, { code: string; from: string }[]>();
  const sides = new Map<string, { side: Side; group: string }>();
  const groups = new Map<string, string[]>();
  const excludes: { scope: string; ref: string }[] = [];
  const pairs = createPairs();
  const push = <T>(map: Map<string, T[]>, key: string, value: T): void => {
    const known = map.get(key);
    if (known === undefined) map.set(key, [value]);
    else known.push(value);
  };
  const side = (code: string, group: string, which: Side): void => {
    sides.set(code, { side: which, group });
    push(groups, group, code);
  };
  const FACTS: Readonly<Record<string, (row: FactRow) => void>> = {
    // An empty list is a list as well.
    list: ({ code }) => void (lists.has(code) || lists.set(code, new Set())),
    mue: ({ code, value, flag, note = "" }) =>
      void units.set(code, { units: value ?? 0, adjudication: three(flag), rationale: texts.share(note) }),
    status: ({ code, note = "" }) => void status.set(code, texts.share(note)),
    "add-on": ({ code, other = "", flag, from, to }) =>
      push(addOns, code, {
        type: three(flag),
        primary: other,
        ...(from === undefined ? {} : { from }),
        ...(to === undefined ? {} : { to }),
      }),
    conversion: ({ code, other = "", from }) => push(successors, other, { code, from: from ?? version.from }),
    side: ({ code, other = "", note = "" }) => side(code, other, SIDES[note] ?? "unspecified"),
    excludes1: ({ code, other = "" }) => void excludes.push({ scope: code, ref: other }),
    ptp: ({ code, other = "", flag = 0, note = "", from, to }) => pairs.add({ code, other, flag, note, from: from ?? version.from, to }),
  };
  return {
    code({ code, billable, short, long, from, to }: CodeRow): void {
      const entry: CodeEntry = {
        code: texts.share(code),
        short: texts.share(short),
        billable,
        validFrom: texts.share(from ?? version.from),
        ...(to === undefined ? {} : { validTo: texts.share(to) }),
      };
      const known = codes.get(code);
      codes.set(entry.code, known === undefined ? entry : Array.isArray(known) ? [...known, entry] : [known, entry]);
      // A publisher's file does not say which codes differ in the side alone; their titles do.
      const word = version.set === "icd-10-cm" && billable ? SIDE_WORD.exec(long)?.[1]?.toLowerCase() : undefined;
      if (word !== undefined && !sides.has(code))
        side(entry.code, `${code.slice(0, 3)} ${code.length} ${long.replace(SIDE_WORD, "*").toLowerCase()}`, word as Side);
    },
    fact(row: FactRow): void {
      const known = FACTS[row.fact];
      if (known !== undefined) return known(row);
      if (!/^(mce-|poa-exempt$)/.test(row.fact)) return;
      const list = lists.get(row.fact) ?? new Set();
      lists.set(row.fact, list);
      list.add(texts.share(row.code));
    },
    build(): LoadedVersion {
      // One side alone is no choice of sides.
      for (const [group, members] of groups)
        if (!members.some((code) => sides.get(code)?.side === "right") || !members.some((code) => sides.get(code)?.side === "left")) {
          for (const code of members) sides.delete(code);
          groups.delete(group);
        }
      let sorted: readonly string[] | undefined;
      return {
        version,
        codes,
        lists,
        units,
        status,
        addOns,
        successors,
        sides,
        groups,
        pairs: pairs.build(),
        excludes: createExcludes(excludes),
        sorted: () => (sorted ??= [...codes.keys()].sort()),
      };
    },
  };
}
