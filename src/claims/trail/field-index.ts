/** A field of a message behind an element of the chart. */
export interface FieldSource {
  /** `PV1-44`. */
  readonly field: string;
  readonly recordId: string;
  readonly messageType: string;
  /** Row of the map. */
  readonly row: string;
}

/** What a message became, one element of it. */
export interface Entry {
  readonly target: string;
  readonly resourceId: string;
  readonly source?: string;
  readonly row: string;
  /** It took the element away. */
  readonly deletes?: true;
}

/** A message of the account, with where everything it became came from. */
export interface TracedMessage {
  readonly recordId: string;
  readonly messageType: string;
  readonly lineage: readonly Entry[];
}

const withoutIndexes = (path: string): string => path.replaceAll(/\[\d+\]/g, "");

/**
 * Finds fields by the elements that they became. Of several messages that say an element the last one counts, as it does in the chart.
 * @param messages in the order in which they changed the chart.
 */
export function fieldIndex(messages: readonly TracedMessage[]): (resource: string, elements: readonly string[]) => readonly FieldSource[] {
  const byResource = new Map<string, { readonly message: number; readonly element: string; readonly entry: Entry }[]>();
  messages.forEach(({ lineage }, message) => {
    for (const entry of lineage) {
      if (entry.source === undefined || entry.deletes === true) continue;
      const element = withoutIndexes(entry.target);
      const key = `${element.split(".")[0] ?? ""}/${entry.resourceId}`;
      const known = byResource.get(key);
      if (known === undefined) byResource.set(key, [{ message, element, entry }]);
      else known.push({ message, element, entry });
    }
  });
  return (resource, elements) => {
    const found = new Map<string, FieldSource>();
    for (const wanted of elements) {
      // An element with a place is that entry of its list; without one, all of them.
      const placed = wanted.endsWith("]");
      const own = (byResource.get(resource) ?? []).filter(({ element, entry }) => {
        const said = placed ? entry.target : element;
        return said === wanted || said.startsWith(`${wanted}.`);
      });
      const last = Math.max(...own.map(({ message }) => message));
      for (const { message, entry } of own) {
        const said = messages[message];
        if (message !== last || said === undefined) continue;
        const { recordId, messageType } = said;
        found.set(`${entry.source ?? ""} ${recordId}`, { field: entry.source ?? "", recordId, messageType, row: entry.row });
      }
    }
    return [...found.values()];
  };
}
