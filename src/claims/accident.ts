import type { ClaimAccident } from "@medplum/fhirtypes";
import type { ClaimAbstract } from "./claim-abstract.ts";
import { CLAIM_SYSTEMS } from "./systems.ts";

/** v3 ActIncidentCode; it has no code for an accident that is neither on the road nor at work. */
const KINDS = { auto: "MVA", work: "WPA" } as const;

/** CMS-1500 item 10 and UB-04 form locator 29: day, kind and state of the accident behind the visit. */
export const accidentOf = ({ accident }: ClaimAbstract): ClaimAccident | undefined =>
  accident === undefined
    ? undefined
    : {
        date: accident.date,
        type:
          accident.kind === "other"
            ? { text: "other accident" }
            : { coding: [{ system: CLAIM_SYSTEMS.accident, code: KINDS[accident.kind] }] },
        ...(accident.state === undefined ? {} : { locationAddress: { state: accident.state } }),
      };
