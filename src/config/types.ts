import type { Destination } from "./destination.ts";
import type { Feed } from "./feed.ts";

export type { Destination } from "./destination.ts";
export type { Feed } from "./feed.ts";

/** When intake stops because the disk is nearly full. */
export interface DiskSettings {
  readonly minimumFreeMb: number;
  /** More folders whose volumes are watched, beside the data directory and, where it is on this machine, PostgreSQL's own. */
  readonly folders: readonly string[];
}

export interface Config {
  readonly dataDir: string;
  readonly http: { readonly host: string; readonly port: number };
  readonly feeds: readonly Feed[];
  readonly destinations: readonly Destination[];
  /** Folder with facilities.csv, practitioners.csv, payers.csv, charge-master.csv. */
  readonly siteDataDir: string;
  readonly mappingsDir: string;
  /** Folder of the site's own maps, over those of `mappingsDir`; it may not be there. */
  readonly siteMapsDir: string;
  readonly queuesDir: string;
  readonly lease: { readonly minutes: number };
  /** The site's DRG grouper, a program of its own. */
  readonly grouper?: { readonly command: readonly string[]; readonly timeoutMs: number };
  readonly disk: DiskSettings;
  readonly demo: boolean;
}
