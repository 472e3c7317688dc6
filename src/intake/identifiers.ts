import type { Feed } from "#src/config/feed.ts";
import { firstSegment, type Header } from "#src/hl7v2/header.ts";
import { accountOnWire, patientOnWire, visitOnWire } from "#src/hl7v2/identity.ts";
import type { Findable, SearchKind } from "#src/journal/search-keys.ts";

/** The patient, else the account, else the visit, by the feed's `identity`, with its authority: messages of one patient stay in order. */
export function orderKeyOf(bytes: Buffer, header: Header, feed: Feed): string | undefined {
  const { identity } = feed;
  const id = patientOnWire(bytes, header, identity) ?? accountOnWire(bytes, header, identity) ?? visitOnWire(bytes, header, identity);
  if (id === undefined) return undefined;
  const authority = id.authority || feed.defaultAuthority || (header.sendingFacility.split(header.componentSeparator)[0] ?? "");
  return `${authority}|${id.value}`;
}

/** Most identifiers kept of one field: a message full of repetitions must not fill the index. */
const MOST_REPETITIONS = 8;

/** What a person may look for a message by: control id, patient, account and visit numbers, of all their repetitions. */
export function findableIn(bytes: Buffer, header: Header): readonly Findable[] {
  const found: Findable[] = [];
  const add = (kind: SearchKind, raw: string | undefined): void => {
    if (raw === undefined || raw === "") return;
    const repetition = header.encodingCharacters[1];
    const repetitions = repetition === undefined ? [raw] : raw.split(repetition, MOST_REPETITIONS);
    for (const one of repetitions) {
      const value = (one.split(header.componentSeparator)[0] ?? "").trim();
      if (value !== "" && value !== '""') found.push({ kind, value });
    }
  };
  if (header.controlId.trim() !== "") found.push({ kind: "control", value: header.controlId });
  const pid = firstSegment(bytes, header, "PID");
  add("mrn", pid?.[3]);
  add("account", pid?.[18]);
  const pv1 = firstSegment(bytes, header, "PV1");
  add("visit", pv1?.[19]);
  add("visit", pv1?.[50]);
  return found;
}
