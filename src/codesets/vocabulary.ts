/** A known word that stands for one that was typed, and how well (1 = the same). */
export interface Alike {
  readonly word: string;
  readonly weight: number;
}

export interface Vocabulary {
  /** The word itself, words that begin with it; when there are neither, words of nearly the same letters. Best first. */
  like(typed: string): readonly Alike[];
}

const BEGINS = 0.8;
const MISSPELT = 0.5;
/** Beginnings shorter than this fit too many words. */
const SHORTEST_BEGINNING = 2;
const SHORTEST_MISSPELT = 4;
const MOST_BEGUN = 400;

/** How many letters may be wrong, missing, added or swapped. */
const slipsAllowed = (length: number): number => (length < SHORTEST_MISSPELT ? 0 : length < 8 ? 1 : 2);

/** Longest word that is compared letter by letter. */
const LONGEST = 40;
const rows = [new Uint8Array(LONGEST + 1), new Uint8Array(LONGEST + 1), new Uint8Array(LONGEST + 1)] as const;

/** Damerau-Levenshtein distance (adjacent letters swapped count once), or `most` + 1 as soon as it is more. */
export function slipsBetween(a: string, b: string, most: number): number {
  if (Math.abs(a.length - b.length) > most || a.length > LONGEST || b.length > LONGEST) return most + 1;
  let [before, row, next] = rows;
  for (let j = 0; j <= b.length; j++) row[j] = j;
  for (let i = 1; i <= a.length; i++) {
    next[0] = i;
    let least = i;
    for (let j = 1; j <= b.length; j++) {
      const same = a.charCodeAt(i - 1) === b.charCodeAt(j - 1);
      let slips = Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + (same ? 0 : 1));
      if (i > 1 && j > 1 && a.charCodeAt(i - 1) === b.charCodeAt(j - 2) && a.charCodeAt(i - 2) === b.charCodeAt(j - 1))
        slips = Math.min(slips, (before[j - 2] ?? 0) + 1);
      next[j] = slips;
      least = Math.min(least, slips);
    }
    if (least > most) return most + 1;
    [before, row, next] = [row, next, before];
  }
  return Math.min(row[b.length] ?? most + 1, most + 1);
}

/** Which letters a word has, a bit each: two words that differ in many letters need not be compared further. */
function lettersOf(word: string): number {
  let letters = 0;
  for (let at = 0; at < word.length; at++) letters |= 1 << (word.charCodeAt(at) % 32);
  return letters;
}
function bits(value: number): number {
  let left = value;
  let count = 0;
  for (; left !== 0; left &= left - 1) count++;
  return count;
}

export function createVocabulary(words: readonly string[]): Vocabulary {
  const sorted = [...words].sort();
  const known = new Set(words);
  const letters = new Map(sorted.map((word) => [word, lettersOf(word)]));
  const byFirst = Map.groupBy(sorted, (word) => word[0] ?? "");
  const begun = (typed: string): readonly Alike[] => {
    let [low, high] = [0, sorted.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((sorted[middle] ?? "") < typed) low = middle + 1;
      else high = middle;
    }
    const found: Alike[] = [];
    for (; found.length < MOST_BEGUN && sorted[low]?.startsWith(typed) === true; low++) {
      const word = sorted[low] ?? "";
      if (word !== typed) found.push({ word, weight: BEGINS });
    }
    return found;
  };
  const misspelt = (typed: string, among: readonly string[]): readonly Alike[] => {
    const most = slipsAllowed(typed.length);
    const own = lettersOf(typed);
    return among
      .filter((word) => Math.abs(word.length - typed.length) <= most && bits((letters.get(word) ?? 0) ^ own) <= 2 * most)
      .map((word) => ({ word, slips: slipsBetween(typed, word, most) }))
      .filter(({ slips }) => slips <= most)
      .sort((a, b) => a.slips - b.slips)
      .map(({ word, slips }) => ({ word, weight: MISSPELT / slips }));
  };
  return {
    like(typed) {
      const exact = known.has(typed) ? [{ word: typed, weight: 1 }] : [];
      // A whole number is what it says: 2 is not the beginning of 24.
      const found = [...exact, ...(typed.length >= SHORTEST_BEGINNING && !/^\d+$/.test(typed) ? begun(typed) : [])];
      if (found.length > 0 || slipsAllowed(typed.length) === 0 || /\d/.test(typed)) return found;
      const near = misspelt(typed, byFirst.get(typed[0] ?? "") ?? []);
      return near.length > 0 ? near : misspelt(typed, sorted);
    },
  };
}
