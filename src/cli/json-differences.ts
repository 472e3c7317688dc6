const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);

const shown = (value: unknown): string => {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
};

/** Where two JSON values differ, element by element: `entry[3].resource.status: "finished" is now "in-progress"`. */
export function differences(expected: unknown, actual: unknown, path = ""): readonly string[] {
  if (Array.isArray(expected) && Array.isArray(actual))
    return Array.from({ length: Math.max(expected.length, actual.length) }, (_, at) => at).flatMap((at) =>
      differences(expected[at] as unknown, actual[at] as unknown, `${path}[${at}]`),
    );
  if (isObject(expected) && isObject(actual))
    return [...new Set([...Object.keys(expected), ...Object.keys(actual)])].flatMap((name) =>
      differences(expected[name], actual[name], path === "" ? name : `${path}.${name}`),
    );
  if (Object.is(expected, actual)) return [];
  if (expected === undefined) return [`${path}: is new: ${shown(actual)}`];
  if (actual === undefined) return [`${path}: ${shown(expected)} is gone`];
  return [`${path}: ${shown(expected)} is now ${shown(actual)}`];
}
