import { afterAll, beforeAll, expect, it } from "vitest";
import { makeFeed } from "#src/config/feed.ts";
import { createJournalWriter } from "#src/journal/journal-writer.pg.ts";
import { createOutcomeWatch } from "#src/journal/outcome-watch.pg.ts";
import { createFeedSources } from "#src/main/feed-sources.ts";
import { createLog } from "#src/telemetry/log.ts";
import { createMetrics } from "#src/telemetry/metrics.ts";
import { freshDatabase } from "#test/setup/database.ts";
import { adt, framed, sealer, talk } from "#test/sources/mllp-peer.ts";

let database: Awaited<ReturnType<typeof freshDatabase>>;
beforeAll(async () => {
  database = await freshDatabase();
});
afterAll(() => database.drop());

it("metrics count every frame by what became of it and its code, and hold nothing of a message", async () => {
  const { pool } = database;
  const feed = makeFeed("north", { facility: "NORTH", zone: "UTC", mllp: { port: 0 }, maxFrameBytes: 1_024 });
  const metrics = createMetrics(() => []);
  const outcomes = createOutcomeWatch(pool);
  const journal = createJournalWriter(pool, sealer, () => undefined);
  const needs = { feeds: [feed], pool, sealer, journal, outcomes, log: createLog("silent"), now: () => new Date(), count: metrics.count };
  const sources = createFeedSources(needs);
  const { north = 0 } = await sources.listen();
  await talk(
    north,
    `GARBAGE CANARY${framed(adt("m-1"))}${framed(adt("m-1"))}${framed(adt("m-2").replace("A08", "A99"))}${framed(adt("m-3", "x".repeat(2_000)))}`,
    { answers: 4 },
  );
  await talk(north, "\x0bMSH|^~\\&|CANARY", { half: true });
  await sources.close();
  outcomes.close();
  const lines = metrics
    .text()
    .split("\n")
    .filter((line) => !line.startsWith("#") && line !== "");
  const frames = (verdict: string, code: string): string =>
    `chartbridge_frames_total{feed="north",protocol="mllp",verdict="${verdict}",code="${code}"} 1`;
  expect(lines.sort()).toEqual(
    [
      frames("accepted", ""),
      frames("duplicate", ""),
      frames("refused", "EVENT_NOT_SUPPORTED"),
      frames("refused", "FRAME_TOO_LARGE"),
      frames("refused", "UNFRAMED"),
      frames("incomplete", "FRAME_INCOMPLETE"),
    ].sort(),
  );
  expect(metrics.text()).not.toContain("CANARY");
  expect(metrics.text()).toContain("# TYPE chartbridge_frames_total counter\n");
});
