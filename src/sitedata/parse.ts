import { fail, ok, type Result } from "#src/base/result.ts";
import { type CsvRow, readCsv } from "./csv.ts";
import { isNpi } from "./npi.ts";
import type { ChargeEntry, Facility, KnownPractitioner, Payer, SiteData } from "./site-data.ts";

/** The four files and the columns each must have. charge-master.csv may have one more: `claim`. */
export const SITE_FILES = {
  "facilities.csv": ["facility", "name", "npi", "tax_id", "ccn", "street", "city", "state", "zip", "taxonomy"],
  "practitioners.csv": ["local_id", "authority", "npi", "family", "given", "taxonomy"],
  "payers.csv": ["payer_id", "name", "electronic_id", "claim_filing"],
  "charge-master.csv": ["facility", "charge_code", "description", "revenue_code", "procedure_code", "effective_from", "effective_to"],
} as const;
export type SiteFile = keyof typeof SITE_FILES;

const DAY = /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/;
const CPT_OR_HCPCS = /^(\d{4}[0-9FTUM]|[A-V]\d{4})$/;

type Column = (name: string) => string;
/** Says what is wrong with a row; a row with a fault is left out. */
type Check<T> = (column: Column, fault: (text: string) => void) => T;

const readFacility: Check<Facility> = (column, fault) => {
  if (column("name") === "") fault("the facility has no name");
  if (!isNpi(column("npi"))) fault("npi: the check digit is wrong, or it is not ten digits");
  if (!/^\d{2}-?\d{7}$/.test(column("tax_id"))) fault("tax_id is not nine digits");
  if (column("ccn") !== "" && !/^[0-9A-Z]{6}$/.test(column("ccn"))) fault("ccn is not six characters");
  return {
    code: column("facility"),
    name: column("name"),
    npi: column("npi"),
    taxId: column("tax_id"),
    ccn: column("ccn"),
    street: column("street"),
    city: column("city"),
    state: column("state"),
    zip: column("zip"),
    taxonomy: column("taxonomy"),
  };
};

const readPractitioner: Check<KnownPractitioner> = (column, fault) => {
  if (!isNpi(column("npi"))) fault("npi: the check digit is wrong, or it is not ten digits");
  if (column("family") === "") fault("the practitioner has no family name");
  return {
    localId: column("local_id"),
    authority: column("authority"),
    npi: column("npi"),
    family: column("family"),
    given: column("given"),
    taxonomy: column("taxonomy"),
  };
};

const readPayer: Check<Payer> = (column, fault) => {
  if (!/^[0-9A-Z]{2}$/.test(column("claim_filing"))) fault("claim_filing is not two characters");
  return { id: column("payer_id"), name: column("name"), electronicId: column("electronic_id"), claimFiling: column("claim_filing") };
};

const readCharge: Check<ChargeEntry> = (column, fault) => {
  const revenueCode = column("revenue_code");
  const procedureCode = column("procedure_code");
  const from = column("effective_from");
  const to = column("effective_to");
  const claim = column("claim") === "" ? "institutional" : column("claim");
  if (claim !== "institutional" && claim !== "professional") fault("claim is neither institutional nor professional");
  if (revenueCode !== "" && !/^\d{4}$/.test(revenueCode)) fault("revenue_code is not four digits");
  if (procedureCode !== "" && !CPT_OR_HCPCS.test(procedureCode)) fault("procedure_code has not the form of CPT or HCPCS");
  if (!DAY.test(from)) fault("effective_from is not a day (YYYY-MM-DD)");
  if (to !== "" && (!DAY.test(to) || to < from)) fault("effective_to is not a day on or after effective_from");
  return {
    facility: column("facility"),
    code: column("charge_code"),
    description: column("description"),
    claim: claim === "professional" ? claim : "institutional",
    revenueCode,
    ...(procedureCode === "" ? {} : { procedureCode }),
    from,
    ...(to === "" ? {} : { to }),
  };
};

/** Reads one file; `key` makes what has to be unique. */
function table<T>(file: SiteFile, text: string, read: Check<T>, key: (row: T) => string, faults: string[]): T[] {
  const { rows, faults: unread } = readCsv(text, SITE_FILES[file]);
  for (const { line, text: what } of unread) faults.push(`${file}:${line}: ${what}`);
  const [idColumn] = SITE_FILES[file];
  const seen = new Map<string, number>();
  return rows.flatMap((row: CsvRow) => {
    let sound = true;
    const fault = (what: string): void => {
      sound = false;
      faults.push(`${file}:${row.line}: ${what}`);
    };
    const value = read((name) => row.values[name] ?? "", fault);
    if ((row.values[idColumn] ?? "") === "") fault(`${idColumn} is empty`);
    const earlier = seen.get(key(value));
    if (earlier !== undefined) fault(`says again what line ${earlier} says`);
    else seen.set(key(value), row.line);
    return sound ? [value] : [];
  });
}

/** Reads the four files' texts. Pure. Fails with one `file:line: what is wrong` for each fault. */
export function parseSiteData(texts: Readonly<Record<SiteFile, string>>): Result<SiteData, readonly string[]> {
  const faults: string[] = [];
  const facilities = table("facilities.csv", texts["facilities.csv"], readFacility, (f) => f.code, faults);
  const practitioners = table(
    "practitioners.csv",
    texts["practitioners.csv"],
    readPractitioner,
    (p) => `${p.authority}|${p.localId}`,
    faults,
  );
  const payers = table("payers.csv", texts["payers.csv"], readPayer, (p) => p.id, faults);
  const charges = table("charge-master.csv", texts["charge-master.csv"], readCharge, (c) => `${c.facility}|${c.code}|${c.from}`, faults);
  if (faults.length > 0) return fail(faults);
  const facilityOf = new Map(facilities.map((one) => [one.code, one]));
  const payerOf = new Map(payers.map((one) => [one.id, one]));
  const byNpi = new Map(practitioners.map((one) => [one.npi, one]));
  const byLocalId = Map.groupBy(practitioners, (one) => one.localId);
  const byCharge = Map.groupBy(charges, (one) => `${one.facility}|${one.code}`);
  return ok({
    facility: (code) => facilityOf.get(code),
    practitioner: (localId, authority) => {
      const named = byLocalId.get(localId) ?? [];
      if (authority !== undefined) return named.find((one) => one.authority === authority) ?? named.find((one) => one.authority === "");
      return named.length === 1 ? named[0] : undefined;
    },
    practitionerByNpi: (npi) => byNpi.get(npi),
    payer: (id) => payerOf.get(id),
    // Periods of one charge may overlap when a price file was added; the one that began last counts.
    charge: (facility, code, date) =>
      (byCharge.get(`${facility}|${code}`) ?? [])
        .filter(({ from, to }) => from <= date && (to === undefined || date <= to))
        .reduce<ChargeEntry | undefined>((best, one) => (best === undefined || one.from > best.from ? one : best), undefined),
    counts: { facilities: facilities.length, practitioners: practitioners.length, payers: payers.length, charges: charges.length },
  });
}
