import type { ListName } from "../code-data.ts";
import { fiscalYear, fiscalYearInName } from "../periods.ts";
import type { Format, Part, Sink } from "../rows.ts";
import { periodOrFault } from "./period-or-fault.ts";

const MCE: Part = { set: "mce", part: "lists" };
/** CMS switched the sex conflict edit off for every ICD-10 code from this day on: the lists exist and are empty. */
const SEX_EDIT_ENDED = "2024-10-01";

const KEYS: Readonly<Record<string, ListName>> = {
  manifestation_not_pdx: "mce-manifestation",
  unacceptable_pdx: "mce-unacceptable-principal",
  age_newborn: "mce-newborn",
  age_pediatric: "mce-pediatric",
  age_maternity: "mce-maternity",
  age_adult: "mce-adult",
  sex_female: "mce-female",
  sex_male: "mce-male",
  questionable_admission: "mce-questionable-admission",
  external_cause: "mce-external-cause",
};

/** `list` rows say which lists the version has: a code on none of them is then known not to be on it. */
function writeLists(sink: Sink, lists: ReadonlyMap<ListName, readonly string[]>, sexEditEnded: boolean): void {
  const known = new Set<ListName>([...lists.keys(), ...(sexEditEnded ? (["mce-female", "mce-male"] as const) : [])]);
  for (const list of known) sink.fact(MCE, { fact: "list", code: list });
  for (const [list, codes] of lists) for (const code of codes) sink.fact(MCE, { fact: list, code });
}

/** The lists as one JSON document: `{"age_categories": …, "codes": {"manifestation_not_pdx": […], …}}`. */
export const mceJson: Format = {
  name: "Medicare Code Editor lists (JSON)",
  recognises: ([first = ""], name) => first.startsWith("{") && /mce/i.test(name),
  reader({ name, from }, sink) {
    let text = "";
    return {
      line(line) {
        text += `${line}\n`;
      },
      end() {
        let read: { codes?: unknown; age_categories?: unknown };
        try {
          read = JSON.parse(text) as typeof read;
        } catch {
          sink.fault(1, "is not whole JSON: the file is cut off or broken");
          return [];
        }
        if (typeof read.codes !== "object" || read.codes === null) {
          sink.fault(1, "has no codes");
          return [];
        }
        const lists = new Map<ListName, readonly string[]>();
        let rows = 0;
        for (const [key, codes] of Object.entries(read.codes)) {
          if (!Array.isArray(codes) || !codes.every((code) => typeof code === "string" && /^[A-Z][0-9A-Z]{2,6}$/.test(code))) {
            sink.fault(1, `codes.${key} is no list of codes`);
            return [];
          }
          rows += codes.length;
          const list = KEYS[key];
          if (list !== undefined) lists.set(list, codes as string[]);
          else for (const code of codes as string[]) sink.fact(MCE, { fact: key.replaceAll("_", "-"), code });
        }
        const period = periodOrFault(fiscalYearInName(name), from, sink);
        if (period === undefined) return [];
        writeLists(sink, lists, period.from >= SEX_EDIT_ENDED);
        for (const [category, range] of Object.entries(
          (read.age_categories ?? {}) as Record<string, { min_age?: number; max_age?: number }>,
        ))
          sink.fact(MCE, { fact: "age", code: category, value: range.min_age ?? 0, flag: range.max_age ?? 124 });
        // The lists were taken by a pattern that passes over U codes and those with a letter in second place.
        return [{ ...MCE, period, fileRows: rows, notCovered: "^(U|.[A-Z])" }];
      },
    };
  },
};

const SECTIONS: readonly (readonly [RegExp, ListName])[] = [
  [/manifestation code as principal/i, "mce-manifestation"],
  [/unacceptable principal diagnosis/i, "mce-unacceptable-principal"],
  [/(newborn|perinatal).*(diagnos|age)/i, "mce-newborn"],
  [/pediatric.*(diagnos|age)/i, "mce-pediatric"],
  [/maternity.*(diagnos|age)/i, "mce-maternity"],
  [/adult.*(diagnos|age)/i, "mce-adult"],
  [/diagnos\w* for females? only|female only/i, "mce-female"],
  [/diagnos\w* for males? only|^male only/i, "mce-male"],
  [/questionable admission/i, "mce-questionable-admission"],
  [/e-?code as principal|external cause.*principal/i, "mce-external-cause"],
];
const CODE_LINE = /^\s{0,12}([A-TV-Z][0-9][0-9A-Z](?:\.?[0-9A-Z]{1,4})?|U\d\d[0-9A-Z]{0,4}|QA\d[0-9A-Z]{0,4})(?:\s{2,}\S.*|\t.*)?$/;
const HEADING = /^\s*(?:\d+\.|[A-Z]\.|[A-Za-z])/;

/** "Definitions of Medicare Code Edits" as text: a heading names the list, its codes follow one a line with their titles. */
export const mceText: Format = {
  name: "Definitions of Medicare Code Edits",
  recognises: (head) => head.some((line) => /^\s*definitions? of medicare code edits/i.test(line)),
  reader({ name, from }, sink) {
    const lists = new Map<ListName, string[]>();
    let list: string[] | undefined;
    let version: number | undefined;
    let rows = 0;
    return {
      line(text, number) {
        const told = /medicare code edit\w*.*?v(?:ersion)?\s*(\d\d)/i.exec(text)?.[1];
        if (told !== undefined) version ??= Number(told);
        const code = CODE_LINE.exec(text)?.[1];
        if (code !== undefined) {
          if (list === undefined) return sink.fault(number, "a code before the name of its list");
          rows++;
          list.push(code.replaceAll(".", ""));
          return;
        }
        if (!HEADING.test(text)) return;
        const section = SECTIONS.find(([pattern]) => pattern.test(text))?.[1];
        if (section === undefined) return;
        list = lists.get(section) ?? [];
        lists.set(section, list);
      },
      end() {
        // Version 43 is that of fiscal year 2026.
        const own = version === undefined ? fiscalYearInName(name) : fiscalYear(1983 + version);
        const period = periodOrFault(own, from, sink);
        if (rows === 0) sink.fault(1, "the file has no codes");
        if (period === undefined) return [];
        writeLists(sink, lists, period.from >= SEX_EDIT_ENDED);
        return [{ ...MCE, period, fileRows: rows }];
      },
    };
  },
};
