import { setTimeout as wait } from "node:timers/promises";
import { connectMllp, type Acknowledgement, type MllpConnection } from "#src/destinations/mllp/client.net.ts";
import type { StoryMessage } from "./story.ts";

/** How to play a story. */
export interface Play {
  readonly host: string;
  readonly port: number;
  readonly story: readonly Pick<StoryMessage, "atMs" | "message">[];
  /** 1 plays at the story's own times, 0.5 twice as fast, 0 without waiting. */
  readonly pace: number;
  /** Stops the play between two messages. */
  readonly signal: AbortSignal;
  /** Longest wait for an answer, in ms; 10 s unless told. */
  readonly timeoutMs?: number;
  readonly onAnswer?: (answer: Acknowledgement) => void;
}

/** What came of it: how many messages were accepted, refused (any other answer), or never answered. */
export interface Played {
  readonly accepted: number;
  readonly refused: number;
  readonly unanswered: number;
}

/** Tries of one message; with the waits below the receiver may be away for about ten minutes. */
const TRIES = 120;
const FIRST_RETRY_MS = 250;
const LONGEST_RETRY_MS = 5_000;

const pause = (ms: number, signal: AbortSignal): Promise<unknown> => wait(ms, undefined, { signal }).catch(() => undefined);

/** Sends a story over MLLP as a hospital would: one message in flight, and sent again on a new connection until it is answered. */
export async function playDemo({ host, port, story, pace, signal, timeoutMs = 10_000, onAnswer }: Play): Promise<Played> {
  let connection: MllpConnection | undefined;
  const played = { accepted: 0, refused: 0, unanswered: 0 };

  const deliver = async (message: Buffer): Promise<Acknowledgement | undefined> => {
    for (let attempt = 0; attempt < TRIES && !signal.aborted; attempt++) {
      if (attempt > 0) await pause(Math.min(FIRST_RETRY_MS * 2 ** Math.min(attempt - 1, 10), LONGEST_RETRY_MS), signal);
      if (connection?.open !== true) {
        const made = await connectMllp({ host, port, timeoutMs });
        if (!made.ok) continue;
        connection = made.value;
      }
      const answer = await connection.send(message);
      if (answer.ok) return answer.value;
    }
    return undefined;
  };

  const begun = performance.now();
  for (const { atMs, message } of story) {
    const early = atMs * pace - (performance.now() - begun);
    if (early > 0) await pause(early, signal);
    if (signal.aborted) break;
    const answer = await deliver(Buffer.from(message, "utf8"));
    if (answer === undefined) played.unanswered++;
    else if (answer.code === "AA" || answer.code === "CA") played.accepted++;
    else played.refused++;
    if (answer !== undefined) onAnswer?.(answer);
  }
  connection?.close();
  return played;
}
