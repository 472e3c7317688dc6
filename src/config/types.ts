import type { Feed } from "./feed.ts";

export type { Feed } from "./feed.ts";

/** A FHIR server that takes claims. */
export interface Destination {
  readonly name: string;
  /** Base address: `https://billing.example/fhir/R4`. */
  readonly url: string;
  readonly token?: string;
  /** Longest wait for an answer, in ms. */
  readonly timeoutMs: number;
}

export interface Config {
  readonly dataDir: string;
  readonly http: { readonly host: string; readonly port: number };
  readonly feeds: readonly Feed[];
  readonly destinations: readonly Destination[];
  /** Folder with facilities.csv, practitioners.csv, payers.csv, charge-master.csv. */
  readonly siteDataDir: string;
  readonly mappingsDir: string;
  readonly queuesDir: string;
  readonly lease: { readonly minutes: number };
  /** The site's DRG grouper, a program of its own. */
  readonly grouper?: { readonly command: readonly string[]; readonly timeoutMs: number };
  readonly demo: boolean;
}
