import { CITE, hard } from "#src/coding/findings.ts";
import { fail, ok, type Result } from "#src/base/result.ts";
import type { CodeSubmission, Finding } from "#src/coding/submission.ts";
import { POINTABLE } from "./coded-parts.ts";
import type { Draft } from "./line-drafts.ts";

type Diagnosis = CodeSubmission["diagnoses"][number];

/** What one claim takes: 837P and CMS-1500, 837I and UB-04. */
export const LIMITS = {
  professional: { lines: 50, diagnoses: 12 },
  institutional: { lines: 999, diagnoses: 25 },
} as const;
/** Claims that one item may give: each has a letter in its number. */
export const MOST_PARTS = 26;

/** A line with its number in the claim. */
export interface PlacedLine {
  readonly sequence: number;
  readonly draft: Draft;
}

/** What goes on one claim of an item. */
export interface Part {
  readonly lines: readonly PlacedLine[];
  /** Indexes into the coder's diagnoses, in their order. */
  readonly diagnoses: readonly number[];
}

/** Every line that a version so far had, by what it is known by: on which claim it stood last, and its number there. */
export type Places = ReadonlyMap<string, { readonly part: number; readonly sequence: number }>;

export interface DivideNeeds {
  readonly drafts: readonly Draft[];
  readonly diagnoses: readonly Diagnosis[];
  readonly professional: boolean;
  readonly inpatient: boolean;
  readonly before: Places;
}

/** Lines that one revenue code bills alone, on one line: what a stay with more charges than lines needs. The others stay as they are. */
export function rolledUp(drafts: readonly Draft[]): readonly Draft[] {
  const groups = new Map<string, Draft[]>();
  for (const draft of drafts) {
    const alone = draft.revenue !== undefined && draft.modifiers.length === 0 && draft.drug === undefined && draft.cents >= 0;
    const plain = alone && draft.product.coding?.[0]?.code === "not-applicable";
    const key = plain ? `revenue ${draft.revenue}|${draft.unit}` : draft.key;
    groups.set(key, [...(groups.get(key) ?? []), draft]);
  }
  return [...groups].flatMap(([key, group]): Draft | readonly Draft[] => {
    const [first] = group;
    if (first === undefined || group.length === 1) return group;
    const days = group.flatMap(({ when }) => [when.servicedDate ?? when.servicedPeriod?.start ?? "", when.servicedPeriod?.end ?? ""]);
    const known = days.filter((day) => day !== "").sort();
    const [start, end] = [known[0], known.at(-1)];
    const { id: _charge, ...rest } = first;
    return {
      ...rest,
      key,
      product: { coding: first.product.coding?.slice(0, 1) ?? [] },
      quantity: group.reduce((sum, { quantity }) => sum + quantity, 0),
      cents: group.reduce((sum, { cents }) => sum + cents, 0),
      when: start === undefined || start === end ? first.when : { servicedPeriod: { start, ...(end === undefined ? {} : { end }) } },
    };
  });
}

interface Open {
  readonly lines: PlacedLine[];
  readonly pointed: Set<number>;
}

const pointedWith = ({ pointed }: Open, draft: Draft): number => new Set([...pointed, ...draft.pointers]).size;

/** Puts lines where they were, and new ones behind the last: a number once used is never another line's. */
function place(needs: DivideNeeds, drafts: readonly Draft[], limits: { readonly lines: number; readonly diagnoses: number }): Open[] {
  const parts: Open[] = [];
  const next: number[] = [];
  const at = (part: number): Open => {
    const open = parts[part] ?? { lines: [], pointed: new Set<number>() };
    for (let empty = parts.length; empty < part; empty++) parts.push({ lines: [], pointed: new Set() });
    parts[part] = open;
    return open;
  };
  for (const { part, sequence } of needs.before.values()) next[part] = Math.max(next[part] ?? 1, sequence + 1);
  const put = (part: number, sequence: number, draft: Draft): void => {
    const open = at(part);
    open.lines.push({ sequence, draft });
    for (const pointer of draft.pointers) open.pointed.add(pointer);
  };
  for (const draft of drafts) {
    const known = needs.before.get(draft.key);
    if (known !== undefined) put(known.part, known.sequence, draft);
  }
  const fits = (open: Open, draft: Draft): boolean =>
    open.lines.length < limits.lines && (!needs.professional || pointedWith(open, draft) <= limits.diagnoses);
  for (const draft of drafts) {
    if (needs.before.has(draft.key)) continue;
    const last = Math.max(parts.length - 1, 0);
    const part = fits(at(last), draft) ? last : last + 1;
    const sequence = next[part] ?? 1;
    next[part] = sequence + 1;
    put(part, sequence, draft);
  }
  return parts.map(({ lines, pointed }) => ({ lines: lines.sort((a, b) => a.sequence - b.sequence), pointed }));
}

const tooMany = (message: string, fix: string, element: string): Finding =>
  hard("CB-CLM-LIMIT", `Claim.${element}`, [message, fix], CITE.transaction);

/**
 * Divides an item into as many claims as its lines and diagnoses need. A hospital stay is one claim whatever it holds (see rolledUp).
 * Fails where no division helps.
 */
export function divide(needs: DivideNeeds): Result<readonly Part[], readonly Finding[]> {
  const { diagnoses, professional, inpatient } = needs;
  const limits = LIMITS[professional ? "professional" : "institutional"];
  const stay = inpatient && !professional;
  const { drafts } = needs;
  if (stay && drafts.length > limits.lines)
    return fail([
      tooMany(`A stay is one claim, and it has more than ${limits.lines} lines.`, "Have charges of one kind posted together.", "item"),
    ]);
  const billed = diagnoses.filter(({ use }) => POINTABLE.includes(use)).length;
  if (!professional && billed > limits.diagnoses)
    return fail([tooMany(`A hospital claim takes ${limits.diagnoses} diagnoses.`, "Remove those that matter least.", "diagnosis")]);
  const placed = place(needs, drafts, limits);
  if (placed.length > MOST_PARTS) return fail([tooMany(`An item gives ${MOST_PARTS} claims at most.`, "Divide the account.", "item")]);
  const all = diagnoses.map((_, index) => index);
  if (!professional) return ok(placed.map(({ lines }) => ({ lines, diagnoses: all })));
  if (placed.some(({ lines, pointed }) => lines.length > limits.lines || pointed.size > limits.diagnoses))
    return fail([
      tooMany("A line that was on an earlier claim does not fit on it any more.", "Void that claim and send a new one.", "item"),
    ]);
  return dealOut(placed, all, limits.diagnoses);
}

/** Each professional claim has the diagnoses its lines point to; the first also those that no line points to. */
function dealOut(placed: readonly Open[], all: readonly number[], most: number): Result<readonly Part[], readonly Finding[]> {
  const everywhere = new Set(placed.flatMap(({ pointed }) => [...pointed]));
  const parts = placed.map(({ lines, pointed }, part) => ({
    lines,
    diagnoses: placed.length === 1 ? all : all.filter((index) => pointed.has(index + 1) || (part === 0 && !everywhere.has(index + 1))),
  }));
  if (parts.some(({ diagnoses }) => diagnoses.length > most))
    return fail([tooMany(`A professional claim takes ${most} diagnoses.`, "Remove those that no line points to.", "diagnosis")]);
  return ok(parts);
}
