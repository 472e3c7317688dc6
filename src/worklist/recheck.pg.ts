import { readChart } from "#src/charts/chart-store.pg.ts";
import { readRevision } from "#src/codesets/versions.pg.ts";
import { judge, mayPass } from "#src/coding/overrides.ts";
import { readRelated } from "#src/coding/related.pg.ts";
import { eachItem } from "./leases.pg.ts";
import { noteItem } from "./note-message.pg.ts";
import { lastCodes, type SubmitNeeds } from "./submit.pg.ts";

/** Coded with an earlier rule pack or before the code sets in use changed, and not yet asked again by those of now. */
const CODED_BEFORE = `progress in ('final-coded', 'recode') and lease_id is null
  and exists (select from coding_version v where v.item_id = coding_item.id
    and v.version = (select max(version) from coding_version w where w.item_id = coding_item.id)
    and (v.rule_pack <> $1 or v.made_at < (select max(at) from code_set_change where what <> 'staged')))
  and not exists (select from item_event e where e.item_id = coding_item.id and e.event = 'rechecked' and e.detail = $2)`;

/**
 * Runs the edits of now over what was coded with others (a new code set or rule pack): codes that have a hard finding now, with no reason that sets
 * it aside, are looked at again where no claim is out; what is out is never touched. Each item is asked once for each rule pack and each change of
 * the code sets. @returns how many regressed.
 */
export async function recheckCoded(needs: SubmitNeeds): Promise<number> {
  const { sealer, check, rulePack } = needs;
  let regressed = 0;
  const basis = `${rulePack}, code sets ${await readRevision(needs.pool)}`;
  await eachItem(needs, CODED_BEFORE, [rulePack, basis], async (client, item) => {
    const coded = await lastCodes(client, sealer, item.id);
    const chart = coded === undefined ? undefined : await readChart(client, sealer, item.accountId, coded.chartVersion);
    if (coded === undefined || chart === undefined) return false;
    const findings = check(chart, item.stream, coded.codes, await readRelated(client, sealer, item.id));
    const regression = !mayPass(judge(findings, coded.codes.overrides));
    await noteItem(client, needs, item, { kind: "rules", regression, event: { name: "rechecked", actor: "engine", detail: basis } });
    if (regression && item.claimId === null) regressed++;
    return true;
  });
  return regressed;
}
