/** One YAML file of `mappings/`. */
export interface MapFile {
  /** Relative to the folder of maps, with `/`: `base/segments/PID.yaml`. */
  readonly path: string;
  readonly text: string;
  /** How faults name the file; without it `mappings/` and the path. */
  readonly shown?: string;
}
