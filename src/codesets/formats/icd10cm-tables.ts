import { dayBefore, fiscalYearInName, isDay, type Period } from "../periods.ts";
import type { CodeRow, Part } from "../rows.ts";
import { periodOrFault } from "./period-or-fault.ts";
import { tabSeparated } from "./tab-separated.ts";

const CODES: Part = { set: "icd-10-cm", part: "codes" };
const CODE = /^[A-Z][0-9A-Z]{2,6}$/;

/** What stays right until there is a newer one: a table that describes codes, not which codes are valid. */
const untilNewer = ({ edition, from, label }: Period): Period => ({ edition, from, label });

/** The order file as a table. */
export const orderTable = tabSeparated({
  name: "ICD-10-CM order table",
  columns: ["order", "code", "billable", "short", "long"],
  open: ({ name, from }, sink) => {
    let before: number | undefined;
    let rows = 0;
    return {
      row(cells, line) {
        const order = Number(cells("order"));
        if (before !== undefined && order !== before + 1)
          sink.fault(line, `order number ${order} follows ${before}: lines are missing or repeated`);
        before = order;
        const code = cells("code");
        if (!CODE.test(code) || !/^[01]$/.test(cells("billable"))) return sink.fault(line, "is no code with 0 or 1 in billable");
        rows++;
        sink.code(CODES, { code, billable: cells("billable") === "1", short: cells("short"), long: cells("long") });
      },
      end() {
        const period = periodOrFault(fiscalYearInName(name), from, sink);
        return period === undefined ? [] : [{ ...CODES, period, fileRows: rows }];
      },
    };
  },
});

/**
 * What a new fiscal year changes: ADD, DELETE, BILLABLE_TO_HEADER, HEADER_TO_BILLABLE, RETITLE. Applied to the codes in use on the day before,
 * which must be loaded; a change that does not fit them is a fault.
 */
export const deltaTable = tabSeparated({
  name: "ICD-10-CM changes of a year",
  columns: ["op", "code", "billable", "long"],
  later: true,
  open: ({ name, from, before }, sink) => {
    const changes: { line: number; op: string; code: string; billable: boolean; long: string }[] = [];
    return {
      row(cells, line) {
        const op = cells("op");
        if (!["ADD", "DELETE", "BILLABLE_TO_HEADER", "HEADER_TO_BILLABLE", "RETITLE"].includes(op))
          return sink.fault(line, "op is none of ADD, DELETE, BILLABLE_TO_HEADER, HEADER_TO_BILLABLE, RETITLE");
        if (!CODE.test(cells("code"))) return sink.fault(line, "is no code");
        changes.push({ line, op, code: cells("code"), billable: cells("billable") === "1", long: cells("long") });
      },
      async end() {
        // `fy2026-to-fy2027`: the later year is the one it makes.
        const period = periodOrFault(fiscalYearInName(name.replace(/^.*to[-_ ]?(?=fy)/i, "")), from, sink);
        if (period === undefined) return [];
        const base = await before?.(CODES, dayBefore(period.from));
        if (base === undefined) {
          sink.fault(1, `changes the codes of ${dayBefore(period.from)}, and none are loaded for that day; import them first`);
          return [];
        }
        const codes = new Map<string, CodeRow>(
          base.map((row) => [row.code, { code: row.code, billable: row.billable, short: row.short, long: row.long }]),
        );
        for (const { line, op, code, billable, long } of changes) {
          const old = codes.get(code);
          if (op === "ADD") {
            if (old !== undefined) sink.fault(line, "adds a code that there is");
            else codes.set(code, { code, billable, short: long, long });
          } else if (old === undefined) sink.fault(line, `${op} of a code that there is not`);
          else if (op === "DELETE") codes.delete(code);
          else if (op === "RETITLE") codes.set(code, { ...old, short: long, long });
          else codes.set(code, { ...old, billable: op === "HEADER_TO_BILLABLE" });
        }
        for (const row of codes.values()) sink.code(CODES, row);
        return [{ ...CODES, period: { ...period, label: `${period.label} by changes` }, fileRows: changes.length }];
      },
    };
  },
});

const CONVERSION: Part = { set: "icd-10-cm", part: "conversion" };
/** Days since the last day of 1899, as spreadsheets count. */
const SERIAL = /^4\d{4}$/;
const dayOfSerial = (serial: number): string => new Date(Date.UTC(1899, 11, 30) + serial * 86_400_000).toISOString().slice(0, 10);

/** NCHS conversion table: current code, the year or day it began, and the codes it was coded to before. Its own preamble stands above the header. */
export const conversionTable = {
  name: "ICD-10-CM conversion table",
  recognises: (head: readonly string[]) => head.slice(0, 6).some((line) => /^current code assignment\t/i.test(line)),
  reader: ({ name, from }, sink) => {
    let headed = false;
    let rows = 0;
    return {
      line(text, number) {
        if (!headed || text.trim() === "") {
          headed ||= /^current code assignment\t/i.test(text);
          return;
        }
        const [current = "", effective = "", previous = ""] = text.split("\t").map((cell) => cell.trim());
        if (effective === "" && previous === "") return;
        const code = current.replaceAll(".", "");
        const day = SERIAL.test(effective) ? dayOfSerial(Number(effective)) : `${Number(effective) - 1}-10-01`;
        if (!CODE.test(code) || !isDay(day)) return sink.fault(number, "is no code with the year it began");
        rows++;
        for (const old of previous.match(/[A-Z][0-9A-Z]{2}(?:\.[0-9A-Z]{1,4})?/g) ?? [])
          sink.fact(CONVERSION, { fact: "conversion", code, other: old.replaceAll(".", ""), from: day });
      },
      end() {
        const period = periodOrFault(fiscalYearInName(name), from, sink);
        return period === undefined ? [] : [{ ...CONVERSION, period: { ...untilNewer(period), from: "2015-10-01" }, fileRows: rows }];
      },
    };
  },
} satisfies import("../rows.ts").Format;

const LATERALITY: Part = { set: "icd-10-cm", part: "laterality" };
/** Codes that differ in the side alone: `R`, `L`, `B` (both), `U` (not said), with the name of their group. */
export const lateralityTable = tabSeparated({
  name: "ICD-10-CM codes by side",
  columns: ["code", "side", "group"],
  open: ({ name, from }, sink) => {
    let rows = 0;
    return {
      row(cells, line) {
        if (!CODE.test(cells("code")) || !/^[RLBU]$/.test(cells("side"))) return sink.fault(line, "is no code with a side R, L, B or U");
        rows++;
        sink.fact(LATERALITY, { fact: "side", code: cells("code"), other: cells("group"), note: cells("side") });
      },
      end() {
        const period = periodOrFault(fiscalYearInName(name), from, sink);
        return period === undefined ? [] : [{ ...LATERALITY, period: { ...untilNewer(period), from: "2015-10-01" }, fileRows: rows }];
      },
    };
  },
});

const EXCLUDES: Part = { set: "excludes1", part: "pairs" };
/** Excludes1: a code of the first range is not coded with one of the second. */
export const excludesTable = tabSeparated({
  name: "ICD-10-CM Excludes1 references",
  columns: ["scope_from", "scope_to", "ref_from", "ref_to", "note"],
  open: ({ name, from }, sink) => {
    let rows = 0;
    return {
      row(cells, line) {
        const ends = ["scope_from", "scope_to", "ref_from", "ref_to"].map(cells);
        if (!ends.every((end) => CODE.test(end))) return sink.fault(line, "is no pair of code ranges");
        rows++;
        sink.fact(EXCLUDES, { fact: "excludes1", code: `${ends[0]}-${ends[1]}`, other: `${ends[2]}-${ends[3]}`, note: cells("note") });
      },
      end() {
        const period = periodOrFault(fiscalYearInName(name), from, sink);
        return period === undefined ? [] : [{ ...EXCLUDES, period: untilNewer(period), fileRows: rows }];
      },
    };
  },
});

const EXEMPT: Part = { set: "poa-exempt", part: "codes" };
/** NCHS list of codes exempt from present-on-admission reporting: a code a line, with or without dot, order number before and title after it. */
export const poaExempt = {
  name: "POA-exempt codes",
  recognises: (head: readonly string[], name: string) => /poa[-_ ]?exempt/i.test(name) && head.some((line) => EXEMPT_LINE.test(line)),
  reader: ({ name, from }, sink) => {
    let rows = 0;
    let headed = false;
    return {
      line(text, number) {
        const code = EXEMPT_LINE.exec(text)?.[1]?.replaceAll(".", "");
        if (code !== undefined) {
          headed = true;
          rows++;
          sink.fact(EXEMPT, { fact: "poa-exempt", code });
        } else if (headed && text.trim() !== "") sink.fault(number, "is no code");
      },
      end() {
        const period = periodOrFault(fiscalYearInName(name), from, sink);
        return period === undefined ? [] : [{ ...EXEMPT, period, fileRows: rows }];
      },
    };
  },
} satisfies import("../rows.ts").Format;
const EXEMPT_LINE = /^(?:\d+\s+)?([A-Z][0-9A-Z]{2}(?:\.?[0-9A-Z]{1,4})?)(?:\s.*)?$/;
