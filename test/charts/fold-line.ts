import { freshId, type MessageId, stableId, type IdKey } from "#src/base/ids.ts";
import type { Failure } from "#src/base/failures.ts";
import { fail, ok, type Result } from "#src/base/result.ts";
import { createSealer } from "#src/base/seal.ts";
import { readChart } from "#src/charts/chart-store.pg.ts";
import { createChartCache } from "#src/charts/open-chart.ts";
import { type AccountChange, foldOnce, type FoldNeeds, type MappedRecord } from "#src/charts/fold.pg.ts";
import { accountsNamed } from "#src/charts/map-record.ts";
import { createJournalWriter } from "#src/journal/journal-writer.pg.ts";
import type { JournalRecord } from "#src/journal/journal-reader.pg.ts";
import type { Mapped, NamedThing } from "#src/mapping/types.ts";
import { freshDatabase } from "#test/setup/database.ts";

const KEY = "fold line" as IdKey;
const uuid = (text: string): string => (text === "" ? "" : stableId(KEY, text));
const references = /^([A-Z][A-Za-z]+)\/(.+)$/;

/** Readable ids (`V1`, `Encounter/V1`) to the UUIDs that the store wants. */
function withUuids<T>(value: T): T {
  if (Array.isArray(value)) return value.map(withUuids) as T;
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => {
      if (["id", "resourceId", "patientId", "encounterId"].includes(name) && typeof inner === "string") return [name, uuid(inner)];
      const [, type, id] = name === "reference" && typeof inner === "string" ? (references.exec(inner) ?? []) : [];
      return [name, type === undefined || id === undefined ? withUuids(inner) : `${type}/${uuid(id)}`];
    }),
  ) as T;
}

/** What a test's "map" reads: a record holds a mapped message as JSON, or words that no map can read. */
const mapped = ({ bytes }: JournalRecord): Result<Mapped, Failure> => {
  const text = bytes.toString();
  return text.startsWith("{") ? ok(JSON.parse(text) as Mapped) : fail({ code: "MAP_ERROR", place: "PID-3" });
};
const keyOf = ({ authority, value, resourceId }: NamedThing) => ({
  accountId: resourceId as never,
  feed: "north",
  facility: "NORTH",
  authority,
  accountNumber: value,
});

/** A journal and a fold over real stores, fed with messages that are mapped already. */
export async function startFoldLine() {
  const database = await freshDatabase();
  const sealer = createSealer(Buffer.alloc(32, 9));
  const journal = createJournalWriter(database.pool, sealer, () => undefined);
  const changes: AccountChange[] = [];
  /** What a test does to what its map gives. */
  const bent: { by: (one: Mapped) => Result<Mapped, Failure> } = { by: ok };
  const map = (record: JournalRecord): MappedRecord => {
    const read = mapped(record);
    const result = read.ok ? bent.by(read.value) : read;
    const account = read.ok ? read.value.account : named(record.bytes.toString().split(" ").at(-1) ?? "");
    return {
      mapped: result,
      filtered: false,
      mapVersion: "test",
      ...(account === undefined ? {} : { account: keyOf(account) }),
      ...(read.ok ? { accounts: accountsNamed(read.value).map(keyOf) } : {}),
    };
  };
  const needs: FoldNeeds & { journal: typeof journal; now: () => Date } = {
    pool: database.pool,
    sealer,
    cache: createChartCache(100),
    map,
    onChanges: (_client, told) => {
      changes.push(...told);
      return Promise.resolve();
    },
    journal,
    now: () => new Date(),
  };
  const bytesOf = (message: Mapped | string): Buffer =>
    Buffer.from(typeof message === "string" ? message : JSON.stringify(withUuids(message)));
  const append = async (...messages: readonly (Mapped | string)[]): Promise<readonly string[]> => {
    const ids: string[] = [];
    for (const message of messages) {
      const id = freshId() as MessageId;
      await journal.append({
        id,
        feed: "north",
        protocol: "mllp",
        receivedAt: new Date(),
        orderKey: typeof message === "string" ? (message.split(" ").at(-1) ?? "") : (message.account?.value ?? message.patientId ?? ""),
        ...(typeof message === "string" ? {} : { messageType: message.messageType }),
        bytes: bytesOf(message),
        verdict: "accepted",
      });
      ids.push(id);
    }
    return ids;
  };
  const fold = async (most?: number): Promise<void> => {
    while ((await foldOnce(needs, most)) > 0);
  };
  return {
    database,
    needs,
    changes,
    bent,
    bytesOf,
    id: uuid,
    append,
    fold,
    /** Nothing of one test is left for the next. */
    clear: async (): Promise<void> => {
      await database.pool.query(
        `truncate journal_record, journal_outcome, account, identifier_alias, record_account, record_correction, failure_decision, control_id_seen cascade`,
      );
      await database.pool.query("update lane_cursor set xid = '0', seq = 0");
      Object.assign(needs, { cache: createChartCache(100) });
      changes.length = 0;
      bent.by = ok;
    },
    /** Takes messages in and folds them. */
    take: async (...messages: readonly (Mapped | string)[]): Promise<readonly string[]> => {
      const ids = await append(...messages);
      await fold();
      return ids;
    },
    chart: (account: string) => readChart(database.pool, sealer, uuid(account)),
    /** `Type/readable id` of what a chart shows. */
    keys: async (account: string, ...names: readonly string[]): Promise<readonly string[]> => {
      const byUuid = new Map(names.map((name) => [uuid(name), name]));
      const chart = await readChart(database.pool, sealer, uuid(account));
      return (chart?.resources ?? []).map(({ resourceType, id = "" }) => `${resourceType}/${byUuid.get(id) ?? "?"}`).sort();
    },
    outcomes: async () =>
      (
        await database.pool.query<{ outcome: string; n: number }>(
          "select outcome, count(*)::int as n from journal_outcome group by 1 order by 1",
        )
      ).rows.map(({ outcome, n }) => `${outcome} ${n}`),
  };
}
export type FoldLine = Awaited<ReturnType<typeof startFoldLine>>;

/** The account of a message that no map can read: its last word. */
const named = (value: string): NamedThing => ({ authority: "NORTH", value, resourceId: uuid(value) });
/** A message that fails, of an account. */
export const broken = (account: string): string => `cannot be read ${account}`;
