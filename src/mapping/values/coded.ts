import type { CodeableConcept, Coding } from "@medplum/fhirtypes";
import type { Value } from "#src/hl7v2/message.ts";
import { asCode, lookUp } from "./simple.ts";
import type { Gather, Spot, ValueType } from "./value-type.ts";

const HL7_TABLE = /^HL7(\d{4})$/;
/** HL7 tables that are code systems; 9999 stands for none. */
const V2_TABLE = /^v2-(?!9999)\d{4}$/;
const OID = /^[0-2](?:\.\d+)+$/;

/** FHIR system of a v2 code system name (CWE.3): by the row, by the table of code systems, by HL7's own numbers. Without a name the site's. */
function systemOf(written: string, spot: Spot): string | undefined {
  const { reading, frame } = spot;
  const name = (written || reading.systemFrom?.(frame) || "").toUpperCase();
  const account = frame.scope.account;
  const local = reading.localSystem?.replace("{authority}", encodeURIComponent(account?.authority ?? frame.scope.defaultAuthority));
  if (name === "") return local;
  const listed = reading.codingSystems?.find(name);
  const known = reading.systems?.[name] ?? (listed === "none" ? undefined : listed?.code);
  if (known !== undefined) return known;
  const table = HL7_TABLE.exec(name);
  if (table !== null) return `http://terminology.hl7.org/CodeSystem/v2-${table[1]}`;
  if (OID.test(name)) return `urn:oid:${name}`;
  return local ?? `urn:chartbridge:code-system:${encodeURIComponent(written || name)}`;
}

/**
 * System of the first code. Without a name it is what the row says, or the HL7 table that knows the code;
 * a code that no table knows gets no standard's system.
 */
function firstSystem(value: Value, spot: Spot): string | undefined {
  const { reading, frame } = spot;
  const written = value.part(3).text;
  if (written !== "" || (reading.systemFrom?.(frame) ?? "") !== "") return systemOf(written, spot);
  if (reading.system !== undefined) return reading.system;
  const { table } = reading;
  const own = table !== undefined && V2_TABLE.test(table.source) && table.find(value.text) !== undefined;
  return own ? `http://terminology.hl7.org/CodeSystem/${table.source}` : systemOf("", spot);
}

const codingOf = (system: string | undefined, code: string, display: string | undefined): Coding => {
  const coding: Coding = {};
  if (system !== undefined) coding.system = system;
  coding.code = asCode(code);
  if (display !== undefined && display !== "") coding.display = display;
  return coding;
};

/** Components of a CWE (v2.5.1 ch. 2A.13; the third set since 2.7): code, text and name of the code system, and the version of that. */
const TRIPLETS: readonly (readonly [number, number])[] = [
  [1, 7],
  [4, 8],
  [10, 13],
];

/** One triplet of a CWE. */
function triplet(value: Value, spot: Spot, [first, versionAt] = TRIPLETS[0] ?? [1, 7]): Coding | undefined {
  const code = value.part(first).text;
  if (code === "") return undefined;
  const coding = codingOf(
    first === 1 ? firstSystem(value, spot) : systemOf(value.part(first + 2).text, spot),
    code,
    value.part(first + 1).text,
  );
  const version = value.part(versionAt).text;
  if (version !== "") coding.version = version;
  return coding;
}

/** The coding that the row's table gives for a code: the first. */
function tabled(value: Value, spot: Spot, code = value.text): Coding | undefined {
  const entry = lookUp(code, spot);
  return entry === undefined ? undefined : codingOf(entry.system, entry.code, entry.display);
}

/** The same, for the first of two codes that the table knows: senders put their own first, or HL7's. */
function firstTabled(value: Value, spot: Spot): Coding | undefined {
  const { table } = spot.reading;
  const alternate = value.part(4).text;
  return tabled(value, spot, table?.find(value.text) === undefined && table?.find(alternate) !== undefined ? alternate : value.text);
}

const same = (a: Coding, b: Coding): boolean => a.system === b.system && a.code === b.code;

/**
 * All triplets, after what the table gives; what was sent stays unless the table says that nothing else counts.
 * @param first reads the first triplet.
 */
function concept(value: Value, spot: Spot, first: (value: Value, spot: Spot) => Coding | undefined = triplet): CodeableConcept | undefined {
  const codings: Coding[] = [];
  const mapped = tabled(value, spot);
  if (mapped !== undefined) codings.push(mapped);
  if (spot.reading.table?.unknown !== "drop") {
    for (const [at, set] of TRIPLETS.entries()) {
      const coding = at === 0 ? first(value, spot) : triplet(value, spot, set);
      if (coding !== undefined && !codings.some((one) => same(one, coding))) codings.push(coding);
    }
  }
  const text = value.part(9).text || (codings.length === 0 && value.text === "" ? value.part(2).text : "");
  if (codings.length === 0) return text === "" ? undefined : { text };
  return text === "" ? { coding: codings } : { coding: codings, text };
}

const LEVEL_II = /^[A-Z]\d{4}$/;
const CPT = /^\d{4}[0-9A-Z]$/;
const NO_SYSTEM = new Set(["", "HCPCS", "HCPT", "HPC", "HCP", "C4", "CPT", "CPT4", "CPT-4", "HCPCS/CPT"]);
const HCPCS_SYSTEM = "urn:oid:2.16.840.1.113883.6.285";
const CPT_SYSTEM = "http://www.ama-assn.org/go/cpt";

/** HCPCS has CPT as its first level, and senders name the two at random: the form of the code tells them apart. */
const procedureCoding = (value: Value, spot: Spot): Coding | undefined => {
  const code = value.text.toUpperCase();
  if (NO_SYSTEM.has(value.part(3).text.toUpperCase())) {
    if (LEVEL_II.test(code)) return codingOf(HCPCS_SYSTEM, code, value.part(2).text);
    if (CPT.test(code)) return codingOf(CPT_SYSTEM, code, value.part(2).text);
  }
  return triplet(value, spot);
};

/** What all repetitions of a coded field of the own segment are called, in one line: the text, else what the code is called, else the code. */
const namesOf =
  (field: number): Gather =>
  ({ segment }) => {
    const label = `${segment.name}${segment.index > 1 ? `(${segment.index})` : ""}-${field}`;
    const named = segment.repetitions(field).flatMap((value, at) => {
      const name = value.part(9).text || value.part(2).text || value.text || value.part(5).text;
      return name === "" ? [] : [{ name, source: `${label}(${at + 1})` }];
    });
    const [first, ...others] = named;
    if (first === undefined) return [];
    return [{ value: named.map(({ name }) => name).join(", "), source: first.source, also: others.map(({ source }) => source) }];
  };

/** They look at their own segment alone. */
export const CODED_GATHERS: Readonly<Record<string, Gather>> = { races: namesOf(10), ethnicGroups: namesOf(22) };

/** CE, CNE and CWE are read alike. */
export const CODED_NATIVES: Readonly<Record<string, ValueType>> = {
  concept: { read: (value, spot) => concept(value, spot), readsAlone: true },
  /** A code alone: the first, else the second. */
  conceptCode: {
    read: (value, spot) => {
      const written = value.text || value.part(4).text;
      if (written === "") return undefined;
      return spot.reading.table === undefined ? asCode(written) : lookUp(written, spot)?.code;
    },
  },
  coding: {
    read: (value, spot) => tabled(value, spot) ?? (spot.reading.table?.unknown === "drop" ? undefined : triplet(value, spot)),
    readsAlone: true,
  },
};

/** Functions for the name of a code system, and for codes that mean a procedure. */
export const CODED_TYPES: Readonly<Record<string, ValueType>> = {
  codeSystem: { read: (value, spot) => (value.text === "" ? undefined : systemOf(value.text, spot)) },
  procedureCoding: { read: procedureCoding },
  /** What the row's table gives, and nothing else: for elements that take codes of one list only. */
  tabledCoding: { read: firstTabled, readsAlone: true },
  procedureConcept: { readsAlone: true, read: (value, spot) => concept(value, spot, procedureCoding) },
};
