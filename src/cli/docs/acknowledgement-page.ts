import { FAILURES, type FailureCode } from "#src/base/failures.ts";
import { letterOf, REFUSALS } from "#src/hl7v2/conditions.ts";

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`).join("\n");

/** What is kept and not answered, because there is nothing to build an answer from or none is due. */
const UNANSWERED: readonly (readonly [FailureCode, string])[] = [
  ["MESSAGE_UNREADABLE", "no answer; kept as refused"],
  ["FRAME_EMPTY", "no answer (AE without a control id where the feed says `framing.empty: refuse`); kept as refused"],
  ["FRAME_MALFORMED", "no answer for the first frame; kept as incomplete; the second is taken"],
  ["FRAME_INCOMPLETE", "no answer, connection closed; kept as incomplete"],
  ["UNFRAMED", "no answer; kept as refused (up to 4 KiB, 20 a connection)"],
  ["TLS_ON_PLAIN_PORT", "connection closed; kept as refused"],
  ["PLAIN_ON_TLS_PORT", "connection closed; kept as refused"],
  ["PEER_NOT_ALLOWED", "connection closed; counted"],
  ["ACKNOWLEDGEMENT_RECEIVED", "no answer; kept as refused"],
];
/** Accepted, kept, and not charted. */
const SET_ASIDE: readonly FailureCode[] = ["EVENT_NOT_USED", "TEST_MESSAGE", "ARCHIVED_MESSAGE", "FEED_IN_TEST"];

/** docs/acknowledgement.md: every input condition with the exact answer, from the tables that make the answers. */
export function acknowledgementPage(): string {
  const refusals = Object.entries(REFUSALS) as [FailureCode, NonNullable<(typeof REFUSALS)[FailureCode]>][];
  const letters = (code: FailureCode, mode: "A" | "C"): string => `${mode}${letterOf(code, "by-condition")}`;
  return `# What we answer

Made from the engine's own tables by \`chartbridge docs\`. An accept (AA or CA) is sent after the message is on disk, and never before.

## Accepted

${table(
  ["condition", "original mode", "enhanced mode", "afterwards"],
  [
    ["the message is in order", "AA", "CA", "charted; AA of the application when MSH-16 asks"],
    ["the same sender, MSH-10 and bytes again", "the first answer, byte for byte", "the same", "nothing: no second work"],
    [
      "the same MSH-10 with other bytes",
      "AA",
      "CA",
      "charted as new and flagged CONTROL_ID_REUSED; by the feed's setting kept for a person, or AR 205",
    ],
    ["EVN or PV1 missing, unknown segments, versions 2.x, extra fields", "AA", "CA", "charted; flagged where it matters"],
    ...SET_ASIDE.map((code) => [`${code}: ${FAILURES[code].text}`, "AA", "CA", "kept, filtered"]),
  ],
)}

## Refused

${table(
  ["code (ERR-5)", "condition", "original", "enhanced", "ERR-3 (table 0357)"],
  refusals.map(([code, { condition }]) => [
    code,
    FAILURES[code].text,
    code === "STORE_DOWN" ? "none (connection closed), or AR by `onStoreDown`" : letters(code, "A"),
    code === "STORE_DOWN" ? "none, CE or AR by `onStoreDown`" : letters(code, "C"),
    `${condition.code} ${condition.text}`,
  ]),
)}

\`refuseWith\` of a feed writes one letter for all refusals (\`E\`, \`R\`) or for those about content (\`content-E\`, \`content-R\`).
While the journal cannot be written the answer is never AE and never an accept: senders file AE as final.

## Not answered

${table(
  ["code", "condition", "what happens"],
  UNANSWERED.map(([code, what]) => [code, FAILURES[code].text, what]),
)}

## Which answers a message gets

${table(
  ["MSH-15 / MSH-16", "answers"],
  [
    ["both empty", "original mode: exactly one, AA, AE or AR, after the commit"],
    ["AL", "always"],
    ["NE", "never"],
    ["ER", "only a refusal (accept), only an error (application)"],
    ["SU", "only a success"],
    ["one valued, the other empty", "the empty one counts as NE"],
  ],
)}

The accept acknowledgement (MSH-15; CA, CE, CR) follows the commit. The application acknowledgement (MSH-16; AA, AE, AR) follows the
message's effect, on the same connection or on the one \`applicationAnswers\` names. A message refused at once whose sender wants only the
application's errors gets AE or AR. \`ackMode\` of a feed overrides all this.

## How the answer is written

MSH-3/4 and MSH-5/6 swapped with all components, the sender's delimiters, MSH-7 with offset, MSH-9 \`ACK^event^ACK\` (the structure from v2.4
on), MSH-10 our own, MSH-11, 12 and 18 as sent. MSA-2 is MSH-10 byte for byte. ERR has the layout of the sender's version: ERR-1 up to v2.4,
ERR-2, 3, 4, 5 and 8 from v2.5 on, one ERR for each fault; MSA-3 has place and rule in 80 characters for those who show nothing else. No text holds a value of the message.

## HTTP

\`POST /hl7v2/{feed}\` with \`Content-Type: application/hl7-v2\` and a bearer token: 200 with the acknowledgement, AE and AR too; 204 when none is
wanted; 400 without a readable MSH, 415 for another content type or charset, 503 while the journal cannot be written, none of them with an
HL7 body. The charset of the content type wins over MSH-18.
`;
}
