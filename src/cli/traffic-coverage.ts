import { readFileSync } from "node:fs";
import { decode } from "#src/hl7v2/charsets.ts";
import { type Header, readHeader } from "#src/hl7v2/header.ts";
import { type Hl7Message, parseMessage } from "#src/hl7v2/message.ts";
import { allLineage, fieldUses } from "#src/mapping/usage.ts";
import type { OfflineMapping } from "./offline-mapping.ts";
import { splitMessages } from "./send.ts";

/** How often a field was sent, and how often it became something. */
interface FieldCount {
  sent: number;
  used: number;
}

interface SenderCount {
  messages: number;
  failed: number;
  readonly fields: Map<string, FieldCount>;
}

/** A message as text, for commands that show its fields; undefined for what is none. */
export function readMessage(bytes: Buffer): { readonly message: Hl7Message; readonly header: Header } | undefined {
  const header = readHeader(bytes);
  if (!header.ok) return undefined;
  const decoded = decode(bytes, header.value.charsets);
  const message = decoded.ok ? parseMessage(decoded.value.text) : undefined;
  return message?.ok === true ? { message: message.value, header: header.value } : undefined;
}

const percent = (part: number, whole: number): string => (whole === 0 ? "-" : `${Math.round((100 * part) / whole)} %`);

/**
 * What the maps make of messages that were really sent: per sender, how many populated fields became something, and which never did.
 * @returns lines to print. No value of a field is in them.
 */
export function* trafficCoverage(files: readonly string[], { pack, map }: OfflineMapping): Generator<string> {
  const senders = new Map<string, SenderCount>();
  for (const file of files)
    for (const bytes of splitMessages(readFileSync(file))) {
      const read = readMessage(bytes);
      if (read === undefined) {
        yield `${file}: holds something that is no message`;
        continue;
      }
      const { sendingApplication, sendingFacility, messageType } = read.header;
      const sender = `${sendingApplication || "?"}|${sendingFacility || "?"} ${messageType}`;
      const count = senders.get(sender) ?? { messages: 0, failed: 0, fields: new Map<string, FieldCount>() };
      senders.set(sender, count);
      count.messages++;
      const mapped = map(bytes);
      if (!mapped.ok) count.failed++;
      for (const { field, fed } of fieldUses(read.message, mapped.ok ? allLineage(mapped.value) : [])) {
        const own = count.fields.get(field) ?? { sent: 0, used: 0 };
        own.sent++;
        if (fed.length > 0) own.used++;
        count.fields.set(field, own);
      }
    }
  for (const [sender, { messages, failed, fields }] of [...senders].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const all = [...fields];
    const sent = all.reduce((sum, [, one]) => sum + one.sent, 0);
    const used = all.reduce((sum, [, one]) => sum + one.used, 0);
    yield `${sender}: ${messages} messages${failed === 0 ? "" : `, ${failed} not mapped`}; ${used} of ${sent} populated fields used (${percent(used, sent)})`;
    for (const [field, one] of all.filter(([, { used: of }]) => of === 0).sort(([, a], [, b]) => b.sent - a.sent)) {
      const why = pack.leftAlone.get(field);
      yield `  ${field.padEnd(8)} ${String(one.sent).padStart(6)} times, not used${why === undefined ? "" : `: ${why}`}`;
    }
  }
}
