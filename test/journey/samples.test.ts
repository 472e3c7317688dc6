import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { connectMllp } from "#src/destinations/mllp/client.net.ts";
import { splitMessages } from "#src/cli/send.ts";
import { referenceFolder } from "#test/setup/reference-data.ts";
import { type Installation, newInstallation, type RunningEngine, waitFor } from "./engine-process.ts";

const FOLDER = referenceFolder("samples");
const present = existsSync(FOLDER);

/** Every sample that is not accepted, by file and number in it, with the answer it must have: the rule and its place. */
const REFUSED: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    [49, 50, 51, 52, 95, 112, 113, 114, 115, 134, 147, 148].map((n) => [`${n}#1`, "AR PROCESSING_ID_NOT_ACCEPTED at MSH-11"]),
  ),
  ...Object.fromEntries([99, 100, 101, 102, 103, 104].map((n) => [`${n}#1`, "AR PROCESSING_ID_NOT_ACCEPTED at MSH-11"])),
  ...Object.fromEntries(Array.from({ length: 13 }, (_, n) => [`135#${n + 1}`, "AR PROCESSING_ID_NOT_ACCEPTED at MSH-11"])),
  "135#11": "AR REQUIRED_FIELD_MISSING at MSH-10",
  "135#12": "AR REQUIRED_FIELD_MISSING at MSH-10",
  "96#1": "AE SEGMENT_MISSING at OBR",
  "98#1": "AE CHARSET_NOT_SUPPORTED at MSH-20",
  "123#1": "AE SEGMENT_MISSING at PID",
};

/** What MSH-15 and MSH-16 of a message ask for, as the standard has it. */
function expectedAnswer(message: Buffer, key: string): string {
  const msh = (
    message
      .toString("latin1")
      .trimStart()
      .split(/[\r\n]/)[0] ?? ""
  ).split("|");
  // An empty condition beside a valued one is NE; one that table 0155 does not have is taken as AL.
  const [accept, application] = [msh[14] ?? "", msh[15] ?? ""].map((one) =>
    one === "" ? "NE" : ["NE", "ER", "SU"].includes(one) ? one : "AL",
  );
  const original = (msh[14] ?? "") === "" && (msh[15] ?? "") === "";
  const refused = REFUSED[key];
  if (original) return refused ?? "AA";
  if (refused !== undefined) {
    if (accept === "AL" || accept === "ER") return `C${refused.slice(1)}`;
    return application === "AL" || application === "ER" ? refused : "none";
  }
  if (accept === "AL" || accept === "SU") return "CA";
  return application === "AL" || application === "SU" ? "AA" : "none";
}

describe.skipIf(!present)(`real messages${present ? "" : " (skipped: the folder of samples is not here)"}`, () => {
  let installation: Installation;
  let engine: RunningEngine;
  beforeAll(async () => {
    installation = await newInstallation();
    engine = await installation.start();
  });
  afterAll(() => installation.remove());

  it("each has the answer it must have, and ends in a named state: refused or incomplete with a code, applied, filtered, failed with a code, or parked", async () => {
    const { pool } = installation.database;
    const files = readdirSync(FOLDER).filter((name) => name.endsWith(".hl7"));
    let sent = 0;
    const wrong: string[] = [];
    for (const file of files) {
      for (const [n, message] of splitMessages(readFileSync(join(FOLDER, file))).entries()) {
        const expected = expectedAnswer(message, `${Number(file.slice(0, 3))}#${n + 1}`);
        const timeoutMs = expected === "none" ? 300 : 20_000;
        const connection = await connectMllp({ host: "127.0.0.1", port: engine.mllpPort, timeoutMs });
        if (!connection.ok) throw new Error("the engine does not listen");
        const answer = await connection.value.send(message);
        connection.value.close();
        const { rows } = await pool.query<{ code: string | null; place: string | null }>(
          "select failure_code as code, failure_place as place from journal_record order by seq desc limit 1",
        );
        const [kept] = rows;
        const said = answer.ok ? answer.value.code : "none";
        const got = said === "none" || typeof kept?.code !== "string" ? said : `${said} ${kept.code} at ${kept.place ?? ""}`;
        if (got !== expected) wrong.push(`${file}#${n + 1}: ${got}, not ${expected}`);
        sent++;
      }
    }
    expect(sent).toBeGreaterThanOrEqual(files.length);
    expect(wrong).toEqual([]);
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
