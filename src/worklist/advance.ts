import type { Resource } from "@medplum/fhirtypes";
import type { AccountChange } from "#src/charts/fold.pg.ts";
import type { Feed } from "#src/config/types.ts";
import type { ItemFacts } from "./conditions.ts";
import { type HeldBy, type HoldCode, HOLDS } from "./holds.ts";
import type { Item } from "./item.ts";
import { type QueueRule, subjectOf } from "./queue-rules.ts";
import { type Progress, progressOf } from "./states.ts";

const DAY_MS = 86_400_000;

export interface Situation {
  readonly change: AccountChange;
  readonly facts: ItemFacts;
  readonly resources: () => readonly Resource[];
  readonly rule: QueueRule;
  readonly feed: Feed | undefined;
  readonly now: Date;
}

/** When the bill hold of a discharge ends. */
export const billHoldEnds = (rule: QueueRule, facts: Pick<ItemFacts, "payerId">, from: Date): Date =>
  new Date(from.getTime() + rule.billHoldDays(facts.payerId) * DAY_MS);

type Wanted = Partial<Record<HoldCode, boolean>>;

/** The holds of the queue's documents: each that may be asked for, and whether it is wanted now. */
function documentHolds({ rule, facts, resources }: Situation, complete: boolean): Wanted {
  const wanted: Wanted = {};
  for (const code of Object.keys(HOLDS) as HoldCode[]) if (code.startsWith("DOC-") || code === "PATH") wanted[code] = false;
  if (!complete) return wanted;
  const subject = subjectOf(facts, resources);
  for (const { hold, unsigned, types, applies } of rule.documents) {
    if (!applies(subject)) continue;
    const there = types.some((type) => facts.documents.includes(type));
    const signed = types.some((type) => facts.signedDocuments.includes(type));
    if (!there) wanted[hold] = true;
    else if (!signed && unsigned !== undefined) wanted[unsigned] = true;
  }
  return wanted;
}

/** One more patient puts it; whoever lifts it has said whose the account is, and it stays lifted. An item made before patients were counted has had one. */
const patientHold = (patients: number, before = 1): Wanted =>
  patients <= 1 ? { PATIENT: false } : patients > before ? { PATIENT: true } : {};

/** The engine's holds as the chart wants them now; those of people, and of questions, stay as they are. */
export function engineHolds(situation: Situation, before: Item | undefined, progress: Progress): readonly HeldBy[] {
  const { change, facts, rule, feed, now } = situation;
  const { interfaceFailed, facts: chart } = change;
  const complete = progress === "awaiting";
  const discharged = facts.dischargedAt === undefined ? undefined : new Date(facts.dischargedAt);
  const wanted: Wanted = {
    INTERFACE: interfaceFailed,
    PARALLEL: feed?.life === "parallel",
    ...patientHold(facts.patients, before?.facts.patients),
    REG: facts.dischargedAt !== undefined && !chart.hasCoverage,
    ...(before === undefined || !isWorkedOn(before)
      ? {
          MINDAYS:
            complete && discharged !== undefined && rule.billHoldDays(facts.payerId) > 0 && billHoldEnds(rule, facts, discharged) > now,
          STATUS: facts.cancelled && complete,
          ...documentHolds(situation, complete),
        }
      : {}),
    // A charge that comes answers a charge that was missing.
    ...(before !== undefined && before.facts.chargeCount < facts.chargeCount ? { "CHG-MISSING": false } : {}),
  };
  return withHolds(before?.holds ?? [], wanted);
}

const isWorkedOn = (item: Item): boolean => item.lease !== null || !["expected", "open", "awaiting", "cancelled"].includes(item.progress);

/** Puts and lifts the engine's own; a hold that a person set or took over stays. */
export function withHolds(have: readonly HeldBy[], wanted: Wanted): readonly HeldBy[] {
  const kept = have.filter(({ code, setBy }) => setBy !== "engine" || wanted[code as HoldCode] !== false);
  const put = (Object.keys(wanted) as HoldCode[])
    .filter((code) => wanted[code] === true && !kept.some((hold) => hold.code === code))
    .map((code): HeldBy => ({ code, blocks: HOLDS[code].blocks, setBy: "engine" }));
  return [...kept, ...put].toSorted((a, b) => a.code.localeCompare(b.code));
}

/** How far an item that nobody has worked on is, by its chart. A cancelled visit with charges waits for a supervisor. */
export function progressBy({ change, facts }: Situation, before: Item | undefined): Progress {
  const wanted = progressOf(change.facts);
  return wanted === "cancelled" && before?.progress === "awaiting" && facts.totalCents !== 0 ? "awaiting" : wanted;
}
