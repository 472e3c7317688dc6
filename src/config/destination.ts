import { z } from "zod";

const text = z.string().min(1);
const ms = z.int().min(100);

/** A secret is named, never written down: `${NAME}` of the environment, or `file:PATH`. */
export const secret = z
  .string()
  .regex(/^(\$\{[A-Z0-9_]+\}|file:.+)$/, "must be a reference: ${NAME} or file:PATH, never the secret itself");

const tls = z.strictObject({
  certificate: text.optional().describe("file with our certificate (PEM), where the server wants one of its clients (mTLS)"),
  key: text.optional().describe("file with its private key (PEM), readable by the engine only"),
  authorities: text.optional().describe("file with the authorities whose certificates we trust (PEM); absent = those of the system"),
});
const tlsPair = tls.refine(({ certificate, key }) => (certificate === undefined) === (key === undefined), {
  message: "certificate and key are given together",
});

const oauth = {
  clientId: text,
  tokenUrl: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe("token endpoint; absent = read from the server's .well-known/smart-configuration"),
  scope: text.default("system/Claim.cruds").describe("scopes asked for, separated by spaces"),
};

/** One schema for each way to say who we are. */
export const authKinds = [
  z.strictObject({ kind: z.literal("none") }),
  z.strictObject({ kind: z.literal("basic"), user: text, password: secret }),
  z.strictObject({ kind: z.literal("bearer"), token: secret.describe("a token that does not change") }),
  z.strictObject({ kind: z.literal("client-secret"), ...oauth, clientSecret: secret }),
  z.strictObject({
    kind: z.literal("private-key-jwt"),
    ...oauth,
    keys: z
      .array(secret)
      .min(1)
      .max(4)
      .describe("private keys (PKCS #8 PEM or JWK; EC P-384 or RSA): the first signs, all are in our /.well-known/jwks.json"),
  }),
] as const;
const auth = z.discriminatedUnion("kind", authKinds);

const pace = {
  timeoutMs: ms.default(15_000).describe("longest wait for an answer, in ms"),
  concurrency: z.int().min(1).max(64).default(4).describe("deliveries under way at once"),
  perSecond: z.int().min(1).max(10_000).optional().describe("most deliveries a second, over all engines; absent = no limit"),
  attempts: z
    .int()
    .min(1)
    .default(20)
    .describe("tries of one claim before a person decides; waits because the whole destination is away are no tries"),
  breaker: z
    .strictObject({
      failures: z.int().min(1).default(5).describe("failures in a row after which nothing is sent for a while"),
      openMs: ms.default(30_000).describe("that while, in ms; doubled after each failed probe, at most ten times as long"),
    })
    .prefault({})
    .describe("a destination that is away is probed by one delivery at a time"),
};

/** How a claim is written to a FHIR server. */
export const STRATEGIES = ["transaction", "claim", "process-message", "charge-items", "task"] as const;
export type Strategy = (typeof STRATEGIES)[number];

/** How a FHIR server is told what a claim refers to. */
export const REFERENCE_STYLES = ["entries", "conditional", "logical", "contained"] as const;
export type ReferenceStyle = (typeof REFERENCE_STYLES)[number];

/** How it is found out whether a claim arrived whose answer never came. */
export const GUARDS = ["conditional-create", "search", "receiver", "none"] as const;
export type Guard = (typeof GUARDS)[number];

/** How a FHIR server is asked for its answers to our claims. */
export const POLL_SEARCHES = ["last-updated", "request", "identifier"] as const;
export type PollSearch = (typeof POLL_SEARCHES)[number];

const poll = z.strictObject({
  everySeconds: z.int().min(10).max(86_400).default(300).describe("time between two rounds"),
  by: z
    .enum(["auto", ...POLL_SEARCHES])
    .default("auto")
    .describe(
      "`last-updated`: everything the server shows us that has changed; `request`: answers to our claims by their ids there; `identifier`: by our numbers; `auto`: the first of these that the CapabilityStatement offers",
    ),
  pageSize: z
    .int()
    .min(1)
    .max(1_000)
    .default(100)
    .describe("answers on a page (`_count`), and claims asked about at once by `request` and `identifier`"),
  overlapSeconds: z
    .int()
    .min(0)
    .max(86_400)
    .default(300)
    .describe("with `last-updated`: asked again so far back, for a server may show a change later than it dates it"),
});

const fhir = z.strictObject({
  kind: z.literal("fhir").optional(),
  url: z.url({ protocol: /^https?$/ }).describe("base address: `https://billing.example/fhir/R4`"),
  auth: auth
    .default({ kind: "none" })
    .describe("`none`, `basic`, `bearer`, `client-secret` (OAuth 2 client credentials), `private-key-jwt` (SMART Backend Services)"),
  tls: tlsPair.optional(),
  strategy: z
    .enum(["auto", ...STRATEGIES])
    .default("auto")
    .describe(
      "`transaction`: one transaction Bundle; `claim`: one Claim; `process-message`: a message Bundle; `charge-items`: ChargeItem/$create for each line; `task`: the EHR's own Task is completed; `auto`: the first of these that the CapabilityStatement offers",
    ),
  references: z
    .enum(["auto", ...REFERENCE_STYLES])
    .default("auto")
    .describe(
      "what the claim refers to: `entries` of the transaction, created conditionally; `conditional` references (`Patient?identifier=…`), in a transaction; `logical` ids, looked up first; `contained` in the claim; `auto`: by the CapabilityStatement",
    ),
  guard: z
    .enum(["auto", ...GUARDS])
    .default("auto")
    .describe(
      "after an answer that never came: `conditional-create`: the server makes no second one of an identifier; `search`: look it up by identifier; `receiver`: it recognises a repeated message itself; `none`: wait for a person; `auto`: by the CapabilityStatement",
    ),
  settleMs: z
    .int()
    .min(0)
    .default(30_000)
    .describe("with `guard: search`: a claim that is not found is sent again only this long after the unanswered try, in ms"),
  systems: z
    .record(text, text)
    .default({})
    .describe("identifier and code systems that the server calls otherwise: ours to theirs; in all that is sent and looked up"),
  taskCode: text.optional().describe("with `strategy: task`: `system|code` of the Task, where an encounter has several"),
  answers: z
    .strictObject({ poll: poll.describe("ask the server for `ClaimResponse` to our claims") })
    .optional()
    .describe("how answers to claims come back; absent = the server brings them, or they come another way"),
  ...pace,
});

const party = z.string().max(227).default("");
const mllp = z.strictObject({
  kind: z.literal("mllp"),
  host: text,
  port: z.int().min(1).max(65_535),
  tls: z
    .union([z.literal(true), tlsPair])
    .optional()
    .describe("`true`, or the files; absent = plain text"),
  message: z
    .enum(["BAR^P12", "BAR^P05", "ADT^A08", "DFT^P03"])
    .describe("`BAR^P12`, `BAR^P05`, `ADT^A08`: diagnoses, procedures and DRG; `DFT^P03`: these with one FT1 a line"),
  revenueCode: z
    .enum(["FT1-7", "FT1-13", "none"])
    .default("FT1-7")
    .describe(
      "with `DFT^P03`: where a line's revenue code goes, for v2.5.1 has no field of its own: `FT1-7` transaction code (the procedure code is in FT1-25), `FT1-13` department code",
    ),
  voids: z
    .enum(["send", "person"])
    .default("send")
    .describe("a void: sent as credits or deletions, or left to a person; `person` leaves a replacement by `DFT^P03` to a person, too"),
  sendingApplication: party.default("CHARTBRIDGE").describe("MSH-3"),
  sendingFacility: party.describe("MSH-4"),
  receivingApplication: party.describe("MSH-5"),
  receivingFacility: party.describe("MSH-6"),
  processingId: z.enum(["P", "T", "D"]).default("P").describe("MSH-11"),
  zone: text.default("UTC").describe("IANA zone of MSH-7 and EVN-2"),
  guard: z
    .enum(["receiver", "none"])
    .default("none")
    .describe("after an answer that never came: `receiver`: it drops a second message of the same MSH-10; `none`: wait for a person"),
  ...pace,
  concurrency: z.literal(1).default(1).describe("one message in flight, in order"),
});

const files = z.strictObject({
  kind: z.literal("files"),
  folder: text.describe(
    "folder for the files, relative to chartbridge.yaml: one `CLAIM.ndjson` a claim, one Bundle a line, there whole or not at all",
  ),
  ...pace,
});

/** The settings of one destination in chartbridge.yaml, by kind; the descriptions are the reference page. */
export const destinationKinds = { fhir, mllp, files };
export const destinationSettings = z.discriminatedUnion("kind", [fhir, mllp, files]);

/** Read-only at every depth; what is optional is absent, never undefined. */
type Settled<T> = T extends readonly (infer E)[]
  ? readonly Settled<E>[]
  : T extends object
    ? { readonly [K in keyof T as undefined extends T[K] ? never : K]: Settled<T[K]> } & {
        readonly [K in keyof T as undefined extends T[K] ? K : never]?: Settled<Exclude<T[K], undefined>>;
      }
    : T;

/** How we say who we are; secrets are the secrets themselves here. */
export type DestinationAuth = Settled<z.output<typeof auth>>;
export type OauthSettings = Extract<DestinationAuth, { readonly clientId: string }>;
export type DestinationTls = Settled<z.output<typeof tls>>;

/** A FHIR server that takes claims. */
export type FhirDestination = { readonly name: string; readonly kind: "fhir" } & Omit<Settled<z.output<typeof fhir>>, "kind">;
export type PollSettings = Settled<z.output<typeof poll>>;
/** A receiver of HL7 v2 over MLLP. */
export type MllpDestination = { readonly name: string } & Settled<z.output<typeof mllp>>;
/** A folder of files. */
export type FilesDestination = { readonly name: string } & Settled<z.output<typeof files>>;
/** Something that takes claims. */
export type Destination = FhirDestination | MllpDestination | FilesDestination;

/** A destination as `chartbridge.yaml` would give it, with every default. Throws on a setting that does not exist. */
export const makeDestination = (name: string, settings: z.input<typeof destinationSettings>): Destination => {
  const parsed = destinationSettings.parse(settings);
  return { ...parsed, kind: parsed.kind ?? "fhir", name } as Destination;
};

/** Where it is, for a person. */
export function addressOf(destination: Destination): string {
  if (destination.kind === "fhir") return destination.url;
  return destination.kind === "mllp" ? `mllp://${destination.host}:${destination.port}` : destination.folder;
}
