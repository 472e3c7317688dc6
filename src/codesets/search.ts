import type { CodeData, CodeSystemName } from "./code-data.ts";
import type { SearchIndex } from "./search-index.ts";

export interface CodeQuery {
  readonly text: string;
  readonly date: string;
  readonly systems?: readonly CodeSystemName[];
  /** Headers, ended and coming codes are left out; those of which no data tell are not. */
  readonly validOnly: boolean;
  readonly limit: number;
}

export interface CodeHit {
  readonly system: CodeSystemName;
  readonly code: string;
  readonly title: string;
  readonly state: "valid" | "header" | "not-valid" | "no-data";
}

/** What a code is on a day. */
export function stateOn(data: CodeData, system: CodeSystemName, code: string, date: string): CodeHit["state"] {
  const found = data.lookup(system, code, date);
  if (found === "no-data") return "no-data";
  if (found === "unknown") return "not-valid";
  return found.billable ? "valid" : "header";
}

/** Finds codes by their beginning or by words, and says what each is on the day. */
export function searchCodes(index: SearchIndex, data: CodeData, { text, date, systems, validOnly, limit }: CodeQuery): readonly CodeHit[] {
  return index
    .find(text, {
      limit,
      ...(systems === undefined ? {} : { systems }),
      ...(validOnly ? { accepts: ({ system, code }) => /^(valid|no-data)$/.test(stateOn(data, system, code, date)) } : {}),
    })
    .map(({ system, code, title }) => ({ system, code, title, state: stateOn(data, system, code, date) }));
}
