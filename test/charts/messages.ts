import type { ChargeItem, Condition, DocumentReference, Encounter, Patient, Resource } from "@medplum/fhirtypes";
import type { AccountId } from "#src/base/ids.ts";
import { createAliases } from "#src/charts/aliases.ts";
import { applyMapped, type Book, type Effect } from "#src/charts/apply.ts";
import type { OpenChart } from "#src/charts/open-chart.ts";
import { emptyChart, standingResources } from "#src/charts/merge.ts";
import type { Mapped, MappedResource, Merge, NamedThing } from "#src/mapping/types.ts";

/** Ids of their own for readable tests: a number is its own id. */
export const named = (value: string): NamedThing => ({ authority: "NORTH", value, resourceId: value });
export type WithId = MappedResource["resource"];

const number = (value: string) => ({ system: "urn:chartbridge:authority:NORTH", value });
export const patient = (id: string, more: Partial<Patient> = {}): WithId => ({
  resourceType: "Patient",
  id,
  identifier: [number(id)],
  ...more,
});
export const visit = (id: string, account: string, patientId: string, more: Partial<Encounter> = {}): WithId => ({
  resourceType: "Encounter",
  id,
  identifier: [number(id)],
  status: "in-progress",
  class: { code: "IMP" },
  subject: { reference: `Patient/${patientId}` },
  account: [{ reference: `Account/${account}` }],
  ...more,
});
export const account = (id: string, patientId: string): WithId => ({
  resourceType: "Account",
  id,
  identifier: [number(id)],
  status: "active",
  subject: [{ reference: `Patient/${patientId}` }],
});
export const diagnosis = (id: string, visitId: string, patientId: string): WithId =>
  ({
    resourceType: "Condition",
    id,
    subject: { reference: `Patient/${patientId}` },
    encounter: { reference: `Encounter/${visitId}` },
    code: { text: id },
  }) satisfies Condition & { id: string };
export const charge = (id: string, visitId: string, accountId: string, dollars: number, more: Partial<ChargeItem> = {}): WithId => ({
  resourceType: "ChargeItem",
  id,
  status: "billable",
  code: { text: id },
  subject: { reference: "Patient/any" },
  context: { reference: `Encounter/${visitId}` },
  account: [{ reference: `Account/${accountId}` }],
  priceOverride: { value: dollars, currency: "USD" },
  ...more,
});
export const documentOf = (id: string, visitId: string, patientId: string, more: Partial<DocumentReference> = {}): WithId => ({
  resourceType: "DocumentReference",
  id,
  status: "current",
  subject: { reference: `Patient/${patientId}` },
  context: { encounter: [{ reference: `Encounter/${visitId}` }] },
  content: [{ attachment: { contentType: "text/plain", data: Buffer.from("a note").toString("base64") } }],
  ...more,
});

/** A time of the day of the stories. */
export const at = (minute: number): string => new Date(Date.UTC(2026, 0, 5, 8) + minute * 60_000).toISOString();

interface Told {
  readonly minute: number;
  readonly type?: string;
  readonly account?: string;
  readonly patient?: string;
  readonly visit?: string;
  readonly resources?: readonly WithId[];
  readonly sets?: Mapped["wholeSets"];
  readonly deleted?: Readonly<Record<string, readonly string[]>>;
  readonly merges?: readonly Merge[];
  readonly others?: readonly Mapped[];
}

/** One mapped message. */
export const told = ({ minute, type = "ADT^A08", sets = [], resources = [], deleted = {}, merges, others, ...who }: Told): Mapped => ({
  messageType: type,
  eventTime: at(minute),
  ...(who.account === undefined ? {} : { account: named(who.account) }),
  ...(who.patient === undefined ? {} : { patientId: who.patient }),
  ...(who.visit === undefined ? {} : { encounterId: who.visit }),
  resources: resources.map((resource) => ({ resource, deleted: deleted[resource.resourceType] ?? [] })),
  wholeSets: sets,
  ...(merges === undefined ? {} : { merges }),
  ...(others === undefined ? {} : { others }),
  lineage: [],
  warnings: [],
});

const openChart = (accountId: string): OpenChart => ({
  accountId: accountId as AccountId,
  feed: "north",
  facility: "NORTH",
  version: 0,
  edit: 0,
  interfaceFailed: false,
  content: emptyChart(),
  deltas: [],
  dirty: new Set(),
  retimed: new Set(),
  shownAt: new Map(),
  setsMoved: false,
  mergedInto: undefined,
  absorbed: [],
  emptiedInto: undefined,
  number: undefined,
});

/** Charts in memory, as a fold holds them: one for each account that any message names. */
export function shelf(...accounts: readonly string[]) {
  const charts = new Map(accounts.map((id) => [id, openChart(id)]));
  const book: Book = { charts, aliases: createAliases([]) };
  let records = 0;
  return {
    chart: (id: string): OpenChart => {
      const found = charts.get(id);
      if (found === undefined) throw new Error(`there is no account ${id}`);
      return found;
    },
    say: (...messages: readonly Mapped[]): readonly Effect[] =>
      messages.map((one) => {
        // What a map gives may be shared with later messages of the account: no chart may write to it.
        freeze(one.resources);
        return applyMapped(one, book, `record ${++records}`);
      }),
    /** What an account's chart shows, in one order. */
    shows: (id: string): readonly Resource[] =>
      [...standingResources(charts.get(id)?.content ?? emptyChart())].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1)),
    keys: (id: string): readonly string[] => [...standingResources(charts.get(id)?.content ?? emptyChart())].map(keyOf).sort(),
    get: <T extends Resource>(id: string, key: string): T => {
      const found = [...standingResources(charts.get(id)?.content ?? emptyChart())].find((one) => keyOf(one) === key);
      if (found === undefined) throw new Error(`account ${id} shows no ${key}`);
      return found as unknown as T;
    },
  };
}

function freeze(value: unknown): void {
  if (typeof value !== "object" || value === null) return;
  Object.freeze(value);
  Object.values(value).forEach(freeze);
}

const keyOf = ({ resourceType, id }: Resource): string => `${resourceType}/${id ?? ""}`;
