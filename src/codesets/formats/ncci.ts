import { compactDay, isDay, quarterInName, type Period } from "../periods.ts";
import type { Part } from "../rows.ts";
import { delimited } from "./delimited.ts";
import { periodOrFault } from "./period-or-fault.ts";
import { tabSeparated } from "./tab-separated.ts";

const CODE = /^[0-9A-Z]{5}$/;
/** NCCI began in 1996; its tables keep the days of every pair since. */
const NCCI_BEGAN = "1996-01-01";
const wholeHistory = (period: Period): Period => ({ ...period, from: NCCI_BEGAN });

/** A day as YYYYMMDD or YYYYDDD (day of the year), `*` or empty for none; `wrong` for anything else. */
function ncciDay(text: string): string | undefined {
  if (text === "" || text === "*" || /^9{7,8}$/.test(text)) return undefined;
  const plain = compactDay(text);
  if (plain !== undefined) return plain;
  if (!/^\d{7}$/.test(text)) return "wrong";
  const day = new Date(Date.UTC(Number(text.slice(0, 4)), 0, Number(text.slice(4)))).toISOString().slice(0, 10);
  return isDay(day) ? day : "wrong";
}

/** The quarterly tables of pairs (`ccipra-v313r0-f1.txt` practitioner, `ccioph-…` hospital), each in several files. */
export const ptpTable = delimited({
  name: "NCCI procedure-to-procedure edits",
  columns: {
    column1: /^column ?1$/i,
    column2: /^column ?2$/i,
    effective: /^effective date/i,
    deletion: /^deletion date/i,
    modifier: /^modifier/i,
  },
  optional: { rationale: /rationale/i },
  open: ({ name, from }, sink) => {
    let rows = 0;
    const setting = /oph|hosp|facility|outpatient/i.test(name) ? "facility" : "practitioner";
    const file = /[-_]f(\d+)\b/i.exec(name)?.[1];
    const part: Part = { set: "ptp", part: file === undefined ? setting : `${setting} ${file}` };
    return {
      row(cells, line) {
        const [column1, column2, modifier] = [cells("column1"), cells("column2"), cells("modifier")];
        // The heading goes on over more lines: "*=in existence prior to 1996", "0=not allowed" and so on.
        if (rows === 0 && !CODE.test(column1) && !/^\d{8}$/.test(cells("effective"))) return;
        const [begun, ended] = [ncciDay(cells("effective")), ncciDay(cells("deletion"))];
        if (!CODE.test(column1) || !CODE.test(column2)) return sink.fault(line, "is no pair of codes");
        if (begun === "wrong" || begun === undefined || ended === "wrong") return sink.fault(line, "a date is not YYYYMMDD");
        if (!/^[019]$/.test(modifier)) return sink.fault(line, "the modifier indicator is none of 0, 1, 9");
        rows++;
        sink.fact(part, {
          fact: "ptp",
          code: column1,
          other: column2,
          flag: Number(modifier),
          note: cells("rationale"),
          from: begun,
          ...(ended === undefined ? {} : { to: ended }),
        });
      },
      end() {
        const period = periodOrFault(quarterInName(name), from, sink);
        if (rows === 0) sink.fault(1, "the file has no pairs");
        return period === undefined ? [] : [{ ...part, period: wholeHistory(period), fileRows: rows }];
      },
    };
  },
});

const settingOf = (text: string): "practitioner" | "facility" | "dme" | undefined =>
  /practitioner/i.test(text)
    ? "practitioner"
    : /facility|outpatient|oph/i.test(text)
      ? "facility"
      : /dme|supplier/i.test(text)
        ? "dme"
        : undefined;

/** MUE table: the heading says for whom (practitioner, outpatient hospital, DME supplier). */
export const mueTable = delimited({
  name: "NCCI medically unlikely edits",
  columns: { code: /HCPCS.*CPT|CPT.*HCPCS/i, units: /MUE values?$/i, adjudication: /adjudication indicator/i, rationale: /MUE rationale/i },
  open: ({ name, from }, sink) => {
    let rows = 0;
    let setting: ReturnType<typeof settingOf>;
    return {
      header(headings) {
        setting = settingOf(headings.join(" ")) ?? settingOf(name);
        if (setting === undefined) sink.fault(1, "neither the heading nor the name says whose units they are");
      },
      row(cells, line) {
        const mai = /^[123]/.exec(cells("adjudication"))?.[0];
        if (!CODE.test(cells("code")) || !/^\d+$/.test(cells("units")) || mai === undefined)
          return sink.fault(line, "is no code with units and an adjudication indicator 1, 2 or 3");
        rows++;
        sink.fact(
          { set: "mue", part: setting ?? "practitioner" },
          { fact: "mue", code: cells("code"), value: Number(cells("units")), flag: Number(mai), note: cells("rationale") },
        );
      },
      end() {
        const period = periodOrFault(quarterInName(name), from, sink);
        return period === undefined || setting === undefined ? [] : [{ set: "mue", part: setting, period, fileRows: rows }];
      },
    };
  },
});

/** The rows of HCPCS Level II alone: of a CPT code such a table says nothing. */
const LEVEL_2_ONLY = "^[0-9]";

export const mueLevel2 = tabSeparated({
  name: "MUE of HCPCS Level II codes",
  columns: ["code", "mue", "mai", "rationale"],
  open: ({ name, from }, sink) => {
    let rows = 0;
    const setting = settingOf(name) ?? "practitioner";
    const part: Part = { set: "mue", part: setting };
    return {
      row(cells, line) {
        if (!CODE.test(cells("code")) || !/^\d+$/.test(cells("mue")) || !/^[123]$/.test(cells("mai")))
          return sink.fault(line, "is no code with units and an adjudication indicator 1, 2 or 3");
        rows++;
        sink.fact(part, {
          fact: "mue",
          code: cells("code"),
          value: Number(cells("mue")),
          flag: Number(cells("mai")),
          note: cells("rationale"),
        });
      },
      end() {
        const period = periodOrFault(quarterInName(name), from, sink);
        return period === undefined ? [] : [{ ...part, period, fileRows: rows, notCovered: LEVEL_2_ONLY }];
      },
    };
  },
});

const ADD_ON: Part = { set: "add-on", part: "codes" };
/** Add-on codes and the codes they may be added to; type 2 and 3 leave (some of) those to the contractor (primary code CCCCC). */
export const addOnTable = delimited({
  name: "NCCI add-on codes",
  columns: { code: /^(add[- ]?on( code)?|AOC)$/i, type: /edit type/i, primary: /^primary code$/i },
  optional: {
    begun: /^(add[- ]?on( code)?|AOC).*eff/i,
    ended: /^(add[- ]?on( code)?|AOC).*del/i,
    primaryBegun: /^primary code.*eff/i,
    primaryEnded: /^primary code.*del/i,
  },
  open: ({ name, from }, sink) => {
    let rows = 0;
    const latest = (a: string | undefined, b: string | undefined): string | undefined =>
      a === undefined || (b !== undefined && b > a) ? b : a;
    const earliest = (a: string | undefined, b: string | undefined): string | undefined =>
      a === undefined || (b !== undefined && b < a) ? b : a;
    return {
      row(cells, line) {
        const type = /^(?:type )?(1|2|3|I{1,3})$/i.exec(cells("type"))?.[1];
        const primary = cells("primary");
        if (!CODE.test(cells("code")) || type === undefined || (primary !== "" && !CODE.test(primary)))
          return sink.fault(line, "is no add-on code with a type 1, 2 or 3 and a primary code");
        const days = ["begun", "ended", "primaryBegun", "primaryEnded"].map((column) => ncciDay(cells(column)));
        if (days.includes("wrong")) return sink.fault(line, "a date is not YYYYMMDD");
        const [a, b, c, d] = days as (string | undefined)[];
        const [begun, ended] = [latest(a, c), earliest(b, d)];
        rows++;
        sink.fact(ADD_ON, {
          fact: "add-on",
          code: cells("code"),
          other: primary === "CCCCC" ? "" : primary,
          flag: /^\d$/.test(type) ? Number(type) : type.length,
          ...(begun === undefined ? {} : { from: begun }),
          ...(ended === undefined ? {} : { to: ended }),
        });
      },
      end() {
        const period = periodOrFault(quarterInName(name), from, sink);
        return period === undefined ? [] : [{ ...ADD_ON, period: wholeHistory(period), fileRows: rows }];
      },
    };
  },
});
