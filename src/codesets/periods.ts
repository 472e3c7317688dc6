/** The days a published file answers for. Days are YYYY-MM-DD, local to the payer; comparing texts compares days. */
export interface Period {
  /** When it was brought out. */
  readonly edition: string;
  readonly from: string;
  /** Last day; absent = until a newer one. */
  readonly to?: string;
  /** How people call it: FY2026, 2025Q4. */
  readonly label: string;
}

const DAY = /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/;
export const isDay = (text: string): boolean => DAY.test(text);

/** The day before a day. */
export const dayBefore = (day: string): string => new Date(Date.parse(`${day}T00:00:00Z`) - 86_400_000).toISOString().slice(0, 10);

/** `20251231` to `2025-12-31`; undefined for anything else. */
export function compactDay(text: string): string | undefined {
  const day = `${text.slice(0, 4)}-${text.slice(4, 6)}-${text.slice(6, 8)}`;
  return text.length === 8 && isDay(day) ? day : undefined;
}

/** A federal fiscal year: FY2026 is 2025-10-01 to 2026-09-30. */
export const fiscalYear = (year: number): Period => ({
  edition: `${year - 1}-10-01`,
  from: `${year - 1}-10-01`,
  to: `${year}-09-30`,
  label: `FY${year}`,
});

/** The fiscal year a day is in. */
export const fiscalYearOf = (day: string): number => Number(day.slice(0, 4)) + (day.slice(5) >= "10-01" ? 1 : 0);

/** A calendar quarter, 1 to 4. */
export function quarter(year: number, number: number): Period {
  const from = `${year}-${String(number * 3 - 2).padStart(2, "0")}-01`;
  const next = number === 4 ? `${year + 1}-01-01` : `${year}-${String(number * 3 + 1).padStart(2, "0")}-01`;
  return { edition: from, from, to: dayBefore(next), label: `${year}Q${number}` };
}

const quarterOf = (day: string): Period => quarter(Number(day.slice(0, 4)), Math.ceil(Number(day.slice(5, 7)) / 3));

/** The fiscal year in a file's name: `icd10cm_order_2026.txt`, `POAexemptCodesFY26.txt`, `…-April-1-2026.txt`. */
export function fiscalYearInName(name: string): Period | undefined {
  const short = /fy[-_ ]?(\d\d)(?!\d)/i.exec(name)?.[1];
  const year = /(?<!\d)(20\d\d)(?!\d)/.exec(name)?.[1] ?? (short === undefined ? undefined : `20${short}`);
  if (year === undefined) return undefined;
  const whole = fiscalYear(Number(year));
  if (!/apr/i.test(name)) return whole;
  // Since 2021 the sets change in April as well.
  return { edition: `${year}-04-01`, from: `${year}-04-01`, to: `${year}-09-30`, label: `${whole.label} April` };
}

const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/** The quarter in a file's name: `…-2025q4.tsv`, `HCPC2025_OCT_ANWEB.txt`, `…_Eff_01-01-2026.csv`, `ccipra-v313r0-f1.txt` (NCCI 31.3). */
export function quarterInName(name: string): Period | undefined {
  const plain = /(20\d\d)[-_ ]?q([1-4])/i.exec(name);
  if (plain !== null) return quarter(Number(plain[1]), Number(plain[2]));
  const eff = /(?<!\d)(\d\d)[-_](\d\d)[-_](20\d\d)(?!\d)/.exec(name);
  if (eff !== null) return quarterOf(`${eff[3]}-${eff[1]}-${eff[2]}`);
  // NCCI numbers its versions from 1994 on: 31.3 is the fourth quarter of 2025.
  const ncci = /v(\d\d)([0-3])r\d/i.exec(name);
  if (ncci !== null) return quarter(1994 + Number(ncci[1]), Number(ncci[2]) + 1);
  const year = /(?<!\d)(20\d\d)(?!\d)/.exec(name)?.[1];
  const month = MONTHS.findIndex((one) => new RegExp(`(?<![a-z])${one}`, "i").test(name));
  return year === undefined || month < 0 ? undefined : quarter(Number(year), Math.floor(month / 3) + 1);
}
