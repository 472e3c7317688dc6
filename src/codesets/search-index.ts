import { ABBREVIATIONS } from "./abbreviations.ts";
import type { CodeSystemName } from "./code-data.ts";
import { bare } from "./systems.ts";
import { createVocabulary, type Vocabulary } from "./vocabulary.ts";

export interface Found {
  readonly system: CodeSystemName;
  readonly code: string;
  readonly title: string;
}

export interface SearchIndex {
  /**
   * Codes that begin with the text, or whose words (title, inclusion terms) begin like all of its words; words that nothing begins with are taken for
   * misspelt. Best first.
   * @param accepts whether a code may be an answer: valid on the day, billable.
   */
  find(
    text: string,
    options: { readonly limit: number; readonly systems?: readonly CodeSystemName[]; readonly accepts?: (found: Found) => boolean },
  ): readonly Found[];
  readonly size: number;
}

/** Words that no title is looked for by. */
const STOP = new Set(["a", "an", "and", "as", "by", "due", "for", "in", "nec", "of", "on", "or", "the", "to", "with"]);
/** Where two answers are as good, a diagnosis is likelier to be meant than one of 79,000 procedures. */
const SYSTEM_WEIGHT: Readonly<Record<CodeSystemName, number>> = {
  "icd-10-cm": 0.6,
  hcpcs: 0.5,
  cpt: 0.5,
  "hcpcs-modifier": 0.2,
  "icd-10-pcs": 0,
};
/** Every word of a title that the text does not have counts this much against it. */
const EXTRA_WORD = 0.12;
/** What is found by another name than its title counts as if it had so many more words. */
const OTHER_NAME = 3;
/** A longer code says more than was asked for: I10 before I15.0. */
const EXTRA_CHARACTER = 0.15;
const CODE_LIKE = /^(?=.*\d)[A-Z0-9]{2,7}$/;

export const wordsOf = (text: string): readonly string[] => text.toLowerCase().match(/[a-z0-9]+/g) ?? [];

/** Puts texts in, then finds codes by them. About 200,000 titles take 60 MB and a search a few milliseconds. */
export function createSearchIndex() {
  const codes: Found[] = [];
  /** Of each text: the code it belongs to, and how many words it has. */
  const owner: number[] = [];
  const length: number[] = [];
  const postings = new Map<string, number[]>();
  const add = (at: number, text: string, against: number): void => {
    const words = new Set(wordsOf(text));
    const id = owner.push(at) - 1;
    length.push(words.size + against);
    for (const word of words) {
      const known = postings.get(word);
      if (known === undefined) postings.set(word, [id]);
      else known.push(id);
    }
  };
  return {
    /** @param others more names of the code: inclusion terms. */
    add(found: Found, others: readonly string[] = []): void {
      const at = codes.push(found) - 1;
      add(at, found.title, 0);
      for (const other of others) add(at, other, OTHER_NAME);
    },
    build(): SearchIndex {
      const lists = new Map([...postings].map(([word, ids]) => [word, Uint32Array.from(ids)]));
      postings.clear();
      const vocabulary = createVocabulary([...lists.keys()]);
      const byCode = Uint32Array.from(codes, (_, at) => at).sort((a, b) => ((codes[a]?.code ?? "") < (codes[b]?.code ?? "") ? -1 : 1));
      const owners = Uint32Array.from(owner);
      const lengths = Uint8Array.from(length);
      const matched = new Uint8Array(owners.length);
      const score = new Float32Array(owners.length);
      return {
        size: codes.length,
        find(text, { limit, systems, accepts = () => true }) {
          const may = (found: Found): boolean => (systems === undefined || systems.includes(found.system)) && accepts(found);
          const byPrefix = CODE_LIKE.test(bare(text)) ? startingWith(codes, byCode, bare(text), limit, may) : [];
          if (byPrefix.length > 0) return byPrefix;
          return byWords({ words: queryWords(text), lists, vocabulary, owners, lengths, matched, score, codes, limit, may });
        },
      };
    },
  };
}

/** The words that are looked for: abbreviations written out, filling words left out. */
function queryWords(text: string): readonly string[] {
  const all = wordsOf(text).flatMap((word) => ABBREVIATIONS[word]?.split(" ") ?? [word]);
  const telling = all.filter((word) => !STOP.has(word));
  return [...new Set(telling.length > 0 ? telling : all)];
}

function startingWith(
  codes: readonly Found[],
  order: Uint32Array,
  prefix: string,
  limit: number,
  may: (found: Found) => boolean,
): readonly Found[] {
  let [low, high] = [0, order.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((codes[order[middle] ?? 0]?.code ?? "") < prefix) low = middle + 1;
    else high = middle;
  }
  const found: Found[] = [];
  for (; low < order.length && found.length < limit; low++) {
    const one = codes[order[low] ?? 0];
    if (one === undefined || !one.code.startsWith(prefix)) break;
    if (may(one)) found.push(one);
  }
  return found;
}

interface WordSearch {
  readonly words: readonly string[];
  readonly lists: ReadonlyMap<string, Uint32Array>;
  readonly vocabulary: Vocabulary;
  readonly owners: Uint32Array;
  readonly lengths: Uint8Array;
  /** Scratch: how many of the words a text has; all 0 between searches. */
  readonly matched: Uint8Array;
  readonly score: Float32Array;
  readonly codes: readonly Found[];
  readonly limit: number;
  readonly may: (found: Found) => boolean;
}

function byWords({ words, lists, vocabulary, owners, lengths, matched, score, codes, limit, may }: WordSearch): readonly Found[] {
  const asked = words
    .map((word) => {
      const like = vocabulary.like(word).map(({ word: known, weight }) => ({ ids: lists.get(known) ?? new Uint32Array(), weight }));
      return { like, size: like.reduce((sum, { ids }) => sum + ids.length, 0) };
    })
    // A word that is in no title at all cannot narrow anything.
    .filter(({ size }) => size > 0)
    .sort((a, b) => a.size - b.size);
  if (asked.length === 0) return [];
  const touched: number[] = [];
  asked.forEach(({ like, size }, nth) => {
    const rarity = Math.log(1 + owners.length / size);
    for (const { ids, weight } of like)
      for (const id of ids) {
        if (matched[id] !== nth) continue;
        if (nth === 0) touched.push(id);
        matched[id] = nth + 1;
        score[id] = (score[id] ?? 0) + weight * rarity;
      }
  });
  const best: { found: Found; score: number; at: number }[] = [];
  const seen = new Map<number, number>();
  for (const id of touched) {
    const whole = matched[id] === asked.length;
    const points = score[id] ?? 0;
    matched[id] = 0;
    score[id] = 0;
    if (!whole) continue;
    const at = owners[id] ?? 0;
    const found = codes[at];
    if (found === undefined) continue;
    const total =
      points - EXTRA_WORD * ((lengths[id] ?? 0) - asked.length) - EXTRA_CHARACTER * found.code.length + SYSTEM_WEIGHT[found.system];
    if (best.length >= limit && total <= (best.at(-1)?.score ?? 0)) continue;
    if ((seen.get(at) ?? -Infinity) >= total || !may(found)) continue;
    if (seen.has(at))
      best.splice(
        best.findIndex((one) => one.at === at),
        1,
      );
    seen.set(at, total);
    const place = best.findIndex((one) => one.score < total || (one.score === total && one.found.code > found.code));
    best.splice(place < 0 ? best.length : place, 0, { found, score: total, at });
    const dropped = best.length > limit ? best.pop() : undefined;
    if (dropped !== undefined) seen.delete(dropped.at);
  }
  return best.map(({ found }) => found);
}
