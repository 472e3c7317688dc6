import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** Without work for so long a thread is at rest, in ms. */
const REST_MS = 5_000;
/** Less work than this leaves too little behind: a quiet feed is not to pay for a collection with every message. */
const WORTH = 1_000;

/**
 * Gives back what a thread has no more use for once its work is done. Node lets the heap of a thread grow to four times what it keeps, and while
 * nothing is asked of it never looks what of that is garbage: after a busy hour the folds would hold a gigabyte until the next one.
 * @param worth pieces of work after which there is something to give back
 * @returns to be told after work how many pieces it was
 */
export function collectAtRest(restMs = REST_MS, worth = WORTH): (pieces: number) => void {
  // Node's own way to a collection is a switch of its command line, which a thread does not have.
  setFlagsFromString("--expose-gc");
  const gc = runInNewContext("gc") as (how: { readonly type: "major"; readonly flavor: "last-resort" }) => void;
  // The usual collection keeps the room that it empties.
  const collect = (): void => {
    if (done < worth) return;
    done = 0;
    gc({ type: "major", flavor: "last-resort" });
  };
  let done = 0;
  let timer: NodeJS.Timeout | undefined;
  return (pieces) => {
    done += pieces;
    if (timer === undefined) timer = setTimeout(collect, restMs).unref();
    else timer.refresh();
  };
}
