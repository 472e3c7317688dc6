// A plain BullMQ worker that codes items of one external queue. See README.md beside it.
import { Worker } from "bullmq";
import { Redis } from "ioredis";
import { codesFor } from "./codes-for.mjs";

const { REDIS_URL, QUEUE, PREFIX, CHARTBRIDGE, TOKEN } = process.env;
if (!REDIS_URL || !QUEUE || !PREFIX || !CHARTBRIDGE || !TOKEN) throw new Error("REDIS_URL, QUEUE, PREFIX, CHARTBRIDGE and TOKEN are needed");

async function call(path, body) {
  const response = await fetch(`${CHARTBRIDGE}/api/work-items/${path}`, {
    method: "POST",
    headers: { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  return { status: response.status, body: await response.json() };
}

/** One job: an item's id. What becomes of the item is the engine's business; the job only says where to look. */
async function work({ data: { itemId } }) {
  const leased = await call(`${itemId}/lease`, {});
  if (leased.status !== 200) return "not ours now";
  const { leaseId, snapshotVersion, chart } = leased.body;
  const codes = codesFor(chart);
  if (codes === undefined) {
    await call(`${itemId}/release`, { leaseId });
    return "left to people";
  }
  const submitted = await call(`${itemId}/codes`, { leaseId, snapshotVersion, codes });
  if (submitted.status === 200) return "coded";
  // Findings or a chart that changed meanwhile: people look at it.
  await call(`${itemId}/release`, { leaseId });
  return submitted.body.code;
}

const connection = new Redis(REDIS_URL, { maxRetriesPerRequest: null });
const worker = new Worker(QUEUE, work, { connection, prefix: PREFIX, concurrency: 4 });
worker.on("completed", (job, result) => console.log(job.id, result));
worker.on("error", (error) => console.error(error.message));
for (const signal of ["SIGINT", "SIGTERM"])
  process.once(signal, async () => {
    await worker.close();
    connection.disconnect();
  });
