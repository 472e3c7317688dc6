import type { Encounter, Resource } from "@medplum/fhirtypes";
import { kindsIn } from "#src/fhir/entry-kinds.ts";
import type { Entry } from "./field-index.ts";

/** A message mapped again: lineage counts the entries of what it made, and says no value of them. */
export interface MadeAgain {
  readonly resources: readonly Resource[];
  readonly lineage: readonly Entry[];
}

const LIST = "Encounter.participant";
const PLACED = /^Encounter\.participant\[(\d+)\](.*)$/;
const roleOf = kindsIn("Encounter", "participant") ?? (() => "");

export const isOfParticipants = ({ target, deletes }: Entry): boolean => deletes !== true && (target === LIST || PLACED.test(target));

/** Of a message's own participants by their index: where the stay of the chart has the same person in the same role. */
function placesIn(stay: Encounter, { resources }: MadeAgain): ReadonlyMap<number, number> {
  const said = resources.find((one): one is Encounter => one.resourceType === "Encounter" && one.id === stay.id);
  const places = new Map<number, number>();
  said?.participant?.forEach((own, index) => {
    const reference = own.individual?.reference;
    const place = (stay.participant ?? []).findIndex((one) => roleOf(one) === roleOf(own) && one.individual?.reference === reference);
    if (reference !== undefined && place >= 0) places.set(index, place);
  });
  return places;
}

/**
 * Lineage of a message with the participants of a stay at the places they have in the chart, which keeps those of several messages in an order of its own.
 * One whom the chart does not have in that role, or no longer, is left out; without the message made again all are.
 */
export function placedAsCharted(lineage: readonly Entry[], again: MadeAgain | undefined, stay: Encounter): readonly Entry[] {
  const others = lineage.filter((one) => !isOfParticipants(one));
  if (again === undefined) return others;
  const places = placesIn(stay, again);
  const placed = again.lineage
    .filter((one) => one.resourceId === stay.id && isOfParticipants(one))
    .flatMap((one): readonly Entry[] => {
      const [, index, rest = ""] = PLACED.exec(one.target) ?? [];
      // A copied resource has its list as a whole.
      if (index === undefined)
        return Array.from(places, ([own, place]) => ({ ...one, target: `${LIST}[${place}]`, source: `${one.source ?? ""}[${own}]` }));
      const place = places.get(Number(index));
      return place === undefined ? [] : [{ ...one, target: `${LIST}[${place}]${rest}` }];
    });
  return [...others, ...placed];
}
