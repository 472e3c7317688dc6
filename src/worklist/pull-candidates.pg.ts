import type pg from "pg";
import type { Candidate, Eligibility, PullKind } from "./may-have.ts";

/** How many candidates are looked at, a statement for each: planned without a number, all of a queue would be sorted. */
export const CANDIDATES = [16, 48, 384] as const;
export type Candidates = (typeof CANDIDATES)[number];
/** For those for whom fewer did not do. */
export const WIDE = 384 satisfies Candidates;

export interface Look {
  readonly few: Candidates;
  /** Items that are not looked at. */
  readonly passOver: readonly string[];
  readonly now: Date;
}

const STATES: Readonly<Record<PullKind, string>> = {
  coding: "i.state in ('READY', 'RECODE', 'REWORK')",
  review: "i.state = 'IN_REVIEW' and i.lease_id is null and coalesce(i.coder_of_record <> $8, true)",
};

/**
 * The best items of these people's queues, facilities and payers that nobody else has reserved: best score first, the longest ready first. For
 * one person they are exactly those that this person may have.
 * @param people of one kind, who may pull from the same queues, facilities and payers.
 */
export async function candidatesOf(
  client: pg.PoolClient,
  people: readonly [Eligibility, ...Eligibility[]],
  { few, passOver, now }: Look,
): Promise<readonly Candidate[]> {
  const [{ userId, kind, queues, facilities, payerExclusions, relations }, ...others] = people;
  const alone = others.length === 0;
  const { rows } = await client.query<Candidate>({
    name: `pull-candidates-${kind}-${few}`,
    // The few best of each queue are read in the order of the index. A condition that the planner thinks rarely true would have it read and sort
    // the whole queue; as `nullif` it knows nothing of it.
    text: `select c.id, c.reserved_for as "reservedFor", c.reserved_until as "reservedUntil", c.coder_of_record as "coderOfRecord",
        array(select encode(k, 'hex') from unnest(c.patient_keys) k) as "patientKeys"
      from unnest($1::text[]) q (queue) cross join lateral (
        select i.id, i.priority, i.ready_at, i.reserved_for, i.reserved_until, i.coder_of_record, i.patient_keys
        from coding_item i where i.queue = q.queue and ${STATES[kind]}
          and nullif(cardinality($3::text[]) = 0 or i.facility = any($3), false) is not null
          and nullif(i.payer_id = any($4::text[]), true) is not null
          and nullif(i.reserved_for is null or i.reserved_for = any($2::uuid[]) or i.reserved_until <= $5, false) is not null
          and nullif(i.patient_keys && $6::bytea[], true) is not null and nullif(i.id = any($7::uuid[]), true) is not null
        order by i.priority, i.ready_at nulls last, i.id limit ${few}) c
      order by c.priority, c.ready_at nulls last, c.id limit ${few}`,
    values: [
      queues,
      people.map((one) => one.userId),
      facilities,
      payerExclusions,
      now,
      alone ? [...relations].map((key) => Buffer.from(key, "hex")) : [],
      passOver,
      ...(kind === "review" ? [alone ? userId : null] : []),
    ],
  });
  return rows;
}
