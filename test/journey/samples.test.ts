import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { connectMllp } from "#src/cli/mllp-client.net.ts";
import { splitMessages } from "#src/cli/send.ts";
import { type Installation, newInstallation, type RunningEngine, waitFor } from "./engine-process.ts";

const FOLDER = join(import.meta.dirname, "..", "..", "..", "shared", "samples");
const present = existsSync(FOLDER);

describe.skipIf(!present)(`real messages${present ? "" : " (skipped: the folder of samples is not here)"}`, () => {
  let installation: Installation;
  let engine: RunningEngine;
  beforeAll(async () => {
    installation = await newInstallation();
    engine = await installation.start();
  });
  afterAll(() => installation.remove());

  it("each ends in a named state: refused or incomplete with a code, applied, filtered, failed with a code, or parked", async () => {
    const { pool } = installation.database;
    const files = readdirSync(FOLDER).filter((name) => name.endsWith(".hl7"));
    let sent = 0;
    for (const file of files) {
      for (const message of splitMessages(readFileSync(join(FOLDER, file)))) {
        const connection = await connectMllp({ host: "127.0.0.1", port: engine.mllpPort, timeoutMs: 500 });
        if (!connection.ok) throw new Error("the engine does not listen");
        await connection.value.send(message);
        connection.value.close();
        sent++;
      }
    }
    expect(sent).toBeGreaterThanOrEqual(files.length);
    const waiting =
      "select count(*) as n from journal_record j left join journal_outcome o on o.seq = j.seq where j.verdict = 'accepted' and o.seq is null";
    await waitFor(async () => ((await pool.query<{ n: number }>(waiting)).rows[0]?.n === 0 ? true : undefined));
    const { rows } = await pool.query<{ state: string; named: boolean; n: number }>(
      `select coalesce(o.outcome, j.verdict) as state,
         bool_and(coalesce(o.outcome, j.verdict) in ('applied', 'filtered', 'parked', 'duplicate') or coalesce(o.failure_code, j.failure_code) is not null) as named,
         count(*) as n from journal_record j left join journal_outcome o on o.seq = j.seq group by 1 order by 1`,
    );
    expect(rows.reduce((sum, row) => sum + row.n, 0)).toBe(sent);
    expect(rows.filter((row) => !row.named)).toEqual([]);
    expect(rows.map((row) => row.state)).toContain("applied");
    const notFolded = await pool.query("select failure_code from journal_outcome where failure_code = 'FOLD_ERROR'");
    expect(notFolded.rows).toEqual([]);
  });
});
