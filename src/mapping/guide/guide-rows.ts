/** A kind of table of the v2-to-FHIR guide, named as its folders are. */
export const GUIDE_KINDS = ["messages", "segments", "datatypes", "codesystems"] as const;
export type GuideKind = (typeof GUIDE_KINDS)[number];

/** One table of the guide: the keys of its mapped rows, in its order. */
export interface GuideTable {
  readonly kind: GuideKind;
  /** `PV1[Encounter]`, `ADT_A01`, `PatientClass[EncounterStatus]`. */
  readonly name: string;
  /** `PV1-2>status`, `ADT_A01.PV1>Encounter[1]`; in code tables the v2 codes. */
  readonly keys: readonly string[];
}

/** The first two lines of each file are headings, which cannot be trusted: columns are read by their position. */
const HEADINGS = 2;
const IDENTIFIER = 1;
const TARGET = 9;

const oneLine = (text: string): string => text.replace(/\s+/g, " ").trim();

/** The name of the map in a file's name: `HL7 Segment - FHIR R4_ PV1[Encounter] - PV1.csv`. */
const nameIn = (file: string): string | undefined => /(?:R4_|Map_) (.*?) - [^-]*\.csv$/.exec(file)?.[1];

const numbered = (keys: readonly string[]): readonly string[] => {
  const seen = new Map<string, number>();
  return keys.map((key) => {
    const nth = (seen.get(key) ?? 0) + 1;
    seen.set(key, nth);
    return nth === 1 ? key : `${key}#${nth}`;
  });
};

/**
 * The mapped rows of one CSV file of the guide under their stable keys.
 * @param records all records of the file, headings included.
 * @returns undefined when the file's name is not one of the guide's.
 */
export function guideTable(kind: GuideKind, file: string, records: readonly (readonly string[])[]): GuideTable | undefined {
  const name = nameIn(file);
  if (name === undefined) return undefined;
  const rows = records.slice(HEADINGS);
  const cell = (row: readonly string[], at: number): string => (row[at] ?? "").trim();
  if (kind === "codesystems") return { kind, name, keys: [...new Set(rows.map((row) => cell(row, 0)).filter((code) => code !== ""))] };
  const mapped = rows.filter((row) => cell(row, TARGET) !== "");
  return { kind, name, keys: numbered(mapped.map((row) => `${cell(row, IDENTIFIER)}>${oneLine(cell(row, TARGET))}`)) };
}
