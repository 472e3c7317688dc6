/**
 * Whether two values of JSON would be the same text: members in the same order, those that are undefined left out. Most values that are compared are
 * the same, and making texts of both costs several times as much.
 */
export function sameJson(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((one, at) => sameJson(one, b[at]));
  if (Array.isArray(b)) return false;
  const theirs = Object.entries(b);
  let at = 0;
  for (const name in a) {
    const mine = (a as Record<string, unknown>)[name];
    if (mine === undefined) continue;
    while (theirs[at]?.[1] === undefined && at < theirs.length) at++;
    const their = theirs[at++];
    if (their === undefined || their[0] !== name || !sameJson(mine, their[1])) return false;
  }
  return theirs.slice(at).every(([, value]) => value === undefined);
}
