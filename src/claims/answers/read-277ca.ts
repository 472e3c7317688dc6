import type { Adjustment, AnsweredLine, ClaimAnswer, Outcome } from "./answer.ts";
import { dayOf, type X12Segment } from "./segments.ts";

/** First component of STC-1 (health care claim status category): taken in, forwarded or waiting; every other one is a refusal. */
const QUEUED: readonly string[] = ["A0", "A1", "A2", "A5", "P0", "P1", "P2", "P3", "P4", "P5"];
/** HL-3 of a claim's level: the patient; levels above it speak of whole files. */
const PATIENT_LEVEL = "PT";

interface Status {
  readonly category: string;
  readonly day: string | undefined;
}
const statusOf = (segment: X12Segment): Status => ({
  category: (segment.components(1)[0] ?? "").toUpperCase(),
  day: dayOf(segment.element(2)),
});
const refused = ({ category }: Status): boolean => !QUEUED.includes(category);
const reason = ({ category }: Status): Adjustment => ({ list: "STC", code: category });

interface Open {
  readonly claimNumber: string;
  payerNumber?: string;
  readonly statuses: Status[];
  readonly lines: { control?: string; procedure: string; readonly statuses: Status[] }[];
  readonly at: number[];
}

/**
 * Reads the claims of one 277CA transaction (segment structure only): HL, TRN, STC, REF, SVC. Our claim number is TRN*2, the payer's REF*1K. Taken in is
 * `queued`; refused is `error`: nobody has judged the claim, and its correction is a first claim again.
 */
export function read277ca(
  segments: readonly X12Segment[],
): readonly { readonly answer: ClaimAnswer; readonly segments: readonly number[] }[] {
  const claims: Open[] = [];
  let atPatient = false;
  let insurer: string | undefined;
  let made: string | undefined;
  let open: Open | undefined;
  for (const segment of segments) {
    if (segment.name === "BHT") made = dayOf(segment.element(4));
    else if (segment.name === "HL") {
      atPatient = segment.element(3) === PATIENT_LEVEL;
      open = undefined;
    } else if (segment.name === "NM1" && segment.element(1) === "PR")
      insurer = segment.element(9) === "" ? segment.element(3) : segment.element(9);
    else if (segment.name === "TRN" && atPatient && segment.element(1) === "2") {
      open = { claimNumber: segment.element(2), statuses: [], lines: [], at: [] };
      claims.push(open);
    } else if (segment.name === "STC") (open?.lines.at(-1) ?? open)?.statuses.push(statusOf(segment));
    else if (segment.name === "SVC" && open !== undefined) open.lines.push({ procedure: segment.components(1)[1] ?? "", statuses: [] });
    else if (segment.name === "REF" && open !== undefined) {
      const line = open.lines.at(-1);
      if (segment.element(1) === "1K") open.payerNumber = segment.element(2);
      else if (segment.element(1) === "FJ" && line !== undefined) line.control = segment.element(2);
    }
    open?.at.push(segment.at);
  }
  return claims.map(({ claimNumber, payerNumber, statuses, lines, at }) => {
    const bad = statuses.filter(refused);
    const badLines = lines.filter((line) => line.statuses.some(refused));
    const outcome: Outcome = bad.length > 0 || badLines.length > 0 ? "error" : "queued";
    return {
      segments: at,
      answer: {
        source: "277CA",
        claimNumber,
        ...(payerNumber === undefined ? {} : { payerNumber }),
        ...(insurer === undefined ? {} : { insurer }),
        outcome,
        created: statuses[0]?.day ?? made ?? "",
        whole: { adjustments: bad.map(reason), remarks: [] },
        lines: badLines.map(
          (line): AnsweredLine => ({
            ...(line.control === undefined ? {} : { control: line.control }),
            procedure: line.procedure,
            adjustments: line.statuses.filter(refused).map(reason),
            remarks: [],
          }),
        ),
        requests: [],
      },
    };
  });
}
