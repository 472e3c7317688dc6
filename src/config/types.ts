/** One connection to a sender. */
export interface Feed {
  readonly name: string;
  /** Our name for the place that sends; a key of `facilities.csv`. */
  readonly facility: string;
  readonly mllp?: { readonly host: string; readonly port: number };
  /** IANA zone for times without an offset. */
  readonly zone: string;
  readonly defaultAuthority?: string;
  /** Processing ids taken (MSH-11). */
  readonly processingIds: readonly string[];
  /** Largest frame, in bytes. */
  readonly maxFrameBytes: number;
  /** Time to finish a frame once begun, in ms. */
  readonly frameTimeoutMs: number;
  readonly maxConnections: number;
  /** How long a control id counts as used, in hours. */
  readonly duplicateWindowHours: number;
  readonly onStoreDown: "close" | "CE" | "AR207";
  /** Hours after the last message when an account without a discharge counts as complete; absent = only discharge does. */
  readonly completeAfterHours?: number;
  /** Billing groups for which a professional item is made beside the facility one. */
  readonly professionalGroups: readonly string[];
}

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
  readonly demo: boolean;
}
