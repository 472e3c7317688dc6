import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

export interface QueueFile {
  /** `queues/inpatient.yaml`. */
  readonly path: string;
  readonly text: string;
}

/** The files of a queues folder, in name order. An unreadable folder has none, which the compiler names as a fault. */
export function readQueueFiles(dir: string): readonly QueueFile[] {
  try {
    return readdirSync(dir)
      .filter((name) => /\.ya?ml$/.test(name))
      .sort()
      .map((name) => ({ path: join("queues", name), text: readFileSync(join(dir, name), "utf8") }));
  } catch {
    return [];
  }
}
