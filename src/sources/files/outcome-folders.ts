import { access, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** Folders within a feed's folder: what was taken, came twice, or holds no message, and our answers. */
export const OUTCOME_FOLDERS = ["done", "duplicate", "failed", "acknowledgements"] as const;
export type OutcomeFolder = (typeof OUTCOME_FOLDERS)[number];

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

/** A name that nothing in the folder has: many senders use the same one every day, and rename would replace the older file. */
async function freeName(folder: string, name: string, ending = ""): Promise<string> {
  if (!(await exists(join(folder, name + ending)))) return name;
  for (let n = 2; ; n++) if (!(await exists(join(folder, `${name}.${n}${ending}`)))) return `${name}.${n}`;
}

/** Moves a file out of the feed's folder, with a reason in a `.txt` beside it where a person has to look. */
export async function moveTo(folder: string, name: string, outcome: OutcomeFolder, reason?: string): Promise<void> {
  const free = await freeName(join(folder, outcome), name);
  if (reason !== undefined) await writeFile(join(folder, outcome, `${free}.txt`), reason);
  await rename(join(folder, name), join(folder, outcome, free));
}

/** Writes the answer to a file. It appears whole, under its name, or not at all. */
export async function keepAnswer(folder: string, name: string, answer: Buffer): Promise<void> {
  const place = join(folder, "acknowledgements");
  const free = `${await freeName(place, name, ".ack")}.ack`;
  await writeFile(join(place, `${free}.tmp`), answer, { flush: true });
  await rename(join(place, `${free}.tmp`), join(place, free));
}
