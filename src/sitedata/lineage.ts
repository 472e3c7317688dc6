import type { SiteData } from "./site-data.ts";

export type SiteKind = "facility" | "department" | "practitioner" | "payer" | "charge";

/** One look-up: what was asked, of which day, and whether the site data knew it. */
export interface Lookup {
  readonly kind: SiteKind;
  /** The hospital's own code, with the facility or authority it belongs to. */
  readonly key: string;
  readonly date?: string;
  /** The file whose row answered; absent = no row did. */
  readonly file?: string;
}

/** The same site data, and a list of everything that is looked up through it, each once. */
export function withLineage(site: SiteData): { readonly site: SiteData; readonly lookups: () => readonly Lookup[] } {
  const seen = new Map<string, Lookup>();
  const note = <T>(kind: SiteKind, key: string, date: string | undefined, file: string, found: T | undefined): T | undefined => {
    const lookup: Lookup = { kind, key, ...(date === undefined ? {} : { date }), ...(found === undefined ? {} : { file }) };
    // A row without a code names nothing that a person could add.
    if (!/(^|\|)$/.test(key)) seen.set(`${kind} ${key} ${date ?? ""}`, lookup);
    return found;
  };
  return {
    lookups: () => [...seen.values()],
    site: {
      counts: site.counts,
      facility: (code, date) => note("facility", code, date, "facilities.csv", site.facility(code, date)),
      department: (facility, code, date) =>
        note("department", `${facility}|${code}`, date, "departments.csv", site.department(facility, code, date)),
      practitioner: (localId, authority, date) =>
        note(
          "practitioner",
          authority === undefined ? localId : `${authority}|${localId}`,
          date,
          "practitioners.csv",
          site.practitioner(localId, authority, date),
        ),
      // An NPI that no row has is still an NPI: nothing waits for it.
      practitionerByNpi: (npi) => site.practitionerByNpi(npi),
      payer: (id, date) => note("payer", id, date, "payers.csv", site.payer(id, date)),
      plan: (payerId, planId, date) => note("payer", payerId, date, "payers.csv", site.plan(payerId, planId, date)),
      charge: (facility, code, date) => note("charge", `${facility}|${code}`, date, "charge-master.csv", site.charge(facility, code, date)),
    },
  };
}

/** Whether the site data know now what a task asks for, on any day. */
export function isAnswered(site: SiteData, { kind, key }: Pick<Lookup, "kind" | "key">, today: string): boolean {
  const [first = "", second = ""] = key.split("|");
  const found = {
    facility: () => site.facility(key),
    department: () => site.department(first, second),
    practitioner: () => (key.includes("|") ? site.practitioner(second, first) : site.practitioner(key)),
    payer: () => site.payer(key),
    charge: () => site.charge(first, second, today),
  }[kind]();
  return found !== undefined;
}
