import type { Destination } from "#src/config/destination.ts";
import { createFhirSender } from "./fhir/sender.ts";
import { createFilesSender } from "./files/sender.ts";
import { createMllpSender } from "./mllp/sender.ts";
import type { Sender } from "./sender.ts";

/** What speaks to a destination, by its kind. @param now ms since the epoch */
export function createSender(destination: Destination, now: () => number): Sender {
  if (destination.kind === "fhir") return createFhirSender(destination, now);
  return destination.kind === "mllp" ? createMllpSender(destination, now) : createFilesSender(destination, now);
}
