import type pg from "pg";
import type { Failure } from "#src/base/failures.ts";
import { freshId, type MessageId } from "#src/base/ids.ts";
import { fail, ok, type Result } from "#src/base/result.ts";
import type { Sealer } from "#src/base/seal.ts";
import { readHeader } from "#src/hl7v2/header.ts";
import type { Journal } from "#src/journal/journal.ts";
import { giveUpRecord, type JournalRecord, lockLanes, readRecord, troubledRecords } from "#src/journal/journal-reader.pg.ts";
import { decisionContext } from "./failures.pg.ts";
import { foldAgain, type FoldNeeds, retryTroubled, transaction } from "./fold.pg.ts";

/** Who decides, and why. */
export interface Decision {
  readonly by: string;
  readonly reason: string | undefined;
}

type Decided = "retried" | "skipped" | "corrected";

async function note(
  client: pg.Pool | pg.PoolClient,
  sealer: Sealer,
  recordId: string,
  decision: Decided,
  { by, reason }: Decision,
): Promise<void> {
  const sealed = reason === undefined ? null : sealer.seal(Buffer.from(reason), decisionContext(recordId));
  await client.query("insert into failure_decision (record_id, decision, decided_by, sealed_reason) values ($1, $2, $3, $4)", [
    recordId,
    decision,
    by,
    sealed,
  ]);
}

interface Failed {
  readonly accountId: string | undefined;
  readonly seq: number;
}

async function failedRecord(client: pg.Pool | pg.PoolClient, recordId: string): Promise<Failed | undefined> {
  const { rows } = await client.query<{ account_id: string | null; seq: number }>(
    "select account_id, seq from journal_outcome where record_id = $1 and outcome = 'failed'",
    [recordId],
  );
  return rows[0] === undefined ? undefined : { accountId: rows[0].account_id ?? undefined, seq: rows[0].seq };
}

const NOT_FAILED: Failure = { code: "NOT_FOUND", detail: "there is no failed message of this id" };

/**
 * Folds a failed message, and what waits behind it, again under the maps of now.
 * @returns how many were folded.
 */
export async function retryFailure(needs: FoldNeeds, recordId: string, decision: Decision): Promise<Result<number, Failure>> {
  const failed = await failedRecord(needs.pool, recordId);
  if (failed === undefined) return fail(NOT_FAILED);
  await note(needs.pool, needs.sealer, recordId, "retried", decision);
  return ok(await retryTroubled(needs, failed.accountId, failed.accountId === undefined ? recordId : undefined));
}

/** Gives a failed message up, with a reason; what waited behind it is folded. @returns how many of those there were. */
export async function skipFailure(needs: FoldNeeds, recordId: string, decision: Decision): Promise<Result<number, Failure>> {
  return transaction(needs, async (client): Promise<Result<number, Failure>> => {
    await lockLanes(client);
    const given = await giveUpRecord(client, recordId);
    if (given === undefined) return fail(NOT_FAILED);
    await note(client, needs.sealer, recordId, "skipped", decision);
    if (given.accountId === undefined) return ok(0);
    return ok(await foldAgain(client, needs, await troubledRecords(client, needs.sealer, given.accountId), given.accountId));
  });
}

export interface CorrectNeeds extends FoldNeeds {
  readonly journal: Journal;
  readonly now: () => Date;
}

/** An editor's line ends to HL7's; JSON stays as it is. */
const asSent = (bytes: Buffer): Buffer =>
  bytes[0] === 0x7b
    ? bytes
    : Buffer.from(
        bytes
          .toString("latin1")
          .replace(/\r\n|\n/g, "\r")
          .replace(/\r*$/, "\r"),
        "latin1",
      );

/**
 * Puts an edited copy in the place of a failed message: a record of its own in the journal, linked to the original, folded where that
 * one stood, with what waited behind it. A copy that fails too is refused, and nothing changes.
 */
export async function correctFailure(
  needs: CorrectNeeds,
  recordId: string,
  edited: Buffer,
  decision: Decision,
): Promise<Result<{ readonly recordId: string; readonly folded: number }, Failure>> {
  const { pool, sealer, journal } = needs;
  const failed = await failedRecord(pool, recordId);
  const original = failed && (await readRecord(pool, sealer, recordId));
  if (failed === undefined || original === undefined) return fail(NOT_FAILED);
  const bytes = asSent(edited);
  if (bytes.equals(original.bytes))
    return fail({ code: "REQUEST_INVALID", place: "message", detail: "the copy is the same as the message that failed" });
  const id = freshId() as MessageId;
  const { foldAs: _, ...place } = original;
  const trial = needs.map({ ...place, id, protocol: "operator", bytes });
  if (!trial.mapped.ok) return fail(trial.mapped.failure);
  const header = readHeader(bytes);
  await pool.query("insert into record_correction (record_id, original_id, made_by, sealed_reason) values ($1, $2, $3, $4)", [
    id,
    recordId,
    decision.by,
    decision.reason === undefined ? null : sealer.seal(Buffer.from(decision.reason), decisionContext(id)),
  ]);
  await journal.append({
    id,
    feed: original.feed,
    protocol: "operator",
    receivedAt: needs.now(),
    orderKey: failed.accountId ?? recordId,
    ...(header.ok ? { messageType: header.value.messageType } : {}),
    bytes,
    verdict: "accepted",
    ...(original.charset === undefined ? {} : { charset: original.charset }),
  });
  return transaction(needs, async (client): Promise<Result<{ readonly recordId: string; readonly folded: number }, Failure>> => {
    await lockLanes(client);
    const copy = await readRecord(client, sealer, id);
    if (copy === undefined || (await giveUpRecord(client, recordId)) === undefined) return fail(NOT_FAILED);
    await note(client, sealer, recordId, "corrected", decision);
    const waiting = failed.accountId === undefined ? [] : await troubledRecords(client, sealer, failed.accountId);
    // No account has the id of a record: where none waited, none is let go on.
    const folded = await foldAgain(client, needs, inItsPlace(waiting, copy, failed.seq), failed.accountId ?? recordId);
    return ok({ recordId: id, folded });
  });
}

/** The copy stands where the original stood, whatever number the journal gave it. */
function inItsPlace(waiting: readonly JournalRecord[], copy: JournalRecord, seq: number): readonly JournalRecord[] {
  const others = waiting.filter(({ id }) => id !== copy.id);
  const at = others.findIndex((record) => record.seq > seq);
  return at < 0 ? [...others, copy] : [...others.slice(0, at), copy, ...others.slice(at)];
}
