import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { makeFeed } from "#src/config/feed.ts";
import { acceptFrame } from "#src/intake/accept.ts";
import { readRefusalBooks } from "#src/journal/books.pg.ts";
import { createJournalWriter } from "#src/journal/journal-writer.pg.ts";
import { searchKey } from "#src/journal/search-keys.ts";
import { forgetControlIds } from "#src/journal/upkeep.pg.ts";
import { adt, codes, framed, sealer, startPeerTests, talk } from "./mllp-peer.ts";

let peer: Awaited<ReturnType<typeof startPeerTests>>;
beforeAll(async () => {
  peer = await startPeerTests();
});
afterEach(() => peer.closeListeners());
afterAll(() => peer.end());

const verdicts = async (id: string): Promise<readonly string[]> => (await peer.kept(`|${id}|`)).map(({ verdict }) => verdict);
const send = async (port: number, text: string): Promise<string> => (await talk(port, framed(text))).text;

describe("a repetition", () => {
  it("gets the answer of the message it repeats, byte for byte, and makes no new work", async () => {
    const { port } = await peer.listen();
    const first = await send(port, adt("again"));
    expect(codes(first)).toEqual(["AA again"]);
    expect(await send(port, adt("again"))).toBe(first);
    expect(await verdicts("again")).toEqual(["accepted", "duplicate"]);
  });

  it("is known after a restart", async () => {
    const before = await peer.listen();
    const first = await send(before.port, adt("restart"));
    await before.close();
    const after = await peer.listen({}, { store: createJournalWriter(peer.database.pool, sealer, () => undefined) });
    expect(await send(after.port, adt("restart"))).toBe(first);
    expect(await verdicts("restart")).toEqual(["accepted", "duplicate"]);
  });

  it("is known when both arrive at once on two connections of two engines", async () => {
    const one = await peer.listen();
    const two = await peer.listen({}, { store: createJournalWriter(peer.database.pool, sealer, () => undefined) });
    const answers = await Promise.all([one, two, one, two].map(({ port }) => send(port, adt("at-once"))));
    expect(answers.flatMap(codes)).toEqual(["AA at-once", "AA at-once", "AA at-once", "AA at-once"]);
    expect([...(await verdicts("at-once"))].sort()).toEqual(["accepted", "duplicate", "duplicate", "duplicate"]);
  });

  it("of a control id after the feed's window is a new message", async () => {
    const { port } = await peer.listen({}, { name: "window" });
    await send(port, adt("window-1"));
    await forgetControlIds(peer.database.pool, "window", 0);
    await send(port, adt("window-1"));
    expect(await verdicts("window-1")).toEqual(["accepted", "accepted"]);
  });

  it("by an operator is exempt", async () => {
    const feed = makeFeed("operated", { facility: "NORTH", zone: "UTC" });
    const bytes = Buffer.from(adt("operated"), "latin1");
    const give = () =>
      acceptFrame(
        { journal: peer.journal, now: () => new Date() },
        { feed, protocol: "mllp", peer: "operator", operator: true },
        { kind: "message", bytes, unterminated: false },
      );
    await give();
    await give();
    expect(await verdicts("operated")).toEqual(["accepted", "accepted"]);
  });
});

describe("the same control id with other content", () => {
  const other = (id: string): string => adt(id, "EVN||20260102\rPV1|1|O\r");

  it("is by default new, and flagged", async () => {
    const { port } = await peer.listen();
    await send(port, adt("reuse-1"));
    expect(codes(await send(port, other("reuse-1")))).toEqual(["AA reuse-1"]);
    expect(await peer.kept("|reuse-1|")).toMatchObject([
      { verdict: "accepted", flags: [] },
      { verdict: "accepted", flags: ["CONTROL_ID_REUSED"], foldAs: null },
    ]);
    // Each of the two contents has its own repetitions.
    await send(port, other("reuse-1"));
    await send(port, adt("reuse-1"));
    expect((await verdicts("reuse-1")).slice(2)).toEqual(["duplicate", "duplicate"]);
  });

  it("is kept for a person on a feed that holds", async () => {
    const { port } = await peer.listen({ duplicates: { onReuse: "hold" } }, { name: "holding" });
    await send(port, adt("reuse-2"));
    expect(codes(await send(port, other("reuse-2")))).toEqual(["AA reuse-2"]);
    expect((await peer.kept("|reuse-2|"))[1]).toMatchObject({ verdict: "accepted", foldAs: "failed", foldCode: "CONTROL_ID_REUSED" });
  });

  it("is refused with AR 205 on a feed that rejects, at every try, and the first content stays known", async () => {
    const { port } = await peer.listen({ duplicates: { onReuse: "reject" } }, { name: "rejecting" });
    const first = await send(port, adt("reuse-3"));
    for (let tries = 0; tries < 2; tries++) {
      const text = await send(port, other("reuse-3"));
      expect(codes(text)).toEqual(["AR reuse-3"]);
      expect(text).toContain("ERR||MSH^1^10^1|205^Duplicate key identifier^HL70357");
    }
    expect(await send(port, adt("reuse-3"))).toBe(first);
    expect(await verdicts("reuse-3")).toEqual(["accepted", "refused", "refused", "duplicate"]);
  });
});

describe("the books", () => {
  it("say of every refused message whether it was accepted later or is still owed, by feed", async () => {
    const { port } = await peer.listen({}, { name: "books" });
    const noPatient = (id: string): string => `MSH|^~\\&|EHR|NORTH|CB|CB|20260101||ADT^A08|${id}|P|2.5.1\rPV1|1|I\r`;
    for (const id of ["owed-1", "owed-2"]) expect(codes(await send(port, noPatient(id)))).toEqual([`AE ${id}`]);
    await send(port, adt("owed-1"));
    await talk(port, framed("nothing readable") + framed(adt("books-fence")));
    const books = await readRefusalBooks(peer.database.pool);
    expect(books.find(({ feed }) => feed === "books")).toEqual({
      feed: "books",
      refused: 3,
      laterAccepted: 1,
      stillOwed: 2,
      unidentified: 1,
    });
  });
});

describe("order", () => {
  it("is reported where MSH-13 leaves a gap, repeats, or MSH-7 goes back", async () => {
    const { port } = await peer.listen();
    const numbered = (id: string, n: number, time: string): string =>
      framed(adt(id).replace("|20260101|", `|${time}|`).replace("|2.5.1", `|2.5.1|${n}`));
    await talk(
      port,
      numbered("seq-1", 7, "202601011200") +
        numbered("seq-2", 8, "202601011201") +
        numbered("seq-3", 11, "202601011202") +
        numbered("seq-4", 11, "202601011159"),
      { answers: 4 },
    );
    const flags = await Promise.all([1, 2, 3, 4].map(async (n) => (await peer.kept(`|seq-${n}|`))[0]?.flags));
    expect(flags).toEqual([[], [], ["SEQUENCE_GAP"], ["SEQUENCE_REPEATED", "TIME_WENT_BACK"]]);
  });

  it("of one patient's messages is one lane, whichever connection they come on", async () => {
    const { port } = await peer.listen();
    await Promise.all(["lane-1", "lane-2", "lane-3"].map((id) => send(port, adt(id))));
    const { rows } = await peer.database.pool.query(
      "select count(distinct lane)::int as lanes from journal_record where id = any($1::uuid[])",
      [(await peer.kept("|lane-")).map(({ id }) => id)],
    );
    expect(rows).toEqual([{ lanes: 1 }]);
  });
});

describe("a message in the journal", () => {
  it("can be found by its control id and by every number of its patient, account and visit, none of them in clear", async () => {
    const { port } = await peer.listen();
    const text = adt("find-me", "PV1|1|I|||||||||||||||||V-9^^^NORTH\r")
      .replace("77^^^NORTH", "MRN-7^^^NORTH~ENT-8^^^REGION")
      .replace("CANARY^NAME", "CANARY^NAME|||||||||||||ACC-5");
    await send(port, text);
    const [record] = await peer.kept("|find-me|");
    for (const [kind, value] of [
      ["control", "find-me"],
      ["mrn", "mrn-7"],
      ["mrn", "ENT-8"],
      ["account", "ACC-5"],
      ["visit", " V-9"],
    ] as const) {
      const { rows } = await peer.database.pool.query(
        "select j.id from search_key k join journal_record j on j.day = k.day and j.seq = k.seq where k.key = $1",
        [searchKey(sealer, kind, value).toString()],
      );
      expect([kind, rows]).toEqual([kind, [{ id: record?.id }]]);
    }
    const { rows } = await peer.database.pool.query<{ text: string }>(
      "select j::text as text from journal_record j union all select k::text from search_key k",
    );
    expect(rows.map((row) => row.text).join()).not.toMatch(/MRN-7|ENT-8|ACC-5|V-9|find-me/);
  });
});
