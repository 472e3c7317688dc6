import type pg from "pg";
import type { IdKey } from "#src/base/ids.ts";
import { fail, ok, type Result } from "#src/base/result.ts";
import { inTransaction } from "#src/database/pool.pg.ts";
import { noteDelivered } from "../receipts.pg.ts";
import { openTask } from "../tasks.pg.ts";
import { claimOf, keepAnswer, parkedWithClaim, readAnswer, type StoredAnswer } from "./answer-store.pg.ts";
import { applyAnswer, type ApplyNeeds } from "./apply-answer.pg.ts";
import type { Verdict } from "./judge-answer.ts";
import { type ReadAnswer, readAnswers } from "./read-answers.ts";

export interface AnswerNeeds extends ApplyNeeds {
  readonly pool: pg.Pool;
  readonly idKey: IdKey;
}

/** What became of one answer. */
export interface TakenAnswer {
  readonly id: string;
  /** It had been taken before, and did nothing now. */
  readonly again: boolean;
  /** Absent while no claim of ours has its number: it is parked, and taken up when one appears. */
  readonly claimId?: string;
  readonly verdict?: Verdict;
  readonly effect?: string;
}

export interface ImportReport {
  readonly format: string;
  readonly answers: number;
  readonly again: number;
  readonly parked: number;
  readonly byVerdict: Readonly<Record<string, number>>;
  readonly left: readonly string[];
}

/** Answers of payers and billing systems, in. */
export interface ClaimAnswers {
  /** Keeps an answer and does what it says. @param consumer who brought it. */
  take(read: ReadAnswer, consumer: string, givenId?: string): Promise<TakenAnswer>;
  /** A file: FHIR, X12 or CSV by what it is. Fails with every fault, and takes nothing then. */
  importText(text: string, consumer: string): Promise<Result<ImportReport, readonly string[]>>;
  /** Parked answers whose claim has appeared, and receipts of what was delivered. @returns how many answers. */
  sweep(): Promise<number>;
}

/** Days in which somebody finds out whose an answer is: an answer may end a right of appeal. */
const MATCH_DAYS = 7;

const shown = (stored: StoredAnswer, again: boolean): TakenAnswer => ({
  id: stored.id,
  again,
  ...(stored.claimId === null ? {} : { claimId: stored.claimId }),
  ...(stored.verdict === null ? {} : { verdict: stored.verdict as Verdict }),
  ...(stored.effect === null ? {} : { effect: stored.effect }),
});

export function createClaimAnswers(needs: AnswerNeeds): ClaimAnswers {
  const { pool, idKey } = needs;
  const { sealer, now } = needs.worklist;

  /** Applies a kept answer if its claim is known. Locked by its row: two who take it up do it once. */
  const apply = async (client: pg.PoolClient, id: string): Promise<boolean> => {
    const { rows } = await client.query("select from claim_answer where id = $1 and claim_id is null for update", [id]);
    const stored = rows.length === 0 ? undefined : await readAnswer(client, sealer, id);
    const claim = stored === undefined ? undefined : await claimOf(client, sealer, stored.answer);
    if (stored === undefined || claim === undefined) return false;
    await applyAnswer(client, needs, stored, claim);
    return true;
  };

  const take: ClaimAnswers["take"] = (read, consumer, givenId) =>
    inTransaction(pool, async (client): Promise<TakenAnswer> => {
      const kept = await keepAnswer(client, { sealer, idKey }, read, consumer, givenId);
      if (!kept.again && !(await apply(client, kept.id))) {
        const due = new Date(now().getTime() + MATCH_DAYS * 86_400_000).toISOString().slice(0, 10);
        await openTask(client, { kind: "match", owner: "billing", answerId: kept.id, due });
      }
      const stored = await readAnswer(client, sealer, kept.id);
      if (stored === undefined) throw new Error("an answer was kept and is not there");
      return shown(stored, kept.again);
    });

  return {
    take,
    importText: async (text, consumer) => {
      const file = readAnswers(text);
      if (!file.ok) return fail(file.failure);
      const taken: TakenAnswer[] = [];
      for (const one of file.value.answers) taken.push(await take(one, consumer));
      const fresh = taken.filter(({ again }) => !again);
      return ok({
        format: file.value.format,
        answers: taken.length,
        again: taken.length - fresh.length,
        parked: fresh.filter(({ claimId }) => claimId === undefined).length,
        byVerdict: Object.fromEntries(
          [...Map.groupBy(fresh, ({ verdict }) => verdict ?? "parked")]
            .filter(([name]) => name !== "parked")
            .map(([name, own]) => [name, own.length]),
        ),
        left: file.value.left,
      });
    },
    sweep: async () => {
      await noteDelivered(pool);
      let matched = 0;
      for (const id of await parkedWithClaim(pool)) if (await inTransaction(pool, (client) => apply(client, id))) matched++;
      return matched;
    },
  };
}
