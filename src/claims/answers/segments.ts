import { fail, ok, type Result } from "#src/base/result.ts";

/** One segment of an X12 interchange: its name and its elements; `[1]` is the first element, each split into its components on demand. */
export interface X12Segment {
  readonly name: string;
  /** Number in the file, 1 = ISA. */
  readonly at: number;
  /** Element by its number, empty when absent. */
  element(number: number): string;
  components(number: number): readonly string[];
}

/** Characters of an ISA segment: it is of fixed length, and says its own separators (X12.5). */
const ISA_LENGTH = 106;

/** Whether a text begins as an X12 interchange does. */
export const isX12 = (text: string): boolean => text.trimStart().startsWith("ISA");

/** Splits an interchange into its segments, by the separators that its ISA names. Fails with what is wrong. */
export function readSegments(text: string): Result<readonly X12Segment[], string> {
  const source = text.trimStart();
  if (!source.startsWith("ISA") || source.length < ISA_LENGTH) return fail("the file does not begin with a whole ISA segment");
  const [elements, components, end] = [source[3] ?? "*", source[104] ?? ":", source[105] ?? "~"];
  const segments = source
    .split(end)
    .map((one) => one.replace(/^[\r\n]+/, ""))
    .filter((one) => one.trim() !== "")
    .map((one, index): X12Segment => {
      const parts = one.split(elements);
      return {
        name: (parts[0] ?? "").trim(),
        at: index + 1,
        element: (number) => (parts[number] ?? "").trim(),
        components: (number) => (parts[number] ?? "").trim().split(components),
      };
    });
  if (!segments.some(({ name }) => name === "IEA")) return fail("the interchange has no IEA segment: the file may have been cut off");
  return ok(segments);
}

/** The transactions of an interchange: what stands between ST and SE, with ST-1. */
export function transactionsOf(
  segments: readonly X12Segment[],
): readonly { readonly set: string; readonly segments: readonly X12Segment[] }[] {
  const sets: { set: string; segments: X12Segment[] }[] = [];
  let open: (typeof sets)[number] | undefined;
  for (const segment of segments) {
    if (segment.name === "ST") sets.push((open = { set: segment.element(1), segments: [] }));
    else if (segment.name === "SE") open = undefined;
    else open?.segments.push(segment);
  }
  return sets;
}

/** `20260401` as a day; undefined when it is none. */
export function dayOf(text: string): string | undefined {
  const match = /^(\d{4})(\d{2})(\d{2})$/.exec(text);
  return match === null ? undefined : `${match[1]}-${match[2]}-${match[3]}`;
}
