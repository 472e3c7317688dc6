import { Redis } from "ioredis";
import { inject } from "vitest";

export interface TestRedis {
  readonly url: string;
  /** Before every key of the test. */
  readonly prefix: string;
  drop(): Promise<void>;
}

/** A corner of the tests' Redis. */
export function redisFor(): Promise<TestRedis> {
  const url = inject("redisUrl");
  const prefix = `test-${crypto.randomUUID()}`;
  return Promise.resolve({
    url,
    prefix,
    drop: async () => {
      const client = new Redis(url);
      const keys = await client.keys(`${prefix}*`);
      if (keys.length > 0) await client.del(keys);
      client.disconnect();
    },
  });
}
