import type { Frame } from "#src/hl7v2/framer.ts";
import { readAcknowledgement } from "#src/destinations/mllp/client.net.ts";
import type { Expected, Kind } from "./kinds.ts";
import { count, note, type Tally } from "./tally.ts";

const CODES = new Set(["AA", "AE", "AR", "CA", "CE", "CR"]);

interface Awaited extends Expected {
  readonly kind: Kind;
}

/** Printable, short, and synthetic: what was answered or sent. */
const shown = (bytes: Buffer): string => JSON.stringify(bytes.toString("latin1", 0, 300));

/** Holds what a connection's answers must be, in order, against those that come. */
export class Judge {
  readonly #tally: Tally;
  readonly #awaited: Awaited[] = [];
  /** Whether a message with this control id was sent on the connection; the answer to a damaged one may come or not. */
  readonly #wasSent: (controlId: string) => boolean;

  constructor(tally: Tally, wasSent: (controlId: string) => boolean) {
    this.#tally = tally;
    this.#wasSent = wasSent;
  }

  /** Answers that must still come. */
  get owed(): number {
    return this.#awaited.length;
  }

  expect(kind: Kind, expected: readonly Expected[]): void {
    for (const one of expected) this.#awaited.push({ ...one, kind });
  }

  /** One frame of the engine's. */
  hear(frame: Frame): void {
    const tally = this.#tally;
    const acknowledgement = frame.kind === "message" && !frame.unterminated ? readAcknowledgement(frame.bytes, 0) : undefined;
    if (acknowledgement === undefined || !CODES.has(acknowledgement.code))
      return note(tally, frame.kind === "stray" ? "bytes between answers" : "answer is no valid acknowledgement", shown(frame.bytes));
    const { code, controlId } = acknowledgement;
    tally.answers++;
    count(tally.answersByCode, code);
    // One without a control id may be the answer to a damaged message that lost it: then the code tells which.
    const place = this.#awaited.findIndex((one) => one.controlId === controlId && (controlId !== "" || one.codes.includes(code)));
    if (place < 0) {
      if (controlId !== "" && !this.#wasSent(controlId)) note(tally, "answer to a message that was never sent", shown(frame.bytes));
      return;
    }
    const [one] = this.#awaited.splice(place, 1);
    if (one === undefined) return;
    if (place > 0 && controlId !== "") note(tally, "answers out of order", `${one.kind}: ${shown(frame.bytes)}`);
    if (one.codes.includes(code)) count(tally.expectedByKind, one.kind);
    else note(tally, "answer has another code than expected", `${one.kind}: ${shown(frame.bytes)}`);
  }

  /** The connection is over: nothing more can come. */
  end(): void {
    for (const { kind, controlId } of this.#awaited) note(this.#tally, "answer missing", `${kind} ${controlId}`);
    this.#awaited.length = 0;
  }
}
