import { type ChartCharge, procedureCodeOf } from "./charges.ts";
import { isModifier, isProcedureCode, isRevenueCode, tidy } from "./codes.ts";
import { CITE, hard, info, soft } from "./findings.ts";
import { shiftDay, type Stay } from "./stay.ts";
import type { CodeSubmission, Finding } from "./submission.ts";

type Line = CodeSubmission["lines"][number];

const MOST_MODIFIERS = 4;
const MOST_POINTERS = { professional: 4, institutional: 12 } as const;
/** Days before admission that may be billed with the stay (three-day payment window). */
const DAYS_BEFORE = 3;

export interface LineSurroundings {
  readonly professional: boolean;
  readonly stay: Stay | undefined;
  /** Every billable charge of the chart. */
  readonly all: readonly ChartCharge[];
  /** Those this claim has to carry. */
  readonly billed: readonly ChartCharge[];
}

function codesOf(line: Line, path: string, professional: boolean): readonly Finding[] {
  const { procedureCode, revenueCode, modifiers } = line;
  const findings: Finding[] = [];
  if (procedureCode !== undefined && !isProcedureCode(procedureCode))
    findings.push(
      hard(
        "CB-FMT-HCPCS",
        `${path}.procedureCode`,
        ["This has neither the form of a CPT nor of a HCPCS code.", "Enter five characters."],
        CITE.codeSets,
      ),
    );
  if (revenueCode !== undefined && !isRevenueCode(revenueCode))
    findings.push(
      hard("CB-FMT-REV", `${path}.revenueCode`, ["A revenue code has four digits.", "Enter it with its leading zero."], CITE.ub42),
    );
  if (modifiers.length > MOST_MODIFIERS)
    findings.push(
      hard(
        "CB-MOD-COUNT",
        `${path}.modifiers`,
        ["A line takes four modifiers.", "Keep the four that matter most for payment."],
        professional ? CITE.cms24d : CITE.ub44,
      ),
    );
  for (const [index, modifier] of modifiers.entries()) {
    const place = `${path}.modifiers[${index}]`;
    if (!isModifier(modifier))
      findings.push(hard("CB-FMT-MOD", place, ["A modifier has two letters or digits.", "Correct it."], CITE.codeSets));
    else if (modifiers.findIndex((one) => tidy(one) === tidy(modifier)) < index)
      findings.push(
        hard("CB-MOD-DUP", place, ["This modifier is on the line twice.", "Remove one of them."], professional ? CITE.cms24d : CITE.ub44),
      );
  }
  return findings;
}

function pointersOf(
  { diagnosisPointers: pointers }: Line,
  path: string,
  diagnoses: CodeSubmission["diagnoses"],
  professional: boolean,
): readonly Finding[] {
  const most = professional ? MOST_POINTERS.professional : MOST_POINTERS.institutional;
  const place = `${path}.diagnosisPointers`;
  const findings: Finding[] = [];
  if (professional && pointers.length === 0)
    findings.push(
      hard("CB-PTR-NONE", place, ["The line points to no diagnosis.", "Say which diagnosis is the reason for the service."], CITE.cms24e),
    );
  if (pointers.length > most)
    findings.push(
      hard("CB-PTR-COUNT", place, [`A line points to ${most} diagnoses at most.`, "Keep the most important ones."], CITE.cms24e),
    );
  for (const [index, pointer] of pointers.entries()) {
    const use = diagnoses[pointer - 1]?.use;
    const at = `${place}[${index}]`;
    if (use === undefined)
      findings.push(hard("CB-PTR-UNKNOWN", at, [`There is no diagnosis ${pointer}.`, "Point to one that is there."], CITE.cms24e));
    else if (use !== "principal" && use !== "secondary")
      findings.push(
        hard(
          "CB-PTR-USE",
          at,
          ["Only a principal or secondary diagnosis can be the reason for a line.", "Point to one of those."],
          CITE.cms24e,
        ),
      );
    else if (pointers.indexOf(pointer) < index)
      findings.push(hard("CB-PTR-DUP", at, ["The line points to this diagnosis twice.", "Remove one."], CITE.cms24e));
  }
  return findings;
}

/** Edits for a line that is not a charge of the chart but the coder's own. */
function ownLine(line: Line, path: string, professional: boolean): readonly Finding[] {
  const findings: Finding[] = [];
  if (line.procedureCode === undefined)
    findings.push(
      hard(
        "CB-LN-CODE",
        `${path}.procedureCode`,
        ["A line of your own needs a CPT or HCPCS code.", "Enter the code, or name the charge it changes."],
        professional ? CITE.cms24d : CITE.ub44,
      ),
    );
  if (!professional && line.revenueCode === undefined)
    findings.push(
      hard(
        "CB-LN-REV",
        `${path}.revenueCode`,
        ["A line of your own needs a revenue code on a hospital claim.", "Enter four digits."],
        CITE.ub42,
      ),
    );
  if (professional && line.amountCents === undefined)
    findings.push(
      soft(
        "CB-LN-AMOUNT",
        `${path}.amountCents`,
        ["The line has no amount; it would be billed with zero.", "Enter the amount, or confirm."],
        CITE.cms24f,
      ),
    );
  return findings;
}

function charges({ lines }: CodeSubmission, { professional, all, billed }: LineSurroundings): readonly Finding[] {
  const findings: Finding[] = [];
  if (lines.length === 0 && billed.length === 0)
    findings.push(
      hard(
        "CB-LN-NONE",
        "lines",
        ["There is no charge and no line: the claim would be empty.", "Add a line, or wait for the charges."],
        CITE.transaction,
      ),
    );
  const known = new Set(all.map(({ charge }) => charge.id));
  const changed = new Set<string>();
  for (const [index, { chargeId }] of lines.entries()) {
    if (chargeId === undefined) continue;
    const path = `lines[${index}].chargeId`;
    if (!known.has(chargeId))
      findings.push(
        hard(
          "CB-LN-CHARGE",
          path,
          ["The chart has no billable charge with this id.", "Name a charge of the chart, or leave it out for a line of your own."],
          CITE.transaction,
        ),
      );
    else if (changed.has(chargeId))
      findings.push(
        hard("CB-LN-CHARGE-DUP", path, ["Two lines change the same charge.", "Put both changes in one line."], CITE.transaction),
      );
    changed.add(chargeId);
  }
  for (const { charge, code, entry } of billed) {
    if (professional && !changed.has(charge.id))
      findings.push(
        hard(
          "CB-PTR-NONE",
          "lines",
          [`Charge ${code} has no line, so it points to no diagnosis.`, "Add a line for this charge."],
          CITE.cms24e,
        ),
      );
    const line = lines.find(({ chargeId }) => chargeId === charge.id);
    if (!professional && entry === undefined && line?.revenueCode === undefined)
      findings.push(
        info(
          "CB-CHG-UNKNOWN",
          "lines",
          [
            `Charge ${code} is not in the charge master on its day.`,
            "Give its revenue code in a line, or have the charge master corrected.",
          ],
          CITE.ub42,
        ),
      );
    const fromChart = procedureCodeOf(charge);
    if (line?.procedureCode !== undefined && fromChart !== undefined && tidy(line.procedureCode) !== tidy(fromChart))
      findings.push(
        info(
          "CB-CHG-CODE",
          `lines[${lines.indexOf(line)}].procedureCode`,
          [`This replaces ${fromChart}, which came with the charge.`, "Nothing to do when that is meant."],
          CITE.codeSets,
        ),
      );
  }
  return findings;
}

/** Edits on charges and lines. */
export function checkLines(codes: CodeSubmission, surroundings: LineSurroundings): readonly Finding[] {
  const { professional, stay } = surroundings;
  const earliest = stay?.from === undefined ? undefined : shiftDay(stay.from, -DAYS_BEFORE);
  return [
    ...charges(codes, surroundings),
    ...codes.lines.flatMap((line, index): readonly Finding[] => {
      const path = `lines[${index}]`;
      const day = line.serviceDate;
      const outside =
        day !== undefined && ((earliest !== undefined && day < earliest) || (stay?.through !== undefined && day > stay.through));
      return [
        ...codesOf(line, path, professional),
        ...pointersOf(line, path, codes.diagnoses, professional),
        ...(line.chargeId === undefined ? ownLine(line, path, professional) : []),
        ...(outside
          ? [soft("CB-LN-DATE", `${path}.serviceDate`, ["The day is not within the stay.", "Correct the day, or confirm it."], CITE.ub45)]
          : []),
      ];
    }),
  ];
}
