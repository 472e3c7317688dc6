import type { CodeData, CodeEntry, CodeSystemName } from "#src/codesets/code-data.ts";

/** How a code stands on a day. */
export type Standing =
  | { readonly is: "billable" | "header"; readonly entry: CodeEntry }
  /** It was usable until `last`. */
  | { readonly is: "ended"; readonly last?: string }
  /** It is usable from `first` on. */
  | { readonly is: "future"; readonly first: string }
  | { readonly is: "unknown" }
  | { readonly is: "no-data" };

/** Days on which sets change, looked at around a day on which a code is unknown: far enough for late claims. */
const YEARS_AROUND = 4;

function elsewhere(data: CodeData, system: CodeSystemName, code: string, day: string): Standing {
  const year = Number(day.slice(0, 4));
  for (let back = 0; back <= YEARS_AROUND; back++) {
    for (const at of [`${year - back}-10-01`, `${year - back}-01-01`]) {
      if (at >= day) continue;
      const entry = data.lookup(system, code, at);
      if (typeof entry === "object" && entry.billable)
        return { is: "ended", ...(entry.validTo === undefined ? {} : { last: entry.validTo }) };
    }
  }
  for (let ahead = 0; ahead <= 1; ahead++) {
    for (const at of [`${year + ahead}-04-01`, `${year + ahead}-10-01`]) {
      if (at <= day) continue;
      const entry = data.lookup(system, code, at);
      if (typeof entry === "object") return { is: "future", first: entry.validFrom > day ? entry.validFrom : at };
    }
  }
  return { is: "unknown" };
}

/** How a code stands on a day, and when it did or will where it does not. */
export function standingOf(data: CodeData, system: CodeSystemName, code: string, day: string): Standing {
  const entry = data.lookup(system, code, day);
  if (entry === "no-data") return { is: "no-data" };
  if (entry === "unknown") return elsewhere(data, system, code, day);
  if (entry.validTo !== undefined && entry.validTo < day) return { is: "ended", last: entry.validTo };
  if (entry.validFrom > day) return { is: "future", first: entry.validFrom };
  return entry.billable ? { is: "billable", entry } : { is: "header", entry };
}

const SEVENTH = "ADSBCEFGHJKMNPQR0123459";
const LENGTH = 7;

const isBillable = (data: CodeData, code: string, day: string): boolean => {
  const entry = data.lookup("icd-10-cm", code, day);
  return typeof entry === "object" && entry.billable && entry.validFrom <= day && (entry.validTo === undefined || entry.validTo >= day);
};

/** Codes of seven characters that a shorter one lacks its ending for: with placeholders X up to the sixth place. */
export function sevenCharacterForms(data: CodeData, code: string, day: string): readonly string[] {
  if (code.length >= LENGTH || code.length < 3) return [];
  const padded = code.padEnd(LENGTH - 1, "X");
  const whole = [...SEVENTH].map((last) => padded + last).filter((one) => isBillable(data, one, day));
  if (whole.length > 0 || code.length < 4) return whole;
  // The last character may be the seventh already, with the placeholders before it left out: S01.1A.
  const moved = code.slice(0, -1).padEnd(LENGTH - 1, "X") + code.slice(-1);
  return isBillable(data, moved, day) ? [moved] : [];
}

const NEXT = "0123456789ABCDEFGHIJKLMNPQRSTUVWXYZ";
const SHOWN = 6;

/** Billable codes that are one character longer. */
export const children = (data: CodeData, code: string, day: string): readonly string[] =>
  [...NEXT]
    .map((one) => code + one)
    .filter((one) => isBillable(data, one, day))
    .slice(0, SHOWN);
