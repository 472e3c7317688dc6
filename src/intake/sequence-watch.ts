import type { Header } from "#src/hl7v2/header.ts";

/** Notices senders whose numbering (MSH-13) leaves a gap or whose clock (MSH-7) goes back. Since the start of the process. */
export interface SequenceWatch {
  /** @returns flags of this message: `SEQUENCE_GAP`, `SEQUENCE_REPEATED`, `TIME_WENT_BACK`. */
  look(feed: string, header: Header): readonly string[];
}

interface Last {
  number?: number;
  time?: string;
}

/** Senders remembered at most; more is somebody who makes names up. */
const MOST_SENDERS = 10_000;

export function createSequenceWatch(): SequenceWatch {
  const senders = new Map<string, Last>();
  return {
    look: (feed, header) => {
      const sender = `${feed}|${header.sendingApplication}|${header.sendingFacility}`;
      const last = senders.get(sender) ?? {};
      const flags: string[] = [];
      const number = Number.parseInt(header.fields[13] ?? "", 10);
      if (number > 0) {
        if (last.number !== undefined && number > last.number + 1) flags.push("SEQUENCE_GAP");
        if (last.number !== undefined && number <= last.number && number !== 1) flags.push("SEQUENCE_REPEATED");
        last.number = number;
      }
      // As text, and only of the same form and zone: a sender writes its times one way.
      const time = (header.fields[7] ?? "").trim();
      if (/^\d{12,14}/.test(time)) {
        if (last.time !== undefined && last.time.length === time.length && time < last.time && time.slice(14) === last.time.slice(14))
          flags.push("TIME_WENT_BACK");
        last.time = time;
      }
      if (senders.size >= MOST_SENDERS && !senders.has(sender)) senders.clear();
      senders.set(sender, last);
      return flags;
    },
  };
}
