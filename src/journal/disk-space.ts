import { existsSync } from "node:fs";
import { statfs } from "node:fs/promises";
import type { Log } from "#src/telemetry/log.ts";
import type { Journal } from "./journal.ts";

export interface DiskWatch {
  /** Less is free than the engine keeps: nothing more is taken in. */
  readonly full: boolean;
  /** Bytes free on the fullest of the volumes; undefined while nobody has looked. */
  readonly freeBytes: number | undefined;
  /** Looks now. */
  look(): Promise<void>;
}

export interface DiskWatchNeeds {
  /** Folders whose volumes are watched; those that do not exist here are of another machine. */
  readonly folders: readonly string[];
  readonly minimumFreeBytes: number;
  readonly log: Log;
}

/** Intake goes on when this share more than the least is free again, so that it does not open and close at every message. */
const RESUME_SHARE = 1.2;

/**
 * Watches the free space where the database lives. A full disk shuts PostgreSQL down until somebody frees space; intake that stops
 * before leaves room for what is accepted already to be folded, coded and delivered.
 */
export function watchDisk({ folders, minimumFreeBytes, log }: DiskWatchNeeds): DiskWatch {
  let full = false;
  let freeBytes: number | undefined;
  return {
    get full() {
      return full;
    },
    get freeBytes() {
      return freeBytes;
    },
    look: async () => {
      const free = await Promise.all(
        folders
          .filter((folder) => existsSync(folder))
          .map(async (folder) => {
            const { bavail, bsize } = await statfs(folder);
            return bavail * bsize;
          }),
      );
      if (free.length === 0) return;
      freeBytes = Math.min(...free);
      const was = full;
      full = freeBytes < (was ? minimumFreeBytes * RESUME_SHARE : minimumFreeBytes);
      const mebibytes = Math.round(freeBytes / 1024 ** 2);
      if (full && !was)
        log.error("the disk is nearly full: nothing more is taken in until space is freed", { code: "STORE_DOWN", count: mebibytes });
      if (!full && was) log.warn("the disk has room again: intake goes on", { count: mebibytes });
    },
  };
}

/** A journal that takes nothing while the disk is nearly full: to a sender that is a store that cannot be written. */
export const sparingDisk = (journal: Journal, disk: Pick<DiskWatch, "full">): Journal => ({
  append: (entry) => (disk.full ? Promise.reject(new Error("the disk is nearly full")) : journal.append(entry)),
});
