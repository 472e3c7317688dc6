import type { DataSet } from "../code-data.ts";
import { isDay } from "../periods.ts";
import type { Part } from "../rows.ts";
import { delimited } from "./delimited.ts";
import { periodOrFault } from "./period-or-fault.ts";

/** Rows that a site brings under its own licence, with a header of its own words. */
const siteList = (spec: { name: string; set: DataSet; part: string; code: RegExp; form: RegExp; text: RegExp; billable?: boolean }) => {
  const part: Part = { set: spec.set, part: spec.part };
  return delimited({
    name: spec.name,
    columns: { code: spec.code },
    optional: {
      short: /^short/i,
      long: spec.text,
      from: /^(valid[ _]from|effective([ _](date|from))?|start)$/i,
      to: /^(valid[ _]to|termination|end|effective[ _]to|term[ _]date)$/i,
    },
    open: ({ from: given }, sink) => {
      let rows = 0;
      const seen = new Set<string>();
      return {
        row(cells, line) {
          const code = cells("code").toUpperCase();
          const [from, to] = [cells("from"), cells("to")];
          if (!spec.form.test(code)) return sink.fault(line, "is no code of this list");
          if ([from, to].some((day) => day !== "" && !isDay(day))) return sink.fault(line, "a day is not YYYY-MM-DD");
          if (seen.has(`${code} ${from}`)) return sink.fault(line, "the code was there before");
          seen.add(`${code} ${from}`);
          rows++;
          const long = cells("long") === "" ? cells("short") : cells("long");
          sink.code(part, {
            code,
            billable: true,
            short: cells("short") === "" ? long : cells("short"),
            long,
            ...(from === "" ? {} : { from }),
            ...(to === "" ? {} : { to }),
          });
        },
        end() {
          if (rows === 0) sink.fault(1, "the list is empty");
          // A list with days of its own answers for all days; one without says nothing of when, so a person has to.
          const period = periodOrFault({ edition: "2000-01-01", from: "2000-01-01", label: "site list" }, given, sink);
          return period === undefined ? [] : [{ ...part, period, fileRows: rows }];
        },
      };
    },
  });
};

const TEXT = /^(long|description|descriptor|text|name|definition)|(name|description|descriptor|text)$/i;

export const siteLists = [
  siteList({ name: "CPT list of the site", set: "cpt", part: "codes", code: /^cpt([ _]code)?$/i, form: /^\d{4}[0-9FTUM]$/, text: TEXT }),
  siteList({
    name: "place of service codes",
    set: "place-of-service",
    part: "codes",
    code: /^(pos|place[ _]of[ _]service)[ _]codes?(\(s\))?$/i,
    form: /^\d{2}$/,
    text: TEXT,
  }),
  siteList({ name: "revenue codes of the site", set: "revenue", part: "codes", code: /^revenue[ _]code$/i, form: /^\d{4}$/, text: TEXT }),
  siteList({
    name: "claim adjustment reason codes",
    set: "carc",
    part: "carc",
    code: /^carc([ _]code)?$/i,
    form: /^[A-Z]?\d{1,3}$/,
    text: TEXT,
  }),
  siteList({
    name: "remittance advice remark codes",
    set: "carc",
    part: "rarc",
    code: /^rarc([ _]code)?$/i,
    form: /^(MA?|N)\d{1,3}$/,
    text: TEXT,
  }),
];
