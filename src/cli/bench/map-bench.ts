import { type IdKey, OFFLINE_ID_KEY } from "#src/base/ids.ts";
import { readMapFiles } from "#src/config/map-files.ts";
import { jsonText } from "#src/fhir/shared-json.ts";
import { parseMessage } from "#src/hl7v2/message.ts";
import { compileMaps } from "#src/mapping/compile.ts";
import type { MapSettings } from "#src/mapping/types.ts";
import { CommandFault } from "../installation.ts";
import type { Print } from "../send.ts";
import { OtherReaders, secondsOf } from "./other-readers.ts";
import { admissionTexts } from "./templates.ts";

/** Messages before the clock starts: until then the code is not compiled to what it will be. */
const WARM_UP = 40_000;
/** What became of them is remembered under this key, and of no use to those that are measured: all of these are new, as in a day of traffic. */
const WARM_UP_KEY = "chartbridge-bench-warm-up" as IdKey;

/** What one patient's messages say, in their order. */
const KINDS = ["admission", "firstUpdate", "unchanged", "otherBed", "moreDiagnoses"] as const;
type Kind = (typeof KINDS)[number];
/** Patients whose messages come in turns: all admissions, then all first updates. */
const SIDE_BY_SIDE = 50;
/** Patients. */
const FEWEST = 2_000;
/** One message in so many is also read by other packages. */
const READ_BESIDE = 5;
/** Bytes of a resource of these messages, and more. */
const LARGEST = 1 << 16;

interface MapFigures {
  readonly messagesPerSecond: number;
  /** Of one message, on average: of all, and of each kind. */
  readonly microseconds: number;
  readonly ofKinds: Readonly<Record<Kind, number>>;
  /** Messages a second that other packages read meanwhile, and do no more with. */
  readonly readAlone: OtherReaders["perSecond"];
}

/** An admission, or an update of it at a time of its own: one that says all of it again, or one that changes something. */
function textOf(admission: string, kind: Kind): string {
  const [msh = "", evn = "", ...segments] = admission.split("\r");
  if (kind === "admission") return admission;
  const sent = msh.split("|")[6] ?? "";
  const minutes = `${sent.slice(0, 10)}${String(KINDS.indexOf(kind) * 7).padStart(2, "0")}${sent.slice(12)}`;
  const head = [msh, evn].map((line) => line.replaceAll(sent, minutes).replace("A01", "A08"));
  return [...head, ...segments.flatMap((line) => changed(line, kind))].join("\r");
}

/** A line of an admission as an update of some kind says it. */
function changed(line: string, kind: Kind): readonly string[] {
  if (kind === "otherBed" && line.startsWith("PV1|")) {
    const fields = line.split("|");
    const [ward = "", room = "", , ...facility] = (fields[3] ?? "").split("^");
    return [fields.with(3, [ward, room, "Z", ...facility].join("^")).join("|")];
  }
  if (kind === "moreDiagnoses" && line.startsWith("DG1|1|")) return [line, "DG1|9||R53.83^Other fatigue^I10|Other fatigue||W"];
  return [line];
}

/**
 * Measures parsing, mapping and serialising, to bytes, of admissions and their updates on one core, with and without lineage; beside it other packages read
 * some of the same messages. Prints one line of JSON.
 * @param messages of each measured run.
 */
export function runMapBench(messages: number, mappings: string, out: Print): void {
  const compiled = compileMaps(readMapFiles(mappings));
  if (!compiled.ok) throw new CommandFault(compiled.failure.join("\n"));
  const pack = compiled.value;
  const patients = Math.max(FEWEST, Math.ceil(messages / KINDS.length / SIDE_BY_SIDE) * SIDE_BY_SIDE);
  const admissions = admissionTexts(new Date("2026-03-02T15:00:00Z"), patients);
  const turns = Array.from({ length: patients / SIDE_BY_SIDE }, (_, n) =>
    admissions.slice(n * SIDE_BY_SIDE, (n + 1) * SIDE_BY_SIDE),
  ).flatMap((side) => KINDS.map((kind) => ({ kind, texts: side.map((admission) => textOf(admission, kind)) })));
  const count = patients * KINDS.length;
  const bytes = turns.reduce((sum, { texts }) => sum + texts.reduce((of, text) => of + text.length, 0), 0) / count;
  let written = 0;
  const buffer = Buffer.alloc(LARGEST);
  const map = (text: string, settings: MapSettings): void => {
    const message = parseMessage(text);
    const mapped = message.ok ? pack.map(message.value, settings) : message;
    if (!mapped.ok) throw new CommandFault(`a message of the bench is not mapped: ${mapped.failure.code}`);
    for (const { resource } of mapped.value.resources) written += buffer.write(jsonText(resource));
  };
  const measure = (lineage: boolean): MapFigures => {
    const settings: MapSettings = { idKey: OFFLINE_ID_KEY, zone: "America/Chicago", lineage };
    const before: MapSettings = { ...settings, idKey: WARM_UP_KEY };
    for (let warmed = 0; warmed < WARM_UP; warmed += count) for (const { texts } of turns) for (const text of texts) map(text, before);
    new OtherReaders().read(admissions);
    const others = new OtherReaders();
    const took: Record<Kind, number> = { admission: 0, firstUpdate: 0, unchanged: 0, otherBed: 0, moreDiagnoses: 0 };
    for (const { kind, texts } of turns) {
      took[kind] += secondsOf(() => {
        for (const text of texts) map(text, settings);
      });
      others.read(texts.filter((_, n) => n % READ_BESIDE === 0));
    }
    const seconds = Object.values(took).reduce((sum, one) => sum + one, 0);
    const each = (of: number, all: number): number => Math.round((1e6 * of) / all);
    return {
      messagesPerSecond: Math.round(count / seconds),
      microseconds: each(seconds, count),
      ofKinds: {
        admission: each(took.admission, patients),
        firstUpdate: each(took.firstUpdate, patients),
        unchanged: each(took.unchanged, patients),
        otherBed: each(took.otherBed, patients),
        moreDiagnoses: each(took.moreDiagnoses, patients),
      },
      readAlone: others.perSecond,
    };
  };
  const without = measure(false);
  const withLineage = measure(true);
  out(
    JSON.stringify({
      what: "parse, map and serialise admissions and their updates, one core",
      messageBytes: Math.round(bytes),
      messages: count,
      patients,
      without,
      withLineage,
      written,
    }),
  );
}
