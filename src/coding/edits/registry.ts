import { CHARGES_AND_CODES } from "./charges-and-codes.ts";
import { CLAIM_LINES } from "./claim-lines.ts";
import { CLAIM_WHOLE } from "./claim-whole.ts";
import { DIAGNOSIS_CODES } from "./diagnosis-codes.ts";
import { DIAGNOSIS_GUIDELINES } from "./diagnosis-guidelines.ts";
import { DIAGNOSIS_PAIRS } from "./diagnosis-pairs.ts";
import { DIAGNOSIS_PEOPLE } from "./diagnosis-people.ts";
import { DIAGNOSIS_SEQUENCE } from "./diagnosis-sequence.ts";
import type { Edit } from "./edit.ts";
import { INPATIENT } from "./inpatient.ts";
import { MODIFIERS } from "./modifiers.ts";
import { PRESENT_ON_ADMISSION } from "./present-on-admission.ts";
import { PROCEDURE_CODES } from "./procedure-codes.ts";
import { UNITS_AND_PAIRS } from "./units-and-pairs.ts";

const GROUPS = ["DX", "POA", "IP", "PX", "CL"];
const rank = ({ id }: Edit): number => GROUPS.indexOf(id.replace(/\d+$/, "")) * 100 + Number(/\d+$/.exec(id)?.[0] ?? 0);

/** Every edit the engine brings, in the order of their ids; findings come in this order too. */
export const EDITS: readonly Edit[] = [
  ...DIAGNOSIS_CODES,
  ...DIAGNOSIS_SEQUENCE,
  ...DIAGNOSIS_PEOPLE,
  ...DIAGNOSIS_PAIRS,
  ...DIAGNOSIS_GUIDELINES,
  ...PRESENT_ON_ADMISSION,
  ...INPATIENT,
  ...PROCEDURE_CODES,
  ...UNITS_AND_PAIRS,
  ...MODIFIERS,
  ...CHARGES_AND_CODES,
  ...CLAIM_LINES,
  ...CLAIM_WHOLE,
].sort((a, b) => rank(a) - rank(b));
