const formats = new Map<string, Intl.DateTimeFormat>();

/**
 * A FHIR date, dateTime or instant as the clocks of a zone have it, without an offset: `20260302080000`. A date alone stays a date.
 * hl7v2 1.8 loses the sign of an offset when it writes one, and leaves seconds out that are 00.
 */
export function localTime(text: string | undefined, zone: string): string {
  if (text === undefined) return "";
  if (!text.includes("T")) return text.replaceAll("-", "");
  const ms = Date.parse(text);
  if (Number.isNaN(ms)) return "";
  let format = formats.get(zone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat("en-US", {
      timeZone: zone,
      hourCycle: "h23",
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
    });
    formats.set(zone, format);
  }
  const parts = new Map(format.formatToParts(ms).map(({ type, value }) => [type, value]));
  return ["year", "month", "day", "hour", "minute", "second"].map((part) => parts.get(part as Intl.DateTimeFormatPartTypes) ?? "").join("");
}
