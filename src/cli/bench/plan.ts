/** The messages of one account, in their order. */
export const STEPS = ["A01", "P03", "A08", "A03"] as const;
export type Step = (typeof STEPS)[number];

/** One message to send: which account of the connection, which step of its stay. */
export interface Turn {
  readonly account: number;
  readonly step: number;
}

/** Accounts a connection has open at a time: steps of one account lie this many messages apart, as on a real feed. */
const SIDE_BY_SIDE = 25;

/**
 * What one connection sends, in order. Every account gets all four steps; what is left over (fewer than four messages) are
 * further updates of the first account, before its discharge.
 */
export function planFor(messages: number): readonly Turn[] {
  const accounts = Math.floor(messages / STEPS.length);
  const extra = messages % STEPS.length;
  const turns: Turn[] = [];
  for (let first = 0; first < accounts; first += SIDE_BY_SIDE) {
    const group = Array.from({ length: Math.min(SIDE_BY_SIDE, accounts - first) }, (_, index) => first + index);
    for (let step = 0; step < STEPS.length; step++) {
      for (const account of group) turns.push({ account, step });
      if (first === 0 && step === 2) for (let n = 0; n < extra; n++) turns.push({ account: 0, step });
    }
  }
  return accounts === 0 ? Array.from({ length: extra }, () => ({ account: 0, step: 0 })) : turns;
}

/** `total` split over `parts` as evenly as whole numbers allow. */
export const share = (total: number, parts: number): readonly number[] =>
  Array.from({ length: parts }, (_, index) => Math.floor(total / parts) + (index < total % parts ? 1 : 0));
