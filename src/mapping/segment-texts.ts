import type { Became, SegmentMemory } from "./segment-memory.ts";

/** Segments remembered of one feed, all accounts together; when there are more all are forgotten. */
const SEGMENTS = 16_384;
/** What one segment may become in all by a map: by event, and by what stands around it. The oldest goes. */
const WAYS = 8;

/** What one segment became, by each of its maps. */
type LineMaps = { readonly by: SegmentMemory; readonly became: Became[] }[];
type Lines = Map<string, LineMaps>;

/** What segments became: by the account that they are about, their text and the map. */
export class SegmentTexts {
  readonly #accounts = new Map<string, Lines>();
  #segments = 0;

  /** @param account all that what a segment becomes may depend on besides the segments. */
  of(account: string): Lines | undefined {
    return this.#accounts.get(account);
  }

  keep(account: string, line: string, by: SegmentMemory, became: Became): void {
    if (++this.#segments > SEGMENTS) {
      this.#accounts.clear();
      this.#segments = 1;
    }
    let lines = this.#accounts.get(account);
    if (lines === undefined) this.#accounts.set(account, (lines = new Map()));
    const maps = lines.get(line);
    const known = maps?.find((one) => one.by === by);
    if (known !== undefined) {
      if (known.became.length >= WAYS) known.became.shift();
      known.became.push(became);
    } else if (maps === undefined) lines.set(line, [{ by, became: [became] }]);
    else maps.push({ by, became: [became] });
  }
}

/** The segments of one message's account. */
export class AccountSegments {
  readonly #all: SegmentTexts;
  readonly #account: string;
  readonly #lines: Lines | undefined;
  /** The line that was looked for last: the maps of a segment come one after the other. */
  #line = "";
  #maps: LineMaps | undefined;

  constructor(all: SegmentTexts, account: string) {
    this.#all = all;
    this.#account = account;
    this.#lines = all.of(account);
  }

  find(line: string, by: SegmentMemory): readonly Became[] | undefined {
    if (this.#lines === undefined) return undefined;
    if (line !== this.#line) {
      this.#line = line;
      this.#maps = this.#lines.get(line);
    }
    if (this.#maps !== undefined) for (const one of this.#maps) if (one.by === by) return one.became;
    return undefined;
  }

  keep(line: string, by: SegmentMemory, became: Became): void {
    this.#all.keep(this.#account, line, by, became);
    this.#line = "";
  }
}
