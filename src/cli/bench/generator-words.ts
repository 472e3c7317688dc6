import { z } from "zod";

/** What the generator process is told, as JSON in its first argument. */
export const generatorOptions = z.strictObject({
  host: z.string(),
  port: z.int(),
  connections: z.int().min(1),
  messages: z.int().min(1),
  warmup: z.int().min(0),
  /** At most five characters. */
  mark: z.string().max(5),
  timeoutMs: z.int().min(1),
});
export type GeneratorOptions = z.infer<typeof generatorOptions>;

const loadResult = z.object({
  accepted: z.int(),
  refused: z.int(),
  mismatched: z.int(),
  /** First send to last answer. */
  seconds: z.number(),
  /** First send, in ms of Unix time. */
  startedAt: z.number(),
  p50Ms: z.number().nullable(),
  p95Ms: z.number().nullable(),
  p99Ms: z.number().nullable(),
  cpuSeconds: z.number(),
});
export type LoadResult = z.infer<typeof loadResult>;

/** What the generator process says, one JSON line each. */
export const generatorLine = z.discriminatedUnion("phase", [
  z.object({ phase: z.literal("ready"), warmedUp: z.int() }),
  z.object({ phase: z.literal("progress"), answered: z.int(), accepted: z.int() }),
  loadResult.extend({ phase: z.literal("done") }),
]);
export type GeneratorLine = z.infer<typeof generatorLine>;
