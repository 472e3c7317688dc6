import type { PoolClient } from "pg";
import type { Failure } from "#src/base/failures.ts";
import { fail, ok, type Result } from "#src/base/result.ts";
import { pinChart } from "#src/charts/chart-store.pg.ts";
import { inTransaction } from "#src/database/pool.pg.ts";
import { readCoder } from "./coders.pg.ts";
import { withHolds } from "./advance.ts";
import { type Item, scored } from "./item.ts";
import { changeItem, writeItems } from "./item-store.pg.ts";
import { type LeaseNeeds, lockLeased, onItem } from "./leases.pg.ts";
import { isCoded, type ItemState } from "./states.ts";
import { codingContext } from "#src/coding/coding-version.pg.ts";

type Done = Promise<Result<{ readonly state: ItemState; readonly revision: number }, Failure>>;
const done = (item: Item, more = 1): Result<{ readonly state: ItemState; readonly revision: number }, never> =>
  ok({ state: item.state, revision: item.revision + more });

interface Leased {
  readonly itemId: string;
  readonly leaseId: string;
  readonly userId: string;
}

/** Saves what a coder has so far. Fails with `LEASE_LOST`, or `REVISION_STALE` when another window saved a newer draft. */
export function saveDraft(
  needs: LeaseNeeds,
  asked: Leased & { readonly draftVersion: number; readonly draft: unknown },
): Promise<Result<{ readonly draftVersion: number }, Failure>> {
  return inTransaction(needs.pool, async (client) => {
    const item = await lockLeased(client, needs, asked);
    if (item === undefined) return fail({ code: "LEASE_LOST" });
    if (item.holds.some(({ blocks }) => blocks === "everything"))
      return fail({ code: "TRANSITION_NOT_ALLOWED", detail: "nobody writes until a merge is decided" });
    const { rows } = await client.query<{ v: number }>(
      "update coding_item set sealed_draft = $2, draft_version = draft_version + 1 where id = $1 and draft_version = $3 returning draft_version as v",
      [asked.itemId, needs.sealer.sealJson(asked.draft, codingContext(asked.itemId)), asked.draftVersion],
    );
    return rows[0] === undefined ? fail({ code: "REVISION_STALE", place: "draftVersion" }) : ok({ draftVersion: rows[0].v });
  });
}

export async function readDraft(
  { pool, sealer }: LeaseNeeds,
  itemId: string,
): Promise<{ readonly draftVersion: number; readonly draft: unknown } | undefined> {
  const { rows } = await pool.query<{ v: number; sealed: Buffer | null }>(
    "select draft_version as v, sealed_draft as sealed from coding_item where id = $1",
    [itemId],
  );
  const row = rows[0];
  return row === undefined
    ? undefined
    : { draftVersion: row.v, draft: row.sealed === null ? null : sealer.openJson(row.sealed, codingContext(itemId)) };
}

/**
 * T20: the codes stand although something changed; the item goes back to where it was. A billing-only change after the coding is in the
 * claim that leaves. Fails with `LEASE_LOST` or `TRANSITION_NOT_ALLOWED`.
 */
export function confirmCodes(needs: LeaseNeeds, asked: Leased & { readonly note: string }): Done {
  return inTransaction(needs.pool, async (client) => {
    const item = await lockLeased(client, needs, asked);
    if (item === undefined) return fail({ code: "LEASE_LOST" });
    if (item.progress !== "recode" || item.recodeFrom === null)
      return fail({ code: "TRANSITION_NOT_ALLOWED", detail: "there is nothing to confirm" });
    await pinChart(client, needs.sealer, item.accountId, item.chartVersion);
    await client.query(
      "update item_notice set acknowledged_at = now(), acknowledged_by = $2 where item_id = $1 and acknowledged_at is null",
      [item.id, asked.userId],
    );
    await client.query("insert into item_comment (item_id, author, sealed_text) values ($1, $2, $3)", [
      item.id,
      asked.userId,
      needs.sealer.seal(Buffer.from(asked.note), commentContext(item.id)),
    ]);
    const back: Partial<Item> = {
      lease: null,
      progress: item.recodeFrom,
      recodeFrom: null,
      recodeReasons: [],
      judgedVersion: item.chartVersion,
      ...(item.recodeFrom === "final-coded" ? { releaseVersion: item.chartVersion } : {}),
    };
    return done(
      await changeItem(client, needs, item, back, { name: "codes confirmed", actor: asked.userId, detail: item.recodeReasons.join(" ") }),
    );
  });
}

const commentContext = (itemId: string): string => `comment ${itemId}`;

export function addComment(needs: LeaseNeeds, itemId: string, text: string, userId: string): Promise<Result<undefined, Failure>> {
  return onItem(needs, itemId, undefined, async (client) => {
    await client.query("insert into item_comment (item_id, author, sealed_text) values ($1, $2, $3)", [
      itemId,
      userId,
      needs.sealer.seal(Buffer.from(text), commentContext(itemId)),
    ]);
    return ok(undefined);
  });
}

export interface Comment {
  readonly at: Date;
  readonly author: string;
  readonly text: string;
}
export async function listComments({ pool, sealer }: LeaseNeeds, itemId: string): Promise<readonly Comment[]> {
  const { rows } = await pool.query<{ at: Date; author: string; sealed_text: Buffer }>(
    "select at, author, sealed_text from item_comment where item_id = $1 order by id",
    [itemId],
  );
  return rows.map(({ at, author, sealed_text: sealed }) => ({ at, author, text: sealer.open(sealed, commentContext(itemId)).toString() }));
}

export interface Notice {
  readonly at: Date;
  /** Row of the table of late messages. */
  readonly kind: string;
  readonly significance: string;
  readonly elements: readonly string[];
  readonly acknowledgedAt: Date | null;
}
/** What came late and which elements it changed. */
export async function listNotices({ pool }: Pick<LeaseNeeds, "pool">, itemId: string): Promise<readonly Notice[]> {
  return (
    await pool.query<Notice>(
      `select at, kind, significance, elements, acknowledged_at as "acknowledgedAt" from item_notice where item_id = $1 order by id`,
      [itemId],
    )
  ).rows;
}

/** Moves an item to another queue or keeps it for one person (supervisor). It stays there until the rules are asked again (`queue: null`). */
export function reassign(
  needs: LeaseNeeds,
  itemId: string,
  asked: {
    readonly revision: number;
    readonly queue?: string | null | undefined;
    readonly to?: string | null | undefined;
    readonly userId: string;
  },
): Done {
  return onItem(needs, itemId, asked.revision, async (client, item) => {
    const { queue, to, userId } = asked;
    if (queue !== undefined && queue !== null && !needs.rules.names.includes(queue))
      return fail({ code: "REQUEST_INVALID", place: "queue" });
    // Kept for nobody it would be given to nobody.
    if (to !== undefined && to !== null && (await readCoder(client, to))?.active !== true)
      return fail({ code: "REQUEST_INVALID", place: "to" });
    const change: Partial<Item> = {
      ...(queue === undefined
        ? {}
        : queue === null
          ? { routedBy: "rules", queue: needs.rules.place({ facts: item.facts, resources: () => [] }) }
          : { routedBy: userId, queue }),
    };
    const moved = await changeItem(client, needs, item, change, {
      name: "reassigned",
      actor: userId,
      detail: [queue ?? "", to ?? ""].join(" ").trim(),
    });
    if (to === undefined) return done(moved);
    // Kept for that person until somebody says otherwise.
    const kept: Item = { ...moved, reservedFor: to, reservedUntil: to === null ? null : new Date("9999-01-01T00:00:00Z") };
    await writeItems(client, [{ before: moved, after: kept, events: [] }]);
    return done(kept, 2);
  });
}

/** Puts an item before everything else of its queue, or takes that back. */
export function setStat(
  needs: LeaseNeeds,
  itemId: string,
  asked: { readonly revision: number; readonly stat: boolean; readonly userId: string },
): Done {
  return onItem(needs, itemId, asked.revision, async (client, item) => {
    const after = scored({ ...item, stat: asked.stat }, needs.rules, needs.now());
    await writeItems(client, [{ before: item, after, events: [{ name: asked.stat ? "stat" : "stat taken back", actor: asked.userId }] }]);
    return done(after);
  });
}

/**
 * T22: nothing to bill. Where there are charges only a supervisor says so; never while a claim is out. A leased item is its coder's to end.
 */
export function noCode(
  needs: LeaseNeeds,
  itemId: string,
  asked: { readonly revision: number; readonly reason: string; readonly userId: string; readonly supervisor: boolean },
): Done {
  return onItem(needs, itemId, asked.revision, async (client, item) => {
    if (item.claimId !== null) return fail({ code: "TRANSITION_NOT_ALLOWED", detail: "a claim is out" });
    if (isCoded(item.progress) && item.progress !== "recode")
      return fail({ code: "TRANSITION_NOT_ALLOWED", detail: `the item is ${item.state}` });
    if (["no-code", "merged", "cancelled", "closed"].includes(item.progress))
      return fail({ code: "TRANSITION_NOT_ALLOWED", detail: `the item is ${item.state}` });
    if (!asked.supervisor && item.facts.totalCents !== 0)
      return fail({ code: "NOT_ALLOWED", detail: "there are charges: a supervisor decides" });
    if (item.lease !== null && item.lease.user !== asked.userId && !asked.supervisor) return fail({ code: "LEASE_LOST" });
    return done(
      await changeItem(
        client,
        needs,
        item,
        { lease: null, progress: "no-code" },
        { name: "no code", actor: asked.userId, detail: asked.reason },
      ),
    );
  });
}

/** A supervisor confirms that a cancelled visit is not billed (L3), where charges or a lease made it wait. Void proposals are decided apart. */
export function confirmCancel(needs: LeaseNeeds, itemId: string, asked: { readonly revision: number; readonly userId: string }): Done {
  return onItem(needs, itemId, asked.revision, async (client, item) => {
    if (!item.facts.cancelled || item.claimId !== null || item.progress === "cancelled")
      return fail({
        code: "TRANSITION_NOT_ALLOWED",
        detail: item.claimId === null ? "the visit is not cancelled" : "a claim is out: decide on its proposal",
      });
    return done(
      await changeItem(
        client,
        needs,
        item,
        {
          lease: null,
          progress: "cancelled",
          holds: withHolds(item.holds, { STATUS: false, REVIEW: false }),
          recodeFrom: null,
          recodeReasons: [],
        },
        { name: "cancel confirmed", actor: asked.userId },
      ),
    );
  });
}

/** What a payer's answer means for an item, and why. */
export interface PayerAnswer {
  readonly answer: "queued" | "accepted" | "rework" | "appealed";
  /** Reasons by their codes: `CO-11`. */
  readonly reasons: readonly string[];
  /** With `rework`: last day for a corrected claim or an appeal, YYYY-MM-DD. */
  readonly answerBy?: string;
  readonly actor: string;
}

const ANSWERED_FROM: Readonly<Record<PayerAnswer["answer"], readonly Item["progress"][]>> = {
  queued: ["released"],
  accepted: ["released", "rework"],
  rework: ["released", "accepted"],
  appealed: ["rework"],
};

/** Of two days, or none. */
const earlier = (a: string | null, b: string | undefined): string | null => (b === undefined || (a !== null && a < b) ? a : b);

/** The change of T14 to T16 and T18; undefined when the item's state does not allow it. An item that is coded again anyway is told where it goes after. */
function answeredChange(item: Item, { answer, reasons, answerBy }: PayerAnswer): Partial<Item> | undefined {
  if (item.progress === "recode" && answer === "rework")
    return {
      recodeFrom: "rework",
      recodeReasons: [...new Set([...item.recodeReasons, ...reasons])],
      answerBy: earlier(item.answerBy, answerBy),
    };
  if (item.progress === "recode" && answer === "accepted" && item.recodeFrom === "released") return { recodeFrom: "accepted" };
  if (!ANSWERED_FROM[answer].includes(item.progress)) return undefined;
  if (answer === "queued") return {};
  return answer === "rework"
    ? { progress: "rework", recodeReasons: reasons, answerBy: earlier(item.answerBy, answerBy) }
    : { progress: "accepted", lease: null, recodeReasons: [] };
}

/** What the payer said of a claim, done to its locked item in the caller's transaction. @returns undefined when the state does not allow it. */
export async function answerItem(client: PoolClient, needs: LeaseNeeds, item: Item, asked: PayerAnswer): Promise<Item | undefined> {
  const change = answeredChange(item, asked);
  if (change === undefined) return undefined;
  const { answer, reasons, actor } = asked;
  return changeItem(client, needs, item, change, { name: `claim ${answer}`, actor, detail: reasons.join(" ") });
}

/** What the payer said of a claim (T14 to T16), or how a denial ended without new codes (T18). */
export function claimAnswered(needs: LeaseNeeds, itemId: string, asked: PayerAnswer): Done {
  return onItem(needs, itemId, undefined, async (client, item) => {
    const after = await answerItem(client, needs, item, asked);
    return after === undefined ? fail({ code: "TRANSITION_NOT_ALLOWED", detail: `the item is ${item.state}` }) : done(after);
  });
}
