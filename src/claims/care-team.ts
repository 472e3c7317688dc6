import type { ChargeItemPerformer, ClaimCareTeam, Practitioner } from "@medplum/fhirtypes";
import type { IdKey } from "#src/base/ids.ts";
import { type ChartSnapshot, ofType } from "#src/charts/snapshot.ts";
import { CITE, hard } from "#src/coding/findings.ts";
import type { ChartCharge } from "#src/coding/charges.ts";
import type { Stay } from "#src/coding/stay.ts";
import type { CodeSubmission, Finding } from "#src/coding/submission.ts";
import type { SiteData } from "#src/sitedata/site-data.ts";
import { nameWithNpi, type NamedPractitioner, participantsIn, practitionerOfNpi } from "./parties.ts";
import { CLAIM_SYSTEMS } from "./systems.ts";

export interface CareTeam {
  readonly members: readonly ClaimCareTeam[];
  /** As they go with the claim, NPI first. */
  readonly practitioners: readonly Practitioner[];
  readonly findings: readonly Finding[];
}

type Role = "attending" | "rendering" | "operating" | "otheroperating" | "referring";

export interface CareTeamNeeds {
  readonly chart: ChartSnapshot;
  readonly stay: Stay;
  readonly billed: readonly ChartCharge[];
  readonly codes: CodeSubmission;
  readonly site: SiteData;
  readonly idKey: IdKey;
  readonly professional: boolean;
}

/** Who ordered a service (FT1-21) did not render it. */
const isPerformer = (one: ChargeItemPerformer): boolean => one.function?.text !== "ordered by";

/**
 * Who treated: the attending (UB-04 form locator 76), those who operated (77, 78) and who referred on a hospital claim; the
 * rendering practitioner (CMS-1500 item 24J) first on a professional one. The first and those who operated must have an NPI.
 */
export function careTeamOf({ chart, stay, billed, codes, site, idKey, professional }: CareTeamNeeds): CareTeam {
  const named = new Map<string, NamedPractitioner>(
    ofType(chart, "Practitioner").map((one) => [`Practitioner/${one.id}`, nameWithNpi(one, site)]),
  );
  const team: { readonly role: Role; readonly reference: string; readonly one: NamedPractitioner }[] = [];
  const add = (role: Role, reference: string, one: NamedPractitioner): void => {
    if (!team.some((member) => member.reference === reference && member.role === role)) team.push({ role, reference, one });
  };
  const attending = participantsIn(stay.encounter, "ATND").flatMap(({ reference }) => reference ?? [])[0];
  const performer = billed
    .flatMap(({ charge }) => (charge.performer ?? []).filter(isPerformer).flatMap(({ actor }) => actor.reference ?? []))
    .find((key) => named.has(key));
  const lead = professional ? (performer ?? attending) : attending;
  const first = lead === undefined ? undefined : named.get(lead);
  const findings: Finding[] = [];
  const role = professional ? "rendering" : "attending";
  if (lead === undefined || first === undefined)
    findings.push(
      hard("CB-CLM-LEAD", "Claim.careTeam", [`The chart names no ${role} practitioner.`, "Have the visit corrected (PV1-7)."], CITE.ub76),
    );
  else add(role, lead, first);
  if (first !== undefined && first.npi === undefined)
    findings.push(
      hard(
        "CB-CLM-NPI",
        "Claim.careTeam[0].provider",
        [`The ${role} practitioner has no known NPI.`, "Add the hospital's number and the NPI to practitioners.csv."],
        CITE.npi,
      ),
    );
  const operators = professional ? [] : [...new Set(codes.procedures.flatMap(({ performerNpi }) => performerNpi ?? []))];
  for (const [index, npi] of operators.entries()) {
    const charted = [...named].find(([, one]) => one.npi === npi);
    const practitioner = charted === undefined ? practitionerOfNpi(npi, site, idKey) : undefined;
    const known = site.practitionerByNpi(npi);
    const one = charted?.[1] ?? (practitioner === undefined ? undefined : { practitioner, npi, ...(known === undefined ? {} : { known }) });
    if (one !== undefined) add(index === 0 ? "operating" : "otheroperating", `Practitioner/${one.practitioner.id}`, one);
  }
  for (const { reference } of participantsIn(stay.encounter, "REF")) {
    const one = reference === undefined ? undefined : named.get(reference);
    // Who refers is told only when the NPI is known; it is no reason to stop the claim.
    if (reference !== undefined && one?.npi !== undefined && reference !== lead) add("referring", reference, one);
  }
  return {
    members: team.map(({ role: as, reference, one }, index) => ({
      sequence: index + 1,
      provider: { reference },
      ...(index === 0 ? { responsible: true } : {}),
      role: { coding: [{ system: CLAIM_SYSTEMS.careTeamRole, code: as }] },
      ...(one.known === undefined || one.known.taxonomy === ""
        ? {}
        : { qualification: { coding: [{ system: CLAIM_SYSTEMS.taxonomy, code: one.known.taxonomy }] } }),
    })),
    practitioners: [...new Map([...named, ...team.map(({ reference, one }) => [reference, one] as const)]).values()].map(
      ({ practitioner }) => practitioner,
    ),
    findings,
  };
}
