import type { Bundle, Claim } from "@medplum/fhirtypes";
import type { Failure } from "#src/base/failures.ts";
import { fail, ok, type Result } from "#src/base/result.ts";
import { CLAIM_PARAMETERS } from "./capabilities.ts";

export interface ClaimQuery {
  readonly id?: string;
  readonly patientId?: string;
  readonly encounterId?: string;
  /** `system|value`, or a value alone. */
  readonly identifier?: string;
  readonly count: number;
  /** Where the page before ended. */
  readonly after?: string;
}

export interface ClaimPage {
  readonly claims: readonly Claim[];
  readonly next?: string;
  readonly total: number;
}

const COUNT_DEFAULT = 20;
const COUNT_MAX = 100;
const SERVED = [...Object.keys(CLAIM_PARAMETERS), "_count", "_cursor", "_format", "_pretty"];

/** `Patient/<id>`, with the version that a claim names, or the id alone. */
const idOf = (reference: string): string =>
  reference
    .replace(/\/_history\/.*$/, "")
    .split("/")
    .at(-1) ?? "";

/**
 * Reads the parameters of a search for claims. Fails with `REQUEST_INVALID` on one that is not served, unless the caller asked
 * for lenient handling (R4 search, "Handling Errors"): then it is left out, as the self link shows.
 */
export function readClaimQuery(parameters: URLSearchParams, lenient: boolean): Result<ClaimQuery, Failure> {
  for (const name of parameters.keys())
    if (!SERVED.includes(name) && !lenient)
      return fail({ code: "REQUEST_INVALID", place: "Claim", detail: `a search parameter is not served; served are ${SERVED.join(", ")}` });
  const countText = parameters.get("_count");
  const count = countText === null ? COUNT_DEFAULT : Number(countText);
  if (!Number.isInteger(count) || count < 0) return fail({ code: "REQUEST_INVALID", place: "_count" });
  const [id, patient, encounter, identifier, after] = ["_id", "patient", "encounter", "identifier", "_cursor"].map(
    (name) => parameters.get(name) ?? undefined,
  );
  return ok({
    count: Math.min(count, COUNT_MAX),
    ...(id === undefined ? {} : { id }),
    ...(patient === undefined ? {} : { patientId: idOf(patient) }),
    ...(encounter === undefined ? {} : { encounterId: idOf(encounter) }),
    ...(identifier === undefined ? {} : { identifier }),
    ...(after === undefined ? {} : { after }),
  });
}

/** The answer to a search, with links to itself as understood and to the next page. */
export function searchset(parameters: URLSearchParams, { count }: ClaimQuery, { claims, next, total }: ClaimPage): Bundle {
  const understood = new URLSearchParams([...parameters].filter(([name]) => SERVED.includes(name)));
  const link = [{ relation: "self", url: `Claim?${understood.toString()}` }];
  if (next !== undefined && count > 0) {
    understood.set("_cursor", next);
    link.push({ relation: "next", url: `Claim?${understood.toString()}` });
  }
  return {
    resourceType: "Bundle",
    type: "searchset",
    total,
    link,
    entry: claims.map((claim) => ({ fullUrl: `urn:uuid:${claim.id ?? ""}`, resource: claim, search: { mode: "match" } })),
  };
}
