import { randomBytes } from "node:crypto";
import { Redis } from "ioredis";

/** What a worker of one external queue signs in to Redis with. */
export interface ExternalUser {
  readonly user: string;
  readonly password: string;
  readonly queue: string;
  readonly prefix: string;
}

const userOf = (prefix: string, queue: string): string => `${prefix}-${queue}`;

/**
 * Makes the Redis user of a queue (ACL, Redis 6 and later): it reaches the keys of that queue and no others, and may not change the server. The
 * password is made anew at each call and kept nowhere. Who has it sees item ids and nothing of a patient; an item is theirs only once the API
 * has leased it to them.
 */
export async function makeExternalUser(redisUrl: string, prefix: string, queue: string): Promise<ExternalUser> {
  const client = new Redis(redisUrl, { maxRetriesPerRequest: 1, retryStrategy: () => null });
  client.on("error", () => undefined);
  const user = userOf(prefix, queue);
  const password = randomBytes(24).toString("base64url");
  try {
    await client.call(
      "ACL",
      "SETUSER",
      user,
      "reset",
      "on",
      `>${password}`,
      `~${prefix}:${queue}:*`,
      "resetchannels",
      "+@all",
      "-@admin",
      "-@dangerous",
      "+info",
      "+client|setname",
    );
    return { user, password, queue, prefix };
  } finally {
    client.disconnect();
  }
}

export async function dropExternalUser(redisUrl: string, prefix: string, queue: string): Promise<void> {
  const client = new Redis(redisUrl, { maxRetriesPerRequest: 1, retryStrategy: () => null });
  client.on("error", () => undefined);
  try {
    await client.call("ACL", "DELUSER", userOf(prefix, queue));
  } finally {
    client.disconnect();
  }
}
