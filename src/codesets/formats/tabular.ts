import { fiscalYear, fiscalYearInName, type Period } from "../periods.ts";
import type { Format, Part, Sink } from "../rows.ts";
import { periodOrFault } from "./period-or-fault.ts";
import { createXmlReader } from "./xml.ts";

const NOTES: Part = { set: "icd-10-cm", part: "notes" };
const EXCLUDES: Part = { set: "excludes1", part: "pairs" };

/** Kinds of note of the tabular list, as its XML names them. */
export const NOTE_KINDS = [
  "includes",
  "inclusionTerm",
  "excludes1",
  "excludes2",
  "codeFirst",
  "useAdditionalCode",
  "codeAlso",
  "notes",
] as const;
export type NoteKind = (typeof NOTE_KINDS)[number];
const isNoteKind = (name: string): name is NoteKind => (NOTE_KINDS as readonly string[]).includes(name);

interface Node {
  readonly scope: "chapter" | "section" | "code";
  readonly code: string;
  desc: string;
  /** In order of the list. */
  readonly notes: { kind: NoteKind; text: string }[];
  /** Seventh characters and what each says. */
  readonly seventh: { character: string; text: string }[];
}

function writeNode(sink: Sink, { scope, code, desc, notes, seventh }: Node): void {
  if (scope !== "code") sink.fact(NOTES, { fact: scope, code, note: desc });
  notes.forEach(({ kind, text }, value) => sink.fact(NOTES, { fact: kind, code, other: scope, value, note: text }));
  for (const { character, text } of seventh) sink.fact(NOTES, { fact: "seventh", code, other: character, note: text });
}

const untilNewer = ({ edition, from, label }: Period): Period => ({ edition, from, label });

/** One node a line, as JSON. */
export const tabularLines: Format = {
  name: "ICD-10-CM tabular notes",
  recognises: ([first = ""]) => first.startsWith('{"scope":'),
  reader({ name, from }, sink) {
    let rows = 0;
    return {
      line(text, number) {
        if (text === "") return;
        let read: Record<string, unknown>;
        try {
          read = JSON.parse(text) as Record<string, unknown>;
        } catch {
          return sink.fault(number, "is not JSON");
        }
        const { scope, code, desc, seventh } = read;
        if ((scope !== "chapter" && scope !== "section" && scope !== "code") || typeof code !== "string" || typeof desc !== "string")
          return sink.fault(number, "has no scope, code and desc");
        rows++;
        const notes = NOTE_KINDS.flatMap((kind) =>
          Array.isArray(read[kind]) ? (read[kind] as unknown[]).map((one) => ({ kind, text: String(one) })) : [],
        );
        const characters = Object.entries((seventh ?? {}) as Record<string, unknown>).map(([character, text]) => ({
          character,
          text: String(text),
        }));
        writeNode(sink, { scope, code, desc, notes, seventh: characters });
      },
      end() {
        const period = periodOrFault(fiscalYearInName(name), from, sink);
        return period === undefined ? [] : [{ ...NOTES, period: untilNewer(period), fileRows: rows }];
      },
    };
  },
};

const CODE_IN_TEXT = /\b([A-Z][0-9A-Z]{2})(?:\.([0-9A-Z]{1,4}))?(?:\.?-(?![A-Z]))?(?:-([A-Z][0-9A-Z]{2})(?:\.([0-9A-Z]{1,4}))?)?/g;

/** Code ranges a note names between its brackets: `bacteremia NOS (R78.81)`, `(B95-B96)`, `(A05.-)`. */
export function rangesOf(note: string): readonly (readonly [from: string, to: string])[] {
  return [...note.matchAll(/\(([^()]*)\)/g)].flatMap(([, inside = ""]) =>
    [...inside.matchAll(CODE_IN_TEXT)]
      .filter(([, category = ""]) => /^[A-Z](\d|[AB])[0-9A-Z]$/.test(category))
      .map(([, category = "", rest = "", toCategory, toRest = ""]) => {
        const first = category + rest;
        return [first, toCategory === undefined ? first : toCategory + toRest] as const;
      }),
  );
}

/** `icd10cm_tabular_2026.xml`: the notes, and the Excludes1 pairs they make. */
export const tabularXml: Format = {
  name: "ICD-10-CM tabular list (XML)",
  recognises: (head) => head.some((line) => line.includes("<ICD10CM.tabular")),
  reader({ name, from }, sink) {
    const open: Node[] = [];
    const path: string[] = [];
    let rows = 0;
    let version: string | undefined;
    let closed = false;
    const scopeOf = (element: string): Node["scope"] | undefined =>
      element === "diag" ? "code" : element === "section" ? "section" : element === "chapter" ? "chapter" : undefined;
    const finish = (node: Node): void => {
      writeNode(sink, node);
      if (node.notes.length > 0 || node.seventh.length > 0 || node.scope !== "code") rows++;
      const [first, last = first] =
        node.scope === "chapter" ? (/\(([^()-]+)-([^()-]+)\)/.exec(node.desc)?.slice(1) ?? []) : node.code.split("-");
      if (first === undefined || last === undefined) return;
      for (const { kind, text } of node.notes)
        if (kind === "excludes1")
          for (const [a, b] of rangesOf(text))
            sink.fact(EXCLUDES, { fact: "excludes1", code: `${first}-${last}`, other: `${a}-${b}`, note: text });
    };
    const xml = createXmlReader({
      open(element, attributes) {
        path.push(element);
        const scope = scopeOf(element);
        if (scope !== undefined) open.push({ scope, code: (attributes["id"] ?? "").toUpperCase(), desc: "", notes: [], seventh: [] });
        const node = open.at(-1);
        if (element === "extension" && node !== undefined && path.at(-2) === "sevenChrDef")
          node.seventh.push({ character: attributes["char"] ?? "", text: "" });
      },
      close(element, text) {
        const parent = path.at(-2) ?? "";
        path.pop();
        const node = open.at(-1);
        if (element === "version" && version === undefined) version = text;
        if (element === "ICD10CM.tabular") closed = true;
        if (node === undefined) return;
        if (element === "name" && scopeOf(parent) !== undefined) open[open.length - 1] = { ...node, code: text.replaceAll(".", "") };
        else if (element === "desc" && scopeOf(parent) !== undefined) node.desc = text;
        else if (element === "note" && isNoteKind(parent)) node.notes.push({ kind: parent, text });
        else if (element === "extension") {
          const last = node.seventh.at(-1);
          if (last !== undefined) last.text = text;
        } else if (scopeOf(element) !== undefined) {
          open.pop();
          finish(node);
        }
      },
      fault: (line, text) => sink.fault(line, text),
    });
    return {
      line: (text, number) => xml.line(text, number),
      end() {
        xml.end();
        if (!closed) sink.fault(1, "the end of ICD10CM.tabular is missing: the file is cut off");
        const year = version !== undefined && /^20\d\d$/.test(version) ? fiscalYear(Number(version)) : fiscalYearInName(name);
        const period = periodOrFault(year, from, sink);
        if (period === undefined) return [];
        return [
          { ...NOTES, period: untilNewer(period), fileRows: rows },
          { ...EXCLUDES, period: untilNewer(period), fileRows: rows },
        ];
      },
    };
  },
};

const TABLES: Part = { set: "icd-10-pcs", part: "tables" };

interface PcsRow {
  /** Axes 4 to 7: value to label. */
  readonly axes: { readonly position: number; title: string; readonly values: Record<string, string> }[];
}

/** `icd10pcs_tables_2026.xml`: each row of each table with the values its four last axes may have. */
export const pcsTablesXml: Format = {
  name: "ICD-10-PCS tables (XML)",
  recognises: (head) => head.some((line) => line.includes("<ICD10PCS.tabular")),
  reader({ name, from }, sink) {
    const path: string[] = [];
    let table = "";
    let row: PcsRow | undefined;
    let axis: PcsRow["axes"][number] | undefined;
    let label = "";
    let rows = 0;
    let version: string | undefined;
    let closed = false;
    const xml = createXmlReader({
      open(element, attributes) {
        path.push(element);
        if (element === "pcsTable") table = "";
        if (element === "pcsRow") row = { axes: [] };
        if (element === "axis" && row !== undefined) {
          axis = { position: Number(attributes["pos"]), title: "", values: {} };
          row.axes.push(axis);
        }
        if (element === "label") {
          label = attributes["code"] ?? "";
          if (row === undefined) table += label;
        }
      },
      close(element, text) {
        path.pop();
        if (element === "version" && version === undefined) version = text;
        if (element === "title" && axis !== undefined) axis.title = text;
        if (element === "label" && axis !== undefined) axis.values[label] = text;
        if (element === "axis") axis = undefined;
        if (element === "pcsRow" && row !== undefined) {
          rows++;
          sink.fact(TABLES, { fact: "row", code: table, value: rows, note: JSON.stringify(row.axes) });
          row = undefined;
        }
        if (element === "ICD10PCS.tabular") closed = true;
      },
      fault: (line, text) => sink.fault(line, text),
    });
    return {
      line: (text, number) => xml.line(text, number),
      end() {
        xml.end();
        if (!closed) sink.fault(1, "the end of ICD10PCS.tabular is missing: the file is cut off");
        const year = version !== undefined && /^20\d\d$/.test(version) ? fiscalYear(Number(version)) : fiscalYearInName(name);
        const period = periodOrFault(year, from, sink);
        return period === undefined ? [] : [{ ...TABLES, period, fileRows: rows }];
      },
    };
  },
};
