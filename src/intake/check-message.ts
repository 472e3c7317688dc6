import { isUtf8 } from "node:buffer";
import type { Failure } from "#src/base/failures.ts";
import type { Feed } from "#src/config/feed.ts";
import { isKnownCharset, isReadAsUtf8 } from "#src/hl7v2/charsets.ts";
import { type Header, readShape } from "#src/hl7v2/header.ts";
import { isKnownEvent, isKnownType } from "#src/hl7v2/events.ts";

/** What is decided of a message before it is answered. */
export interface Checked {
  /** Why it is not taken; empty when it is. */
  readonly refusals: readonly Failure[];
  /** It is taken and not charted: `filtered` by the feed's settings, `failed` when it is kept for a person. */
  readonly foldAs?: { readonly outcome: "filtered" | "failed"; readonly failure: Failure };
  /** Oddities that are tolerated. */
  readonly flags: readonly string[];
}

const PATIENT_TYPES = new Set(["ADT", "DFT", "BAR", "MDM"]);
/** Segments without which a message of the type can mean nothing. */
const NEEDED: ReadonlyMap<string, readonly string[]> = new Map(Object.entries({ DFT: ["FT1"], MDM: ["TXA"], ORU: ["OBR"], SIU: ["SCH"] }));
/** Segments that should be there and that nothing depends on. */
const EXPECTED: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries({
    ADT: ["EVN", "PV1"],
    DFT: ["EVN", "PV1"],
    BAR: ["EVN"],
    MDM: ["EVN", "PV1"],
  }),
);
/** Events about a person, who need not be on a visit. */
const WITHOUT_VISIT = new Set(["A28", "A29", "A31", "A40", "A24", "A37", "A30", "A47"]);

const firstComponent = (field: string | undefined, header: Header): string => (field ?? "").split(header.componentSeparator)[0] ?? "";

function checkParties(header: Header, { expect }: Feed): Failure | undefined {
  const wrong = (taken: readonly string[], n: number): boolean =>
    taken.length > 0 && !taken.includes(firstComponent(header.fields[n], header));
  if (wrong(expect.sendingApplication, 3)) return { code: "SENDER_NOT_EXPECTED", place: "MSH-3" };
  if (wrong(expect.sendingFacility, 4)) return { code: "SENDER_NOT_EXPECTED", place: "MSH-4" };
  if (wrong(expect.receivingApplication, 5)) return { code: "RECEIVER_NOT_OURS", place: "MSH-5" };
  if (wrong(expect.receivingFacility, 6)) return { code: "RECEIVER_NOT_OURS", place: "MSH-6" };
  return undefined;
}

function checkHeader(header: Header, feed: Feed): readonly Failure[] {
  const failures: Failure[] = [];
  if (header.controlId.trim() === "") failures.push({ code: "REQUIRED_FIELD_MISSING", place: "MSH-10" });
  const [type = "", event] = header.messageType.split("^");
  if (type === "") failures.push({ code: "REQUIRED_FIELD_MISSING", place: "MSH-9" });
  else if (!isKnownType(type)) failures.push({ code: "MESSAGE_NOT_SUPPORTED", place: "MSH-9.1" });
  else if (event !== undefined && !isKnownEvent(type, event)) failures.push({ code: "EVENT_NOT_SUPPORTED", place: "MSH-9.2" });
  const known = header.version === "" || /^2\.\d{1,2}(\.\d{1,2})?$/.test(header.version);
  if (!known || (feed.versions.length > 0 && !feed.versions.includes(header.version)))
    failures.push({ code: "VERSION_NOT_SUPPORTED", place: "MSH-12" });
  if (header.processingId !== "" && !(feed.processingIds as readonly string[]).includes(header.processingId))
    failures.push({ code: "PROCESSING_ID_NOT_ACCEPTED", place: "MSH-11" });
  const party = checkParties(header, feed);
  if (party !== undefined) failures.push(party);
  return failures;
}

function checkCharacters(header: Header): Failure | undefined {
  const strange = header.charsets.findIndex((name) => !isKnownCharset(name));
  if (strange >= 0) return { code: "CHARSET_NOT_SUPPORTED", place: `MSH-18(${strange + 1})` };
  // Switching sets in the middle of a field needs ISO 2022; read wrongly it gives other letters, so it is said.
  const scheme = (header.fields[20] ?? "").trim();
  return scheme === ""
    ? undefined
    : { code: "CHARSET_NOT_SUPPORTED", place: "MSH-20", detail: "switching character sets (MSH-20) is not supported" };
}

/** Filtered by what the sender or the feed says of the message, not by its content. */
function setAside(header: Header, feed: Feed): Failure | undefined {
  if (header.processingId === "T" || header.processingId === "D") return { code: "TEST_MESSAGE", place: "MSH-11" };
  if ((header.fields[11] ?? "").split(header.componentSeparator)[1] === "A") return { code: "ARCHIVED_MESSAGE", place: "MSH-11.2" };
  if (feed.life === "test") return { code: "FEED_IN_TEST" };
  const [type = ""] = header.messageType.split("^");
  const used = feed.types.length === 0 || feed.types.includes(type) || feed.types.includes(header.messageType);
  return used ? undefined : { code: "EVENT_NOT_USED", place: "MSH-9" };
}

/**
 * Checks what must be known before a message may be accepted; what the map finds later is work for people.
 * What the feed does not use is not looked into: it is accepted and filtered.
 */
export function checkMessage(bytes: Buffer, header: Header, feed: Feed): Checked {
  const shape = readShape(bytes, header);
  const flags = [...shape.flags];
  if (header.version === "") flags.push("VERSION_MISSING");
  if (isReadAsUtf8(header.charsets[0] ?? feed.charset ?? "ASCII") && !isUtf8(bytes)) flags.push("CHARSET_CONTRADICTED");
  const refusals = checkHeader(header, feed);
  if (refusals.length > 0) return { refusals, flags };
  const characters = checkCharacters(header);
  if (characters !== undefined && feed.onUnusable === "refuse") return { refusals: [characters], flags };
  const aside = setAside(header, feed);
  if (aside !== undefined) return { refusals: [], foldAs: { outcome: "filtered", failure: aside }, flags };

  const [type = "", event] = header.messageType.split("^");
  const names = new Set(shape.segments);
  const unusable: Failure[] = characters === undefined ? [] : [characters];
  if (shape.headers > 1) unusable.push({ code: "SEGMENT_REPEATED", place: "MSH(2)" });
  if (shape.segments.length === 1)
    unusable.push({ code: "SEGMENT_MISSING", place: PATIENT_TYPES.has(type) ? "PID" : (NEEDED.get(type)?.[0] ?? "MSH") });
  else if (shape.truncated) unusable.push({ code: "MESSAGE_TRUNCATED", place: shape.segments.at(-1) ?? "MSH" });
  // A message without an event is old or a query; the map decides.
  else if (event !== undefined)
    for (const name of [...(PATIENT_TYPES.has(type) ? ["PID"] : []), ...(NEEDED.get(type) ?? [])])
      if (!names.has(name)) unusable.push({ code: "SEGMENT_MISSING", place: name });
  if (event !== undefined)
    for (const name of EXPECTED.get(type) ?? [])
      if (!names.has(name) && !(name === "PV1" && WITHOUT_VISIT.has(event))) flags.push(`${name}_MISSING`);
  const [first] = unusable;
  if (first === undefined) return { refusals: [], flags };
  if (feed.onUnusable === "refuse") return { refusals: unusable, flags };
  return { refusals: [], foldAs: { outcome: "failed", failure: first }, flags };
}
