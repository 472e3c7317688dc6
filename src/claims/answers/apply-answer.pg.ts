import type pg from "pg";
import { readChart } from "#src/charts/chart-store.pg.ts";
import { codingContext } from "#src/coding/coding-version.pg.ts";
import { readRelated } from "#src/coding/related.pg.ts";
import { shiftDay } from "#src/coding/stay.ts";
import type { CheckCodes, CodeSubmission, Finding, Stream } from "#src/coding/submission.ts";
import type { SiteData } from "#src/sitedata/site-data.ts";
import { answerItem } from "#src/worklist/actions.pg.ts";
import { lockItem } from "#src/worklist/item-store.pg.ts";
import type { LeaseNeeds } from "#src/worklist/leases.pg.ts";
import { claimContext } from "../claim-store.pg.ts";
import { VOID } from "../lifecycle/chain.ts";
import { capabilitiesOf } from "../lifecycle/capabilities.ts";
import { noteReceipt } from "../receipts.pg.ts";
import { openTask } from "../tasks.pg.ts";
import type { AnsweredClaim, StoredAnswer } from "./answer-store.pg.ts";
import type { DenialRoutes } from "./denial-routes.ts";
import { type Denial, forOthers, type JudgedAnswer, judgeAnswer, reasonName } from "./judge-answer.ts";
import { preventionOf } from "./prevention.ts";

export interface ApplyNeeds {
  readonly worklist: LeaseNeeds;
  readonly site: SiteData;
  readonly routes: DenialRoutes;
  /** The edits as they are now. */
  readonly check: CheckCodes;
}

/** The codes a claim was made of, and what the edits of now find in them; undefined when its chart is no longer kept. */
async function foundNow(
  client: pg.PoolClient,
  { worklist: { sealer }, check }: ApplyNeeds,
  { itemId, accountId, codingVersion }: AnsweredClaim,
  stream: Stream,
): Promise<{ readonly codes: CodeSubmission; readonly findings: readonly Finding[] } | undefined> {
  const { rows } = await client.query<{ chart_version: number; sealed_codes: Buffer }>(
    "select chart_version, sealed_codes from coding_version where item_id = $1 and version = $2",
    [itemId, codingVersion],
  );
  const row = rows[0];
  const chart = row === undefined ? undefined : await readChart(client, sealer, accountId, row.chart_version);
  if (row === undefined || chart === undefined) return undefined;
  const codes = sealer.openJson(row.sealed_codes, codingContext(itemId)) as CodeSubmission;
  return { codes, findings: check(chart, stream, codes, await readRelated(client, sealer, itemId)) };
}

/** The last day for an answer to the answer: of the payer's limits for a corrected claim and for an appeal, the earlier one. */
function deadlineOf({ claim, payerId, kind }: AnsweredClaim, answeredOn: string, site: SiteData): string {
  const { filingDays, appealDays } = capabilitiesOf(payerId === null ? undefined : site.payer(payerId), kind);
  const served = (claim.billablePeriod?.end ?? claim.billablePeriod?.start ?? claim.created).slice(0, 10);
  const [filing, appeal] = [shiftDay(served, filingDays), shiftDay(answeredOn, appealDays)];
  return appeal < filing ? appeal : filing;
}

async function writeDenials(
  client: pg.PoolClient,
  denials: readonly Denial[],
  {
    answer,
    claim,
    deadline,
    known,
  }: {
    readonly answer: StoredAnswer;
    readonly claim: AnsweredClaim;
    readonly deadline: string;
    readonly known: Awaited<ReturnType<typeof foundNow>>;
  },
): Promise<void> {
  for (const denial of denials) {
    const prevented = known === undefined ? undefined : preventionOf(denial, claim.claim, known.codes, known.findings);
    await client.query(
      `insert into claim_denial (answer_id, claim_id, item_id, line, list, code, group_code, remarks, owner, cents, deadline, edit_rule, edit_path, edit_overridden)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`,
      [
        answer.id,
        claim.claim.id,
        claim.itemId,
        denial.line ?? null,
        denial.list,
        denial.code,
        denial.group ?? null,
        denial.remarks,
        denial.owner,
        denial.cents,
        deadline,
        prevented?.rule ?? null,
        prevented?.path ?? null,
        prevented?.overridden ?? false,
      ],
    );
  }
}

/** Work of those who do not code: documents that are asked for, denials of their own. */
async function openTasks(
  client: pg.PoolClient,
  { denials, requests }: JudgedAnswer,
  { answerId, claimId, deadline }: { readonly answerId: string; readonly claimId: string; readonly deadline: string },
): Promise<void> {
  for (const { due, codes } of requests)
    await openTask(client, { kind: "documents", owner: "documentation", claimId, answerId, due, reasons: codes });
  for (const [owner, own] of forOthers(denials))
    await openTask(client, {
      kind: "denial",
      owner,
      claimId,
      answerId,
      due: deadline,
      cents: own.reduce((sum, { cents }) => sum + cents, 0),
      reasons: [...new Set(own.map(reasonName))],
    });
}

/** The claims of the version that counts. */
const partsInForce = async (
  client: pg.PoolClient,
  claimId: string | null,
): Promise<readonly { readonly id: string; readonly payer_state: string }[]> =>
  (
    await client.query<{ id: string; payer_state: string }>(
      "select c.id, c.payer_state from claim c join claim o on o.item_id = c.item_id and o.version = c.version where o.id = $1",
      [claimId],
    )
  ).rows;

/** What an answer does to its work item, in the words of `claim_answer.effect`. */
async function moveItem(
  client: pg.PoolClient,
  { worklist }: ApplyNeeds,
  { itemId, claim, frequency }: AnsweredClaim,
  { verdict, rework, denials }: JudgedAnswer,
  { isNewest, deadline }: { readonly isNewest: boolean; readonly deadline: string },
): Promise<string> {
  const item = await lockItem(client, itemId);
  if (item === undefined) return "there is no such item";
  if (frequency === VOID) return "of a void";
  const parts = await partsInForce(client, item.claimId);
  if (!parts.some(({ id }) => id === claim.id)) return "of a claim that does not count any more";
  if (!isNewest) return "older than the answer before";
  const wanted = rework
    ? "rework"
    : verdict === "accepted"
      ? "accepted"
      : verdict === "queued" || verdict === "documents"
        ? "queued"
        : undefined;
  if (wanted === "accepted" && parts.some(({ id, payer_state: state }) => id !== claim.id && state !== "accepted"))
    return `${item.state}: other parts of the claim are not answered`;
  // Not coding's: the task says whose, and the item stays where it is.
  if (wanted === undefined) return item.state;
  const reasons = [...new Set(denials.map(reasonName))];
  const after = await answerItem(client, worklist, item, { answer: wanted, reasons, answerBy: deadline, actor: "payer" });
  return after === undefined ? `nothing: the item is ${item.state}` : after.state;
}

/**
 * Does what an answer says, in the caller's transaction: the payer's state and number of the claim, denials with their edit, tasks of others, the receipt of
 * who answered, and the work item (T14 to T16). An answer that is older than one that counts already is kept and does nothing.
 */
export async function applyAnswer(
  client: pg.PoolClient,
  needs: ApplyNeeds,
  stored: StoredAnswer,
  claim: AnsweredClaim,
): Promise<JudgedAnswer> {
  const { sealer } = needs.worklist;
  const { answer } = stored;
  // In the fold's order, account before item: the claim's own rows are written after.
  const item = await lockItem(client, claim.itemId);
  const judged = judgeAnswer(answer, claim.claim, needs.routes);
  const claimId = claim.claim.id;
  const { rows } = await client.query(
    "select from claim_answer where claim_id = $1 and id <> $2 and answered_at > $3 and verdict not in ('queued', 'documents') limit 1",
    [claimId, stored.id, stored.answeredAt],
  );
  const isNewest = rows.length === 0;
  const answeredOn = answer.created.slice(0, 10);
  const deadline = deadlineOf(claim, answeredOn, needs.site);
  const known = judged.denials.length === 0 || item === undefined ? undefined : await foundNow(client, needs, claim, item.stream);
  await writeDenials(client, judged.denials, { answer: stored, claim, deadline, known });
  if (isNewest) await openTasks(client, judged, { answerId: stored.id, claimId, deadline });
  await noteReceipt(client, claimId, stored.consumer, "answer");
  const effect = await moveItem(client, needs, claim, judged, { isNewest, deadline });
  if (isNewest)
    await client.query(
      `update claim set payer_state = case when $2 in ('queued', 'documents') and payer_state not in ('none', 'queued', 'documents') then payer_state else $2 end,
         denied_on = coalesce($3::date, denied_on) where id = $1`,
      [claimId, judged.verdict, judged.verdict === "denied" || judged.verdict === "partly-denied" ? answeredOn : null],
    );
  // Also a claim that waits has its number there; one that was refused unjudged never got one that counts.
  if (answer.payerNumber !== undefined && judged.verdict !== "rejected")
    await client.query("update claim set sealed_payer_number = $2 where id = $1", [
      claimId,
      sealer.seal(Buffer.from(answer.payerNumber), claimContext(claimId)),
    ]);
  await client.query("update claim_answer set claim_id = $2, verdict = $3, effect = $4, matched_at = now() where id = $1", [
    stored.id,
    claimId,
    judged.verdict,
    effect,
  ]);
  await client.query(
    "update claim_task set state = 'done', done_at = now(), done_by = 'engine' where answer_id = $1 and kind = 'match' and state = 'open'",
    [stored.id],
  );
  return judged;
}
