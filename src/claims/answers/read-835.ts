import { centsFrom } from "#src/base/money.ts";
import { type Adjustment, type Answered, type AnsweredLine, type ClaimAnswer, isRemark } from "./answer.ts";
import { dayOf, type X12Segment } from "./segments.ts";

/** CLP-2 of a payment that is taken back: what counts comes in a claim of its own. */
const REVERSAL = "22";
/** Adjustments in one CAS: three elements each from CAS-2 on. */
const TRIPLETS = [2, 5, 8, 11, 14, 17];

const cents = (text: string): number | undefined => {
  const read = centsFrom(text);
  return read.ok ? read.value : undefined;
};

interface Open {
  readonly said: Adjustment[];
  readonly remarks: string[];
}
interface OpenLine extends Open {
  control?: string;
  readonly procedure: string;
  readonly chargedCents: number | undefined;
}

function readAdjustments(segment: X12Segment): readonly Adjustment[] {
  const group = segment.element(1).toUpperCase();
  return TRIPLETS.flatMap((at): readonly Adjustment[] => {
    const [code, amount] = [segment.element(at).toUpperCase(), cents(segment.element(at + 1))];
    return code === "" ? [] : [{ list: "CARC", code, group, ...(amount === undefined ? {} : { cents: amount }) }];
  });
}

const answered = ({ said, remarks }: Open): Answered => ({ adjustments: said, remarks: [...new Set(remarks)] });
const lineOf = (line: OpenLine): AnsweredLine => ({
  ...answered(line),
  ...(line.control === undefined ? {} : { control: line.control }),
  procedure: line.procedure,
  ...(line.chargedCents === undefined ? {} : { chargedCents: line.chargedCents }),
});

export interface Read835 {
  readonly answers: readonly { readonly answer: ClaimAnswer; readonly segments: readonly number[] }[];
  /** Payments taken back, which say nothing by themselves. */
  readonly reversals: number;
}

/**
 * Reads the claim payments of one 835 transaction (segment structure only): CLP, CAS, MIA, MOA, SVC, LQ, REF, DTM. Our claim number is CLP-1, the payer's
 * CLP-7; a line is found by its control number (REF*6R). Reversals are counted and left out.
 */
export function read835(segments: readonly X12Segment[]): Read835 {
  const answers: { answer: ClaimAnswer; segments: readonly number[] }[] = [];
  let reversals = 0;
  let insurer: string | undefined;
  let produced: string | undefined;
  let claim: (Open & { readonly segment: X12Segment; received?: string; readonly lines: OpenLine[]; readonly at: number[] }) | undefined;
  let line: OpenLine | undefined;
  const close = (): void => {
    if (claim === undefined) return;
    const { segment, lines, at } = claim;
    const [paid, payerNumber] = [cents(segment.element(4)), segment.element(7)];
    if (segment.element(2) === REVERSAL) reversals++;
    else
      answers.push({
        segments: at,
        answer: {
          source: "835",
          claimNumber: segment.element(1),
          ...(payerNumber === "" ? {} : { payerNumber }),
          ...(insurer === undefined ? {} : { insurer }),
          outcome: "complete",
          created: produced ?? claim.received ?? "",
          ...(paid === undefined ? {} : { paidCents: paid }),
          whole: answered(claim),
          lines: lines.map(lineOf),
          requests: [],
        },
      });
    claim = undefined;
    line = undefined;
  };
  for (const segment of segments) {
    switch (segment.name) {
      case "BPR":
        produced ??= dayOf(segment.element(16));
        break;
      case "DTM":
        if (claim === undefined && segment.element(1) === "405") produced = dayOf(segment.element(2)) ?? produced;
        break;
      case "N1":
        if (segment.element(1) === "PR") insurer = segment.element(4) === "" ? segment.element(2) : segment.element(4);
        break;
      case "LX":
      case "PLB":
        close();
        break;
      case "CLP":
        close();
        claim = { segment, said: [], remarks: [], lines: [], at: [segment.at] };
        break;
      case "CAS":
        (line ?? claim)?.said.push(...readAdjustments(segment));
        break;
      case "MIA":
      case "MOA":
        for (let at = 1; at <= 24; at++) if (isRemark(segment.element(at))) claim?.remarks.push(segment.element(at));
        break;
      case "SVC":
        if (claim !== undefined) {
          line = { said: [], remarks: [], procedure: segment.components(1)[1] ?? "", chargedCents: cents(segment.element(2)) };
          claim.lines.push(line);
        }
        break;
      case "REF":
        if (line !== undefined && segment.element(1) === "6R") line.control = segment.element(2);
        break;
      case "LQ":
        if (segment.element(1) === "HE") (line ?? claim)?.remarks.push(segment.element(2).toUpperCase());
        break;
      default:
        break;
    }
    if (claim !== undefined && claim.segment !== segment) claim.at.push(segment.at);
  }
  close();
  return { answers, reversals };
}
