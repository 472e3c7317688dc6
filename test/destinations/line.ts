import type { Claim, Coverage, Encounter, Organization, Patient, Resource } from "@medplum/fhirtypes";
import { createSealer } from "#src/base/seal.ts";
import type { Destination } from "#src/config/destination.ts";
import { createDelivery, type Delivery, type DeliveryNeeds } from "#src/destinations/delivery.bullmq.ts";
import type { ClaimToSend } from "#src/destinations/sender.ts";
import { createLog } from "#src/telemetry/log.ts";
import { waitFor } from "#test/journey/engine-process.ts";
import { freshDatabase, type TestDatabase } from "#test/setup/database.ts";
import { redisFor, type TestRedis } from "#test/setup/redis.ts";

export const sealer = createSealer(Buffer.alloc(32, 7));

const NORTH = "urn:chartbridge:authority:NORTH";
export const patient: Patient & { id: string } = {
  resourceType: "Patient",
  id: "11111111-1111-8111-8111-111111111111",
  identifier: [{ system: NORTH, value: "M1", type: { coding: [{ code: "MR" }] } }],
  name: [{ family: "O'NEIL|X", given: ["ANA", "B"] }],
  birthDate: "1950-04-01",
  gender: "female",
};
export const encounter: Encounter & { id: string } = {
  resourceType: "Encounter",
  id: "22222222-2222-8222-8222-222222222222",
  identifier: [{ system: NORTH, value: "V1", type: { coding: [{ code: "VN" }] } }],
  status: "finished",
  class: { code: "IMP" },
  subject: { reference: `Patient/${patient.id}` },
  period: { start: "2026-03-02T14:00:00Z", end: "2026-03-04T16:30:00Z" },
};
const payer: Organization & { id: string } = {
  resourceType: "Organization",
  id: "33333333-3333-8333-8333-333333333333",
  identifier: [{ system: "urn:chartbridge:payer", value: "MCARE" }],
  name: "Medicare",
};
const coverage: Coverage & { id: string } = {
  resourceType: "Coverage",
  id: "44444444-4444-8444-8444-444444444444",
  status: "active",
  beneficiary: { reference: `Patient/${patient.id}` },
  payor: [{ reference: `Organization/${payer.id}` }],
};
export const referenced: readonly Resource[] = [coverage, encounter, payer, patient];

const cm = (code: string) => ({ coding: [{ system: "http://hl7.org/fhir/sid/icd-10-cm", code }] });
const type = (code: string) => [{ coding: [{ system: "http://terminology.hl7.org/CodeSystem/diagnosistype", code }] }];
const usd = (value: number) => ({ value, currency: "USD" as const });

export const numberOf = (id: string): string => `CB${id.replaceAll("-", "").slice(-14).toUpperCase()}-1`;
export const claimOf = (id: string, priorId?: string): Claim & { id: string } => ({
  resourceType: "Claim",
  id,
  identifier: [{ system: "urn:chartbridge:claim", value: numberOf(id) }],
  status: "active",
  type: { coding: [{ system: "http://terminology.hl7.org/CodeSystem/claim-type", code: "institutional" }] },
  use: "claim",
  patient: { reference: `Patient/${patient.id}` },
  created: "2026-03-05",
  provider: { display: "North" },
  priority: { coding: [{ code: "normal" }] },
  supportingInfo: [{ sequence: 1, category: { coding: [{ code: "patientaccountnumber" }] }, valueString: "A1" }],
  diagnosis: [
    {
      sequence: 1,
      diagnosisCodeableConcept: cm("M17.11"),
      type: type("principal"),
      onAdmission: { coding: [{ code: "Y" }] },
      packageCode: { coding: [{ code: "470" }] },
    },
    { sequence: 2, diagnosisCodeableConcept: cm("I10"), type: type("secondary") },
  ],
  procedure: [
    {
      sequence: 1,
      date: "2026-03-02",
      procedureCodeableConcept: { coding: [{ system: "http://www.cms.gov/Medicare/Coding/ICD10", code: "0SRC0J9" }] },
    },
  ],
  insurance: [{ sequence: 1, focal: true, coverage: { reference: `Coverage/${coverage.id}` } }],
  item: [1, 2].map((sequence) => ({
    sequence,
    diagnosisSequence: [sequence],
    revenue: { coding: [{ system: "https://www.nubc.org/CodeSystem/RevenueCodes", code: sequence === 1 ? "0636" : "0278" }] },
    productOrService: { coding: [{ system: "urn:oid:2.16.840.1.113883.6.285", code: sequence === 1 ? "J1885" : "C1776" }] },
    modifier: sequence === 1 ? [{ coding: [{ code: "RT" }] }, { coding: [{ code: "59" }] }] : [],
    servicedDate: "2026-03-02",
    quantity: { value: sequence },
    unitPrice: usd(21.5),
    net: usd(21.5 * sequence),
    encounter: [{ reference: `Encounter/${encounter.id}` }],
  })),
  ...(priorId === undefined
    ? {}
    : { related: [{ claim: { reference: `Claim/${priorId}` }, relationship: { coding: [{ code: "prior" }] } }] }),
});

export interface LedgerRow {
  readonly claim_id: string;
  readonly destination: string;
  readonly state: string;
  readonly code: string | null;
  readonly location: string | null;
  readonly person: boolean;
  readonly attempts: number;
}

/** A released claim and where it goes. */
export interface Release {
  readonly destinations?: readonly string[];
  readonly feed?: string;
  /** Another claim of this one's item: this one takes its place. */
  readonly replaces?: string;
  /** 7 where it takes another's place, unless told. */
  readonly frequency?: string;
}

/** The delivery of claims on a database and a Redis of its own; time passes as the test says, so that no test waits for a retry. */
export interface DeliveryLine {
  readonly database: TestDatabase;
  readonly redis: TestRedis;
  start(destinations: readonly Destination[], answers?: DeliveryNeeds["answers"]): Delivery;
  /** Moves the engine's clock on, and has it look. */
  passes(ms: number): void;
  release(options?: Release): Promise<string>;
  ledger(): Promise<readonly LedgerRow[]>;
  /** Waits until a delivery is in this state. */
  inState(state: string): Promise<readonly LedgerRow[]>;
  /** Waits until the last code of a delivery is this one. */
  withCode(code: string): Promise<readonly LedgerRow[]>;
  close(): Promise<void>;
}

export async function deliveryLine(): Promise<DeliveryLine> {
  const database = await freshDatabase();
  const redis = await redisFor();
  const { pool } = database;
  const priors = new Map<string, string>();
  const running: Delivery[] = [];
  let ahead = 0;
  const ledger = async (): Promise<readonly LedgerRow[]> =>
    (
      await pool.query<LedgerRow>(
        `select d.claim_id, d.destination, d.state, d.failure_code as code, d.remote_location as location, d.needs_person as person, d.attempts
         from delivery d join claim c on c.id = d.claim_id order by d.destination, c.created_at, c.version`,
      )
    ).rows;
  const wake = (): void => {
    for (const one of running) one.wake();
  };
  const until = (seen: (row: LedgerRow) => boolean) => () =>
    waitFor(async () => {
      const rows = await ledger();
      return rows.some(seen) ? rows : undefined;
    });
  return {
    database,
    redis,
    start: (destinations, answers) => {
      const delivery = createDelivery({
        pool,
        sealer,
        redisUrl: redis.url,
        prefix: redis.prefix,
        destinations,
        claimBundle: (claimId): Promise<ClaimToSend> => Promise.resolve({ claim: claimOf(claimId, priors.get(claimId)), referenced }),
        log: createLog("silent"),
        now: () => new Date(Date.now() + ahead),
        spread: () => 0.5,
        ...(answers === undefined ? {} : { answers }),
      });
      running.push(delivery);
      return delivery;
    },
    passes: (ms) => {
      ahead += ms;
      wake();
    },
    release: async ({ destinations = ["billing"], feed = "north", replaces, frequency = replaces === undefined ? "1" : "7" } = {}) => {
      const id = crypto.randomUUID();
      let item: string = id;
      let version = 1;
      if (replaces === undefined) {
        await pool.query(
          "insert into account (id, feed, facility, account_key, sealed_number) values ($1, $2, 'NORTH', '\\x00', '\\x00')",
          [id, feed],
        );
        await pool.query(
          "insert into coding_item (id, account_id, stream, progress, state, facility, chart_version) values ($1, $1, 'FAC', 'released', 'RELEASED', 'NORTH', 1)",
          [id],
        );
      } else {
        const { rows } = await pool.query<{ item_id: string; version: number }>("select item_id, version from claim where id = $1", [
          replaces,
        ]);
        item = rows[0]?.item_id ?? "";
        version = (rows[0]?.version ?? 0) + 1;
        priors.set(id, replaces);
      }
      await pool.query(
        `insert into claim (id, item_id, account_id, version, coding_version, frequency, kind, status, identifier_key, patient_id, encounter_id, total_cents, sealed)
         values ($1, $2, $2, $3, 1, $4, 'institutional', 'active', '\\x00', $1, $1, 0, '\\x00')`,
        [id, item, version, frequency],
      );
      for (const name of destinations)
        await pool.query("insert into delivery (claim_id, destination, state) values ($1, $2, 'pending')", [id, name]);
      wake();
      return id;
    },
    ledger,
    inState: (state) => until((row) => row.state === state)(),
    withCode: (code) => until((row) => row.code === code)(),
    close: async () => {
      for (const one of running) await one.close();
      await redis.drop();
      await database.drop();
    },
  };
}
