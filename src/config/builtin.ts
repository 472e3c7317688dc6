import { join } from "node:path";
import { makeFeed } from "./feed.ts";
import type { Config } from "./types.ts";

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
    feeds: [
      makeFeed(options.demo ? "demo" : "local", {
        facility: "NORTH",
        mllp: { host: "127.0.0.1", port: options.mllpPort },
        http: true,
        zone: "America/Chicago",
        defaultAuthority: "NORTH",
      }),
    ],
    destinations: [],
    siteDataDir: join(home, "sites", "demo"),
    mappingsDir: join(home, "mappings"),
    siteMapsDir: join(dataDir, "maps"),
    queuesDir: join(home, "queues"),
    lease: { minutes: 30 },
    disk: { minimumFreeMb: 512, folders: [] },
    demo: options.demo,
  };
}
