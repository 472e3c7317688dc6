import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Failure } from "#src/base/failures.ts";
import { OFFLINE_ID_KEY } from "#src/base/ids.ts";
import { fail, type Result } from "#src/base/result.ts";
import { mapHl7, settingsOf } from "#src/charts/map-record.ts";
import { readMapFiles } from "#src/config/map-files.ts";
import type { Feed } from "#src/config/types.ts";
import { readHeader } from "#src/hl7v2/header.ts";
import { isZone } from "#src/hl7v2/zones.ts";
import { compileMaps, type MapPack } from "#src/mapping/compile.ts";
import type { Mapped, MapSettings } from "#src/mapping/types.ts";
import { CommandFault } from "./installation.ts";
import { configOf } from "./installation-config.ts";

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
  /** A chartbridge.yaml, whose feed says zone, authority, which numbers are whose, and the site's maps. */
  readonly config?: string;
  /** Which of its feeds; the only one when absent. */
  readonly feed?: string;
}

/** The feed of a configuration whose messages are to be mapped, and where its site's maps are. */
function feedOf(path: string, name: string | undefined): { readonly feed: Feed; readonly siteMaps: string } {
  const read = configOf(".chartbridge/main", path);
  if (!("feeds" in read)) throw new CommandFault(read.join("\n"));
  const found = read.feeds.filter((feed) => name === undefined || feed.name === name);
  const [feed] = found;
  if (feed === undefined || found.length > 1)
    throw new CommandFault(`--feed names one of: ${read.feeds.map((one) => one.name).join(", ")}`);
  return { feed, siteMaps: read.siteMapsDir };
}

export function offlineMapping({ mappings, siteMaps, zone, authority, config, feed }: OfflineOptions): OfflineMapping {
  if (config !== undefined && !existsSync(config)) throw new CommandFault(`there is no file ${config}`);
  if (siteMaps !== undefined && !existsSync(siteMaps)) throw new CommandFault(`there is no folder ${siteMaps}`);
  const configured = config === undefined ? undefined : feedOf(config, feed);
  if (!isZone(zone)) throw new CommandFault(`--zone takes an IANA zone such as America/Chicago, not ${zone}`);
  const compiled = compileMaps(readMapFiles(mappings, siteMaps ?? configured?.siteMaps));
  if (!compiled.ok) throw new CommandFault(compiled.failure.join("\n"));
  const pack = compiled.value;
  const settings: MapSettings = {
    ...(configured === undefined ? { idKey: OFFLINE_ID_KEY, zone } : settingsOf(configured.feed, OFFLINE_ID_KEY)),
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
