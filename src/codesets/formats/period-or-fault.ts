import type { Period } from "../periods.ts";
import type { Sink } from "../rows.ts";

/** The file's own period, the one a person gave instead, or a fault that asks for it. */
export function periodOrFault(own: Period | undefined, from: string | undefined, sink: Sink): Period | undefined {
  if (from !== undefined && from !== own?.from)
    return { edition: from, from, ...(own?.to === undefined || own.to < from ? {} : { to: own.to }), label: from };
  if (own === undefined) sink.fault(1, "neither the file nor its name says from when it is valid; give --from YYYY-MM-DD");
  return own;
}
