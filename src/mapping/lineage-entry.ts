import type { LineageEntry } from "./types.ts";

/** Says that a resource loses an element. */
export const deletionEntry = (target: string, resourceId: string, source: string | undefined, row: string): LineageEntry => ({
  ...lineageEntry(target, resourceId, source, row, undefined),
  deletes: true,
});

/** Written out, for there are a hundred in a message: without a copy for each member that may be absent, and always in one order. */
export function lineageEntry(
  target: string,
  resourceId: string,
  source: string | undefined,
  row: string,
  table: string | undefined,
): LineageEntry {
  if (source === undefined) return table === undefined ? { target, resourceId, row } : { target, resourceId, row, table };
  return table === undefined ? { target, resourceId, source, row } : { target, resourceId, source, row, table };
}
