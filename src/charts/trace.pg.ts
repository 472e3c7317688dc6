import type pg from "pg";
import type { Failure } from "#src/base/failures.ts";
import type { Result } from "#src/base/result.ts";
import type { Sealer } from "#src/base/seal.ts";
import { readHeader } from "#src/hl7v2/header.ts";
import type { JournalRecord } from "#src/journal/journal-reader.pg.ts";
import type { Mapped } from "#src/mapping/types.ts";
import { allLineage } from "#src/mapping/usage.ts";
import { createWriteLineage, type MapRows } from "./lineage.pg.ts";
import { writeUnmapped } from "./unmapped-codes.pg.ts";

interface Traced {
  readonly record: JournalRecord;
  readonly mapped: Result<Mapped, Failure>;
}

/** Keeps beside the charts where everything came from, and which codes nobody knew. Runs in the transaction of the fold. */
export type Trace = (client: pg.PoolClient, read: readonly Traced[]) => Promise<void>;

/** `EPIC|NORTH`: MSH-3 and MSH-4 (first components), whose tables a code is looked up in. */
function senderOf({ bytes }: JournalRecord): string {
  const header = readHeader(bytes);
  if (!header.ok) return "";
  const { sendingApplication, sendingFacility, componentSeparator } = header.value;
  return [sendingApplication, sendingFacility].map((text) => (text.split(componentSeparator)[0] ?? "").trim()).join("|");
}

export function createTrace(sealer: Sealer, maps: MapRows): Trace {
  const writeLineage = createWriteLineage(sealer, maps);
  return async (client, read) => {
    const good = read.flatMap(({ record, mapped }) => (mapped.ok ? [{ record, mapped: mapped.value }] : []));
    await writeLineage(
      client,
      good.map(({ record, mapped }) => ({ recordId: record.id, lineage: allLineage(mapped) })),
    );
    const unmapped = good.flatMap(({ record, mapped }) =>
      [mapped, ...(mapped.others ?? [])].flatMap(({ unmapped: codes = [], account }) =>
        codes.map((one) => ({ ...one, sender: senderOf(record), accountId: account?.resourceId, recordId: record.id })),
      ),
    );
    if (unmapped.length > 0) await writeUnmapped(client, sealer, unmapped);
  };
}
