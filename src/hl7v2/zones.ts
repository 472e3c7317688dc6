/** Local hours kept; a feed's traffic lies within some months, so this is rarely reached. */
const MOST_HOURS = 20_000;
const known = new Map<string, string>();
const formats = new Map<string, Intl.DateTimeFormat>();

function minutesAt(zone: string, utcMs: number): number {
  let format = formats.get(zone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat("en-US", { timeZone: zone, timeZoneName: "longOffset" });
    formats.set(zone, format);
  }
  const name = format.formatToParts(utcMs).find((part) => part.type === "timeZoneName")?.value ?? "";
  const match = /([+-])(\d\d):(\d\d)/.exec(name);
  return match === null ? 0 : (match[1] === "-" ? -1 : 1) * (Number(match[2]) * 60 + Number(match[3]));
}

const written = (minutes: number): string => {
  const size = Math.abs(minutes);
  return `${minutes < 0 ? "-" : "+"}${String(Math.floor(size / 60)).padStart(2, "0")}:${String(size % 60).padStart(2, "0")}`;
};

/** Whether the platform knows this IANA zone. */
export function isZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat("en-US", { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}

/**
 * The offset (`-05:00`) that a zone's clocks had in a local hour. In the hour that occurs twice it is the first one's (daylight time);
 * in the hour that does not occur it is the one before. An unknown zone counts as UTC: settings are checked before they come here.
 * @param date `2026-01-31`  @param hour `00` to `23`
 */
export function offsetOf(zone: string, date: string, hour: string): string {
  const key = `${zone}|${date}T${hour}`;
  const cached = known.get(key);
  if (cached !== undefined) return cached;
  if (!formats.has(zone) && !isZone(zone)) return "+00:00";
  const local = Date.parse(`${date}T${hour}:00:00Z`);
  const before = minutesAt(zone, local - 86_400_000);
  const fits = minutesAt(zone, local - before * 60_000) === before;
  const after = minutesAt(zone, local + 86_400_000);
  const offset = written(fits || minutesAt(zone, local - after * 60_000) !== after ? before : after);
  if (known.size >= MOST_HOURS) known.clear();
  known.set(key, offset);
  return offset;
}
