import { CHARGE_GATHERS } from "./charges.ts";
import { CODED_GATHERS } from "./coded.ts";
import { DOCUMENT_GATHERS } from "./documents.ts";
import { IDENTIFIER_GATHERS } from "./identifiers.ts";
import { NUMBER_GATHERS } from "./numbers.ts";
import { SCHEDULE_GATHERS } from "./schedules.ts";
import { TELECOM_GATHERS } from "./telecom.ts";
import type { Gather } from "./value-type.ts";

/** What a row may name as `gather`. */
export const GATHERS: ReadonlyMap<string, Gather> = new Map(
  Object.entries({
    ...CHARGE_GATHERS,
    ...CODED_GATHERS,
    ...DOCUMENT_GATHERS,
    ...IDENTIFIER_GATHERS,
    ...NUMBER_GATHERS,
    ...SCHEDULE_GATHERS,
    ...TELECOM_GATHERS,
  }),
);

/** The fields that a function over several fields reads, where its lineage names but one of them. */
export const GATHER_READS: Readonly<Record<string, readonly string[]>> = {
  chargeQuantity: ["FT1-6", "FT1-10"],
  chargeTotal: ["FT1-6", "FT1-10", "FT1-11", "FT1-12"],
  reportForms: ["OBX-2", "OBX-5"],
  appointmentStart: ["SCH-11", "TQ1-7", "AIS-4", "AIG-8", "AIL-6", "AIP-6"],
  appointmentEnd: [
    ...["SCH-9", "SCH-10", "SCH-11", "TQ1-6", "TQ1-7", "TQ1-8", "AIS-4", "AIS-7", "AIS-8"],
    ...["AIG-8", "AIG-11", "AIG-12", "AIL-6", "AIL-9", "AIL-10", "AIP-6", "AIP-9", "AIP-10"],
  ],
  documentContent: ["OBX-2", "OBX-5", "TXA-16", "TXA-25"],
  noContent: ["TXA-16", "TXA-25"],
};
