/** Where the words were found, with what is around them. */
export interface Excerpt {
  readonly text: string;
  /** Begin of the word within `text`, and its length, in characters. */
  readonly at: number;
  readonly length: number;
}

const AROUND = 60;
const EXCERPTS_MAX = 5;

/** Letters without case and accents, one for one, so that places stay places of the text. */
const plain = (text: string): string =>
  Array.from(text, (char) => {
    const base = char.normalize("NFD")[0] ?? char;
    const lower = base.toLowerCase();
    return lower.length === char.length ? lower : char;
  }).join("");

/** The words of a question; what is between double quotes is one. */
export const wordsOf = (question: string): readonly string[] =>
  [...question.matchAll(/"([^"]+)"|(\S+)/g)].map(([, phrase, word]) => plain(phrase ?? word ?? "")).filter((word) => word !== "");

/**
 * Looks for words in a text. All must be there, in any case and with or without accents, alone or within longer words.
 * @returns undefined when one is missing; else how often they occur, and the first places.
 */
export function findWords(
  text: string,
  words: readonly string[],
): { readonly count: number; readonly excerpts: readonly Excerpt[] } | undefined {
  if (words.length === 0) return undefined;
  const searched = plain(text);
  const places: { at: number; length: number }[] = [];
  for (const word of words) {
    let at = searched.indexOf(word);
    if (at < 0) return undefined;
    for (; at >= 0; at = searched.indexOf(word, at + word.length)) places.push({ at, length: word.length });
  }
  places.sort((a, b) => a.at - b.at);
  const excerpts = places.slice(0, EXCERPTS_MAX).map(({ at, length }) => {
    const from = Math.max(0, at - AROUND);
    return { text: text.slice(from, at + length + AROUND), at: at - from, length };
  });
  return { count: places.length, excerpts };
}
