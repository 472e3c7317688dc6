import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { freshId, type IdKey, type MessageId } from "#src/base/ids.ts";
import { fail } from "#src/base/result.ts";
import { createSealer } from "#src/base/seal.ts";
import { chartContext, createChartCache } from "#src/charts/open-chart.ts";
import { readChart } from "#src/charts/chart-store.pg.ts";
import { readDeltas } from "#src/charts/chart-versions.pg.ts";
import { readChartAt } from "#src/charts/history.pg.ts";
import { foldOnce, type FoldNeeds, retryTroubled } from "#src/charts/fold.pg.ts";
import { startFoldLoop } from "#src/charts/fold-loop.ts";
import { createMapRecord } from "#src/charts/map-record.ts";
import { demoStory } from "#src/cli/demo/story.ts";
import { builtinConfig } from "#src/config/builtin.ts";
import { readMapFiles } from "#src/config/map-files.ts";
import { isOutage } from "#src/database/pool.pg.ts";
import { createJournalWriter, type JournalWriter } from "#src/journal/journal-writer.pg.ts";
import { giveUpRecord } from "#src/journal/journal-reader.pg.ts";
import { compileMaps } from "#src/mapping/compile.ts";
import { createLog } from "#src/telemetry/log.ts";
import { readQueueFiles } from "#src/worklist/queue-files.ts";
import { compileQueues } from "#src/worklist/queue-rules.ts";
import { createReconcileItems } from "#src/worklist/reconcile-items.pg.ts";
import { waitFor } from "#test/journey/engine-process.ts";
import { freshDatabase, type TestDatabase } from "#test/setup/database.ts";

const ID_KEY = "fold tests" as IdKey;
const sealer = createSealer(Buffer.alloc(32, 5));
const maps = compileMaps(readMapFiles("mappings"));
const queues = compileQueues(readQueueFiles("queues"));
if (!maps.ok || !queues.ok) throw new Error("the shipped maps and queues compile");
const [feed] = builtinConfig(".", ".", { demo: false, port: 0, mllpPort: 0 }).feeds;
if (feed === undefined) throw new Error("the built-in configuration has a feed");
const feeds = new Map([[feed.name, feed]]);
const map = createMapRecord(maps.value, feeds, ID_KEY);
const reconcile = createReconcileItems({ rules: queues.value, feeds, idKey: ID_KEY, sealer, now: () => new Date() });
const STORY = demoStory(3, new Date("2026-03-02T15:00:00Z"), "America/Chicago").map(({ message }) => message);

let database: TestDatabase;
let journal: JournalWriter;
let needs: FoldNeeds;
beforeEach(async () => {
  database = await freshDatabase();
  journal = createJournalWriter(database.pool, sealer, () => undefined);
  needs = { pool: database.pool, sealer, cache: createChartCache(100), map, onChanges: reconcile };
});
afterEach(() => database.drop());

const accountIn = (message: string): string => /\rPID(?:\|[^|]*){17}\|(\w+)/.exec(message)?.[1] ?? "";
const ofAccount = (account: string): readonly string[] => STORY.filter((message) => accountIn(message) === account);

async function append(messages: readonly string[]): Promise<readonly string[]> {
  const ids: string[] = [];
  for (const message of messages) {
    const proof = await journal.append({
      id: freshId() as MessageId,
      feed: feed?.name ?? "",
      protocol: "mllp",
      receivedAt: new Date(),
      orderKey: accountIn(message),
      controlId: message.split("|")[9] ?? "",
      messageType: (message.split("|")[8] ?? "").split("^").slice(0, 2).join("^"),
      bytes: Buffer.from(message),
      verdict: "accepted",
    });
    ids.push(proof.id);
  }
  return ids;
}
async function foldAll(): Promise<void> {
  while ((await foldOnce(needs)) > 0);
}
const outcomes = async (): Promise<readonly { outcome: string; code: string | null; n: number }[]> =>
  (await database.pool.query("select outcome, failure_code as code, count(*) as n from journal_outcome group by 1, 2 order by 1, 2"))
    .rows as never;
const state = async () => ({
  charts: (
    await database.pool.query<{ account_id: string; type: string; id: string; version: number; sealed: Buffer }>(
      "select account_id, type, id, version, standing, times, sealed from chart_resource order by 1, 2, 3",
    )
  ).rows.map(({ sealed, ...row }) => ({ ...row, charted: sealer.openJson(sealed, chartContext(row.account_id)) })),
  versions: (await database.pool.query("select account_id, version from chart_version order by 1, 2")).rows,
  items: (await database.pool.query("select id, state, queue, priority, dispatch_no, chart_version from coding_item order by id")).rows,
  events: (await database.pool.query("select item_id, event, from_state, to_state from item_event order by id")).rows,
});

describe("the fold", () => {
  it("changes nothing when the same records are folded again", async () => {
    await append(STORY);
    await foldAll();
    const before = await state();
    expect(before.charts.length).toBeGreaterThan(200);
    await database.pool.query("update lane_cursor set xid = '0', seq = 0");
    await foldAll();
    expect(await state()).toEqual(before);
  });

  it("makes the same charts whether the records come at once or one at a time", async () => {
    const some = STORY.slice(0, 40);
    await append(some);
    await foldAll();
    const atOnce = (await state()).charts;
    await database.drop();
    database = await freshDatabase();
    journal = createJournalWriter(database.pool, sealer, () => undefined);
    needs = { ...needs, pool: database.pool, cache: createChartCache(1) };
    for (const message of some) {
      await append([message]);
      await foldAll();
    }
    expect((await state()).charts).toEqual(atOnce);
  });

  it("keeps every version of a chart as it was then, whether its messages come at once or one at a time", async () => {
    const [first = ""] = ofAccount("A90002").filter((message) => message.includes("|ADT^A01"));
    const at = (minute: number, change: (message: string) => string): string =>
      change(first)
        .replace(/^((?:[^|]*\|){6})[^|]*/, `$12026030215${minute}00`)
        .replace(/\rEVN\|[^\r]*/, `\rEVN|A08|2026030215${minute}00`)
        .replace("|ADT^A01^ADT_A01|", `|ADT^A08^ADT_A01|${minute}`);
    const without = (message: string): string =>
      message.replace(/\rDG1\|[^\r]*/g, "").replace(/\rPV1/, "\rDG1|1||E11.9^Diabetes^I10||20260302|W\rPV1");
    const other = (message: string): string => message.replace(/(\rDG1\|1\|\|[^^|]*\^)[^^|]*/, "$1Said late of what no longer stands");
    const messages = [
      ...ofAccount("A90002"),
      at(30, (message) => message),
      at(40, without),
      // Of what a newer set left out: it changes what nobody sees.
      at(35, other),
      at(50, (message) => message.replace(/Married/g, "Wed")),
      at(55, without),
    ];
    const stands = async (): Promise<readonly unknown[]> => {
      const { rows } = await database.pool.query<{ id: string; v: number }>("select id, chart_version as v from account");
      return Promise.all(rows.map(({ id }) => readChart(database.pool, sealer, id)));
    };
    const shown = new Map<number, unknown>();
    for (const message of messages) {
      await append([message]);
      await foldAll();
      const [chart] = (await stands()) as { readonly version: number }[];
      if (chart !== undefined) shown.set(chart.version, chart);
    }
    const newest = Math.max(...shown.keys());
    expect(newest).toBeGreaterThan(6);
    const [account] = (await database.pool.query<{ id: string }>("select id from account")).rows;
    const ofAll = async (): Promise<void> => {
      for (const [version, chart] of shown)
        expect(await readChartAt(database.pool, sealer, account?.id ?? "", version), `version ${version}`).toEqual(chart);
    };
    await ofAll();
    const oneByOne = await readDeltas(database.pool, sealer, account?.id ?? "", 0);
    await database.drop();
    database = await freshDatabase();
    journal = createJournalWriter(database.pool, sealer, () => undefined);
    needs = { ...needs, pool: database.pool, cache: createChartCache(100) };
    await append(messages);
    await foldAll();
    await ofAll();
    expect(await readDeltas(database.pool, sealer, account?.id ?? "", 0)).toEqual(oneByOne);
    expect(oneByOne.map(({ changed }) => changed.length).filter((n) => n === 0).length).toBeLessThan(2);
  });

  it("sets a message that cannot be mapped aside with its reason, lets its account wait in order, and goes on with the others", async () => {
    const [first = "", ...later] = ofAccount("A90002");
    const [brokenId] = await append([
      first.replace(/\rPID\|[^\r]*/, (pid) => pid.replace(/^((?:[^|]*\|){3})[^|]*/, "$1")),
      ...later,
      ...ofAccount("A90003"),
    ]);
    await foldAll();
    expect(await outcomes()).toEqual([
      { outcome: "applied", code: null, n: ofAccount("A90003").length },
      { outcome: "failed", code: "REQUIRED_FIELD_MISSING", n: 1 },
      { outcome: "parked", code: null, n: later.length },
    ]);
    const { rows } = await database.pool.query("select record_id, failure_place from journal_outcome where outcome = 'failed'");
    expect(rows).toEqual([{ record_id: brokenId, failure_place: "PID-3" }]);
    expect((await database.pool.query("select code from item_hold")).rows).toEqual([{ code: "INTERFACE" }]);
  });

  it("applies what waited, in order, once the map is mended and it is asked to", async () => {
    const stay = ofAccount("A90002");
    await append(stay);
    let broken = true;
    needs = { ...needs, map: (record) => (broken ? { ...map(record), mapped: fail({ code: "MAP_ERROR" }) } : map(record)) };
    await foldAll();
    expect((await outcomes()).map(({ outcome, n }) => [outcome, n])).toEqual([["failed", stay.length]]);
    broken = false;
    expect(await retryTroubled(needs, undefined)).toBe(stay.length);
    expect(await outcomes()).toEqual([{ outcome: "applied", code: null, n: stay.length }]);
    const { rows } = await database.pool.query("select state from coding_item");
    expect(rows).toEqual([{ state: "READY" }]);
    expect((await database.pool.query("select code from item_hold where code = 'INTERFACE'")).rows).toEqual([]);
  });

  it("lets an account go on when its failed message is given up, also when nothing waits behind it", async () => {
    const [first = "", ...later] = ofAccount("A90002");
    await append(later);
    await foldAll();
    const [failed = ""] = await append([first.replace(/\rPID\|[^\r]*/, (pid) => pid.replace(/^((?:[^|]*\|){3})[^|]*/, "$1"))]);
    await foldAll();
    const holds = async () => (await database.pool.query<{ code: string }>("select code from item_hold")).rows;
    expect(await holds()).toEqual([{ code: "INTERFACE" }]);
    const given = await giveUpRecord(database.pool, failed);
    await retryTroubled(needs, given?.accountId);
    expect(await holds()).toEqual([]);
    expect((await database.pool.query("select state from coding_item")).rows).toEqual([{ state: "READY" }]);
    expect(await giveUpRecord(database.pool, failed)).toBeUndefined();
  });

  it("keeps a message type without a map, with no effect", async () => {
    await append([STORY[0]?.replace("ADT^A0", "SIU^S1").replace("|ADT_A01|", "||") ?? ""]);
    await foldAll();
    expect((await outcomes()).map(({ outcome }) => outcome)).toEqual(["filtered"]);
  });

  it("isolates a record that stops a whole batch: it alone fails, everything else is applied", async () => {
    const poisonous = ofAccount("A90004").length;
    await append([...ofAccount("A90003"), ...ofAccount("A90004"), ...ofAccount("A90005")]);
    const poisoned = map({ ...(await firstRecord("A90004")) }).account?.accountId;
    needs = {
      ...needs,
      onChanges: (client, changes) =>
        changes.some((change) => change.accountId === poisoned && !change.interfaceFailed)
          ? Promise.reject(new Error("poison"))
          : reconcile(client, changes),
    };
    const loop = startFoldLoop({
      fold: (most, giveUp) => foldOnce(needs, most, giveUp ? () => true : undefined),
      isOutage,
      onProgress: () => undefined,
      log: createLog("silent"),
    });
    const total = ofAccount("A90003").length + poisonous + ofAccount("A90005").length;
    await waitFor(async () => ((await outcomes()).reduce((sum, { n }) => sum + n, 0) === total ? true : undefined));
    await loop.close();
    expect(await outcomes()).toEqual([
      { outcome: "applied", code: null, n: total - poisonous },
      { outcome: "failed", code: "FOLD_ERROR", n: 1 },
      { outcome: "parked", code: null, n: poisonous - 1 },
    ]);
  });
});

/** A record as the journal would give it. */
const firstRecord = (account: string) =>
  Promise.resolve({
    seq: 1,
    xid: "1",
    lane: 0,
    id: freshId() as MessageId,
    feed: feed?.name ?? "",
    protocol: "mllp" as const,
    bytes: Buffer.from(ofAccount(account)[0] ?? ""),
  });
