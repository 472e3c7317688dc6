/** Longer parts of a text are no copies but views, which keep the whole text alive. */
const COPIED = 12;

/** A text that keeps no other alive: a message may be megabytes long. Half of a character, which no decoder gives, becomes U+FFFD. */
export const ownCopy = (text: string): string => (text.length <= COPIED ? text : Buffer.from(text).toString());

/**
 * Keeps what was worked out, by a text that says all it came of. When there are too many all are forgotten.
 * @param most how many are kept
 * @returns the value
 */
export function keepLately<T>(lately: Map<string, T>, most: number, key: string, value: T): T {
  if (lately.size >= most) lately.clear();
  lately.set(ownCopy(key), value);
  return value;
}
