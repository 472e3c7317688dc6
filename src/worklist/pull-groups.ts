import type { Pull } from "./may-have.ts";

/** Most pulls in one group. Beyond this a group takes longer without serving more a second. */
const GROUP_MAX = 32;
/** Groups under way at a time. With two, each is smaller and looks at the same best items as the other: a third fewer pulls a second. */
const GROUPS_AT_ONCE = 1;

/** A pull that waits for its answer. */
export interface Waiting<Had> {
  readonly pull: Pull;
  /** May be told of an answer to come, for which no later group has to wait. */
  readonly answer: (had: Had | Promise<Had>) => void;
  readonly fail: (error: unknown) => void;
}

/** The next to be served, of one kind and each person once, and those that stay, all in the order in which they asked. */
function nextGroup<Had>(
  queue: readonly Waiting<Had>[],
  busy: ReadonlySet<string>,
): { readonly group: Waiting<Had>[]; readonly rest: Waiting<Had>[] } {
  const [group, rest]: [Waiting<Had>[], Waiting<Had>[]] = [[], []];
  const inGroup = new Set(busy);
  for (const one of queue) {
    const { userId, kind } = one.pull;
    if (group.length < GROUP_MAX && !inGroup.has(userId) && (group[0]?.pull.kind ?? kind) === kind) {
      group.push(one);
      inGroup.add(userId);
    } else rest.push(one);
  }
  return { group, rest };
}

/**
 * Serves pulls in groups: while one group is served the next gathers, so that many coders share one transaction. Nobody waits when nobody
 * else is served. What one person asks for at once is served one after the other.
 * @param serve answers or fails every pull of a group, and ends when the next group may begin.
 */
export function createPullGroups<Had>(serve: (group: readonly Waiting<Had>[]) => Promise<unknown>): (pull: Pull) => Promise<Had> {
  let queue: Waiting<Had>[] = [];
  let gathering = false;
  let underWay = 0;
  const busy = new Set<string>();

  const run = (): void => {
    gathering = false;
    while (underWay < GROUPS_AT_ONCE && queue.length > 0) {
      const { group, rest } = nextGroup(queue, busy);
      if (group.length === 0) break;
      queue = rest;
      underWay++;
      for (const { pull } of group) busy.add(pull.userId);
      void serve(group)
        .catch((error: unknown) => {
          for (const { fail } of group) fail(error);
        })
        .finally(() => {
          underWay--;
          run();
        });
    }
  };
  // Those who ask in one turn of the event loop are in one group.
  const gather = (): void => {
    if (gathering || queue.length === 0) return;
    gathering = true;
    setImmediate(run);
  };

  return (pull) =>
    new Promise<Had>((resolve, reject) => {
      queue.push({ pull, answer: resolve, fail: reject });
      gather();
    }).finally(() => {
      busy.delete(pull.userId);
      gather();
    });
}
