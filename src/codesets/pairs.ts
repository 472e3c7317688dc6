/** Days since 1970-01-01; a small whole number in place of a text. */
const dayNumber = (day: string): number => Math.floor(Date.parse(`${day}T00:00:00Z`) / 86_400_000);
const NEVER = 0x7fff_ffff;
/** Five characters of 0-9 and A-Z are below 36^5 < 2^26, so that two of them fit a double exactly. */
const CODE_SPACE = 2 ** 26;
const packed = (code: string): number => Number.parseInt(code, 36);
const keyOf = (column1: string, column2: string): number => packed(column1) * CODE_SPACE + packed(column2);

interface Found {
  readonly flag: number;
  readonly note: string;
}

/** Millions of pairs of codes in a few flat arrays: about 18 bytes a pair. */
export interface Pairs {
  /** The pair as it stood on a day. */
  find(column1: string, column2: string, day: string): Found | undefined;
  readonly size: number;
}

export interface PairRow {
  readonly code: string;
  readonly other: string;
  readonly flag: number;
  readonly note: string;
  readonly from: string;
  readonly to: string | undefined;
}

/** Collects pairs in any order and packs them. */
export function createPairs() {
  const rows = { key: [] as number[], from: [] as number[], to: [] as number[], flag: [] as number[], note: [] as number[] };
  const notes: string[] = [];
  const noteAt = new Map<string, number>();
  return {
    add({ code, other, flag, note, from, to }: PairRow): void {
      const at = noteAt.get(note) ?? notes.push(note) - 1;
      noteAt.set(note, at);
      rows.key.push(keyOf(code, other));
      rows.from.push(dayNumber(from));
      rows.to.push(to === undefined ? NEVER : dayNumber(to));
      rows.flag.push(flag);
      rows.note.push(at);
    },
    build(): Pairs {
      const order = Uint32Array.from(rows.key, (_, index) => index);
      // From the database they come in order; sorting millions would hold everything else up.
      if (rows.key.some((key, at) => key < (rows.key[at - 1] ?? 0))) order.sort((a, b) => (rows.key[a] ?? 0) - (rows.key[b] ?? 0));
      const key = Float64Array.from(order, (at) => rows.key[at] ?? 0);
      const from = Int32Array.from(order, (at) => rows.from[at] ?? 0);
      const to = Int32Array.from(order, (at) => rows.to[at] ?? 0);
      const flag = Uint8Array.from(order, (at) => rows.flag[at] ?? 0);
      const note = Uint16Array.from(order, (at) => rows.note[at] ?? 0);
      for (const list of Object.values(rows)) list.length = 0;
      return {
        size: key.length,
        find(column1, column2, day) {
          const wanted = keyOf(column1, column2);
          const on = dayNumber(day);
          let [low, high] = [0, key.length];
          while (low < high) {
            const middle = (low + high) >>> 1;
            if ((key[middle] ?? 0) < wanted) low = middle + 1;
            else high = middle;
          }
          for (; key[low] === wanted; low++)
            if ((from[low] ?? 0) <= on && on <= (to[low] ?? 0)) return { flag: flag[low] ?? 0, note: notes[note[low] ?? 0] ?? "" };
          return undefined;
        },
      };
    },
  };
}
