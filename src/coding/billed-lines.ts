import { type ChartCharge, modifiersOf, procedureCodeOf } from "./charges.ts";
import { tidy } from "./codes.ts";
import type { CodeSubmission } from "./submission.ts";
import { worthOf } from "./worth.ts";

type Line = CodeSubmission["lines"][number];

/** One line as the claim will have it: a charge with what the coder's line says instead, or a line of the coder's own. */
export interface BilledLine {
  /** `lines[2]` where the coder has a line, else `charges[ID]`. */
  readonly path: string;
  /** The chart's charge; absent for a line of the coder's own. */
  readonly charge?: ChartCharge;
  readonly chargeCode?: string;
  /** The coder has a line for it. */
  readonly touched: boolean;
  readonly code?: string;
  readonly modifiers: readonly string[];
  readonly revenue?: string;
  readonly units: number;
  readonly cents: number;
  /** Local day of service; empty when nothing says it. */
  readonly day: string;
  readonly pointers: readonly number[];
  /** A drug's national code came with the charge (FT1-29). */
  readonly drugCode: boolean;
  /** A text of the charge says what was done. */
  readonly described: boolean;
}

function fromCharge(charge: ChartCharge, line: Line | undefined, index: number): BilledLine {
  const { entry } = charge;
  const code = line?.procedureCode ?? procedureCodeOf(charge.charge) ?? entry?.procedureCode;
  const revenue = line?.revenueCode?.trim() ?? entry?.revenueCode;
  const { quantity, cents } = worthOf(charge.charge, line);
  return {
    path: line === undefined ? `charges[${charge.charge.id}]` : `lines[${index}]`,
    charge,
    chargeCode: charge.code,
    touched: line !== undefined,
    ...(code === undefined ? {} : { code: tidy(code) }),
    modifiers: (line !== undefined && line.modifiers.length > 0 ? line.modifiers : modifiersOf(charge.charge)).map(tidy),
    ...(revenue === undefined || revenue === "" ? {} : { revenue }),
    units: quantity,
    cents,
    day: line?.serviceDate ?? charge.day,
    pointers: line?.diagnosisPointers ?? [],
    drugCode: charge.charge.productCodeableConcept !== undefined,
    described: charge.charge.code.text !== undefined || entry !== undefined,
  };
}

/** All lines of a claim: the charges in order of their day, then the coder's own. @param day of a line that has none. */
export function billedLines(billed: readonly ChartCharge[], lines: readonly Line[], day: string): readonly BilledLine[] {
  const indexOf = new Map(lines.flatMap(({ chargeId }, index) => (chargeId === undefined ? [] : [[chargeId, index] as const])));
  return [
    ...billed.map((charge) => {
      const index = indexOf.get(charge.charge.id) ?? -1;
      return fromCharge(charge, lines[index], index);
    }),
    ...lines.flatMap((line, index): readonly BilledLine[] =>
      line.chargeId !== undefined
        ? []
        : [
            {
              path: `lines[${index}]`,
              touched: true,
              ...(line.procedureCode === undefined ? {} : { code: tidy(line.procedureCode) }),
              modifiers: line.modifiers.map(tidy),
              ...(line.revenueCode === undefined ? {} : { revenue: line.revenueCode.trim() }),
              units: line.units ?? 1,
              cents: line.amountCents ?? 0,
              day: line.serviceDate ?? day,
              pointers: line.diagnosisPointers,
              drugCode: false,
              described: false,
            },
          ],
    ),
  ];
}
