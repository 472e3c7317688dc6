import type { Pool } from "pg";
import { keepMapVersion } from "#src/charts/lineage.pg.ts";
import { ok, type Result } from "#src/base/result.ts";
import { readMapFiles } from "#src/config/map-files.ts";
import type { Config } from "#src/config/types.ts";
import { compileMaps, type MapPack } from "#src/mapping/compile.ts";

/** The maps that count now. They can be changed while the engine runs; what was folded keeps the version that folded it. */
export interface LiveMaps {
  readonly current: () => MapPack;
  /** Compiles the files as they are now, and changes nothing. */
  readonly compile: () => Result<MapPack, readonly string[]>;
  /** Makes these the maps of every thread from the next batch on. */
  readonly adopt: (maps: MapPack) => Promise<void>;
  /** Reads the files again. Fails with their faults; then the maps stay as they are. */
  readonly reload: () => Promise<Result<MapPack, readonly string[]>>;
}

export function createLiveMaps(
  start: MapPack,
  config: Pick<Config, "mappingsDir" | "siteMapsDir">,
  pool: Pool,
  tellThreads: () => void,
): LiveMaps {
  let maps = start;
  const compile = (): Result<MapPack, readonly string[]> => compileMaps(readMapFiles(config.mappingsDir, config.siteMapsDir));
  const adopt = async (next: MapPack): Promise<void> => {
    await keepMapVersion(pool, next);
    maps = next;
    tellThreads();
  };
  return {
    current: () => maps,
    compile,
    adopt,
    reload: async () => {
      const compiled = compile();
      if (!compiled.ok) return compiled;
      await adopt(compiled.value);
      return ok(compiled.value);
    },
  };
}
