import { CODED_NATIVES, CODED_TYPES } from "./coded.ts";
import { IDENTIFIER_TYPES } from "./identifiers.ts";
import { SIMPLE_TYPES } from "./simple.ts";
import { TELECOM_TYPES } from "./telecom.ts";
import type { ValueType } from "./value-type.ts";

/** Functions that a row may name as `as`. */
export const VALUE_TYPES: Readonly<Record<string, ValueType>> = { ...SIMPLE_TYPES, ...CODED_TYPES, ...IDENTIFIER_TYPES, ...TELECOM_TYPES };

/** Functions that read a data type in one go: what a data type map may name as `native`. */
export const NATIVE_TYPES: Readonly<Record<string, ValueType>> = { ...SIMPLE_TYPES, ...CODED_NATIVES };
