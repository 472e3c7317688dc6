import { Worker } from "node:worker_threads";
import type { SegmentFields } from "#src/hl7v2/serialise.ts";

/** Writes HL7 v2 messages with the hl7v2 package in a thread that is started at the first one and kept. */
export interface MessageWriter {
  /** Undefined when the package cannot write it. */
  write(segments: readonly SegmentFields[]): Promise<Buffer | undefined>;
  close(): Promise<void>;
}

export function createMessageWriter(): MessageWriter {
  let worker: Worker | undefined;
  let next = 0;
  const waiting = new Map<number, (bytes: Buffer | undefined) => void>();
  const giveUp = (): void => {
    worker = undefined;
    for (const settle of waiting.values()) settle(undefined);
    waiting.clear();
  };
  const started = (): Worker => {
    const thread = new Worker(new URL("./write-worker.ts", import.meta.url), { stdout: true, stderr: true });
    thread.on("message", ({ id, bytes }: { readonly id: number; readonly bytes?: Uint8Array }) => {
      waiting.get(id)?.(bytes === undefined ? undefined : Buffer.from(bytes));
      waiting.delete(id);
    });
    thread.on("error", giveUp);
    thread.on("exit", giveUp);
    // It has nothing of its own to finish.
    thread.unref();
    return thread;
  };
  return {
    write: (segments) =>
      new Promise((resolve) => {
        worker ??= started();
        const id = next++;
        waiting.set(id, resolve);
        worker.postMessage({ id, segments });
      }),
    close: async () => {
      await worker?.terminate();
    },
  };
}
