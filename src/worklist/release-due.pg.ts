import type pg from "pg";
import type { AccountId, ItemId } from "#src/base/ids.ts";
import type { Finding } from "#src/coding/submission.ts";
import { inTransaction, isOutage } from "#src/database/pool.pg.ts";
import { withHolds } from "./advance.ts";
import type { Item } from "./item.ts";
import { changeItem, lockItem } from "./item-store.pg.ts";
import type { LeaseNeeds } from "./leases.pg.ts";
import { propose } from "./late.pg.ts";
import type { CorrectionAsked, CorrectionKind, ReleaseClaim, VoidClaim } from "./release.pg.ts";
import { lastCodes } from "./submit.pg.ts";

export interface ReleaseNeeds extends LeaseNeeds {
  readonly release: ReleaseClaim;
  readonly voidClaim: VoidClaim;
}

/** Why an item was not released, or that it was. */
export type Released = { readonly claimId: string } | { readonly findings: readonly Finding[] } | undefined;

/** The bill hold ends by the clock alone. */
const withoutElapsed = (item: Item, now: Date): Item["holds"] =>
  item.releaseAfter !== null && item.releaseAfter <= now ? withHolds(item.holds, { MINDAYS: false }) : item.holds;

/**
 * Releases one item when nothing keeps it any more (T12): it is coded, its bill hold is over, and no hold blocks the release. In one transaction
 * with its claim, so an item has its claim exactly once, whoever asks and however often. An item with a claim out gets one that replaces it.
 * @returns undefined when it is not to be released now.
 */
export function releaseItem(needs: ReleaseNeeds, itemId: string): Promise<Released> {
  const { pool, sealer, release, now } = needs;
  return inTransaction(pool, async (client): Promise<Released> => {
    // Account before item, as the fold does it: the claim's row locks the account too, and would wait in a ring.
    const item = await lockItem(client, itemId);
    if (item?.progress !== "final-coded" || item.releaseAfter === null || item.releaseAfter > now()) return undefined;
    const holds = withoutElapsed(item, now());
    if (holds.some(({ blocks }) => blocks !== "nothing")) return undefined;
    const coded = await lastCodes(client, sealer, itemId);
    if (coded === undefined) return undefined;
    const made = await release(client, {
      itemId: itemId as ItemId,
      accountId: item.accountId as AccountId,
      stream: item.stream,
      chartVersion: item.releaseVersion ?? coded.chartVersion,
      codingVersion: coded.version,
      codes: coded.codes,
      ...(item.claimId === null ? {} : { replaces: item.claimId, confirmed: await confirmedFor(client, needs, item, item.claimId) }),
    });
    if (!made.ok) {
      const detail = made.failure.map((finding) => `${finding.rule} at ${finding.path}`).join("; ");
      await changeItem(client, needs, item, { holds: withHolds(holds, { CLAIM: true }) }, { name: "hold CLAIM", actor: "engine", detail });
      return { findings: made.failure };
    }
    if ("asks" in made.value) {
      await ask(client, needs, { ...item, holds }, made.value.asks);
      return undefined;
    }
    await closeAnswered(client, itemId);
    if ("stands" in made.value) {
      const { stands, accepted } = made.value;
      const event = { name: "the claim stands", actor: "engine", detail: stands };
      await changeItem(client, needs, item, { holds, progress: accepted ? "accepted" : "released" }, event);
      return undefined;
    }
    await changeItem(
      client,
      needs,
      item,
      { holds, progress: "released" },
      { name: "released", actor: "engine", detail: made.value.claimId },
    );
    return made.value;
  });
}

/** Corrections of the claim that is out which need no yes any more: of a person, or by the queue's rules. */
async function confirmedFor(client: pg.PoolClient, { rules }: LeaseNeeds, item: Item, claimId: string): Promise<readonly CorrectionKind[]> {
  const { rows } = await client.query<{ kind: string }>(
    "select kind from proposal where item_id = $1 and claim_id = $2 and state = 'accepted' and kind in ('replacement', 'void-and-new')",
    [item.id, claimId],
  );
  const said = [...rows.map(({ kind }) => kind), ...rules.rule(item.queue).late.auto];
  return (["replacement", "void-and-new"] as const).filter((kind) => said.includes(kind));
}

/** Puts the question to a person, and keeps the item until it is answered. */
async function ask(
  client: pg.PoolClient,
  needs: ReleaseNeeds,
  item: Item,
  { kind, reason, cents, difference }: CorrectionAsked,
): Promise<void> {
  await propose(client, needs, item, {
    kind,
    reason,
    cause: "correction",
    fromVersion: item.judgedVersion ?? item.chartVersion,
    toVersion: item.chartVersion,
    cents,
    difference,
  });
  await changeItem(
    client,
    needs,
    item,
    { holds: withHolds(item.holds, { CORRECTION: true }) },
    { name: "hold CORRECTION", actor: "engine", detail: `${kind} ${reason}` },
  );
}

/** A new claim does what open proposals to replace the one before wanted. */
const closeAnswered = (client: pg.PoolClient, itemId: string): Promise<unknown> =>
  client.query(
    "update proposal set state = 'accepted', decided_at = now() where item_id = $1 and state = 'open' and kind in ('replacement', 'late-charge')",
    [itemId],
  );

/**
 * Releases everything that is due. An item whose release throws keeps no other from leaving; the first such error is thrown at the end.
 * @returns how many claims were made.
 */
export async function releaseDue(needs: ReleaseNeeds): Promise<number> {
  const { rows } = await needs.pool.query<{ id: string }>(
    `select i.id from coding_item i where i.progress = 'final-coded' and i.release_after <= $1
       and not exists (select from item_hold h where h.item_id = i.id and h.blocks <> 'nothing' and h.code <> 'MINDAYS') order by i.release_after limit 200`,
    [needs.now()],
  );
  let released = 0;
  const errors: unknown[] = [];
  for (const { id } of rows) {
    try {
      const made = await releaseItem(needs, id);
      if (made !== undefined && "claimId" in made) released++;
    } catch (error) {
      errors.push(error);
      if (isOutage(error)) break;
    }
  }
  if (errors.length > 0) throw errors[0];
  return released;
}
