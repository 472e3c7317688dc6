import type { CodeData } from "#src/codesets/code-data.ts";

/** An installation that has imported nothing: no set answers for any day. */
export const NO_CODE_DATA: CodeData = {
  versionOf: () => undefined,
  lookup: () => "no-data",
  successors: () => [],
  inList: () => "no-data",
  mue: () => "no-data",
  ptp: () => "no-data",
  addOnPrimaries: () => "no-data",
  ops: () => "no-data",
  excludes1: () => "no-data",
  laterality: () => undefined,
};
