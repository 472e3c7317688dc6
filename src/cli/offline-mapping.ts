import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Failure } from "#src/base/failures.ts";
import { OFFLINE_ID_KEY } from "#src/base/ids.ts";
import { fail, type Result } from "#src/base/result.ts";
import { mapHl7 } from "#src/charts/map-record.ts";
import { readMapFiles } from "#src/config/map-files.ts";
import { readHeader } from "#src/hl7v2/header.ts";
import { isZone } from "#src/hl7v2/zones.ts";
import { compileMaps, type MapPack } from "#src/mapping/compile.ts";
import type { Mapped, MapSettings } from "#src/mapping/types.ts";
import { CommandFault } from "./installation.ts";

/** The maps that come with the engine. */
export const SHIPPED_MAPS = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "mappings");

/** Maps and settings of the commands that need no installation. Ids are of a public key, so that everyone gets the same ones. */
export interface OfflineMapping {
  readonly pack: MapPack;
  readonly settings: MapSettings;
  /** Maps one message as the engine would, except for the id key and the feed's settings. */
  readonly map: (bytes: Buffer) => Result<Mapped, Failure>;
}

export interface OfflineOptions {
  readonly mappings: string;
  /** Folder of a site's own maps. */
  readonly siteMaps?: string;
  readonly zone: string;
  readonly authority?: string;
}

export function offlineMapping({ mappings, siteMaps, zone, authority }: OfflineOptions): OfflineMapping {
  if (!isZone(zone)) throw new CommandFault(`--zone takes an IANA zone such as America/Chicago, not ${zone}`);
  const compiled = compileMaps(readMapFiles(mappings, siteMaps));
  if (!compiled.ok) throw new CommandFault(compiled.failure.join("\n"));
  const pack = compiled.value;
  const settings: MapSettings = {
    idKey: OFFLINE_ID_KEY,
    zone,
    envelope: true,
    ...(authority === undefined ? {} : { defaultAuthority: authority }),
  };
  return {
    pack,
    settings,
    map: (bytes) => {
      const header = readHeader(bytes);
      if (!header.ok) return header;
      if (!pack.handles(header.value.messageType)) return fail({ code: "MESSAGE_NOT_SUPPORTED", place: "MSH-9" });
      return mapHl7(bytes, header.value, pack, settings);
    },
  };
}
