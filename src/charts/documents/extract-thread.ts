import { Worker } from "node:worker_threads";
import type { Extracted } from "./extract.ts";

/** Most time for one document, in ms, and most memory, in MB. */
const WITHIN_MS = 20_000;
const MEMORY_MB = 256;
/** Largest document that is read for its text, in bytes. */
const LARGEST = 30 * 1024 * 1024;

/**
 * Draws text out of a document in a thread of its own, that is ended when it takes too long or too much: what is in a document
 * is in the hands of whoever made it.
 */
export function extractInThread(bytes: Uint8Array, contentType: string, withinMs: number = WITHIN_MS): Promise<Extracted> {
  if (bytes.length > LARGEST) return Promise.resolve({ reason: "TOO_LARGE" });
  return new Promise((resolve) => {
    const worker = new Worker(new URL("./extract-worker.ts", import.meta.url), {
      workerData: { bytes, contentType },
      resourceLimits: { maxOldGenerationSizeMb: MEMORY_MB },
      stdout: true,
      stderr: true,
    });
    const timer = setTimeout(() => end({ reason: "TOO_SLOW" }), withinMs);
    const end = (extracted: Extracted): void => {
      clearTimeout(timer);
      void worker.terminate();
      resolve(extracted);
    };
    worker.once("message", end);
    worker.once("error", () => end({ reason: "NOT_READABLE" }));
    worker.once("exit", () => end({ reason: "NOT_READABLE" }));
  });
}
