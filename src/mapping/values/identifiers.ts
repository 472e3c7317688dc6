import { keepLately } from "#src/base/lately.ts";
import type { Value } from "#src/hl7v2/message.ts";
import type { Gather, ValueType } from "./value-type.ts";

/** Who assigned an identifier, and the FHIR system of that. */
export interface Authority {
  readonly authority: string;
  readonly system: string;
}

const OID = /^[0-2](?:\.(?:0|[1-9]\d*))+$/;
const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;
/** Authorities known everywhere, by the names that senders use. */
const KNOWN: ReadonlyMap<string, string> = new Map([
  ["NPI", "http://hl7.org/fhir/sid/us-npi"],
  ["SSA", "http://hl7.org/fhir/sid/us-ssn"],
  ["USSSA", "http://hl7.org/fhir/sid/us-ssn"],
]);

const universalSystem = (id: string): string | undefined =>
  OID.test(id) ? `urn:oid:${id}` : UUID.test(id) ? `urn:uuid:${id.toLowerCase()}` : undefined;

/** Systems of authorities that messages named lately: a site has a few. */
const lately = new Map<string, string>();
const LATELY = 1_000;

/** System of an authority without a universal id. A URI holds no blanks, so the name is percent-encoded. */
export function authoritySystem(name: string): string {
  const known = lately.get(name);
  if (known !== undefined) return known;
  const system = KNOWN.get(name) ?? universalSystem(name) ?? `urn:chartbridge:authority:${encodeURIComponent(name)}`;
  return keepLately(lately, LATELY, name, system);
}

/** Name of an assigning authority (HD): its namespace, else its universal id, else the default. */
export const authorityNamed = (hd: Value, otherwise: string): string => hd.text || hd.part(2).text || otherwise;

/** Reads an assigning authority. An OID or UUID makes the system. */
export function authorityOf(hd: Value, otherwise: string): Authority {
  const authority = authorityNamed(hd, otherwise);
  const universal = hd.part(2).text;
  return { authority, system: (universal === "" ? undefined : universalSystem(universal)) ?? authoritySystem(authority) };
}

/** System of an identifier from its assigning authority (CX.4, XCN.9). */
export const IDENTIFIER_TYPES: Readonly<Record<string, ValueType>> = {
  authoritySystem: { read: (value, { frame }) => authorityOf(value, frame.scope.defaultAuthority).system },
};

/** System of an identifier that names no authority: the feed's, else MSH-4. */
export const IDENTIFIER_GATHERS: Readonly<Record<string, Gather>> = {
  defaultAuthority: ({ scope: { defaultAuthority, authoritySaid } }) => {
    const value = authoritySystem(defaultAuthority);
    return [authoritySaid ? { value, source: "MSH-4" } : { value }];
  },
};
