import type { ClaimItem } from "@medplum/fhirtypes";
import { EXTENSIONS } from "./systems.ts";

/** The line control number of a line (837 loop 2400, REF*6R): what an answer names it by, and what it keeps through all versions. */
export const controlNumberOf = ({ extension }: ClaimItem): string | undefined =>
  extension?.find(({ url }) => url === EXTENSIONS.lineControlNumber)?.valueIdentifier?.value;
