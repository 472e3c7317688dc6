import { readFile } from "node:fs/promises";
import { join, dirname, basename } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, type Failure } from "#src/base/failures.ts";
import { OFFLINE_ID_KEY } from "#src/base/ids.ts";
import { fail, type Result } from "#src/base/result.ts";
import { mapHl7 } from "#src/charts/map-record.ts";
import { readMapFiles } from "#src/config/map-files.ts";
import { readHeader } from "#src/hl7v2/header.ts";
import { isZone } from "#src/hl7v2/zones.ts";
import { compileMaps, type MapPack } from "#src/mapping/compile.ts";
import { type MessageInfo, toBundle } from "#src/mapping/to-bundle.ts";
import type { Mapped, MapSettings } from "#src/mapping/types.ts";
import { CommandFault } from "./installation.ts";
import { type Print, splitMessages } from "./send.ts";

const SHIPPED = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "mappings");
const FORMATS = ["bundle", "lineage"];

export interface MapOptions {
  readonly format: string;
  readonly zone: string;
  readonly authority?: string;
  readonly mappings?: string;
}

function packOf(folder: string): MapPack {
  const compiled = compileMaps(readMapFiles(folder));
  if (!compiled.ok) throw new CommandFault(compiled.failure.join("\n"));
  return compiled.value;
}

function infoOf(bytes: Buffer): MessageInfo {
  const header = readHeader(bytes);
  if (!header.ok) return { messageType: "", controlId: "", sendingApplication: "" };
  const { messageType, controlId, sendingApplication, sendingFacility } = header.value;
  return { messageType, controlId, sendingApplication, sendingFacility };
}

/** Maps one message as the engine would, except for the id key and the feed's settings. */
function mapOne(bytes: Buffer, pack: MapPack, settings: MapSettings): Result<Mapped, Failure> {
  const header = readHeader(bytes);
  if (!header.ok) return header;
  if (!pack.handles(header.value.messageType)) return fail({ code: "MESSAGE_NOT_SUPPORTED", place: "MSH-9" });
  return mapHl7(bytes, header.value, pack, settings);
}

/**
 * Maps every message of the files, offline: one line of JSON each, in the order of the input, with ids of a public key so that
 * everyone gets the same ones. Problems go to `err` as well.
 * @returns the exit code: 1 when a message could not be mapped, or a file not be read.
 */
export async function mapFiles(
  files: readonly string[],
  { format, zone, authority, mappings }: MapOptions,
  { out, err }: { readonly out: Print; readonly err: Print },
): Promise<0 | 1> {
  if (!FORMATS.includes(format)) throw new CommandFault(`--format takes ${FORMATS.join(" or ")}, not ${format}`);
  if (!isZone(zone)) throw new CommandFault(`--zone takes an IANA zone such as America/Chicago, not ${zone}`);
  const pack = packOf(mappings ?? SHIPPED);
  const settings: MapSettings = { idKey: OFFLINE_ID_KEY, zone, ...(authority === undefined ? {} : { defaultAuthority: authority }) };
  let fine = true;
  for (const file of files) {
    const bytes = await readFile(file).catch(() => undefined);
    const messages = bytes === undefined ? [] : splitMessages(bytes);
    if (messages.length === 0) {
      err(`${file}: ${bytes === undefined ? "cannot be read" : "holds no message (no line begins with MSH)"}`);
      fine = false;
    }
    for (const [index, message] of messages.entries()) {
      const place = `${basename(file)}#${index + 1}`;
      const mapped = mapOne(message, pack, settings);
      if (!mapped.ok) {
        fine = false;
        err(`${place}: ${describe(mapped.failure)}`);
      } else for (const warning of mapped.value.warnings) err(`${place}: warning: ${describe(warning)}`);
      out(format === "lineage" ? lineageLine(place, pack, mapped) : JSON.stringify(toBundle(mapped, infoOf(message), settings.idKey)));
    }
  }
  return fine ? 0 : 1;
}

const lineageLine = (message: string, pack: MapPack, mapped: Result<Mapped, Failure>): string =>
  JSON.stringify(
    mapped.ok
      ? { message, mapVersion: pack.version, messageType: mapped.value.messageType, lineage: mapped.value.lineage }
      : { message, mapVersion: pack.version, failure: mapped.failure },
  );
