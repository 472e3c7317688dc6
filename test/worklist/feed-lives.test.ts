import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { freshId, type MessageId } from "#src/base/ids.ts";
import { createChartCache } from "#src/charts/open-chart.ts";
import { foldOnce } from "#src/charts/fold.pg.ts";
import { createMapRecord } from "#src/charts/map-record.ts";
import { readTheirList } from "#src/cli/compare.ts";
import { builtinConfig } from "#src/config/builtin.ts";
import { type Feed, makeFeed } from "#src/config/feed.ts";
import { recordLives } from "#src/journal/feed-lives.pg.ts";
import { createJournalWriter } from "#src/journal/journal-writer.pg.ts";
import { readRules } from "#src/main/rules.ts";
import { compareLists } from "#src/worklist/compare-lists.ts";
import { heldOfOtherLives, PARALLEL, withFeedLives } from "#src/worklist/feed-lives.pg.ts";
import { liftHold } from "#src/worklist/hold-actions.pg.ts";
import { readOurAccounts } from "#src/worklist/parallel-list.pg.ts";
import { createReconcileItems } from "#src/worklist/reconcile-items.pg.ts";
import { freshDatabase } from "#test/setup/database.ts";
import { ID_KEY, sealer } from "./stays.ts";

const rules = readRules(builtinConfig(process.cwd(), ".", { demo: false, port: 0, mllpPort: 0 }));
const feedIn = (life: Feed["life"], name: string = life): Feed =>
  makeFeed(name, { facility: "NORTH", zone: "America/Chicago", defaultAuthority: "NORTH", life });
const FEEDS = new Map(["backload", "parallel", "live"].map((life) => [life, feedIn(life as Feed["life"])]));

let database: Awaited<ReturnType<typeof freshDatabase>>;
beforeAll(async () => {
  database = await freshDatabase();
});
beforeEach(() =>
  database.pool.query("truncate journal_record, journal_outcome, account, coding_item, item_hold, dirty_item, feed_life cascade"),
);
afterAll(() => database.drop());

const stay = (account: string, more = ""): string =>
  `MSH|^~\\&|EHR|NORTH|CB|CB|20260303||ADT^A03|${account}|P|2.5.1\rEVN||20260303120000-0600\rPID|1||7${account}^^^NORTH||QUILL^ADA|||||||||||||${account}\r` +
  `PV1|1|I|||||||||||||||||${account}|||||||||||||||||||||||||20260301100000-0600|20260303010000-0600\r${more}`;

async function take(feed: string, ...messages: readonly string[]): Promise<void> {
  const journal = createJournalWriter(database.pool, sealer, () => undefined);
  for (const text of messages)
    await journal.append({
      id: freshId() as MessageId,
      feed,
      protocol: "mllp",
      receivedAt: new Date(),
      orderKey: text.slice(60, 80),
      bytes: Buffer.from(text),
      verdict: "accepted",
    });
  const needs = {
    pool: database.pool,
    sealer,
    cache: createChartCache(10),
    map: createMapRecord(rules.maps, FEEDS, ID_KEY),
    onChanges: withFeedLives(
      createReconcileItems({ rules: rules.queues, feeds: FEEDS, idKey: ID_KEY, sealer, now: () => new Date() }),
      FEEDS,
    ),
  };
  for (let left = await foldOnce(needs); left > 0; left = await foldOnce(needs));
}
const rowsOf = async (sql: string): Promise<readonly unknown[]> => (await database.pool.query<Record<string, unknown>>(sql)).rows;
const STATES = "select state, dispatch_no > 0 as dispatched from coding_item where stream = 'FAC'";

describe("the life of a feed", () => {
  it("backload makes charts and no work", async () => {
    await take("backload", stay("800"));
    expect(await rowsOf("select count(*)::int as n from account")).toEqual([{ n: 1 }]);
    expect(await rowsOf(STATES)).toEqual([]);
  });

  it("parallel computes the work and holds it from its first moment: nobody gets it", async () => {
    await take("parallel", stay("800"));
    await take("parallel", stay("800", "DG1|1||I10^^I10||20260301|A\r"));
    expect(await rowsOf(STATES)).toMatchObject([{ state: "HELD" }]);
    expect(await rowsOf("select code from item_hold where blocks = 'coding'")).toEqual([{ code: "PARALLEL" }]);
    expect(await rowsOf("select 1 from coding_item where state = 'READY'")).toEqual([]);
  });

  it("live makes what was held in parallel ready", async () => {
    await take("parallel", stay("800"));
    const live = [feedIn("live", "parallel")];
    expect(await heldOfOtherLives(database.pool, [...FEEDS.values()])).toEqual([]);
    for (const id of await heldOfOtherLives(database.pool, live))
      await liftHold({ pool: database.pool, sealer, rules: rules.queues, now: () => new Date() }, id, PARALLEL, {
        userId: "engine",
        supervisor: true,
      });
    expect(await rowsOf(STATES)).toEqual([{ state: "READY", dispatched: true }]);
    await take("live", stay("801"));
    expect(await rowsOf("select distinct state from coding_item where stream = 'FAC'")).toEqual([{ state: "READY" }]);
  });

  it("changes only with a name and a reason, and each change stays in the log", async () => {
    const { pool } = database;
    const log = "select life, who, why from feed_life order by since";
    expect((await recordLives(pool, [feedIn("test", "north")])).faults).toEqual([]);
    expect((await recordLives(pool, [feedIn("parallel", "north")])).faults).toEqual([
      "feeds.north: its life was test and is now parallel: say who changed it and why under lifeNote",
    ]);
    expect(await rowsOf(log)).toHaveLength(1);
    const lifeNote = { who: "Ada", why: "two weeks beside the old system" };
    expect(await recordLives(pool, [{ ...feedIn("parallel", "north"), lifeNote }])).toEqual({
      changes: [{ feed: "north", life: "parallel", before: "test" }],
      faults: [],
    });
    expect((await recordLives(pool, [{ ...feedIn("parallel", "north"), lifeNote }])).changes).toEqual([]);
    expect((await recordLives(pool, [{ ...feedIn("live", "north"), lifeNote }])).faults).toEqual([
      "feeds.north: its life was parallel and is now live, and lifeNote is still that of the change before",
    ]);
    expect(await rowsOf(log)).toEqual([
      { life: "test", who: "configuration", why: "first start of the feed" },
      { life: "parallel", ...lifeNote },
    ]);
  });
});

describe("the comparison with the old system's list", () => {
  const days = new Intl.DateTimeFormat("sv-SE", { timeZone: "America/Chicago", dateStyle: "short" });
  const compare = async (csv: string) =>
    compareLists(readTheirList("old.csv", csv), await readOurAccounts(database.pool, sealer, "parallel"), (at) => days.format(at));

  it("finds nothing where both say the same, dates in the feed's zone", async () => {
    await take("parallel", stay("800"));
    expect(await compare("account,class,admitted,discharged,charges,queue\n800,IMP,2026-03-01,2026-03-03,0.00,inpatient\n")).toEqual([]);
  });

  it("reports every difference: accounts on one side only, twice, still open, and each column", async () => {
    await take(
      "parallel",
      stay("800"),
      stay("801"),
      stay("802"),
      stay("803").replace("ADT^A03", "ADT^A01").replace("|20260303010000-0600", ""),
    );
    const csv =
      "account,class,admitted,discharged,charges,queue\n800,OBSENC,2026-02-28,2026-03-04,1.50,observation\n801,IMP,2026-03-01,2026-03-03,0,inpatient\n801,IMP,2026-03-01,2026-03-03,0,inpatient\n803,IMP,2026-03-01,,0,inpatient\n999,IMP,2026-03-01,2026-03-03,0,inpatient\n";
    expect(await compare(csv)).toEqual([
      { account: "800", line: 2, what: "class", theirs: "OBSENC", ours: "IMP" },
      { account: "800", line: 2, what: "admitted", theirs: "2026-02-28", ours: "2026-03-01" },
      { account: "800", line: 2, what: "discharged", theirs: "2026-03-04", ours: "2026-03-03" },
      { account: "800", line: 2, what: "charges", theirs: "1.50", ours: "0.00" },
      { account: "800", line: 2, what: "queue", theirs: "observation", ours: "inpatient" },
      { account: "801", line: 4, what: "twice on the list", theirs: "", ours: "" },
      { account: "803", line: 5, what: "still open here", theirs: "", ours: "" },
      { account: "999", line: 6, what: "not here", theirs: "", ours: "" },
      { account: "802", line: undefined, what: "not on the list", theirs: "", ours: "2026-03-03" },
    ]);
  });

  it("names what is wrong with a list by line and column, never by its value", () => {
    expect(() => readTheirList("old.csv", "account,discharged\n800,03/03/2026\n,2026-03-03\n")).toThrow(
      "old.csv:2: discharged has not its form\nold.csv:3: account is empty",
    );
    expect(() => readTheirList("old.csv", "mrn\n1\n")).toThrow("old.csv:1: the column account is missing");
  });
});
