import { CODED_NATIVES, CODED_TYPES } from "./coded.ts";
import { DOCUMENT_TYPES } from "./documents.ts";
import { IDENTIFIER_TYPES } from "./identifiers.ts";
import { LOCATION_NATIVES, LOCATION_TYPES } from "./locations.ts";
import { NAME_NATIVES, NAME_TYPES } from "./names.ts";
import { NUMBER_NATIVES, NUMBER_TYPES } from "./numbers.ts";
import { SCHEDULE_TYPES } from "./schedules.ts";
import { SIMPLE_TYPES } from "./simple.ts";
import type { ValueType } from "./value-type.ts";

/** Functions that a row may name as `as`. */
export const VALUE_TYPES: Readonly<Record<string, ValueType>> = {
  ...SIMPLE_TYPES,
  ...CODED_TYPES,
  ...DOCUMENT_TYPES,
  ...IDENTIFIER_TYPES,
  ...LOCATION_TYPES,
  ...NAME_TYPES,
  ...NUMBER_TYPES,
  ...SCHEDULE_TYPES,
};

/** Functions that read a data type in one go: what a data type map may name as `native`. */
export const NATIVE_TYPES: Readonly<Record<string, ValueType>> = {
  ...SIMPLE_TYPES,
  ...CODED_NATIVES,
  ...LOCATION_NATIVES,
  ...NAME_NATIVES,
  ...NUMBER_NATIVES,
};
