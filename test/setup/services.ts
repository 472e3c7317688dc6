import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { startServices } from "#src/main/services/index.ts";

declare module "vitest" {
  interface ProvidedContext {
    readonly databaseUrl: string;
    readonly redisUrl: string;
  }
}

/** A Postgres and a Redis of the tests' own, started once for the whole run. Those of a user's environment are never touched. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const home = project.config.root;
  const services = await startServices({
    dataDir: join(home, ".chartbridge", "test"),
    redisFolder: join(home, ".chartbridge", "redis"),
    env: process.env,
    report: (line) => process.stderr.write(`${line}\n`),
  });
  project.provide("databaseUrl", services.databaseUrl);
  project.provide("redisUrl", services.redisUrl);
  return () => services.stop();
}
