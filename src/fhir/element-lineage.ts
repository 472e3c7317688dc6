import type { Extension } from "@medplum/fhirtypes";

/** Where one element came from, as an extension of a Provenance. */
const ELEMENT_LINEAGE = "https://chartbridge.dev/fhir/StructureDefinition/element-lineage";

export interface ElementSource {
  /** `Encounter.period.start`. */
  readonly element: string;
  /** `PV1-44`; or what else it rests on. */
  readonly source?: string | undefined;
  /** Row of the map. */
  readonly row?: string | undefined;
  /** Row of a code table. */
  readonly table?: string | undefined;
}

const part = (url: string, valueString: string | undefined): Extension[] => (valueString === undefined ? [] : [{ url, valueString }]);

export const elementLineage = ({ element, source, row, table }: ElementSource): Extension => ({
  url: ELEMENT_LINEAGE,
  extension: [...part("element", element), ...part("source", source), ...part("row", row), ...part("table", table)],
});
