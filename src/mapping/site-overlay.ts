import type { Hl7Message } from "#src/hl7v2/message.ts";
import type { MapSpec, Row, SiteSpec } from "./map-schema.ts";
import type { Read, Where } from "./read-maps.ts";

/** A row with the place to report it at. */
export interface PlacedRow {
  readonly row: Row;
  readonly fault: (where: Where, what: string) => void;
}

/** A map with its rows, those of a site put over those of the base. */
export interface MergedMap {
  readonly spec: MapSpec;
  readonly dataType: boolean;
  readonly rows: readonly PlacedRow[];
  readonly fault: (where: Where, what: string) => void;
  /** A map that a site adds runs after this one. */
  readonly after?: string;
}

const placed = (rows: readonly Row[], fault: (where: Where, what: string) => void): readonly PlacedRow[] =>
  rows.map((row, at) => ({ row, fault: (where, what) => fault(["rows", at, ...where], what) }));

/** All maps of the base under their names. A name or a key that is there twice is a fault. */
export function baseMaps(maps: readonly Read<MapSpec>[]): ReadonlyMap<string, MergedMap> {
  const merged = new Map<string, MergedMap>();
  for (const { spec, dataType, fault } of maps) {
    if (merged.has(spec.map)) {
      fault(["map"], `${spec.map} is there already`);
      continue;
    }
    const keys = new Set<string>();
    for (const [at, { key }] of spec.rows.entries()) {
      if (keys.has(key)) fault(["rows", at, "key"], `${key} is there already`);
      keys.add(key);
    }
    merged.set(spec.map, { spec, dataType, rows: placed(spec.rows, fault), fault });
  }
  return merged;
}

/** A site's rows replace those of the same key; its others go first, for the first row that has a value counts. */
function withSite(base: readonly PlacedRow[], site: readonly PlacedRow[]): readonly PlacedRow[] {
  const own = new Map<string, PlacedRow>();
  for (const one of site) {
    if (own.has(one.row.key)) one.fault(["key"], `${one.row.key} is there already`);
    own.set(one.row.key, one);
  }
  const kept = base.map((one) => {
    const replaced = own.get(one.row.key);
    own.delete(one.row.key);
    return replaced ?? one;
  });
  for (const one of own.values()) if (one.row.drop === true) one.fault(["drop"], `there is no row ${one.row.key} to do without`);
  return [...own.values(), ...kept].filter(({ row }) => row.drop !== true);
}

/** The maps as they are for one site's senders. */
export function siteMaps(base: ReadonlyMap<string, MergedMap>, { spec, fault }: Read<SiteSpec>): ReadonlyMap<string, MergedMap> {
  const merged = new Map(base);
  const afterOf = new Map(spec.maps.flatMap(({ map, after }) => (base.has(map) ? [] : [[map, after] as const])));
  /** A map of the site's own runs after one that does; those that stand in a circle never begin. */
  const runs = (name: string, behind: ReadonlySet<string>): boolean => {
    const after = afterOf.get(name);
    return base.has(name) || (after !== undefined && !behind.has(name) && runs(after, new Set([...behind, name])));
  };
  for (const [at, { map, rows, after, ...settings }] of spec.maps.entries()) {
    const report = (where: Where, what: string): void => fault(["maps", at, ...where], what);
    const known = merged.get(map);
    const own = placed(rows, report);
    if (known !== undefined) {
      const given = Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
      merged.set(map, { ...known, spec: { ...known.spec, ...given }, rows: withSite(known.rows, own) });
      continue;
    }
    if (after !== undefined && !runs(after, new Set([map])))
      report(["after"], `there is no map ${after}${afterOf.has(after) ? " that runs" : ""}: this one would never run`);
    if (after === undefined) report(["map"], `there is no map ${map} to change; one of the site's own says after which it runs: after`);
    const { once = false, into = [], identity = [], alike = "same", when } = settings;
    const whole: MapSpec = { map, once, into, identity, alike, with: [], envelope: false, rows, ...(when === undefined ? {} : { when }) };
    merged.set(map, { spec: whole, dataType: false, rows: own, fault: report, ...(after === undefined ? {} : { after }) });
  }
  return merged;
}

/** Whether a site's maps are for this message's sender (MSH-3, MSH-4). */
export const isFrom = (message: Hl7Message, { senders }: SiteSpec): boolean => {
  const application = message.msh.field(3).text;
  const facility = message.msh.field(4).text;
  return senders.some((one) => (one.application ?? application) === application && (one.facility ?? facility) === facility);
};

/** Two sites must not claim the same sender: nobody could say which of them counts. */
export function checkSenders(sites: readonly Read<SiteSpec>[]): void {
  const overlap = (a: string | undefined, b: string | undefined): boolean => a === undefined || b === undefined || a === b;
  for (const [at, one] of sites.entries())
    for (const other of sites.slice(0, at))
      for (const mine of one.spec.senders)
        for (const theirs of other.spec.senders)
          if (overlap(mine.application, theirs.application) && overlap(mine.facility, theirs.facility))
            one.fault(["senders"], `site ${other.spec.site} is for the same sender`);
}
