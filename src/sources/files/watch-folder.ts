import type { Stats } from "node:fs";
import { lstat, mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe } from "#src/base/failures.ts";
import type { Feed } from "#src/config/feed.ts";
import type { Frame } from "#src/hl7v2/framer.ts";
import type { Reply } from "#src/intake/accept.ts";
import type { TakenFiles } from "#src/journal/taken-files.pg.ts";
import { errorKind, type Log } from "#src/telemetry/log.ts";
import { keepAnswer, moveTo, OUTCOME_FOLDERS } from "./outcome-folders.ts";
import { type FileSummary, fileMark, sha256Of, takeFile } from "./take-file.ts";

export type FolderSettings = NonNullable<Feed["files"]>;

export interface FolderNeeds {
  /** Takes one message and says what became of it; never rejects. */
  readonly accept: (frame: Frame, peer: string) => Promise<Reply>;
  readonly files: TakenFiles;
  readonly log: Log;
  readonly now: () => Date;
}

export interface FolderWatch {
  /** Looks once; when a look is under way, resolves with that one. */
  scanNow(): Promise<void>;
  /** Ends after the message in hand. A file begun and not ended stays, and is taken again from the start. */
  close(): Promise<void>;
}

/** How often the folder is looked at, in ms. Network drives tell of no changes, so we look ourselves. */
const LOOK_MS = 1_000;
/** Pause before a file that could not be read or moved is tried again, in ms: each try may repeat its messages in the journal. */
const RETRY_MS = 60_000;

/** Names under which senders write what is not finished; a name that begins with a dot is hidden. */
const UNFINISHED = /^\.|\.(tmp|part|filepart)$/i;

/** A file as it was seen, and since when it has not changed; times in ms since the epoch. */
interface Sighting {
  readonly size: number;
  readonly mtimeMs: number;
  readonly ino: number;
  readonly since: number;
  /** Not to be tried before. */
  readonly notBefore: number;
}

/** `*` stands for any text, everything else for itself. */
const patternOf = (pattern: string): RegExp => new RegExp(`^${pattern.replace(/[.+?^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*")}$`, "s");

const unchanged = (one: Sighting | undefined, now: Stats): one is Sighting =>
  one !== undefined && one.size === now.size && one.mtimeMs === now.mtimeMs && one.ino === now.ino;

/**
 * Takes files out of a feed's folder, oldest first, and moves each away when everything in it is committed: to `done`, `duplicate`
 * or `failed`; answers go to `acknowledgements`. A crash in between takes the file again, and its messages come out as repetitions.
 * The time is asked of `now` only, so that a test can be quicker than a file settles.
 */
export function createFolderScan(feed: Feed, settings: FolderSettings, { accept, files, log, now }: FolderNeeds) {
  const { folder, settleMs, acknowledge } = settings;
  const matches = patternOf(settings.pattern);
  let sightings = new Map<string, Sighting>();

  /** Files that have stood still for long enough, the oldest first. */
  const settled = async (): Promise<readonly string[]> => {
    const at = now().getTime();
    const seen = new Map<string, Sighting>();
    for (const name of await readdir(folder)) {
      if (UNFINISHED.test(name) || !matches.test(name)) continue;
      const stats = await lstat(join(folder, name)).catch(() => undefined);
      // A link could lead anywhere on this machine.
      if (stats?.isFile() !== true) continue;
      const before = sightings.get(name);
      const { size, mtimeMs, ino } = stats;
      seen.set(name, unchanged(before, stats) ? before : { size, mtimeMs, ino, since: at, notBefore: 0 });
    }
    sightings = seen;
    return [...seen]
      .filter(([, { since, notBefore }]) => at - since >= settleMs && at >= notBefore)
      .sort(([a, one], [b, other]) => one.mtimeMs - other.mtimeMs || (a < b ? -1 : 1))
      .map(([name]) => name);
  };

  /** @returns undefined when somebody has begun to write to it again. */
  const read = async (name: string): Promise<Buffer | undefined> => {
    const bytes = await readFile(join(folder, name));
    const stats = await lstat(join(folder, name));
    return unchanged(sightings.get(name), stats) && bytes.length === stats.size ? bytes : undefined;
  };

  const report = (mark: string, { messages, refused, faults, outside }: FileSummary): void => {
    const about = { feed: feed.name };
    log.info(`file ${mark} was taken`, { ...about, count: messages });
    for (const { number, failure } of refused)
      log.warn(`file ${mark}: message ${number} was not accepted`, {
        ...about,
        code: failure.code,
        ...(failure.place === undefined ? {} : { place: failure.place }),
      });
    for (const fault of faults) log.warn(`file ${mark}: ${describe(fault)}`, { ...about, code: fault.code, place: fault.place });
    if (outside !== undefined) log.warn(`file ${mark} has lines that belong to no message`, { ...about, count: outside.stretches });
  };

  const stays = (mark: string, count: number): false => {
    log.warn(`file ${mark} stays: the store cannot be written`, { feed: feed.name, code: "STORE_DOWN", count });
    return false;
  };

  /** @returns whether the store can be written. */
  const takeOne = async (name: string): Promise<boolean> => {
    const bytes = await read(name);
    if (bytes === undefined) return true;
    const sha256 = sha256Of(bytes);
    const mark = fileMark(sha256);
    let before: unknown;
    try {
      before = await files.seen(feed.name, sha256);
    } catch {
      return stays(mark, 0);
    }
    if (before !== undefined) {
      log.warn(`file ${mark} was taken before, and nothing of it is taken again`, { feed: feed.name, code: "FILE_TAKEN_BEFORE" });
      await moveTo(folder, name, "duplicate");
      return true;
    }
    const taken = await takeFile({ accept, now }, { feed, bytes, acknowledge });
    if (!taken.ok) return stays(mark, taken.failure.done);
    const summary = taken.value;
    const { messages, accepted, duplicates, refused } = summary;
    report(mark, summary);
    if (!summary.readable) {
      await moveTo(folder, name, "failed", "MESSAGE_UNREADABLE: no line of this file begins a message that can be read (MSH)\n");
      return true;
    }
    if (summary.answer !== undefined) await keepAnswer(folder, name, summary.answer);
    await moveTo(folder, name, "done");
    // Last: a file that is remembered and not moved would look like one sent twice.
    await files
      .remember(feed.name, sha256, { takenAt: now(), messages, accepted, refused: refused.length, duplicates })
      .catch((error: unknown) => log.warn(`file ${mark} was taken and could not be remembered`, { error: errorKind(error) }));
    return true;
  };

  return async (): Promise<void> => {
    for (const name of await settled()) {
      try {
        // A later file may hold later messages of the same patient: it waits.
        if (!(await takeOne(name))) return;
      } catch (error) {
        log.error("a file could not be taken or moved; it is tried again", { feed: feed.name, error: errorKind(error) });
        const sighting = sightings.get(name);
        if (sighting !== undefined) sightings.set(name, { ...sighting, notBefore: now().getTime() + RETRY_MS });
      }
    }
  };
}

/** Watches a feed's folder until it is closed. Rejects when its folders cannot be made. */
export async function watchFolder(feed: Feed, settings: FolderSettings, needs: FolderNeeds): Promise<FolderWatch> {
  // Made before anything is taken: what cannot be moved away would be taken again and again.
  for (const name of OUTCOME_FOLDERS) await mkdir(join(settings.folder, name), { recursive: true });
  let stopping = false;
  let trouble: string | undefined;
  let underWay: Promise<void> | undefined;
  const accept = async (frame: Frame, peer: string): Promise<Reply> => (stopping ? { kind: "close" } : needs.accept(frame, peer));
  const scan = createFolderScan(feed, settings, { ...needs, accept });
  const look = async (): Promise<void> => {
    try {
      await scan();
      trouble = undefined;
    } catch (error) {
      const kind = errorKind(error);
      // Once, and not each second, for as long as a network drive is away.
      if (kind !== trouble) needs.log.error("the feed's folder cannot be looked at", { feed: feed.name, error: kind });
      trouble = kind;
    }
  };
  const scanNow = (): Promise<void> => {
    underWay ??= look().finally(() => {
      underWay = undefined;
    });
    return underWay;
  };
  const timer = setInterval(() => void scanNow(), LOOK_MS);
  timer.unref();
  return {
    scanNow,
    close: async () => {
      clearInterval(timer);
      stopping = true;
      await underWay;
    },
  };
}
