/** An element, or the components of a composite. */
export type Element = string | readonly string[];
/** Name and elements. */
export type Segment = readonly [name: string, ...elements: Element[]];

const ELEMENT = "*";
const COMPONENT = ":";
const REPETITION = "^";
const TERMINATOR = "~";

/** Upper case, no accents, nothing but the basic and extended sets, no separators. */
export const x12Text = (text: string): string =>
  text
    .normalize("NFD")
    .toUpperCase()
    .replaceAll(/[^A-Z0-9 !"&'()+,\-./;?=%@[\]_{}\\|<>#$]/g, "")
    .trim();

/** YYYYMMDD of a day or the beginning of a time. */
export const x12Day = (day: string): string => day.slice(0, 10).replaceAll("-", "");
/** HHMM of a local time; empty when it has none. */
export const x12Time = (time: string): string => (time.length >= 16 ? time.slice(11, 16).replace(":", "") : "");
/** Dollars and cents, without an empty fraction. */
export const x12Amount = (cents: number): string => (cents / 100).toFixed(2).replace(/\.?0+$/, "");
/** A number without trailing zeros. */
export const x12Number = (value: number): string => String(Number(value.toFixed(4)));

const written = (element: Element): string => (typeof element === "string" ? element : element.join(COMPONENT).replace(/:+$/, ""));

const line = ([name, ...elements]: Segment): string => [name, ...elements.map(written)].join(ELEMENT).replace(/\*+$/, "") + TERMINATOR;

export interface Envelope {
  /** GS08, ST03: implementation guide of the transaction. */
  readonly guide: string;
  readonly sender: string;
  readonly receiver: string;
  /** Made when, ISO 8601. */
  readonly at: string;
}

const CONTROL = "000000001";
const SET = "0001";

/** One interchange with one group and one transaction, marked as a test (ISA15 = T). */
export function writeInterchange({ guide, sender, receiver, at }: Envelope, body: readonly Segment[]): string {
  const [day, time] = [x12Day(at), x12Time(at) || "0000"];
  const party = (id: string): string => id.slice(0, 15).padEnd(15);
  // Fixed widths: readers find the separators by position.
  const interchange = [
    ["ISA", "00", " ".repeat(10), "00", " ".repeat(10), "ZZ", party(sender), "ZZ", party(receiver), day.slice(2), time],
    [REPETITION, "00501", CONTROL, "0", "T", COMPONENT],
  ];
  const head = `${interchange.flat().join(ELEMENT)}${TERMINATOR}`;
  const set: readonly Segment[] = [["ST", "837", SET, guide], ...body];
  return [
    head,
    line(["GS", "HC", sender, receiver, day, time, "1", "X", guide]),
    ...set.map(line),
    line(["SE", String(set.length + 1), SET]),
    line(["GE", "1", "1"]),
    line(["IEA", "1", CONTROL]),
    "",
  ].join("\n");
}
