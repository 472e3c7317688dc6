import { existsSync } from "node:fs";
import { mkdir, open, readdir, rename, stat, unlink } from "node:fs/promises";
import { join } from "node:path";
import { fail, ok } from "#src/base/result.ts";
import type { FilesDestination } from "#src/config/destination.ts";
import { collectionOf } from "../fhir/transaction.ts";
import type { Sender, Sending, Sent } from "../sender.ts";

/** Marks of what was put there outlive any try of ours; after this long, in ms, the ledger alone knows. */
const MARKS_KEPT_MS = 30 * 24 * 3_600_000;

async function synced(path: string, text: string | undefined): Promise<void> {
  const file = await open(path, text === undefined ? "r" : "w", 0o640);
  try {
    if (text !== undefined) await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

/**
 * Puts one file there, whole or not at all, and once, whenever the process ends in between: first the content under a hidden name, then a
 * mark that it is complete, then its name. A mark without the hidden file: it is there already, or whoever reads the folder has taken it.
 */
async function putOnce(folder: string, name: string, text: string): Promise<void> {
  const marks = join(folder, ".sent");
  const [mark, hidden] = [join(marks, name), join(folder, `.${name}.part`)];
  await mkdir(marks, { recursive: true });
  if (!existsSync(mark)) {
    await synced(hidden, text);
    await synced(mark, "");
    await synced(marks, undefined);
  }
  if (existsSync(hidden)) await rename(hidden, join(folder, name));
  await synced(folder, undefined);
}

async function forgetOldMarks(folder: string, now: number): Promise<void> {
  const marks = join(folder, ".sent");
  for (const name of await readdir(marks).catch(() => [])) {
    const path = join(marks, name);
    const { mtimeMs } = await stat(path);
    if (now - mtimeMs > MARKS_KEPT_MS) await unlink(path);
  }
}

/** Puts each claim into a folder as NDJSON: a collection Bundle of the claim and what it refers to, on one line. */
export function createFilesSender({ folder }: FilesDestination, now: () => number): Sender {
  void forgetOldMarks(folder, now()).catch(() => undefined);
  const send = async ({ content, taken, record }: Sending): Promise<Sent> => {
    const startedAt = new Date(now());
    const name = `${taken.claimId}${taken.sending === 1 ? "" : `.${taken.sending}`}.ndjson`;
    try {
      await putOnce(folder, name, `${JSON.stringify(collectionOf(content.claim, content.referenced))}\n`);
    } catch {
      // Full, read-only or away: nothing is there under its name.
      record({ request: "file", startedAt, endedAt: new Date(now()), code: "PEER_UNAVAILABLE" });
      return fail({ code: "PEER_UNAVAILABLE" });
    }
    record({ request: "file", startedAt, endedAt: new Date(now()) });
    return ok({ location: name });
  };
  return { way: (sending) => Promise.resolve(ok({ guard: "receiver", send: () => send(sending) })), close: () => Promise.resolve() };
}
