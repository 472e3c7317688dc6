import { inTransaction } from "#src/database/pool.pg.ts";
import { pinChart } from "#src/charts/chart-store.pg.ts";
import { withHolds } from "./advance.ts";
import { scored } from "./item.ts";
import { changeItem, lockWhere, markTickets, writeItems } from "./item-store.pg.ts";
import { propose } from "./late.pg.ts";
import { eachItem, type LeaseNeeds } from "./leases.pg.ts";

/**
 * Settles discharges that were taken back and did not come again within the queue's debounce (L2): the visit goes on, codes are a draft, a
 * lease ends; where a claim is out a person decides on voiding it. @returns how many items.
 */
export function settleDischarges(needs: LeaseNeeds): Promise<number> {
  const { now, sealer } = needs;
  return eachItem(needs, "settle_at <= $1", [now()], async (client, item) => {
    if (item.settleAt === null || item.settleAt > now()) return false;
    const settled = { settleAt: null, judgedVersion: item.chartVersion };
    await pinChart(client, sealer, item.accountId, item.chartVersion);
    if (item.claimId !== null) {
      const versions = { fromVersion: item.judgedVersion ?? item.chartVersion, toVersion: item.chartVersion };
      await propose(client, needs, item, {
        kind: "void",
        reason: "D6",
        cause: "cancel-discharge",
        ...versions,
        cents: -item.facts.totalCents,
        difference: [{ element: "Encounter.period", of: "Encounter" }],
      });
      await changeItem(client, needs, item, settled, { name: "discharge taken back", actor: "engine", detail: "a claim is out" });
      return true;
    }
    await keepCodesAsDraft(client, item.id);
    await changeItem(
      client,
      needs,
      item,
      {
        ...settled,
        lease: null,
        progress: "open",
        holds: withHolds(item.holds, { STATUS: false, REVIEW: false }),
        recodeFrom: null,
        recodeReasons: [],
      },
      { name: "discharge taken back", actor: "engine" },
    );
    return true;
  });
}

/** Frozen codes become a draft where the coder has none: nobody types them twice. The versions stay as they are. */
export const keepCodesAsDraft = (client: Parameters<typeof propose>[0], itemId: string): Promise<unknown> =>
  client.query(
    `update coding_item i set draft_version = draft_version + 1, sealed_draft = (
       select v.sealed_codes from coding_version v where v.item_id = i.id order by v.version desc limit 1)
     where i.id = $1 and i.sealed_draft is null and exists (select from coding_version v where v.item_id = i.id)`,
    [itemId],
  );

/** Lifts bill holds and people's holds whose time is over. @returns how many items. */
export function liftElapsed(needs: LeaseNeeds): Promise<number> {
  const { now } = needs;
  return eachItem(
    needs,
    `id in (select item_id from item_hold where until <= $1) or (progress in ('awaiting', 'final-coded') and discharged_at is not null
       and id in (select item_id from item_hold where code = 'MINDAYS'))`,
    [now()],
    async (client, item) => {
      const { rows } = await client.query<{ code: string }>("select code from item_hold where item_id = $1 and until <= $2", [
        item.id,
        now(),
      ]);
      const { dischargedAt, payerId } = item.facts;
      const days = needs.rules.rule(item.queue).billHoldDays(payerId);
      const over = dischargedAt !== undefined && Date.parse(dischargedAt) + days * 86_400_000 <= now().getTime();
      const gone = new Set([...rows.map(({ code }) => code), ...(over ? ["MINDAYS"] : [])]);
      const holds = item.holds.filter(({ code }) => !gone.has(code));
      if (holds.length === item.holds.length) return false;
      await changeItem(client, needs, item, { holds }, { name: `hold ${[...gone].join(", ")} over`, actor: "engine" });
      return true;
    },
  );
}

/** How far a score may be from the one Redis orders by, in hundredths of a point. */
const WORTH_MOVING = 50;
const PAGE = 1_000;

/** Scores everything anew that waits: age and deadlines move by the clock alone. @returns how many changed their place. */
export async function rescore({ pool, rules, now }: LeaseNeeds): Promise<number> {
  let after = "00000000-0000-0000-0000-000000000000";
  let moved = 0;
  for (;;) {
    const page = await inTransaction(pool, async (client) => {
      const items = await lockWhere(
        client,
        "i.id in (select id from coding_item where id > $1 and state in ('READY', 'RECODE', 'REWORK', 'HELD', 'AWAITING') order by id limit $2)",
        [after, PAGE],
      );
      const changed = items
        .map((before) => ({ before, after: scored(before, rules, now()), events: [] }))
        .filter(({ before, after: is }) => Math.abs(before.score - is.score) >= WORTH_MOVING);
      await writeItems(client, changed);
      await markTickets(
        client,
        changed.filter(({ after: is }) => is.dispatchNo > 0).map(({ after: is }) => is.id),
      );
      moved += changed.length;
      return items;
    });
    const last = page.at(-1);
    if (last === undefined) return moved;
    after = last.id;
  }
}

/** Closes what was accepted and can hear nothing more (T23). @returns how many. */
export function closeAccepted(needs: LeaseNeeds): Promise<number> {
  const { now, rules } = needs;
  return eachItem(needs, "progress = 'accepted' and discharged_at is not null", [], async (client, item) => {
    const { dischargedAt, payerId } = item.facts;
    const rule = rules.rule(item.queue);
    const days = Math.max(rule.late.windowDays, rule.score.filing.payers[payerId] ?? rule.score.filing.days);
    if (item.progress !== "accepted" || dischargedAt === undefined || Date.parse(dischargedAt) + days * 86_400_000 > now().getTime())
      return false;
    await changeItem(client, needs, item, { progress: "closed" }, { name: "closed", actor: "engine" });
    return true;
  });
}
