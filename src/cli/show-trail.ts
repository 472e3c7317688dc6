import { z } from "zod";

const time = z.string();
const maybe = z.string().nullable();

/** What the terminal shows of a trail. */
export const trailShown = z.object({
  claim: z.looseObject({
    id: z.string(),
    version: z.int(),
    frequency: z.string(),
    status: z.string(),
    payerState: z.string(),
    changeReason: maybe,
    cents: z.number(),
    codingVersion: z.int(),
    chartVersion: z.int(),
    createdAt: time,
  }),
  messages: z.array(
    z.looseObject({ recordId: z.string(), messageType: z.string(), feed: z.string(), receivedAt: time, chartVersion: z.int() }),
  ),
  coding: z.array(
    z.looseObject({
      version: z.int(),
      coder: z.string(),
      at: time,
      chartVersion: z.int(),
      rulePack: z.string(),
      findings: z.array(z.looseObject({ rule: z.string() })),
      overrides: z.array(z.looseObject({ rule: z.string() })),
      claimed: z.boolean(),
    }),
  ),
  reviews: z.array(z.looseObject({ state: z.string(), auditor: maybe, at: time })),
  questions: z.array(z.looseObject({ state: z.string(), outcome: maybe, sentAt: maybe })),
  chain: z.array(z.looseObject({ id: z.string(), version: z.int(), frequency: z.string(), status: z.string(), reason: maybe })),
  deliveries: z.array(z.looseObject({ destination: z.string(), state: z.string(), attempts: z.int(), code: maybe, at: time })),
  receipts: z.array(z.looseObject({ consumer: z.string(), way: z.string(), at: time })),
  answers: z.array(z.looseObject({ source: z.string(), consumer: z.string(), verdict: maybe, effect: maybe, receivedAt: time })),
  denials: z.array(
    z.looseObject({
      line: z.int().nullable(),
      code: z.string(),
      group: maybe,
      remarks: z.array(z.string()),
      owner: z.string(),
      cents: z.number(),
      deadline: maybe,
      edit: z.looseObject({ rule: z.string(), overridden: z.boolean() }).nullable(),
    }),
  ),
  elements: z.array(
    z.object({
      path: z.string(),
      origins: z.array(
        z.looseObject({ by: z.string(), part: z.string().optional(), file: z.string().optional(), what: z.string().optional() }),
      ),
      fields: z.array(z.looseObject({ field: z.string(), messageType: z.string(), recordId: z.string() })),
    }),
  ),
});
type Shown = z.infer<typeof trailShown>;

const at = (moment: string | null): string => (moment ?? "").slice(0, 19).replace("T", " ");
const money = (cents: number): string => `$${(cents / 100).toFixed(2)}`;
const codes = (list: readonly { readonly rule: string }[]): string => [...new Set(list.map(({ rule }) => rule))].join(" ");

const behind = ({ origins, fields }: Shown["elements"][number]): string =>
  [
    ...fields.map(({ field, messageType }) => `${field} (${messageType})`),
    ...origins.flatMap(({ by, part, file, what }) =>
      by === "chart" ? (fields.length === 0 ? ["chart"] : []) : [`${by}: ${part ?? file ?? what ?? ""}`],
    ),
  ].join("; ");

/** The trail as lines, in the order of the way: in, coded, out, back. No value of the patient's is among them. */
export function showTrail({ claim, ...trail }: Shown, withElements: boolean): string {
  const lines = [
    `claim ${claim.id}: version ${claim.version}, frequency ${claim.frequency}${claim.changeReason === null ? "" : ` (${claim.changeReason})`}, ${claim.status}, ${money(claim.cents)}; payer: ${claim.payerState}`,
    ...trail.messages.map(
      (one) =>
        `  in       ${at(one.receivedAt)}  ${one.messageType.padEnd(9)} ${one.recordId}  ${one.feed}, chart version ${one.chartVersion}`,
    ),
    ...trail.coding.map(
      (one) =>
        `  coded    ${at(one.at)}  version ${one.version} by ${one.coder} on chart version ${one.chartVersion}, ${one.rulePack}${one.findings.length === 0 ? "" : `; fired ${codes(one.findings)}`}${one.overrides.length === 0 ? "" : `; set aside ${codes(one.overrides)}`}${one.claimed ? "; this claim" : ""}`,
    ),
    ...trail.reviews.map((one) => `  reviewed ${at(one.at)}  ${one.state}${one.auditor === null ? "" : ` by ${one.auditor}`}`),
    ...trail.questions.map((one) => `  asked    ${at(one.sentAt)}  ${one.state}${one.outcome === null ? "" : `, ${one.outcome}`}`),
    ...trail.chain.map(
      (one) =>
        `  claim    ${one.id}  version ${one.version}, frequency ${one.frequency}${one.reason === null ? "" : ` (${one.reason})`}, ${one.status}`,
    ),
    ...trail.deliveries.map(
      (one) =>
        `  out      ${at(one.at)}  ${one.destination}: ${one.state}, ${one.attempts} attempts${one.code === null ? "" : `, ${one.code}`}`,
    ),
    ...trail.receipts.map((one) => `  receipt  ${at(one.at)}  ${one.consumer} (${one.way})`),
    ...trail.answers.map(
      (one) => `  answer   ${at(one.receivedAt)}  ${one.source} from ${one.consumer}: ${one.verdict ?? "parked"}; ${one.effect ?? ""}`,
    ),
    ...trail.denials.map(
      (one) =>
        `  denied   ${one.line === null ? "claim" : `line ${one.line}`}: ${one.group === null ? "" : `${one.group}-`}${one.code}${one.remarks.map((code) => ` ${code}`).join("")}, ${money(one.cents)}, ${one.owner}, until ${one.deadline ?? "-"}; ${one.edit === null ? "no edit looks for it" : `${one.edit.rule} ${one.edit.overridden ? "had been set aside" : "would have stopped it"}`}`,
    ),
    ...(withElements ? trail.elements.map((one) => `  ${one.path.padEnd(46)} ${behind(one)}`) : []),
  ];
  return `${lines.join("\n")}\n`;
}
