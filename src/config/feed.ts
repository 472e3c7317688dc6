import { z } from "zod";
import { isZone } from "#src/hl7v2/zones.ts";

const text = z.string().min(1);
const list = z.array(text);
const port = z.int().min(0).max(65_535);

const tls = z
  .strictObject({
    certificate: text.describe("file with our certificate chain (PEM)"),
    key: text.describe("file with its private key (PEM), readable by the engine only"),
    authorities: text.optional().describe("file with the authorities whose certificates we trust (PEM); absent = those of the system"),
    clientCertificate: z
      .enum(["required", "none"])
      .default("none")
      .describe("`required`: the sender proves who it is by a certificate (IHE ATNA, ITI-19)"),
    subjects: list.default([]).describe("common names of certificates that may connect; empty = any that the authorities signed"),
  })
  .refine(({ clientCertificate, subjects }) => subjects.length === 0 || clientCertificate === "required", {
    message: "subjects are looked at only with clientCertificate: required",
    path: ["subjects"],
  });

const listener = z.strictObject({
  host: z.string().default("127.0.0.1"),
  port,
  tls: tls.optional(),
  allow: z
    .array(z.union([z.cidrv4(), z.cidrv6(), z.ipv4(), z.ipv6()]))
    .default([])
    .describe("addresses and networks that may connect; empty = any"),
});

const dial = z.strictObject({
  host: text,
  port: port.min(1),
  tls: z.union([tls, z.strictObject({ authorities: text.optional() })]).optional(),
  retryMs: z.int().min(100).default(5_000).describe("wait before another try, in ms; doubled after each, at most a minute"),
});

const files = z.strictObject({
  folder: text.describe("watched folder, relative to chartbridge.yaml"),
  settleMs: z.int().min(100).default(2_000).describe("a file is taken when it has not changed for this long, in ms"),
  pattern: z.string().default("*").describe("names to take, with * for any text"),
  acknowledge: z.enum(["all", "errors", "none"]).default("all").describe("what the batch of acknowledgements holds"),
});

const identity = z
  .strictObject({
    patient: z
      .array(z.string().regex(/^(type|authority):.+$/, "must be type:CODE (PID-3.5) or authority:NAME (PID-3.4)"))
      .default([])
      .describe("which repetition of PID-3 is the patient: the first that matches, else the first"),
    account: z
      .array(z.enum(["PID-18", "PV1-19", "PV1-50", "PID-4", "PID-2"]))
      .min(1)
      .default(["PID-18", "PV1-19"])
      .describe("where the account number is, in order of preference"),
    visit: z
      .array(z.enum(["PV1-19", "PV1-50", "PID-18"]))
      .min(1)
      .default(["PV1-19"])
      .describe("where the visit number is"),
    withoutAccount: z
      .enum(["fail", "patient"])
      .default("fail")
      .describe("a message that names no account: `fail` = work for people; `patient` = it belongs to an account of the patient's own"),
  })
  .prefault({});

/** The settings of one feed in chartbridge.yaml; the descriptions are the reference page. */
export const feedSettings = z
  .strictObject({
    facility: text.describe("our name for the place that sends; a key of facilities.csv"),
    life: z
      .enum(["test", "backload", "parallel", "live"])
      .default("live")
      .describe(
        "`test`: answered and kept, nothing charted; `backload`: charts only, no work; `parallel`: work is computed and held, nothing reaches a coder; `live`",
      ),
    lifeNote: z
      .strictObject({ who: text.max(100), why: text.max(500) })
      .optional()
      .describe("who changed the life last, and why; asked for at each change and kept in the log of lives"),
    mllp: listener.optional().describe("we listen for MLLP"),
    connect: dial.optional().describe("we dial out, and read MLLP on that connection"),
    http: z.boolean().default(false).describe("take HL7 over HTTP at POST /hl7v2/{feed}"),
    files: files.optional().describe("take files from a watched folder"),
    zone: z.string().refine(isZone, "is not an IANA time zone such as America/Chicago").describe("IANA zone of times without an offset"),
    defaultAuthority: z.string().optional().describe("assigning authority of identifiers that name none"),
    identity,
    expect: z
      .strictObject({
        sendingApplication: list.default([]),
        sendingFacility: list.default([]),
        receivingApplication: list.default([]),
        receivingFacility: list.default([]),
      })
      .prefault({})
      .describe("first components of MSH-3 to MSH-6 that are taken; empty = any. Others are refused with AR"),
    charset: z.string().optional().describe("table 0211 name for messages with an empty MSH-18; absent = UTF-8"),
    types: list.default([]).describe("types (`ADT`) and events (`ADT^A01`) in use; others are answered AA and filtered; empty = all"),
    versions: list.default([]).describe("MSH-12 values taken; empty = any 2.x"),
    processingIds: z
      .array(z.enum(["P", "T", "D"]))
      .default(["P"])
      .describe("MSH-11 values taken; T and D are kept and never charted"),
    maxFrameBytes: z
      .int()
      .min(1024)
      .default(10 * 1024 * 1024)
      .describe("largest message, in bytes"),
    frameTimeoutMs: z.int().min(100).default(30_000).describe("time to finish a frame once begun, in ms"),
    idleTimeoutMs: z
      .int()
      .min(1_000)
      .optional()
      .describe("a connection without a message is closed after this long, in ms; absent = never"),
    maxConnections: z.int().min(1).default(100),
    framing: z
      .strictObject({
        unterminated: z.enum(["accept", "refuse"]).default("accept").describe("an end byte without the carriage return after it"),
        empty: z.enum(["ignore", "refuse"]).default("ignore").describe("a frame with nothing in it; recorded either way"),
        unframed: z.enum(["record", "accept"]).default("record").describe("text that starts with MSH and has no start byte"),
        commitBytes: z.boolean().default(false).describe("MLLP release 2: 06 after the commit, 15 when it failed, before the HL7 answer"),
      })
      .prefault({}),
    duplicates: z
      .strictObject({
        windowHours: z.int().min(1).default(168).describe("how long a control id counts as used, in hours"),
        onReuse: z
          .enum(["accept", "hold", "reject"])
          .default("accept")
          .describe("the same control id with other bytes: new and flagged; kept for a person; or AR 205"),
      })
      .prefault({}),
    onUnusable: z
      .enum(["refuse", "accept-and-park"])
      .default("refuse")
      .describe("a message without what it cannot do without: AE, or AA and work for a person"),
    onStoreDown: z
      .enum(["close", "CE", "AR207"])
      .default("close")
      .describe("while the journal cannot be written: close without an answer, CE (enhanced mode), or AR with 207"),
    ackMode: z
      .enum(["by-message", "original", "enhanced", "on-receipt", "on-applied"])
      .default("by-message")
      .describe("`by-message`: MSH-15 and 16 decide; `on-applied`: one answer, after the message has taken effect"),
    refuseWith: z
      .enum(["by-condition", "E", "R", "content-E", "content-R"])
      .default("by-condition")
      .describe("one letter for all refusals, or for those about content"),
    applicationAnswers: dial.optional().describe("where application acknowledgements go; absent = the connection the message came on"),
    chartLink: z
      .string()
      .refine((template) => /^https?:\/\/[^{}]+/.test(template), "must be an http or https address that begins without a placeholder")
      .refine(
        (template) =>
          (template.match(/\{[^}]*\}|[{}]/g) ?? []).every((one) => ["{visit}", "{account}", "{patient}", "{document}"].includes(one)),
        "may have the placeholders {visit}, {account}, {patient} and {document} only",
      )
      .optional()
      .describe("address of a chart in the EHR, with {visit}, {account}, {patient}, {document}: `https://ehr.example/chart?visit={visit}`"),
    confidential: z
      .strictObject({
        labels: list.default(["R", "V"]).describe("codes of meta.security and TXA-18 that restrict; every ARV restriction does"),
        visitIndicators: list.default([]).describe("PV1-16 codes that make an account confidential: `[VIP]`"),
        services: list.default([]).describe("PV1-10 codes that make an account confidential"),
        documentTypes: list.default([]).describe("TXA-2 codes that make a document confidential"),
      })
      .prefault({})
      .describe("who may read what: without the role `confidential` people see that it exists, not what it says"),
    completeAfterHours: z
      .number()
      .positive()
      .optional()
      .describe("hours after the last message when an account without a discharge is complete"),
    professionalGroups: z
      .array(z.string().regex(/^[A-Z0-9-]{1,20}$/))
      .default([])
      .describe("billing groups with a professional item"),
  })
  .refine((feed) => !(feed.onStoreDown === "CE" && feed.ackMode === "original"), {
    message: "CE is an answer of enhanced mode, and ackMode is original",
    path: ["onStoreDown"],
  });

type Deep<T> = T extends readonly (infer E)[] ? readonly Deep<E>[] : T extends object ? { readonly [K in keyof T]: Deep<T[K]> } : T;
type WithoutUndefined<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

/** One connection to a sender. */
export type Feed = { readonly name: string } & Deep<WithoutUndefined<z.output<typeof feedSettings>>>;

/** A feed as `chartbridge.yaml` would give it, with every default. Throws on a setting that does not exist. */
export const makeFeed = (name: string, settings: z.input<typeof feedSettings>): Feed => ({ name, ...feedSettings.parse(settings) }) as Feed;
