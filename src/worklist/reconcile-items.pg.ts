import type { Resource } from "@medplum/fhirtypes";
import type pg from "pg";
import { type IdKey, type ItemId, stableId } from "#src/base/ids.ts";
import type { Sealer } from "#src/base/seal.ts";
import { readChart } from "#src/charts/chart-store.pg.ts";
import { factsOf } from "#src/charts/facts.ts";
import type { AccountChange } from "#src/charts/fold.pg.ts";
import type { Stream } from "#src/coding/submission.ts";
import type { Feed } from "#src/config/types.ts";
import { engineHolds, progressBy, type Situation, withHolds } from "./advance.ts";
import { matchAnswers } from "./answers.pg.ts";
import { chartChanges } from "./chart-changes.ts";
import { EMPTY_FACTS, derived, type Item } from "./item.ts";
import { isShadow, itemFacts, patientKeysOf } from "./item-facts.ts";
import { type ItemChange, lockItems, writeItems } from "./item-store.pg.ts";
import { judgeLate } from "./judge-late.ts";
import { judgedChart, performLate } from "./late.pg.ts";
import { type LateKind, phaseOf } from "./late-messages.ts";
import { moveItems } from "./move-items.pg.ts";
import { noteMessage } from "./note-message.pg.ts";
import { type QueueRules, subjectOf } from "./queue-rules.ts";
import { closedQueues } from "./queue-state.pg.ts";
import { isCoded, isEnded, type Progress } from "./states.ts";

export interface ReconcileNeeds {
  readonly rules: QueueRules;
  readonly feeds: ReadonlyMap<string, Feed>;
  readonly idKey: IdKey;
  readonly sealer: Sealer;
  readonly now: () => Date;
}

/** One item for the facility, and one for each billing group of the feed. */
const streamsOf = (feed: Feed | undefined): readonly Stream[] => [
  "FAC",
  ...(feed?.professionalGroups ?? []).map((group): Stream => `PRO:${group}`),
];

export const itemIdOf = (idKey: IdKey, accountId: string, stream: Stream): ItemId =>
  stableId(idKey, "CodingItem", accountId, stream) as ItemId;

export const newItem = (id: string, accountId: string, stream: Stream): Item => ({
  id,
  accountId,
  stream,
  progress: "open",
  state: "OPEN",
  queue: "",
  priority: 1,
  dispatchNo: 0,
  facility: "",
  class: null,
  readyAt: null,
  chartVersion: 0,
  pinnedVersion: null,
  judgedVersion: null,
  releaseVersion: null,
  releaseAfter: null,
  lease: null,
  coderOfRecord: null,
  facts: EMPTY_FACTS,
  patientKeys: [],
  score: 0,
  scoreParts: {},
  stat: false,
  views: [],
  routedBy: "rules",
  recodeFrom: null,
  recodeReasons: [],
  reservedFor: null,
  reservedUntil: null,
  unblockedAt: null,
  settleAt: null,
  answerBy: null,
  mergedInto: null,
  shadow: false,
  holds: [],
  claimId: null,
  hasDraft: false,
  revision: 0,
});

/**
 * Makes the coding items of changed accounts agree with their charts, in the fold's transaction and in few statements for the
 * whole batch. Applied again it changes nothing. What somebody has worked on is never moved by the chart alone: the table of late
 * messages decides what becomes of it.
 */
export function createReconcileItems(needs: ReconcileNeeds): (client: pg.PoolClient, changes: readonly AccountChange[]) => Promise<void> {
  const { feeds, idKey } = needs;
  return async (client, changes) => {
    const wanted = changes.flatMap((change) =>
      streamsOf(feeds.get(change.feed)).map((stream) => ({ change, stream, id: itemIdOf(idKey, change.accountId, stream) })),
    );
    const stored = await lockItems(
      client,
      wanted.map(({ id }) => id),
    );
    const closed = await closedQueues(client);
    const written: ItemChange[] = [];
    for (const { change, stream, id } of wanted) {
      const made = await nextItem(client, needs, { change, stream, id, closed }, stored.get(id));
      if (made !== undefined) written.push(made);
    }
    await writeItems(client, written);
    for (const { accountId, eventType, recordId } of changes) {
      const kind = NOTED.get(eventType);
      if (kind !== undefined) await noteMessage(client, needs, accountId, { kind, eventType, recordId });
    }
    for (const { accountId, mergedInto, emptiedInto, recordId } of changes) {
      const into = mergedInto ?? emptiedInto;
      if (into !== undefined) await moveItems(client, needs, accountId, into, { recordId });
    }
    await matchAnswers(client, needs, changes);
  };
}

/** Messages whose meaning the chart alone does not show: two patients were one, or numbers are others now (v2.5.1 ch. 3.3.34 to 3.3.51). */
const NOTED: ReadonlyMap<string, LateKind> = new Map([
  ...["A18", "A30", "A34", "A36", "A40"].map((event) => [`ADT^${event}`, "merge-patient"] as const),
  ...["A43", "A44", "A45", "A46", "A47", "A48", "A49", "A50", "A51"].map((event) => [`ADT^${event}`, "move"] as const),
]);

interface Wanted {
  readonly change: AccountChange;
  readonly stream: Stream;
  readonly id: ItemId;
  readonly closed: ReadonlySet<string>;
}

/** What an item should be after a change; undefined when it already is. */
async function nextItem(
  client: pg.PoolClient,
  needs: ReconcileNeeds,
  { change, stream, id, closed }: Wanted,
  before: Item | undefined,
): Promise<ItemChange | undefined> {
  const { rules, feeds, sealer, now } = needs;
  const resources: readonly Resource[] = change.resources ?? (await readChart(client, sealer, change.accountId))?.resources ?? [];
  const stated = itemFacts(change, stream, resources);
  // A cancelled visit has no class of its own any more: its work stays where it was.
  const facts = stated.cancelled && before !== undefined ? { ...stated, class: before.facts.class } : stated;
  const subject = subjectOf(facts, () => resources);
  const place = before !== undefined && before.routedBy !== "rules" ? before.queue : rules.place(subject, closed);
  const worked = before !== undefined && (before.lease !== null || isCoded(before.progress));
  const queue = worked ? before.queue : place;
  const situation: Situation = {
    change,
    facts,
    resources: () => resources,
    rule: rules.rule(queue),
    feed: feeds.get(change.feed),
    now: now(),
  };
  const progress: Progress = worked || (before !== undefined && isEnded(before.progress)) ? before.progress : progressBy(situation, before);
  const holds = engineHolds(situation, before, progress);
  const base: Item = {
    ...(before ?? newItem(id, change.accountId, stream)),
    progress,
    queue,
    facility: change.facility,
    class: facts.class === "" ? null : facts.class,
    readyAt: readyAtOf(before, progress, facts.dischargedAt),
    chartVersion: change.chartVersion,
    facts,
    patientKeys: patientKeysOf(sealer, resources),
    views: rules.viewsOf(subject),
    shadow: isShadow(resources) && resources.length > 0,
    holds: holds.length === before?.holds.length && holds.every((hold, n) => hold === before.holds[n]) ? before.holds : holds,
  };
  if (before !== undefined && isSame(before, base)) return undefined;
  const { recordId, eventType } = change;
  if (before !== undefined && isEnded(before.progress))
    return {
      before,
      after: { ...before, chartVersion: change.chartVersion, facts },
      events: [{ name: "late after the end", actor: "engine", recordId, detail: eventType }],
    };
  if (!worked) {
    const after = derived(before, base, rules, now());
    const moved = before !== undefined && before.state === after.state && before.queue !== after.queue;
    const events = before?.state === after.state && !moved ? [] : [{ name: eventType, actor: "engine", recordId }];
    return { before, after, events };
  }
  const judgedOn = await judgedChart(client, sealer, before);
  const changes =
    judgedOn === undefined || before.chartVersion === change.chartVersion
      ? []
      : chartChanges(judgedOn, resources, situation.rule.significance);
  const again = before.settleAt !== null && facts.dischargedAt !== undefined && !facts.cancelled;
  const stands = !facts.cancelled && (facts.dischargedAt !== undefined || situation.feed?.completeAfterHours !== undefined);
  const judged = judgeLate({
    phase: phaseOf({ progress: before.progress, leased: before.lease !== null, claimOut: before.claimId !== null }),
    before: {
      // While a discharge that was taken back may come again, before is as the chart was when it was judged.
      facts:
        before.settleAt === null || judgedOn === undefined
          ? before.facts
          : itemFacts({ ...change, facts: factsOf(judgedOn) }, stream, judgedOn),
      resources: judgedOn ?? [],
    },
    after: { facts, resources },
    eventType,
    changes,
    rule: situation.rule,
    now: situation.now,
    knowsDischarges: situation.feed?.completeAfterHours === undefined && before.settleAt === null,
  });
  return performLate(client, needs, {
    before,
    base: {
      ...base,
      ...(again ? { settleAt: null } : {}),
      ...(stands && base.holds.some(({ code }) => code === "STATUS") ? { holds: withHolds(base.holds, { STATUS: false }) } : {}),
    },
    judged,
    resources: { before: judgedOn ?? [], after: resources },
    place,
    recordId,
    eventType,
  });
}

/**
 * Since when an item waits for its coder: the discharge, also where a later message corrects its time while a coder has the item. What is coded keeps
 * the time it was coded by, and a visit without a discharge the moment that it counted as complete.
 */
function readyAtOf(before: Item | undefined, progress: Progress, dischargedAt: string | undefined): Date | null {
  const known = before?.readyAt ?? null;
  if (isCoded(progress)) return known;
  if (progress !== "awaiting") return before === undefined || before.lease === null ? null : known;
  return dischargedAt === undefined || (known !== null && before?.facts.dischargedAt === dischargedAt) ? known : new Date(dischargedAt);
}

/** Nothing to write: neither what the chart says nor what it means for the item is another. */
function isSame(before: Item, after: Item): boolean {
  return (
    before.chartVersion === after.chartVersion &&
    before.progress === after.progress &&
    before.queue === after.queue &&
    before.class === after.class &&
    before.shadow === after.shadow &&
    before.holds === after.holds &&
    JSON.stringify(ordered(before.facts)) === JSON.stringify(ordered(after.facts)) &&
    before.views.join() === after.views.join() &&
    before.patientKeys.join() === after.patientKeys.join()
  );
}
const ordered = (facts: object): unknown => Object.entries(facts).toSorted(([a], [b]) => a.localeCompare(b));
