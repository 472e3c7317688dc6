/** The separators of one message, from MSH-1 and MSH-2 (v2.5.1 ch. 2.5.4). One that the sender did not declare is empty: it separates nothing. */
export interface Delimiters {
  readonly field: string;
  readonly component: string;
  readonly repetition: string;
  readonly escape: string;
  readonly subcomponent: string;
  /** The fifth character of MSH-2 (v2.7): marks text that was cut. */
  readonly truncation: string;
}

/** Whether a character may separate: none that texts are made of, and none below the blank, which MLLP keeps for itself. */
export const isSeparator = (character: string | undefined): character is string =>
  character !== undefined && character > " " && character !== "\x7f" && !/[A-Za-z0-9\s]/.test(character);

/**
 * Reads the delimiters off an MSH segment.
 * @returns undefined when they cannot be told apart, are letters, digits, blanks or control characters, or MSH-2 has not 1 to 5 characters.
 */
export function readDelimiters(msh: string): Delimiters | undefined {
  const field = msh[3];
  if (!isSeparator(field)) return undefined;
  const end = msh.indexOf(field, 4);
  const declared = end < 0 ? msh.slice(4) : msh.slice(4, end);
  if (lately !== undefined && lately.field === field && lately.declared === declared) return lately.delimiters;
  const delimiters = readAnew(field, declared);
  if (delimiters !== undefined) lately = { field, declared, delimiters };
  return delimiters;
}

/** Those of the message before: nearly all messages have the same. */
let lately: { readonly field: string; readonly declared: string; readonly delimiters: Delimiters } | undefined;

function readAnew(field: string, declared: string): Delimiters | undefined {
  if (declared.length < 1 || declared.length > 5) return undefined;
  if (![...declared].every((character) => isSeparator(character) && character !== '"')) return undefined;
  if (new Set([field, ...declared]).size < declared.length + 1) return undefined;
  const [component = "", repetition = "", escape = "", subcomponent = "", truncation = ""] = declared;
  return { field, component, repetition, escape, subcomponent, truncation };
}
