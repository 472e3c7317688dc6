import { HL7Message } from "hl7v2";

/** A component: its text, or its subcomponents. */
export type Component = string | readonly string[];
/** A field: its text, its components, or its repetitions. */
export type Field = string | readonly Component[] | { readonly each: readonly (readonly Component[])[] };
/** Field number to value; what is not named stays empty. */
export type Fields = Readonly<Record<number, Field>>;
export type Segment = readonly [name: string, fields: Fields];

/** MSH as the demo's hospital sends it. */
export interface Envelope {
  readonly type: string;
  readonly event: string;
  readonly structure: string;
  readonly controlId: string;
  /** MSH-7, local time `YYYYMMDDHHMMSS`. */
  readonly sentAt: string;
}

const isRepeating = (field: Field): field is { readonly each: readonly (readonly Component[])[] } =>
  typeof field === "object" && "each" in field;

const repetitionsOf = (field: Field): readonly (readonly Component[])[] => {
  if (typeof field === "string") return [[field]];
  return isRepeating(field) ? field.each : [field];
};

function addSegment(message: HL7Message, [name, fields]: Segment): void {
  const segment = name === "MSH" ? message.header : message.addSegment(name);
  for (const [position, field] of Object.entries(fields)) {
    const target = segment.field(Number(position));
    for (const [repetition, components] of repetitionsOf(field).entries()) {
      for (const [index, component] of components.entries()) {
        if (component === "") continue;
        const place = target.rep(repetition).comp(index + 1);
        if (typeof component === "string") place.setValue(component);
        else for (const [at, text] of component.entries()) place.subcomp(at + 1).value = text;
      }
    }
  }
}

/** Serializes a v2.5.1 message of DEMOEHR at NORTH; delimiters within texts are escaped. */
export function buildMessage({ type, event, structure, controlId, sentAt }: Envelope, segments: readonly Segment[]): string {
  const message = new HL7Message("2.5.1");
  const header: Segment = [
    "MSH",
    {
      3: "DEMOEHR",
      4: "NORTH",
      5: "CHARTBRIDGE",
      6: "HIM",
      7: sentAt,
      9: [type, event, structure],
      10: controlId,
      11: "P",
      12: "2.5.1",
      18: "UNICODE UTF-8",
    },
  ];
  for (const segment of [header, ...segments]) addSegment(message, segment);
  return message.toHL7String();
}

const PARTS: Intl.DateTimeFormatOptions = {
  hourCycle: "h23",
  year: "numeric",
  month: "2-digit",
  day: "2-digit",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
};

/** A point in time as local time of a zone, `YYYYMMDDHHMMSS`. */
export function localTime(at: Date, zone: string): string {
  const parts = new Map(
    new Intl.DateTimeFormat("en-US", { ...PARTS, timeZone: zone }).formatToParts(at).map((part) => [part.type, part.value]),
  );
  return ["year", "month", "day", "hour", "minute", "second"].map((name) => parts.get(name as Intl.DateTimeFormatPartTypes) ?? "").join("");
}
