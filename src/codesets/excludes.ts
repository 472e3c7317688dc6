/** Excludes1 notes: a code of a range is not coded with one of another. */
export interface Excludes {
  /** Whether either code's notes exclude the other. Codes without a dot. */
  between(code: string, other: string): boolean;
}

type Range = readonly [from: string, to: string];

const within = (code: string, [from, to]: Range): boolean => code.slice(0, from.length) >= from && code.slice(0, to.length) <= to;
const rangeOf = (text: string): Range => {
  const [from = "", to = from] = text.split("-");
  return [from, to];
};

/** @param rows pairs of ranges, each `A50-A64` or one code. */
export function createExcludes(rows: readonly { readonly scope: string; readonly ref: string }[]): Excludes {
  const rules = rows.map(({ scope, ref }) => ({ scope: rangeOf(scope), ref: rangeOf(ref) }));
  // Notes stand at few categories; what applies to one is looked up once.
  const ofCategory = new Map<string, typeof rules>();
  const applying = (code: string): typeof rules => {
    const category = code.slice(0, 3);
    const known =
      ofCategory.get(category) ?? rules.filter(({ scope: [from, to] }) => category >= from.slice(0, 3) && category <= to.slice(0, 3));
    ofCategory.set(category, known);
    return known;
  };
  // A note excludes what is classified elsewhere: a pair that both ranges hold is one condition told twice.
  const excluded = (code: string, other: string): boolean =>
    applying(code).some(({ scope, ref }) => within(other, ref) && within(code, scope) && !within(other, scope));
  return { between: (code, other) => code !== other && (excluded(code, other) || excluded(other, code)) };
}
