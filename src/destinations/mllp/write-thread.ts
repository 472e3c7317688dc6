import { Worker } from "node:worker_threads";
import type { SegmentFields } from "#src/hl7v2/serialise.ts";

/**
 * The thread that writes HL7 v2 messages with the hl7v2 package: one for all receivers of the process, for its dictionaries take seconds to load and
 * much memory. It is started at the first message and kept.
 */
class WriteThread {
  #worker: Worker | undefined;
  #next = 0;
  readonly #waiting = new Map<number, (bytes: Buffer | undefined) => void>();

  write(segments: readonly SegmentFields[]): Promise<Buffer | undefined> {
    return new Promise((resolve) => {
      const worker = (this.#worker ??= this.#start());
      const id = this.#next++;
      this.#waiting.set(id, resolve);
      worker.postMessage({ id, segments });
    });
  }

  #start(): Worker {
    const thread = new Worker(new URL("./write-worker.ts", import.meta.url), { stdout: true, stderr: true });
    thread.on("message", ({ id, bytes }: { readonly id: number; readonly bytes?: Uint8Array }) => {
      this.#waiting.get(id)?.(bytes === undefined ? undefined : Buffer.from(bytes));
      this.#waiting.delete(id);
    });
    // It says an error and then its end: by then another may have taken its place.
    const giveUp = (): void => {
      if (this.#worker === thread) this.#giveUp();
    };
    thread.on("error", giveUp);
    thread.on("exit", giveUp);
    // It has nothing of its own to finish.
    thread.unref();
    return thread;
  }

  #giveUp(): void {
    this.#worker = undefined;
    for (const settle of this.#waiting.values()) settle(undefined);
    this.#waiting.clear();
  }
}

const thread = new WriteThread();

/** The bytes of an HL7 v2 message, without framing; undefined when the package cannot write it. */
export const writeMessage = (segments: readonly SegmentFields[]): Promise<Buffer | undefined> => thread.write(segments);
