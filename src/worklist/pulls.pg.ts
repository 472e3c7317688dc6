import type { Failure } from "#src/base/failures.ts";
import { fail, ok, type Result } from "#src/base/result.ts";
import { isOutage } from "#src/database/pool.pg.ts";
import type { Lease, LeaseNeeds } from "./leases.pg.ts";
import type { Pull } from "./may-have.ts";
import { CANDIDATES, WIDE } from "./pull-candidates.pg.ts";
import { createPullGroups, type Waiting } from "./pull-groups.ts";
import { leaseTogether, type Turn } from "./pull-turn.pg.ts";

type Answer = Result<Lease, Failure>;
const NOTHING: Answer = fail({ code: "NOTHING_READY" });

/** Items locked besides those of the group: by the fold, and by other processes. */
const OTHERS = 12;
/** Tries when all that a person may have was locked; as many again wait for the lock. After those there is nothing. */
const TRIES = 5;
/** How long an item that made a pull fail is passed over: its error is seen, and the work goes on. */
const SPOILT_MS = 600_000;

/**
 * Leases the next item of the queues that are asked for (of any when none is) which this person may have: best score first, the longest ready
 * first. Nobody can pick, and two who ask at once get two items. Pulls of one process are served in groups. Answers `NOTHING_READY` when there
 * is no such item.
 */
export function createPulls(needs: LeaseNeeds): (pull: Pull) => Promise<Answer> {
  const spoilt = new Map<string, number>();

  const attempt = async (pulls: readonly Pull[], turn: Pick<Turn, "few" | "waits">): ReturnType<typeof leaseTogether> => {
    const now = needs.now().getTime();
    for (const [id, until] of spoilt) if (until <= now) spoilt.delete(id);
    let taking: readonly string[] = [];
    const onTaking = (ids: readonly string[]): void => {
      taking = ids;
    };
    try {
      return await leaseTogether(needs, pulls, { ...turn, passOver: [...spoilt.keys()], onTaking });
    } catch (error) {
      if (pulls.length === 1 && !isOutage(error)) for (const id of taking) spoilt.set(id, now + SPOILT_MS);
      throw error;
    }
  };

  const alone = async (pull: Pull): Promise<Answer> => {
    for (let tried = 0; tried < 2 * TRIES; tried++) {
      const had = (await attempt([pull], { few: WIDE, waits: tried >= TRIES })).get(pull.userId);
      if (had !== "again") return had === undefined ? NOTHING : ok(had);
    }
    return NOTHING;
  };
  let last: Promise<unknown> = Promise.resolve();
  /** For one for whom the candidates of a group did not do: beside the groups, and one at a time, so that they do not take all connections. */
  const beside = (pull: Pull): Promise<Answer> => {
    const answer = last.then(() => alone(pull));
    last = answer.catch(() => undefined);
    return answer;
  };

  /** @returns why the store could not work, if that was so. */
  const serve = async (group: readonly Waiting<Answer>[]): Promise<unknown> => {
    const few = CANDIDATES.find((many) => many >= group.length + OTHERS) ?? WIDE;
    const pulls = group.map(({ pull }) => pull);
    try {
      const had = await attempt(pulls, { few });
      for (const { pull, answer } of group) {
        const got = had.get(pull.userId);
        if (got === "again") answer(beside(pull));
        else answer(got === undefined ? NOTHING : ok(got));
      }
      return undefined;
    } catch (error) {
      if (group.length > 1) return serveEach(group);
      group[0]?.fail(error);
      return isOutage(error) ? error : undefined;
    }
  };
  /** What makes one pull fail is not the trouble of the others, unless the store is down. */
  const serveEach = async (group: readonly Waiting<Answer>[]): Promise<unknown> => {
    let outage: unknown;
    for (const one of group)
      if (outage === undefined) outage = await serve([one]);
      else one.fail(outage);
    return outage;
  };
  return createPullGroups(serve);
}
