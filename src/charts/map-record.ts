import type { Bundle } from "@medplum/fhirtypes";
import type { Failure } from "#src/base/failures.ts";
import { type AccountId, type IdKey, recurringId } from "#src/base/ids.ts";
import { fail, type Result } from "#src/base/result.ts";
import type { Feed } from "#src/config/types.ts";
import { decode } from "#src/hl7v2/charsets.ts";
import { type Header, type RawIdentifier, readHeader } from "#src/hl7v2/header.ts";
import { accountOnWire } from "#src/hl7v2/identity.ts";
import { parseMessage } from "#src/hl7v2/message.ts";
import type { JournalRecord } from "#src/journal/journal-reader.pg.ts";
import type { MapPack } from "#src/mapping/compile.ts";
import { mapBundle } from "#src/mapping/fhir/map-bundle.ts";
import type { Mapped, MapSettings, Merge, NamedThing } from "#src/mapping/types.ts";
import type { AccountKey } from "./open-chart.ts";
import type { MappedRecord } from "./fold.pg.ts";

/** Id of an account's chart: that of its FHIR Account, so that every message and every path finds the same one. */
export const accountIdOf = (idKey: IdKey, authority: string, value: string): AccountId =>
  recurringId(idKey, "Account", [authority, value]) as AccountId;

export const settingsOf = (feed: Feed, idKey: IdKey): MapSettings => ({
  idKey,
  zone: feed.zone,
  identity: feed.identity,
  ...(feed.defaultAuthority === undefined ? {} : { defaultAuthority: feed.defaultAuthority }),
});

/** The account a message is of, with its authority: who has to wait when the map fails. */
function waitingAccount(bytes: Buffer, header: Header, feed: Feed): RawIdentifier | undefined {
  const id = accountOnWire(bytes, header, feed.identity);
  if (id === undefined) return undefined;
  const authority = id.authority || feed.defaultAuthority || (header.sendingFacility.split(header.componentSeparator)[0] ?? "");
  return { ...id, authority };
}

/** The first byte of JSON, and of no HL7 v2 message. */
const BRACE = 0x7b;

const OF_ACCOUNTS: ReadonlySet<Merge["kind"]> = new Set(["account", "move-account", "change-account-number"]);

/** Accounts of merges and of the other patients of a message. */
export function accountsNamed({ merges = [], others = [] }: Mapped): readonly NamedThing[] {
  return [
    ...merges.flatMap(({ kind, prior, surviving }) => (OF_ACCOUNTS.has(kind) ? [prior, surviving] : [])),
    ...others.flatMap((other) => (other.account === undefined ? [] : [other.account, ...accountsNamed(other)])),
  ];
}

/** Decodes and maps one HL7 v2 message. */
export function mapHl7(
  bytes: Buffer,
  header: Header,
  pack: MapPack,
  settings: MapSettings,
  charsets: readonly string[] = header.charsets,
): Result<Mapped, Failure> {
  const decoded = decode(bytes, charsets);
  if (!decoded.ok) return fail({ code: decoded.failure, place: "MSH-18" });
  const message = parseMessage(decoded.value.text);
  return message.ok ? pack.map(message.value, settings) : message;
}

/** The transport's word counts before MSH-18, and that before the feed's. */
function charsetsOf({ charset }: JournalRecord, { charsets }: Header, feed: Feed): readonly string[] {
  if (charset !== undefined) return [charset];
  return charsets.length === 0 && feed.charset !== undefined ? [feed.charset] : charsets;
}

/** Maps one journal record of any kind. Pure: the record, the feed and the maps decide. */
export function createMapRecord(pack: MapPack, feeds: ReadonlyMap<string, Feed>, idKey: IdKey): (record: JournalRecord) => MappedRecord {
  const keyOf = (feed: Feed, authority: string, accountNumber: string): AccountKey => ({
    accountId: accountIdOf(idKey, authority, accountNumber),
    feed: feed.name,
    facility: feed.facility,
    authority,
    accountNumber,
  });
  const withAccount = (feed: Feed, mapped: Result<Mapped, Failure>, wire: RawIdentifier | undefined): MappedRecord => {
    const account = mapped.ok ? mapped.value.account : wire;
    const further = mapped.ok ? accountsNamed(mapped.value) : [];
    return {
      mapped,
      filtered: false,
      mapVersion: pack.version,
      ...(account === undefined ? {} : { account: keyOf(feed, account.authority, account.value) }),
      ...(further.length === 0 ? {} : { accounts: further.map(({ authority, value }) => keyOf(feed, authority, value)) }),
    };
  };
  /** One object for each feed: what maps remember of messages belongs to the settings that they were read with. */
  const ofFeeds = new WeakMap<Feed, MapSettings>();
  const settingsFor = (feed: Feed): MapSettings => {
    const known = ofFeeds.get(feed) ?? settingsOf(feed, idKey);
    ofFeeds.set(feed, known);
    return known;
  };
  return (record) => {
    const feed = feeds.get(record.feed);
    if (feed === undefined) return { mapped: fail({ code: "NOT_FOUND", place: "feed" }), filtered: false, mapVersion: pack.version };
    const settings = settingsFor(feed);
    if (record.foldAs !== undefined) {
      const header = readHeader(record.bytes);
      const wire = header.ok ? waitingAccount(record.bytes, header.value, feed) : undefined;
      const { outcome, failure } = record.foldAs;
      return { ...withAccount(feed, fail(failure), wire), filtered: outcome === "filtered" };
    }
    if (record.protocol === "fhir" || (record.protocol === "operator" && record.bytes[0] === BRACE)) {
      // Checked as JSON and as FHIR before it was accepted.
      return withAccount(feed, mapBundle(JSON.parse(record.bytes.toString()) as Bundle, settings), undefined);
    }
    const header = readHeader(record.bytes);
    if (!header.ok) return { mapped: header, filtered: false, mapVersion: pack.version };
    if (!pack.handles(header.value.messageType)) {
      const unsupported = fail({ code: "MESSAGE_NOT_SUPPORTED", place: "MSH-9" } as const);
      return { ...withAccount(feed, unsupported, waitingAccount(record.bytes, header.value, feed)), filtered: true };
    }
    return withAccount(
      feed,
      mapHl7(record.bytes, header.value, pack, settings, charsetsOf(record, header.value, feed)),
      waitingAccount(record.bytes, header.value, feed),
    );
  };
}
