import { OFFLINE_ID_KEY } from "#src/base/ids.ts";
import { readMapFiles } from "#src/config/map-files.ts";
import { parseMessage } from "#src/hl7v2/message.ts";
import { compileMaps } from "#src/mapping/compile.ts";
import type { MapSettings } from "#src/mapping/types.ts";
import { CommandFault } from "../installation.ts";
import type { Print } from "../send.ts";
import { admissionTexts } from "./templates.ts";

/** Messages before the clock starts: until then the code is not compiled to what it will be. */
const WARM_UP = 40_000;

/** Messages of one patient, an admission and updates that say it again, and patients side by side. */
const SAID = 4;
const SIDE_BY_SIDE = 50;

interface MapFigures {
  readonly messagesPerSecond: number;
  /** Of one message, on average. */
  readonly microseconds: number;
}

/** The n-th message that says so: after the admission updates, each at a time of its own. */
function saidAgain(admission: string, n: number): string {
  const [msh = "", evn = "", ...segments] = admission.split("\r");
  const sent = `${msh.split("|")[6] ?? ""}`;
  const minutes = `${sent.slice(0, 10)}${String(n * 7).padStart(2, "0")}${sent.slice(12)}`;
  const head = [msh, evn].map((line) => line.replaceAll(sent, minutes));
  return [...(n === 0 ? head : head.map((line) => line.replace("A01", "A08"))), ...segments].join("\r");
}

/**
 * Measures parsing, mapping and serialising of admissions on one core, with and without lineage. Prints one line of JSON.
 * @param messages of each measured run.
 */
export function runMapBench(messages: number, mappings: string, out: Print): void {
  const compiled = compileMaps(readMapFiles(mappings));
  if (!compiled.ok) throw new CommandFault(compiled.failure.join("\n"));
  const pack = compiled.value;
  const admissions = admissionTexts(new Date("2026-03-02T15:00:00Z"), Math.ceil(messages / SAID));
  const texts = Array.from({ length: admissions.length * SAID }, (_, n) => {
    const group = Math.floor(n / (SIDE_BY_SIDE * SAID));
    const admission = admissions[(group * SIDE_BY_SIDE + (n % SIDE_BY_SIDE)) % admissions.length] ?? "";
    return saidAgain(admission, Math.floor((n % (SIDE_BY_SIDE * SAID)) / SIDE_BY_SIDE));
  });
  const nth = (n: number): string => texts[n % texts.length] ?? "";
  const bytes = texts.reduce((sum, text) => sum + text.length, 0) / texts.length;
  let characters = 0;
  const run = (count: number, settings: MapSettings): void => {
    for (let n = 0; n < count; n++) {
      const message = parseMessage(nth(n));
      const mapped = message.ok ? pack.map(message.value, settings) : message;
      if (!mapped.ok) throw new CommandFault(`an admission of the bench is not mapped: ${mapped.failure.code}`);
      for (const { resource } of mapped.value.resources) characters += JSON.stringify(resource).length;
    }
  };
  const measure = (lineage: boolean): MapFigures => {
    const settings: MapSettings = { idKey: OFFLINE_ID_KEY, zone: "America/Chicago", lineage };
    run(WARM_UP, settings);
    const begun = process.hrtime.bigint();
    run(messages, settings);
    const seconds = Number(process.hrtime.bigint() - begun) / 1e9;
    return { messagesPerSecond: Math.round(messages / seconds), microseconds: Math.round((1e6 * seconds) / messages) };
  };
  const without = measure(false);
  const withLineage = measure(true);
  out(
    JSON.stringify({
      what: "parse, map and serialise an admission, one core",
      messageBytes: Math.round(bytes),
      messages,
      patients: admissions.length,
      without,
      withLineage,
      characters,
    }),
  );
}
