import type pg from "pg";
import { inTransaction, PLANNED_ONCE } from "#src/database/pool.pg.ts";
import { eligibilityOf } from "./eligibility.pg.ts";
import { lockFreeItems, lockItem } from "./item-store.pg.ts";
import { type Lease, type LeaseNeeds, leasesAsked, type TakenItem, takeLeases } from "./leases.pg.ts";
import { type Asking, type Eligibility, isForThem, mayHave, type Pull, shareOut } from "./may-have.ts";
import { type Candidates, candidatesOf, type Look, WIDE } from "./pull-candidates.pg.ts";

/** How widely the pulls of one transaction look. */
export interface Turn {
  /** Candidates looked at first; all of them when these do not do. */
  readonly few: Candidates;
  /** Waits for the best item when it is locked. For one pull alone: who waits for a lock must not hold what another waits for. */
  readonly waits?: boolean;
  readonly passOver: readonly string[];
  /** Told of the items that are about to be given. */
  readonly onTaking: (ids: readonly string[]) => void;
}

/**
 * Gives the people who ask their items in one transaction: for each, in the order in which they asked, the best they may have. Who may have
 * what is decided under the lock. How many statements that takes does not depend on how many people ask, only on how many different queues,
 * facilities and payers they have.
 * @param pulls of one kind, each of another person.
 * @returns what each got; `again` for those who may have an item that was not looked at or was locked.
 */
export function leaseTogether(
  needs: LeaseNeeds,
  pulls: readonly Pull[],
  { few, waits = false, passOver, onTaking }: Turn,
): Promise<ReadonlyMap<string, Lease | "again">> {
  return inTransaction(
    needs.pool,
    async (client) => {
      const now = needs.now();
      const gone = new Set<string>();
      const before = await leasesAsked(client, needs, pulls);
      const fresh = before.size === 0 ? pulls : pulls.filter(({ userId }) => !before.has(userId));
      if (fresh.length === 0) return before;
      const leaseIds = new Map(fresh.map(({ userId, leaseId }) => [userId, leaseId]));
      const eligible = (await eligibilityOf(client, needs, fresh)).filter(({ queues }) => queues.length > 0);
      let asking = await offer(client, eligible, { few, passOver, now });
      const taken = waits ? await waitFor(client, asking, now) : await take(client, asking, { gone, now });
      asking = without(asking, taken);
      const tooFew = asking.filter(({ candidates }) => candidates.length === few).map(({ may }) => may);
      if (tooFew.length > 0 && few < WIDE) {
        const wide = await offer(client, tooFew, { few: WIDE, passOver, now });
        taken.push(...(await take(client, wide, { gone, now })));
        asking = without([...asking.filter(({ may }) => !tooFew.includes(may)), ...wide], taken);
      }
      onTaking(taken.map(({ item }) => item.id));
      const leases = await takeLeases(
        client,
        needs,
        taken.map((one) => ({ ...one, leaseId: leaseIds.get(one.userId) })),
      );
      const given = new Set(leases.map(({ id }) => id));
      const mayBeMore = ({ may, candidates }: Asking): boolean =>
        candidates.length === WIDE || candidates.some((one) => !given.has(one.id) && isForThem(one, may, now));
      return new Map<string, Lease | "again">([
        ...before,
        ...asking.filter(mayBeMore).map(({ may }) => [may.userId, "again"] as const),
        ...leases.map((lease, n) => [taken[n]?.userId ?? "", lease] as const),
      ]);
    },
    PLANNED_ONCE,
  );
}

/** Looks for candidates: once for all who may pull the same. In the order in which they asked. */
async function offer(client: pg.PoolClient, people: readonly Eligibility[], look: Look): Promise<readonly Asking[]> {
  const offered = new Map<Eligibility, Asking>();
  const same = ({ queues, facilities, payerExclusions }: Eligibility): string => JSON.stringify([queues, facilities, payerExclusions]);
  for (const [first, ...others] of Map.groupBy(people, same).values()) {
    if (first === undefined) continue;
    const candidates = await candidatesOf(client, [first, ...others], look);
    for (const may of [first, ...others]) offered.set(may, { may, candidates });
  }
  return people.flatMap((may) => offered.get(may) ?? []);
}

const without = (asking: readonly Asking[], taken: readonly TakenItem[]): readonly Asking[] => {
  const served = new Set(taken.map(({ userId }) => userId));
  return asking.filter(({ may }) => !served.has(may.userId));
};

/** Items that the fold and other actions have locked in the same moment. */
const SPARE = 4;

/**
 * Locks items and shares them out, until those who still ask may have none of their candidates. What is locked by others is made up for at once by
 * those that come after it.
 * @param gone what is given or locked by others; added to.
 */
async function take(
  client: pg.PoolClient,
  asking: readonly Asking[],
  { gone, now }: { readonly gone: Set<string>; readonly now: Date },
): Promise<TakenItem[]> {
  const taken: TakenItem[] = [];
  for (let round = 0; ; round++) {
    const left = without(asking, taken);
    const wished = shareOut(left, gone, now);
    if (wished.size === 0) return taken;
    const spare = left.flatMap(({ may, candidates }) => candidates.filter((one) => !gone.has(one.id) && isForThem(one, may, now)));
    const all = [...new Set([...wished.keys(), ...spare.map(({ id }) => id)])];
    // Each has to be looked up: at first only as many as are locked when no other process gives out items.
    const ids = round === 0 ? all.slice(0, wished.size + SPARE) : all;
    const locked = await lockFreeItems(client, ids, wished.size);
    const reached = locked.size < wished.size ? ids.length : ids.findLastIndex((id) => locked.has(id));
    for (const id of ids.slice(0, reached)) if (!locked.has(id)) gone.add(id);
    const free = left.map(({ may, candidates }) => ({ may, candidates: candidates.filter(({ id }) => locked.has(id)) }));
    for (const [id, may] of shareOut(free, gone, now)) {
      gone.add(id);
      const item = locked.get(id);
      if (item !== undefined && mayHave(item, may, now)) taken.push({ item, userId: may.userId });
    }
  }
}

/** Takes the best candidate of one person, and waits while somebody has it locked. */
async function waitFor(client: pg.PoolClient, asking: readonly Asking[], now: Date): Promise<TakenItem[]> {
  const [one] = asking;
  const item = one?.candidates[0] === undefined ? undefined : await lockItem(client, one.candidates[0].id);
  return one !== undefined && item !== undefined && mayHave(item, one.may, now) ? [{ item, userId: one.may.userId }] : [];
}
