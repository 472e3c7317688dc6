import type { Format } from "../rows.ts";
import { anweb, hcpcsTables } from "./hcpcs.ts";
import { conversionTable, deltaTable, excludesTable, lateralityTable, orderTable, poaExempt } from "./icd10cm-tables.ts";
import { lifespans } from "./lifespans.ts";
import { mceJson, mceText } from "./mce.ts";
import { addOnTable, mueLevel2, mueTable, ptpTable } from "./ncci.ts";
import { addendumB, addendumBLevel2, statusIndicators } from "./opps.ts";
import { orderFile } from "./order-file.ts";
import { siteLists } from "./site-lists.ts";
import { starterTable } from "./starter.ts";
import { pcsTablesXml, tabularLines, tabularXml } from "./tabular.ts";

/** Every kind of file the importer knows; the first that recognises a file reads it, so the narrow ones stand first. */
export const FORMATS: readonly Format[] = [
  starterTable,
  orderFile,
  ...lifespans,
  orderTable,
  deltaTable,
  lateralityTable,
  excludesTable,
  ...hcpcsTables,
  mueLevel2,
  addendumBLevel2,
  statusIndicators,
  tabularLines,
  tabularXml,
  pcsTablesXml,
  conversionTable,
  anweb,
  ptpTable,
  mueTable,
  addOnTable,
  addendumB,
  mceJson,
  mceText,
  ...siteLists,
  poaExempt,
];

export const formatOf = (head: readonly string[], name: string): Format | undefined => FORMATS.find((one) => one.recognises(head, name));
