import type { Failure } from "#src/base/failures.ts";
import { fail, ok, type Result } from "#src/base/result.ts";
import { addCodeMeaning, type CodeMeaning } from "#src/config/site-map-file.ts";
import type { MapPack } from "#src/mapping/compile.ts";
import type { FoldNeeds } from "./fold.pg.ts";
import { refold } from "./refold.pg.ts";
import { endUnmappedTask, unmappedTasks } from "./unmapped-codes.pg.ts";

export interface ResolveNeeds {
  readonly pool: FoldNeeds["pool"];
  readonly sealer: FoldNeeds["sealer"];
  /** Folder of the site's own maps. */
  readonly siteMapsDir: string;
  /** Compiles the maps as the files are now. */
  readonly compile: () => Result<MapPack, readonly string[]>;
  /** Makes these the maps that count from now on, and gives what folds with them. */
  readonly adopt: (maps: MapPack) => Promise<FoldNeeds>;
}

/** What giving a code its meaning did. */
export interface Resolved {
  /** The file that says it now. */
  readonly path: string;
  readonly mapVersion: string;
  /** Accounts that were folded again, and how many of them are other charts now. */
  readonly refolded: number;
  readonly changed: number;
  /** Accounts that could not be folded again, each with its reason: they are as they were. */
  readonly failed: readonly { readonly accountId: string; readonly failure: Failure }[];
}

const sayMeaning = (meaning: CodeMeaning): string => (meaning === null ? "means no code" : `means ${meaning.code}`);

/**
 * Gives a sender's code its meaning: an entry in the site's own maps, never in the base, and every chart that has the code made again.
 * Fails with `NOT_FOUND` when the task is not open, with `MAP_NOT_VALID` and the faults when the maps would not compile; nothing is changed then.
 */
export async function resolveUnmapped(
  needs: ResolveNeeds,
  taskId: string,
  meaning: CodeMeaning,
  who: string,
): Promise<Result<Resolved, Failure>> {
  const { pool, sealer } = needs;
  const task = (await unmappedTasks(pool, sealer)).find(({ id }) => id === taskId);
  if (task === undefined) return fail({ code: "NOT_FOUND", place: "unmapped code" });
  const [application = "", facility = ""] = task.sender.split("|");
  const change = addCodeMeaning(needs.siteMapsDir, { application, facility }, task.table, task.code, meaning);
  const maps = needs.compile();
  if (!maps.ok) {
    change.undo();
    return fail({ code: "MAP_NOT_VALID", detail: maps.failure.join("; ") });
  }
  const fold = await needs.adopt(maps.value);
  const accounts = (await endUnmappedTask(pool, taskId, who, sayMeaning(meaning))) ?? [];
  const failed: { accountId: string; failure: Failure }[] = [];
  let changed = 0;
  for (const accountId of accounts) {
    const again = await refold(fold, accountId);
    if (again.ok) changed += again.value.changed.length;
    else
      failed.push({
        accountId,
        failure: { code: again.failure.code, ...(again.failure.place === undefined ? {} : { place: again.failure.place }) },
      });
  }
  return ok({ path: change.path, mapVersion: maps.value.version, refolded: accounts.length - failed.length, changed, failed });
}
