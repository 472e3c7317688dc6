import type pg from "pg";
import type { Sealer } from "#src/base/seal.ts";
import { STATES } from "./states.ts";

/** One account as the EHR's own report has it. */
export interface CensusLine {
  /** Line of the file, for the person who reads it. */
  readonly line: number;
  readonly account: string;
  /** YYYY-MM-DD; absent = in house. */
  readonly discharged?: string | undefined;
  /** On the EHR's list of what is discharged and not final billed. */
  readonly dnfb?: boolean | undefined;
  readonly cents?: number | undefined;
}

export interface CensusFinding {
  /** Absent for an account that the file does not have. */
  readonly line?: number;
  readonly accountId?: string;
  readonly what: "theirs-not-ours" | "ours-not-theirs" | "discharge" | "dnfb" | "charges";
  /** Why, as far as our own books say; absent = residue, somebody has to look. */
  readonly reason?: string;
  /** Theirs less ours. */
  readonly cents?: number;
}

export interface CensusReport {
  readonly lines: number;
  readonly agreed: number;
  readonly findings: readonly CensusFinding[];
  /** Findings without a reason. */
  readonly residue: number;
}

interface Ours {
  key: string;
  id: string;
  discharged: string | null;
  cents: number;
  failed: boolean;
  cancelled: boolean;
  state: string | null;
  merged: boolean;
  later: boolean;
}

const UNBILLED = Object.entries(STATES).flatMap(([name, { counts }]) => (counts.startsWith("DNFB") ? [name] : []));
const DAY_MS = 86_400_000;

/** Compares the EHR's census of a day with ours: each difference with its reason, or as residue. */
export async function compareCensus(
  pool: pg.Pool,
  sealer: Sealer,
  { lines, day, zone }: { readonly lines: readonly CensusLine[]; readonly day: string; readonly zone: string },
): Promise<CensusReport> {
  const keys = lines.map(({ account }) => sealer.blindIndex("account", account).toString("hex"));
  const { rows } = await pool.query<Ours>(
    `select encode(a.account_key, 'hex') as key, a.id, to_char(a.discharged_at at time zone $2, 'YYYY-MM-DD') as discharged, a.total_cents as cents,
       a.interface_failed as failed, a.cancelled, i.state, i.state = 'MERGED' as merged,
       exists (select from chart_version v where v.account_id = a.id and v.cause like 'DFT%' and v.made_at >= ($3::date + 1)) as later
     from account a left join coding_item i on i.account_id = a.id and i.stream = 'FAC'
     where encode(a.account_key, 'hex') = any($1) or (a.discharged_at >= $3::date and a.discharged_at < $3::date + 1 and not a.cancelled)`,
    [keys, zone, day],
  );
  const ours = new Map(rows.map((row) => [row.key, row]));
  const findings: CensusFinding[] = [];
  let agreed = 0;
  lines.forEach((theirs, n) => {
    const mine = ours.get(keys[n] ?? "");
    const found = mine === undefined ? [{ line: theirs.line, what: "theirs-not-ours" as const }] : compare(theirs, mine);
    if (found.length === 0) agreed++;
    findings.push(...found);
  });
  const known = new Set(keys);
  for (const mine of rows)
    if (!known.has(mine.key))
      findings.push({ accountId: mine.id, what: "ours-not-theirs", ...(mine.merged ? { reason: "merged into another account" } : {}) });
  return { lines: lines.length, agreed, findings, residue: findings.filter(({ reason }) => reason === undefined).length };
}

const because = (reason: string | undefined): { readonly reason?: string } => (reason === undefined ? {} : { reason });

function compare(theirs: CensusLine, mine: Ours): readonly CensusFinding[] {
  const at = { line: theirs.line, accountId: mine.id };
  const broken = mine.failed
    ? "a message of the account failed: see chartbridge status"
    : mine.merged
      ? "merged into another account"
      : undefined;
  const found: CensusFinding[] = [];
  if ((theirs.discharged ?? null) !== mine.discharged) {
    const apart =
      theirs.discharged === undefined || mine.discharged === null
        ? undefined
        : Math.abs(Date.parse(theirs.discharged) - Date.parse(mine.discharged)) / DAY_MS;
    found.push({
      ...at,
      what: "discharge",
      ...because(broken ?? (mine.cancelled ? "cancelled here" : apart === 1 ? "around midnight: another zone" : undefined)),
    });
  }
  if (theirs.dnfb !== undefined && theirs.dnfb !== UNBILLED.includes(mine.state ?? "")) {
    const out = mine.state === "RELEASED" || mine.state === "ACCEPTED";
    found.push({
      ...at,
      what: "dnfb",
      ...because(
        broken ??
          (theirs.dnfb && out
            ? "our claim is out, and is not billed there yet"
            : mine.state === "NO_CODE"
              ? "nothing to bill here"
              : undefined),
      ),
    });
  }
  if (theirs.cents !== undefined && theirs.cents !== mine.cents)
    found.push({
      ...at,
      what: "charges",
      cents: theirs.cents - mine.cents,
      ...because(broken ?? (mine.later ? "charges came after that day" : undefined)),
    });
  return found;
}
