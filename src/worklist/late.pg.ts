import type { Resource } from "@medplum/fhirtypes";
import type pg from "pg";
import { freshId } from "#src/base/ids.ts";
import type { Sealer } from "#src/base/seal.ts";
import { pinChart, readChart } from "#src/charts/chart-store.pg.ts";
import { chargedCents, type ElementChange } from "./chart-changes.ts";
import type { ItemChange, ItemEvent } from "./item-store.pg.ts";
import { withHolds } from "./advance.ts";
import { derived, type Item } from "./item.ts";
import type { Judged } from "./judge-late.ts";
import type { Effect, LateKind } from "./late-messages.ts";
import type { QueueRules } from "./queue-rules.ts";
import { isCoded } from "./states.ts";

export interface LateNeeds {
  readonly sealer: Sealer;
  readonly rules: QueueRules;
  readonly now: () => Date;
}

export const differenceContext = (itemId: string): string => `difference ${itemId}`;

/** The chart a late change is compared with; undefined when it was not kept. */
export const judgedChart = async (client: pg.PoolClient, sealer: Sealer, item: Item): Promise<readonly Resource[] | undefined> =>
  item.judgedVersion === null ? undefined : (await readChart(client, sealer, item.accountId, item.judgedVersion))?.resources;

type ProposalKind = "replacement" | "void" | "void-and-new" | "late-charge" | "draft";
const PROPOSES: Partial<Record<Effect, ProposalKind>> = {
  "propose-replacement": "replacement",
  "propose-void": "void",
  "propose-void-and-new": "void-and-new",
  "propose-late-charge": "late-charge",
};

interface Proposed {
  readonly kind: ProposalKind;
  readonly reason: string | null;
  /** Row of the table of late messages, or `correction`: the codes of now ask for it. */
  readonly cause: LateKind | "correction";
  readonly fromVersion: number;
  readonly toVersion: number;
  readonly cents: number;
  readonly difference: unknown;
}

/** Puts a proposal, or brings the open one of its kind up to date: a person sees one, with all there is. */
export async function propose(client: pg.PoolClient, { sealer }: Pick<LateNeeds, "sealer">, item: Item, made: Proposed): Promise<void> {
  await client.query(
    `insert into proposal (id, item_id, claim_id, kind, reason, cause, from_version, to_version, cents, sealed_difference)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
     on conflict (item_id, kind) where state = 'open' do update set to_version = excluded.to_version, cents = excluded.cents,
       reason = excluded.reason, cause = excluded.cause, sealed_difference = excluded.sealed_difference, revision = proposal.revision + 1`,
    [
      freshId(),
      item.id,
      item.claimId,
      made.kind,
      made.reason,
      made.cause,
      made.fromVersion,
      made.toVersion,
      made.cents,
      sealer.sealJson(made.difference, differenceContext(item.id)),
    ],
  );
}

async function notify(
  client: pg.PoolClient,
  { sealer }: LateNeeds,
  item: Item,
  { kind, significance, changes }: Judged,
  at: { readonly toVersion: number; readonly recordId: string | undefined },
): Promise<void> {
  await client.query(
    `insert into item_notice (item_id, kind, significance, from_version, to_version, record_id, elements, sealed_difference)
     values ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [
      item.id,
      kind,
      significance,
      item.judgedVersion ?? item.chartVersion,
      at.toVersion,
      at.recordId ?? null,
      [...new Set(changes.map(({ element }) => element))].sort(),
      sealer.sealJson(shown(changes), differenceContext(item.id)),
    ],
  );
}

const shown = (changes: readonly ElementChange[]) => changes.map(({ element, of, before, after }) => ({ element, of, before, after }));

export interface LateChange {
  /** The item as the chart of now has it: facts, holds, chart version; its progress is as it was. */
  readonly base: Item;
  readonly before: Item;
  readonly judged: readonly Judged[];
  readonly resources: { readonly before: readonly Resource[]; readonly after: readonly Resource[] };
  /** The queue the rules would choose now. */
  readonly place: string;
  readonly recordId: string | undefined;
  readonly eventType: string;
}

/** Does to one worked-on item what the table of late messages says, in the caller's transaction. The item is locked, and written by the caller. */
export async function performLate(client: pg.PoolClient, needs: LateNeeds, late: LateChange): Promise<ItemChange> {
  const { base, before, judged, resources, recordId, eventType } = late;
  const { rules, now } = needs;
  const events: ItemEvent[] = [];
  const event = (name: string, detail?: string): void => {
    events.push({ name, actor: "engine", recordId, detail });
  };
  let item: Item = base;
  const toVersion = base.chartVersion;
  const cents = chargedCents(resources.after) - chargedCents(resources.before);
  let settles = base.settleAt !== null;
  for (const one of judged) {
    const asks = one.effects.includes("ask-supervisor");
    for (const effect of one.effects) {
      const kind = PROPOSES[effect];
      // A void waits for the debounce where the discharge may come again.
      if (kind !== undefined && !one.effects.includes("settle") && item.claimId !== null)
        await propose(client, needs, item, {
          kind,
          reason: one.reason,
          cause: one.kind,
          fromVersion: before.judgedVersion ?? before.chartVersion,
          toVersion,
          cents,
          difference: shown(one.changes),
        });
      if (effect === "notice") await notify(client, needs, before, one, { toVersion, recordId });
      else if (effect === "ask-supervisor") item = { ...item, holds: withHolds(item.holds, { STATUS: true }) };
      else if (effect === "combine") item = { ...item, holds: withHolds(item.holds, { COMBINE: true }) };
      else if (effect === "merge-pending") item = { ...item, holds: withHolds(item.holds, { "MERGE-PENDING": true }) };
      else if (effect === "settle") {
        settles = true;
        item = { ...item, settleAt: new Date(now().getTime() + rules.rule(item.queue).late.debounceMinutes * 60_000) };
      } else if (effect === "cancel" && !asks) item = { ...item, progress: "cancelled", lease: null };
      else if (effect === "recode") item = recode(item, one.kind);
      else if (effect === "rebuild" && item.progress === "final-coded") item = { ...item, releaseVersion: toVersion };
      else if (effect === "reroute") item = { ...item, queue: item.routedBy === "rules" ? late.place : item.queue };
      else if (effect === "alert") event("alert", one.kind);
    }
    if (one.significance !== "C0" || one.effects.includes("note")) event(`late ${one.kind}`, one.reason);
  }
  const matters = judged.some(({ significance, changes }) => significance !== "C0" || changes.length === 0);
  const holdsChanged = base.holds !== before.holds;
  if (!settles && matters) item = { ...item, judgedVersion: toVersion };
  if ((matters && !settles) || item.releaseVersion === toVersion) await pinChart(client, needs.sealer, item.accountId, toVersion);
  const after = derived(before, item, rules, now());
  if (events.length === 0 && (holdsChanged || after.state !== before.state)) event(eventType);
  else if (events.length === 0 && before.chartVersion !== toVersion) event("chart-changed");
  return { before, after, events };
}

/** Coded work that has to be looked at again; where it was coded from is kept, so that a confirmation puts it back there. */
export function recode(item: Item, reason: string): Item {
  if (!isCoded(item.progress) || item.progress === "in-review" || item.progress === "rework") return item;
  return {
    ...item,
    progress: "recode",
    recodeFrom: item.progress === "recode" ? item.recodeFrom : item.progress,
    recodeReasons: [...new Set([...item.recodeReasons, reason])],
  };
}
