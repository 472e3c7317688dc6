import { parentPort, workerData } from "node:worker_threads";
import { extractText } from "./extract.ts";

const { bytes, contentType } = workerData as { bytes: Uint8Array; contentType: string };
parentPort?.postMessage(await extractText(bytes, contentType));
