import { readChart } from "#src/charts/chart-store.pg.ts";
import type { Item } from "./item.ts";
import { writeItems } from "./item-store.pg.ts";
import { judgeKind } from "./judge-late.ts";
import { performLate } from "./late.pg.ts";
import { phaseOf } from "./late-messages.ts";
import { eachItem } from "./leases.pg.ts";
import { lastCodes, type SubmitNeeds } from "./submit.pg.ts";

/** Coded with an earlier rule pack, and not yet asked again by this one. */
const CODED_BEFORE = `progress in ('final-coded', 'recode') and lease_id is null
  and (select v.rule_pack from coding_version v where v.item_id = coding_item.id order by v.version desc limit 1) <> $1
  and not exists (select from item_event e where e.item_id = coding_item.id and e.event = 'rechecked' and e.detail = $1)`;

/**
 * Runs the edits of now over what was coded with others (a new code set or rule pack): codes that have a hard finding now are looked at again,
 * where no claim is out; what is out is never touched. Each item is asked once for each rule pack. @returns how many regressed.
 */
export async function recheckCoded(needs: SubmitNeeds): Promise<number> {
  const { sealer, check, rulePack, rules, now } = needs;
  let regressed = 0;
  await eachItem(needs, CODED_BEFORE, [rulePack], async (client, item: Item) => {
    const coded = await lastCodes(client, sealer, item.id);
    const chart = coded === undefined ? undefined : await readChart(client, sealer, item.accountId, coded.chartVersion);
    if (coded === undefined || chart === undefined) return false;
    const regression = check(chart, item.stream, coded.codes).some(({ severity }) => severity === "hard");
    const judged = judgeKind(
      {
        phase: phaseOf({ progress: item.progress, leased: item.lease !== null, claimOut: item.claimId !== null }),
        before: { facts: item.facts, resources: chart.resources },
        after: { facts: item.facts, resources: chart.resources },
        eventType: "rules",
        changes: [],
        rule: rules.rule(item.queue),
        now: now(),
        knowsDischarges: true,
        regression,
      },
      "rules",
      [],
    );
    const resources = { before: chart.resources, after: chart.resources };
    const late = { base: item, before: item, judged: [judged], resources, place: item.queue, recordId: undefined, eventType: "rules" };
    const change = await performLate(client, needs, late);
    await writeItems(client, [{ ...change, events: [{ name: "rechecked", actor: "engine", detail: rulePack }] }]);
    if (regression && item.claimId === null) regressed++;
    return true;
  });
  return regressed;
}
