/** Segments that say of a message when, by whom and why it was sent. */
const HEAD: ReadonlySet<string> = new Set(["MSH", "EVN"]);

export const isHead = (name: string): boolean => HEAD.has(name);

/** Fields of MSH that are another with every message: its time, its control id and its number in a sequence (v2.5.1 ch. 2.15.9). */
const PASSING: ReadonlySet<number> = new Set([7, 10, 13]);

/** Whether a field of MSH or EVN may be another in a message that says the same. */
export const isPassing = (name: string, field: number): boolean => name === "EVN" || (name === "MSH" && PASSING.has(field));
