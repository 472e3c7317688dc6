import type { Claim, Resource } from "@medplum/fhirtypes";
import { type IdKey, stableId } from "#src/base/ids.ts";
import { fail, ok, type Result } from "#src/base/result.ts";
import { type ChartSnapshot, ofType } from "#src/charts/snapshot.ts";
import { chargesOf, chartCharges, isProfessional } from "#src/coding/charges.ts";
import { CITE } from "#src/coding/findings.ts";
import { stayOf } from "#src/coding/stay.ts";
import type { CodeSubmission, Finding, Stream } from "#src/coding/submission.ts";
import type { SiteData } from "#src/sitedata/site-data.ts";
import { claimAbstractOf } from "./claim-abstract.ts";
import { divide, LIMITS, type Places, rolledUp } from "./divide.ts";
import { inTheWay } from "./in-the-way.ts";
import { draftsOf } from "./line-drafts.ts";
import { controlNumberOf } from "./line-numbers.ts";
import { claimOf, type Whole } from "./one-claim.ts";
import { placeOfService } from "./place-of-service.ts";
import { CONTINUES, type Frequency, ORIGINAL, REPLACEMENT } from "./type-of-bill.ts";

/** A claim of ours with its id. */
export type OwnClaim = Claim & { readonly id: string };

export interface ClaimIds {
  readonly claimId: string;
  /** What the billing system files the claim under (CLM01): 20 characters at most. */
  readonly identifierValue: string;
}

/** A claim that the new one stands for or goes on from. */
export interface PriorClaim {
  readonly claim: OwnClaim;
  /** The payer's own number of it (UB-04 form locator 64), when known. */
  readonly payerReference?: string;
}

export interface AssembleParts {
  readonly chart: ChartSnapshot;
  readonly stream: Stream;
  readonly codes: CodeSubmission;
  readonly site: SiteData;
  /** When the codes were frozen, ISO 8601: the same codes of the same chart are the same claim to the byte. */
  readonly created: string;
  readonly idKey: IdKey;
  /** What kind of bill; that of the coder's abstract, else a replacement where there is a claim before, else an original. */
  readonly frequency?: Frequency;
  /** The claims before: the first is that of the first part. Their lines keep their numbers. */
  readonly prior?: readonly PriorClaim[];
  /** Every version of the claim so far, oldest first, each part by part: lines keep their numbers. That of `prior` alone unless told. */
  readonly versions?: readonly (readonly Claim[])[];
  /** Claims of this item that already bill a part of it: interim bills, late charges. */
  readonly billed?: readonly Claim[];
}

export interface AssembleNeeds extends AssembleParts {
  readonly ids: ClaimIds;
}
export interface AssembleAllNeeds extends AssembleParts {
  /** @param part counted from 0. */
  readonly idsOf: (part: number) => ClaimIds;
}

export interface Assembled {
  readonly claim: OwnClaim;
  /** Everything the claim refers to, as it stands in the chart, with the NPIs of the site data. */
  readonly referenced: readonly Resource[];
}

const keysOf = (claim: Claim): readonly (readonly [key: string, sequence: number])[] =>
  (claim.item ?? []).flatMap((item): (readonly [string, number])[] => {
    const number = controlNumberOf(item);
    return number === undefined ? [] : [[number, item.sequence]];
  });

/** Where each line stood last, by line control number. */
const placesIn = (versions: readonly (readonly Claim[])[]): Places =>
  new Map(
    versions.flatMap((parts) => parts.flatMap((claim, part) => keysOf(claim).map(([key, sequence]) => [key, { part, sequence }] as const))),
  );

/** What kind of bill a claim is. One that follows another is never an original, whatever the abstract says. */
export function frequencyOf({ frequency, codes, prior = [] }: Pick<AssembleParts, "frequency" | "codes" | "prior">): Frequency {
  const said = codes.abstract?.frequency;
  if (frequency !== undefined) return frequency;
  if (said !== undefined && said !== ORIGINAL) return said;
  return prior.length > 0 ? REPLACEMENT : ORIGINAL;
}

/** What has to be there before a claim can be thought of: a visit, and who bills. */
function wholeOf(needs: AssembleAllNeeds): Result<Whole, readonly Finding[]> {
  const { chart, stream, codes, site, created } = needs;
  const professional = isProfessional(stream);
  const stay = stayOf(chart);
  if (stay === undefined)
    return fail([
      inTheWay("CB-CLM-ENCOUNTER", "Claim.item[0].encounter", "The chart has no encounter that took place.", "Have the visit sent again."),
    ]);
  // The billing provider: a professional group that is in facilities.csv by its own name, else the hospital.
  const group = professional ? site.facility(stream.slice("PRO:".length), stay.from) : undefined;
  const facility = group ?? site.facility(chart.facility, stay.from);
  if (facility === undefined)
    return fail([
      inTheWay(
        "CB-CLM-FACILITY",
        "Claim.provider",
        `The facility ${chart.facility} is not in the site data.`,
        "Add it to facilities.csv.",
        CITE.npi,
      ),
    ]);
  const billed = chargesOf(stream, chartCharges(chart, site, chart.facility), codes);
  return ok({
    needs,
    professional,
    stay,
    facility,
    abstract: claimAbstractOf(chart, stay, codes),
    frequency: frequencyOf(needs),
    patient: stay.encounter.subject?.reference ?? `Patient/${ofType(chart, "Patient")[0]?.id}`,
    day: stay.from ?? billed[0]?.day ?? created.slice(0, 10),
    charges: new Map(billed.map((one) => [one.charge.id, one])),
  });
}

/**
 * Makes the FHIR R4 Claims of a coded chart: institutional (UB-04, 837I) for the facility stream, professional (CMS-1500, 837P) for a
 * billing group; one, or as many as the lines and diagnoses need (see divide.ts). Pure: the same parts give the same claims to the byte.
 * Fails with everything that stands in the way.
 */
export function assembleClaims(needs: AssembleAllNeeds): Result<readonly Assembled[], readonly Finding[]> {
  const read = wholeOf(needs);
  if (!read.ok) return read;
  const whole = read.value;
  const { professional, stay, day, charges, frequency } = whole;
  const { chart, codes, site, stream, idKey } = needs;
  const lineNumber = (key: string): string =>
    `L${stableId(idKey, "claim-line", chart.accountId, stream, key).replaceAll("-", "").slice(-14).toUpperCase()}`;
  const made = draftsOf([...charges.values()], codes, {
    professional,
    inpatient: stay.inpatient,
    day,
    encounter: `Encounter/${stay.encounter.id}`,
    placeOf: (on, charge) => placeOfService({ stay, site, facility: chart.facility }, on, charge),
  });
  const billed = new Set(CONTINUES.includes(frequency) ? (needs.billed ?? []).flatMap((claim) => keysOf(claim).map(([key]) => key)) : []);
  const summed = stay.inpatient && !professional && made.drafts.length > LIMITS.institutional.lines ? rolledUp(made.drafts) : made.drafts;
  const drafts = summed.map((draft) => ({ ...draft, key: lineNumber(draft.key) })).filter(({ key }) => !billed.has(key));
  const divided = divide({
    drafts,
    diagnoses: codes.diagnoses,
    professional,
    inpatient: stay.inpatient,
    // A bill that goes on from another is one of its own: its lines count from one.
    before: CONTINUES.includes(frequency) ? new Map() : placesIn(needs.versions ?? [(needs.prior ?? []).map(({ claim }) => claim)]),
  });
  const none =
    drafts.length > 0 ? [] : [inTheWay("CB-CLM-EMPTY", "Claim.item", "The claim has no line.", "Wait for charges, or add a line.")];
  // A claim without lines still tells what else is missing.
  const parts = !divided.ok
    ? []
    : divided.value.length > 0
      ? divided.value
      : [{ lines: [], diagnoses: codes.diagnoses.map((_, at) => at) }];
  const claims = parts.map((part, index) => claimOf(whole, part, index));
  const findings = [
    ...made.findings,
    ...none,
    ...(divided.ok ? [] : divided.failure),
    ...claims.flatMap((claim) => (claim.ok ? [] : claim.failure)),
  ];
  return findings.length > 0 ? fail(findings) : ok(claims.flatMap((claim) => (claim.ok ? [claim.value] : [])));
}

/** The one claim of an item; fails when it needs more than one. See assembleClaims. */
export function assembleClaim({ ids, ...needs }: AssembleNeeds): Result<Assembled, readonly Finding[]> {
  const all = assembleClaims({ ...needs, idsOf: () => ids });
  if (!all.ok) return all;
  const [first, ...more] = all.value;
  if (first !== undefined && more.length === 0) return ok(first);
  return fail([inTheWay("CB-CLM-PARTS", "Claim.item", "The item gives more than one claim.", "Make them all.")]);
}
