import { fail, ok, type Result } from "#src/base/result.ts";
import { type CsvRow, readCsv } from "./csv.ts";
import { isNpi } from "./npi.ts";
import type { ChargeEntry, Department, Facility, KnownPractitioner, Payer, SiteData, Valid } from "./site-data.ts";

/**
 * The files and the columns each must have. All may have `valid_from` and `valid_to`; payers.csv and plans.csv `filing_days`, `appeal_days` and
 * `takes_replacements` and `accepts_assignment` (yes or no); facilities.csv `clia`; charge-master.csv `claim` and `price`.
 */
export const SITE_FILES = {
  "facilities.csv": ["facility", "name", "npi", "tax_id", "ccn", "street", "city", "state", "zip", "taxonomy"],
  "departments.csv": ["department", "facility", "name", "place_of_service", "service_line"],
  "practitioners.csv": ["local_id", "authority", "npi", "family", "given", "taxonomy"],
  "payers.csv": ["payer_id", "name", "electronic_id", "claim_filing"],
  "plans.csv": ["plan_id", "payer_id", "name", "electronic_id", "claim_filing"],
  "charge-master.csv": ["facility", "charge_code", "description", "revenue_code", "procedure_code", "effective_from", "effective_to"],
} as const;
export type SiteFile = keyof typeof SITE_FILES;
/** Files a site may do without. */
export const OPTIONAL_FILES: readonly SiteFile[] = ["departments.csv", "plans.csv"];

const DAY = /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/;
const CPT_OR_HCPCS = /^(\d{4}[0-9FTUM]|[A-V]\d{4})$/;

type Column = (name: string) => string;
/** Says what is wrong with a row; a row with a fault is left out. */
type Check<T> = (column: Column, fault: (text: string) => void) => T;

function readValid(column: Column, fault: (text: string) => void): Valid {
  const [from, to] = [column("valid_from"), column("valid_to")];
  if (from !== "" && !DAY.test(from)) fault("valid_from is not a day (YYYY-MM-DD)");
  if (to !== "" && (!DAY.test(to) || to < from)) fault("valid_to is not a day on or after valid_from");
  return { ...(from === "" ? {} : { validFrom: from }), ...(to === "" ? {} : { validTo: to }) };
}

const readFacility: Check<Facility> = (column, fault) => {
  if (column("name") === "") fault("the facility has no name");
  if (!isNpi(column("npi"))) fault("npi: the check digit is wrong, or it is not ten digits");
  if (!/^\d{2}-?\d{7}$/.test(column("tax_id"))) fault("tax_id is not nine digits");
  if (column("ccn") !== "" && !/^[0-9A-Z]{6}$/.test(column("ccn"))) fault("ccn is not six characters");
  if (column("clia") !== "" && !/^\d{2}D\d{7}$/.test(column("clia"))) fault("clia is not two digits, D and seven digits");
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
    ...(column("clia") === "" ? {} : { clia: column("clia") }),
    ...readValid(column, fault),
  };
};

const readDepartment: Check<Department> = (column, fault) => {
  if (column("place_of_service") !== "" && !/^\d{2}$/.test(column("place_of_service"))) fault("place_of_service is not two digits");
  return {
    facility: column("facility"),
    code: column("department"),
    name: column("name"),
    placeOfService: column("place_of_service"),
    serviceLine: column("service_line"),
    ...readValid(column, fault),
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
    ...readValid(column, fault),
  };
};

const readPayer: Check<Payer> = (column, fault) => {
  if (!/^[0-9A-Z]{2}$/.test(column("claim_filing"))) fault("claim_filing is not two characters");
  const days = (name: "filing_days" | "appeal_days"): number | undefined => {
    if (column(name) === "") return undefined;
    if (!/^\d{1,4}$/.test(column(name))) fault(`${name} is no number of days`);
    return Number(column(name));
  };
  const takes = column("takes_replacements");
  if (!["", "yes", "no"].includes(takes)) fault("takes_replacements is neither yes nor no");
  const accepts = column("accepts_assignment");
  if (!["", "yes", "no"].includes(accepts)) fault("accepts_assignment is neither yes nor no");
  const [filingDays, appealDays] = [days("filing_days"), days("appeal_days")];
  return {
    id: column("payer_id"),
    name: column("name"),
    electronicId: column("electronic_id"),
    claimFiling: column("claim_filing"),
    takesReplacements: takes !== "no",
    ...(accepts === "" ? {} : { acceptsAssignment: accepts === "yes" }),
    ...(filingDays === undefined ? {} : { filingDays }),
    ...(appealDays === undefined ? {} : { appealDays }),
    ...readValid(column, fault),
  };
};

const readPlan: Check<Payer & { readonly planId: string }> = (column, fault) => ({
  ...readPayer(column, fault),
  planId: column("plan_id"),
});

const readCharge: Check<ChargeEntry> = (column, fault) => {
  const revenueCode = column("revenue_code");
  const procedureCode = column("procedure_code");
  const from = column("effective_from");
  const to = column("effective_to");
  const claim = column("claim") === "" ? "institutional" : column("claim");
  const price = /^(\d{1,9})(?:\.(\d{1,2}))?$/.exec(column("price"));
  if (claim !== "institutional" && claim !== "professional") fault("claim is neither institutional nor professional");
  if (revenueCode !== "" && !/^\d{4}$/.test(revenueCode)) fault("revenue_code is not four digits");
  if (procedureCode !== "" && !CPT_OR_HCPCS.test(procedureCode)) fault("procedure_code has not the form of CPT or HCPCS");
  if (!DAY.test(from)) fault("effective_from is not a day (YYYY-MM-DD)");
  if (to !== "" && (!DAY.test(to) || to < from)) fault("effective_to is not a day on or after effective_from");
  if (column("price") !== "" && price === null) fault("price is no amount in dollars");
  return {
    facility: column("facility"),
    code: column("charge_code"),
    description: column("description"),
    claim: claim === "professional" ? claim : "institutional",
    revenueCode,
    ...(procedureCode === "" ? {} : { procedureCode }),
    ...(price === null ? {} : { priceCents: Number(price[1]) * 100 + Number((price[2] ?? "").padEnd(2, "0")) }),
    from,
    ...(to === "" ? {} : { to }),
  };
};

/** Reads one file; `key` makes what has to be unique. */
function table<T>(file: SiteFile, text: string, read: Check<T>, key: (row: T) => string, faults: string[]): T[] {
  // A file that a site does without has no header either.
  if (text === "" && OPTIONAL_FILES.includes(file)) return [];
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

/** Rows of one key may follow each other, and overlap where a file was added: of those right on the day, the one that began last counts. */
function rightOn<T extends Valid>(rows: readonly T[] | undefined, date: string | undefined): T | undefined {
  return (rows ?? [])
    .filter(({ validFrom, validTo }) => date === undefined || ((validFrom ?? "") <= date && (validTo === undefined || date <= validTo)))
    .reduce<T | undefined>((best, one) => (best === undefined || (one.validFrom ?? "") > (best.validFrom ?? "") ? one : best), undefined);
}

const begins = ({ validFrom }: Valid): string => validFrom ?? "";

/** Reads the files' texts; that of a file a site does without may be empty or absent. Pure. Fails with one `file:line: what is wrong` for each fault. */
export function parseSiteData(texts: Readonly<Partial<Record<SiteFile, string>>>): Result<SiteData, readonly string[]> {
  const faults: string[] = [];
  const rowsOf = <T>(file: SiteFile, read: Check<T>, key: (row: T) => string): T[] => table(file, texts[file] ?? "", read, key, faults);
  const facilities = rowsOf("facilities.csv", readFacility, (one) => `${one.code}|${begins(one)}`);
  const departments = rowsOf("departments.csv", readDepartment, (one) => `${one.facility}|${one.code}|${begins(one)}`);
  const practitioners = rowsOf("practitioners.csv", readPractitioner, (one) => `${one.authority}|${one.localId}|${begins(one)}`);
  const payers = rowsOf("payers.csv", readPayer, (one) => `${one.id}|${begins(one)}`);
  const plans = rowsOf("plans.csv", readPlan, (one) => `${one.id}|${one.planId}|${begins(one)}`);
  const charges = rowsOf("charge-master.csv", readCharge, (one) => `${one.facility}|${one.code}|${one.from}`);
  if (faults.length > 0) return fail(faults);
  const facilityOf = Map.groupBy(facilities, ({ code }) => code);
  const departmentOf = Map.groupBy(departments, ({ facility, code }) => `${facility}|${code}`);
  const payerOf = Map.groupBy(payers, ({ id }) => id);
  const planOf = Map.groupBy(plans, ({ id, planId }) => `${id}|${planId}`);
  const byNpi = new Map(practitioners.map((one) => [one.npi, one]));
  const byLocalId = Map.groupBy(practitioners, ({ localId }) => localId);
  const byCharge = Map.groupBy(charges, ({ facility, code }) => `${facility}|${code}`);
  const payer: SiteData["payer"] = (id, date) => rightOn(payerOf.get(id), date);
  return ok({
    facility: (code, date) => rightOn(facilityOf.get(code), date),
    department: (facility, code, date) => rightOn(departmentOf.get(`${facility}|${code}`), date),
    practitioner: (localId, authority, date) => {
      const named = Map.groupBy(byLocalId.get(localId) ?? [], (one) => one.authority);
      if (authority !== undefined) return rightOn(named.get(authority), date) ?? rightOn(named.get(""), date);
      return named.size === 1 ? rightOn([...named.values()][0], date) : undefined;
    },
    practitionerByNpi: (npi) => byNpi.get(npi),
    payer,
    plan: (payerId, planId, date) => rightOn(planOf.get(`${payerId}|${planId}`), date) ?? payer(payerId, date),
    charge: (facility, code, date) =>
      (byCharge.get(`${facility}|${code}`) ?? [])
        .filter(({ from, to }) => from <= date && (to === undefined || date <= to))
        .reduce<ChargeEntry | undefined>((best, one) => (best === undefined || one.from > best.from ? one : best), undefined),
    counts: {
      facilities: facilities.length,
      departments: departments.length,
      practitioners: practitioners.length,
      payers: payers.length,
      plans: plans.length,
      charges: charges.length,
    },
  });
}
