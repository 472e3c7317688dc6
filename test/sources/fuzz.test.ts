import { afterAll, beforeAll, expect, it } from "vitest";
import { send } from "#src/cli/fuzz/sender.net.ts";
import { shotsOf } from "#src/cli/fuzz/shots.ts";
import { newTally } from "#src/cli/fuzz/tally.ts";
import { type Kind, KINDS } from "#src/cli/fuzz/kinds.ts";
import { readJournalBooks } from "#src/journal/books.pg.ts";
import type { Journal } from "#src/journal/journal.ts";
import { startPeerTests } from "./mllp-peer.ts";

const FRAMES = 4_000;
const CONNECTIONS = 3;
/** Another one sends other bytes: `chartbridge fuzz --seed` takes any. */
const SEED = 7;

let peer: Awaited<ReturnType<typeof startPeerTests>>;
beforeAll(async () => {
  peer = await startPeerTests();
});
afterAll(async () => {
  await peer.closeListeners();
  await peer.end();
});

it("thousands of sound, damaged and random frames each have their answer or none, and all of them are in the books", async () => {
  const notWritten: string[] = [];
  const store: Journal = {
    append: async (entry) => {
      try {
        return await peer.journal.append(entry);
      } catch (error) {
        notWritten.push(error instanceof Error ? error.message : "unknown");
        throw error;
      }
    },
  };
  const { port, feed } = await peer.listen({ defaultAuthority: "NORTH" }, { store });
  const tally = newTally();
  const goOn = (): boolean => tally.frames < FRAMES;
  const sending = { host: "127.0.0.1", port, goOn, maxFrameBytes: feed.maxFrameBytes, tally };
  await Promise.all(Array.from({ length: CONNECTIONS }, (_, index) => send({ ...sending, nextShot: shotsOf(SEED, index) })));

  expect(notWritten).toEqual([]);
  expect(Object.fromEntries(tally.problems)).toEqual({});
  const rare = (kind: Kind): boolean => KINDS[kind].weight === 1;
  expect([...tally.framesByKind].filter(([kind, frames]) => frames === 0 && !rare(kind))).toEqual([]);

  // What a reader of our bytes cuts out of them is what the journal received, and what it answered is what came.
  const { received } = await readJournalBooks(peer.database.pool);
  expect(received).toBe([...tally.cutByKind.values()].reduce((sum, n) => sum + n, 0));
  const { rows } = await peer.database.pool.query<{ code: string; n: number }>(
    "select answer as code, count(*)::int as n from journal_record where answer is not null group by 1 order by 1",
  );
  expect(new Map(rows.map(({ code, n }) => [code, n]))).toEqual(tally.answersByCode);
});
