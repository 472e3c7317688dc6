import { join } from "node:path";
import type { Config, Feed } from "./types.ts";

const feed = (name: string, port: number): Feed => ({
  name,
  facility: "NORTH",
  mllp: { host: "127.0.0.1", port },
  zone: "America/Chicago",
  defaultAuthority: "NORTH",
  processingIds: ["P"],
  maxFrameBytes: 10 * 1024 * 1024,
  frameTimeoutMs: 30_000,
  maxConnections: 100,
  duplicateWindowHours: 168,
  onStoreDown: "close",
  professionalGroups: [],
});

/**
 * What runs without a chartbridge.yaml: one loopback feed for the synthetic facility NORTH.
 * @param home folder of the shipped maps, queues and site data.
 */
export function builtinConfig(
  home: string,
  dataDir: string,
  options: { readonly demo: boolean; readonly mllpPort: number; readonly port: number },
): Config {
  return {
    dataDir,
    http: { host: "127.0.0.1", port: options.port },
    feeds: [feed(options.demo ? "demo" : "local", options.mllpPort)],
    destinations: [],
    siteDataDir: join(home, "sites", "demo"),
    mappingsDir: join(home, "mappings"),
    queuesDir: join(home, "queues"),
    lease: { minutes: 30 },
    demo: options.demo,
  };
}
