import type pg from "pg";
import { type IdKey, type ItemId, stableId } from "#src/base/ids.ts";
import type { AccountChange } from "#src/charts/fold.pg.ts";
import type { Stream } from "#src/coding/submission.ts";
import type { Feed } from "#src/config/types.ts";
import { lockItems, type StoredItem, type WrittenItem, writeItems } from "./item-store.pg.ts";
import type { QueueRules } from "./queue-rules.ts";
import { AUTOMATIC_HOLDS, type AutomaticHold, isCoded, progressOf, stateOf } from "./states.ts";

export interface ReconcileNeeds {
  readonly rules: QueueRules;
  readonly feeds: ReadonlyMap<string, Feed>;
  readonly idKey: IdKey;
}

const DAY_MS = 86_400_000;

/** One item for the facility, and one for each billing group of the feed. */
const streamsOf = (feed: Feed | undefined): readonly Stream[] => [
  "FAC",
  ...(feed?.professionalGroups ?? []).map((group): Stream => `PRO:${group}`),
];

export const itemIdOf = (idKey: IdKey, accountId: string, stream: Stream): ItemId =>
  stableId(idKey, "CodingItem", accountId, stream) as ItemId;

const daysBetween = (from: string | undefined, to: string | undefined): number =>
  from === undefined || to === undefined ? 0 : Math.max(0, Math.round((Date.parse(to) - Date.parse(from)) / DAY_MS));

/**
 * Makes the coding items of changed accounts agree with their charts, in the fold's transaction and in few statements for the
 * whole batch. Applied again it changes nothing. Work that is coded is never moved by a message: the change is noted.
 */
export function createReconcileItems({
  rules,
  feeds,
  idKey,
}: ReconcileNeeds): (client: pg.PoolClient, changes: readonly AccountChange[]) => Promise<void> {
  return async (client, changes) => {
    const wanted = changes.flatMap((change) =>
      streamsOf(feeds.get(change.feed)).map((stream) => ({ change, stream, id: itemIdOf(idKey, change.accountId, stream) })),
    );
    const stored = await lockItems(
      client,
      wanted.map(({ id }) => id),
    );
    const written = wanted.flatMap(
      ({ change, stream, id }) => nextItem({ rules, feed: feeds.get(change.feed) }, change, { stream, id }, stored.get(id)) ?? [],
    );
    if (written.length > 0) await writeItems(client, written);
  };
}

/** What an item should be after a change; undefined when it already is. */
function nextItem(
  { rules, feed }: { readonly rules: QueueRules; readonly feed: Feed | undefined },
  change: AccountChange,
  { stream, id }: { readonly stream: Stream; readonly id: ItemId },
  before: StoredItem | undefined,
): WrittenItem | undefined {
  const { facts } = change;
  const coded = before !== undefined && isCoded(before.progress);
  const progress = coded ? before.progress : progressOf(facts);
  const { setHolds, liftHolds, blocks } = automaticHolds(change, before, feed);
  const state = stateOf(progress, { leased: before?.leased ?? false, holds: blocks });
  const wanted = rules.place({
    stream,
    class: facts.class ?? "",
    facility: change.facility,
    feed: change.feed,
    payerId: facts.payerId ?? "",
    totalCents: facts.totalCents,
    lengthOfStayDays: daysBetween(facts.admittedAt, facts.dischargedAt),
  });
  const place = coded ? { queue: before.queue, priority: before.priority } : wanted;
  const wasReady = before?.state === "READY";
  const moved = wasReady && (before.queue !== place.queue || before.priority !== place.priority);
  const enters = state === "READY" && (!wasReady || moved);
  const noted = coded && before.chartVersion !== change.chartVersion;
  const unchanged =
    before !== undefined &&
    before.state === state &&
    before.progress === progress &&
    before.queue === place.queue &&
    before.priority === place.priority &&
    before.chartVersion === change.chartVersion &&
    before.class === (facts.class ?? null) &&
    setHolds.length === 0 &&
    liftHolds.length === 0;
  if (unchanged) return undefined;
  return {
    id,
    accountId: change.accountId,
    stream,
    progress,
    state,
    queue: place.queue,
    priority: place.priority,
    dispatchNo: (before?.dispatchNo ?? 0) + (enters ? 1 : 0),
    facility: change.facility,
    class: facts.class ?? null,
    readyAt: progress === "awaiting" || coded ? (before?.readyAt ?? facts.dischargedAt ?? null) : null,
    chartVersion: change.chartVersion,
    setHolds,
    liftHolds,
    ticketChanged: enters || (wasReady && state !== "READY"),
    event:
      before?.state !== state
        ? { name: change.eventType, from: before?.state ?? null, to: state, recordId: change.recordId }
        : noted
          ? { name: "chart-changed", from: state, to: state, recordId: change.recordId }
          : undefined,
  };
}

/** The engine's own holds as the chart wants them, and what all holds together stop. */
function automaticHolds({ facts, interfaceFailed }: AccountChange, before: StoredItem | undefined, feed: Feed | undefined) {
  // A feed that completes visits by itself never says a discharge, so there its absence takes nothing back.
  const takenBack = facts.cancelled || (facts.dischargedAt === undefined && feed?.completeAfterHours === undefined);
  const want: Partial<Record<AutomaticHold, boolean>> = {
    INTERFACE: interfaceFailed,
    STATUS: before?.progress === "final-coded" && takenBack,
    REG: facts.dischargedAt !== undefined && !facts.hasCoverage,
  };
  const have = before?.holds ?? [];
  const setHolds: AutomaticHold[] = [];
  const liftHolds: AutomaticHold[] = [];
  for (const [code, wanted] of Object.entries(want) as [AutomaticHold, boolean][]) {
    const held = have.some((hold) => hold.code === code);
    if (wanted && !held) setHolds.push(code);
    // A person who took the hold over lifts it.
    if (!wanted && have.some((hold) => hold.code === code && hold.setBy === "engine")) liftHolds.push(code);
  }
  const left = have.filter((hold) => !(liftHolds as readonly string[]).includes(hold.code)).map((hold) => hold.blocks);
  return { setHolds, liftHolds, blocks: [...left, ...setHolds.map((code) => AUTOMATIC_HOLDS[code].blocks)] };
}
