import type { ItemFacts } from "./conditions.ts";

/** How a queue weighs what makes an item urgent. Points; the shipped ones add up to 100. */
export interface ScoreRules {
  readonly weights: {
    readonly deadline: number;
    readonly dollars: number;
    readonly age: number;
    readonly unblocked: number;
    readonly class: number;
  };
  readonly filing: { readonly days: number; readonly leadDays: number; readonly payers: Readonly<Record<string, number>> };
  /** Share of the class weight, 0 to 1. */
  readonly classes: Readonly<Record<string, number>>;
}

/** Points by what gave them; `stat` and a queue's own boosts are beside the 100. */
export type ScoreParts = Readonly<Record<string, number>>;
export interface Score {
  /** Hundredths of a point. */
  readonly total: number;
  readonly parts: ScoreParts;
}

export interface Scored {
  readonly facts: Pick<ItemFacts, "payerId" | "totalCents" | "class" | "dischargedAt">;
  readonly readyAt?: Date;
  /** Last day for a corrected claim or an appeal (YYYY-MM-DD), of an item that is back from the payer. */
  readonly answerBy?: string;
  readonly stat: boolean;
  /** A hold was just lifted. */
  readonly unblocked: boolean;
  readonly boosts: readonly { readonly why: string; readonly points: number }[];
}

const DAY_MS = 86_400_000;
/** Beyond the 100 of everything else: a supervisor's word comes first. */
const STAT_POINTS = 100;
/** Most hundredths of a point there can be: 100, boosts and stat. */
const MOST = 20_000;
const clamp = (n: number): number => Math.min(1, Math.max(0, n));
const hundredths = (points: number): number => Math.round(points * 100) / 100;

/** 1 with a week or less left, 0 from 60 days on. */
const nearness = (daysLeft: number): number => clamp((60 - daysLeft) / 53);
const daysUntil = (at: string, now: Date): number => (Date.parse(at) - now.getTime()) / DAY_MS;

/**
 * What the nearest limit weighs, under the name of the limit. An item that is back from the payer has been filed in time: what counts for it is the
 * last day for the answer (`answer-by`); for every other one the payer's limit for filing, from the discharge on (`deadline`). Billing's lead is taken off both.
 */
function limitPart({ facts, answerBy }: Scored, { weights, filing }: ScoreRules, now: Date): ScoreParts {
  const points = (daysLeft: number): number => hundredths(weights.deadline * nearness(daysLeft - filing.leadDays));
  if (answerBy !== undefined) return { "answer-by": points(daysUntil(answerBy, now)) };
  const { dischargedAt, payerId } = facts;
  if (dischargedAt === undefined) return { deadline: 0 };
  return { deadline: points(daysUntil(dischargedAt, now) + (filing.payers[payerId] ?? filing.days)) };
}

/** The explainable score of an item: parts add up to it, and each is shown. Pure. */
export function scoreOf(item: Scored, rules: ScoreRules, now: Date): Score {
  const { weights, classes } = rules;
  const ageDays = item.readyAt === undefined ? 0 : (now.getTime() - item.readyAt.getTime()) / DAY_MS;
  const parts: Record<string, number> = {
    ...limitPart(item, rules, now),
    // A million dollars counts in full.
    dollars: hundredths(weights.dollars * clamp(Math.log10(1 + Math.max(0, item.facts.totalCents) / 100) / 6)),
    age: hundredths(weights.age * clamp(ageDays / 7)),
    unblocked: item.unblocked ? weights.unblocked : 0,
    class: hundredths(weights.class * clamp(classes[item.facts.class] ?? classes["*"] ?? 0)),
  };
  for (const { why, points } of item.boosts) parts[why] = points;
  if (item.stat) parts["stat"] = STAT_POINTS;
  const total = Math.round(Object.values(parts).reduce((sum, points) => sum + points, 0) * 100);
  return { total: Math.min(MOST, Math.max(0, total)), parts };
}

/** BullMQ's order: 1 comes first, 2,097,152 is the most. */
export const priorityOf = (total: number): number => MOST + 1 - total;
