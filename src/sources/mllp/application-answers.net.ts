import type { Socket } from "node:net";
import type { Feed } from "#src/config/feed.ts";
import { block } from "#src/hl7v2/framer.ts";
import { errorKind, type Log } from "#src/telemetry/log.ts";
import { type Dial, dial } from "./dialer.net.ts";

/** One application answer that is ready to be sent. */
export interface ReadyAnswer {
  readonly recordId: string;
  /** Undefined when the sender does not want to hear of this outcome. */
  readonly bytes: Buffer | undefined;
}

export interface AnswerSenderNeeds {
  /** The next answers whose messages are folded, oldest first. */
  readonly ready: (feed: Feed, most: number) => Promise<readonly ReadyAnswer[]>;
  readonly ended: (recordId: string, state: "sent" | "not-owed") => Promise<void>;
  readonly log: Log;
}

export interface AnswerSender {
  wake(): void;
  close(): Promise<void>;
}

const LOOK_MS = 1_000;
const AT_ONCE = 100;

/**
 * Sends application acknowledgements on a connection of their own (enhanced mode, v2.5.1 ch. 2.9.3), from the books: what an
 * earlier process owed is sent too. One that could not be written stays owed and is sent again.
 */
export function sendApplicationAnswers(feed: Feed, to: Dial, { ready, ended, log }: AnswerSenderNeeds): AnswerSender {
  let stopping = false;
  let woken = false;
  let wake: () => void = () => undefined;
  let socket: Socket | undefined;
  const sleep = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, ms).unref();
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  const write = (bytes: Buffer): Promise<void> =>
    new Promise((resolve, reject) =>
      socket?.write(block(bytes), (error) => (error === undefined || error === null ? resolve() : reject(error))),
    );
  const round = async (): Promise<number> => {
    const answers = await ready(feed, AT_ONCE);
    for (const { recordId, bytes } of answers) {
      if (bytes === undefined) {
        await ended(recordId, "not-owed");
        continue;
      }
      if (socket === undefined || socket.destroyed || !socket.writable) {
        socket = await dial(to);
        socket.on("error", (error) => log.info("connection lost", { feed: feed.name, code: errorKind(error) }));
        // What the peer says to an acknowledgement is nothing to us; unread it would stop the connection.
        socket.resume();
      }
      await write(bytes);
      await ended(recordId, "sent");
    }
    return answers.length;
  };
  const run = (async () => {
    let pause = to.retryMs;
    while (!stopping) {
      woken = false;
      try {
        const sent = await round();
        pause = to.retryMs;
        if (sent === 0 && !woken) await sleep(LOOK_MS);
      } catch (error) {
        log.warn("application acknowledgements cannot be sent", { feed: feed.name, code: errorKind(error) });
        await sleep(pause);
        pause = Math.min(pause * 2, 60_000);
      }
    }
  })();
  return {
    wake: () => {
      woken = true;
      wake();
    },
    close: async () => {
      stopping = true;
      wake();
      await run;
      socket?.end();
    },
  };
}
