import type { ClaimCareTeam, CodeableConcept, Practitioner } from "@medplum/fhirtypes";
import type { IdKey } from "#src/base/ids.ts";
import { type ChartSnapshot, ofType } from "#src/charts/snapshot.ts";
import { CITE, hard } from "#src/coding/findings.ts";
import type { Stay } from "#src/coding/stay.ts";
import type { CodeSubmission, Finding } from "#src/coding/submission.ts";
import type { SiteData } from "#src/sitedata/site-data.ts";
import type { Draft } from "./line-drafts.ts";
import { nameWithNpi, type NamedPractitioner, participantsIn, practitionerOfNpi } from "./parties.ts";
import { CLAIM_SYSTEMS } from "./systems.ts";

export interface CareTeam {
  readonly members: readonly ClaimCareTeam[];
  /** As they go with the claim, NPI first. */
  readonly practitioners: readonly Practitioner[];
  readonly findings: readonly Finding[];
  /** Sequence of who has this NPI. */
  readonly memberOf: (npi: string) => number | undefined;
  /** Sequences of who did a professional line, and who ordered it. */
  readonly teamOf: (draft: Draft) => readonly number[];
}

type Role = "attending" | "rendering" | "operating" | "otheroperating" | "referring" | "ordering";

export interface CareTeamNeeds {
  readonly chart: ChartSnapshot;
  readonly stay: Stay;
  /** The lines of this claim. */
  readonly drafts: readonly Draft[];
  readonly codes: CodeSubmission;
  readonly site: SiteData;
  readonly idKey: IdKey;
  readonly professional: boolean;
}

interface Member {
  readonly role: Role;
  readonly reference: string;
  readonly one: NamedPractitioner;
}

/** The list of roles has no word for who ordered a service (837 loop 2420E). */
const roleOf = (role: Role): CodeableConcept =>
  role === "ordering"
    ? { coding: [{ system: CLAIM_SYSTEMS.careTeamRole, code: "other" }], text: "ordering" }
    : { coding: [{ system: CLAIM_SYSTEMS.careTeamRole, code: role }] };

const toMember = ({ role, reference, one }: Member, index: number): ClaimCareTeam => ({
  sequence: index + 1,
  provider: { reference },
  ...(index === 0 ? { responsible: true } : {}),
  role: roleOf(role),
  ...(one.known === undefined || one.known.taxonomy === ""
    ? {}
    : { qualification: { coding: [{ system: CLAIM_SYSTEMS.taxonomy, code: one.known.taxonomy }] } }),
});

/** Those who operated, by the NPI that the coder gave; the first is the one of the principal procedure. */
function operatorsOf({ codes, site, idKey }: CareTeamNeeds, named: ReadonlyMap<string, NamedPractitioner>): readonly Member[] {
  const npis = [...new Set(codes.procedures.flatMap(({ performerNpi }) => performerNpi ?? []))];
  return npis.map((npi, index): Member => {
    const role = index === 0 ? "operating" : "otheroperating";
    const charted = [...named].find(([, one]) => one.npi === npi);
    if (charted !== undefined) return { role, reference: charted[0], one: charted[1] };
    const practitioner = practitionerOfNpi(npi, site, idKey);
    const known = site.practitionerByNpi(npi);
    return { role, reference: `Practitioner/${practitioner.id}`, one: { practitioner, npi, ...(known === undefined ? {} : { known }) } };
  });
}

/**
 * Who treated: the attending (UB-04 form locator 76), those who operated (77, 78) and who referred on a hospital claim; on a professional
 * one the rendering practitioners of its lines (CMS-1500 item 24J), who referred (17) and who ordered. The first, those who operated and
 * those who rendered must have an NPI.
 */
export function careTeamOf(needs: CareTeamNeeds): CareTeam {
  const { chart, stay, drafts, site, professional } = needs;
  const named = new Map<string, NamedPractitioner>(
    ofType(chart, "Practitioner").map((one) => [`Practitioner/${one.id}`, nameWithNpi(one, site)]),
  );
  const team: Member[] = [];
  const findings: Finding[] = [];
  const add = (member: Member): void => {
    if (!team.some(({ reference, role }) => member.reference === reference && member.role === role)) team.push(member);
  };
  const required = (role: Role, reference: string, one: NamedPractitioner): void => {
    add({ role, reference, one });
    if (one.npi === undefined)
      findings.push(
        hard(
          "CB-CLM-NPI",
          `Claim.careTeam[${team.length - 1}].provider`,
          [`The ${role} practitioner has no known NPI.`, "Add the hospital's number and the NPI to practitioners.csv."],
          CITE.npi,
        ),
      );
  };
  const attending = participantsIn(stay.encounter, "ATND").flatMap(({ reference }) => reference ?? [])[0];
  const performers = [...new Set(drafts.flatMap(({ performer }) => (performer !== undefined && named.has(performer) ? [performer] : [])))];
  const lead = professional ? (performers[0] ?? attending) : attending;
  const first = lead === undefined ? undefined : named.get(lead);
  const role = professional ? "rendering" : "attending";
  if (lead === undefined || first === undefined)
    findings.push(
      hard("CB-CLM-LEAD", "Claim.careTeam", [`The chart names no ${role} practitioner.`, "Have the visit corrected (PV1-7)."], CITE.ub76),
    );
  else required(role, lead, first);
  if (professional)
    for (const reference of performers) {
      const one = named.get(reference);
      if (one !== undefined && reference !== lead) required("rendering", reference, one);
    }
  else for (const member of operatorsOf(needs, named)) add(member);
  // Who refers or orders is told only when the NPI is known; it is no reason to stop the claim.
  const tell = (as: Role, reference: string | undefined): void => {
    const one = reference === undefined ? undefined : named.get(reference);
    if (reference !== undefined && one?.npi !== undefined && reference !== lead) add({ role: as, reference, one });
  };
  for (const { reference } of [...participantsIn(stay.encounter, "REF"), ...participantsIn(stay.encounter, "REFR")])
    tell("referring", reference);
  if (professional) for (const { orderer } of drafts) tell("ordering", orderer);
  const sequenceOf = (as: Role, reference: string | undefined): number | undefined => {
    const at = team.findIndex((member) => member.role === as && member.reference === reference);
    return at < 0 ? undefined : at + 1;
  };
  return {
    members: team.map(toMember),
    practitioners: [...new Map([...named, ...team.map(({ reference, one }) => [reference, one] as const)]).values()].map(
      ({ practitioner }) => practitioner,
    ),
    findings,
    memberOf: (npi) => {
      const at = team.findIndex(({ one, role: as }) => one.npi === npi && as !== "referring");
      return at < 0 ? undefined : at + 1;
    },
    teamOf: ({ performer, orderer }) =>
      professional
        ? [sequenceOf("rendering", performer) ?? 1, ...(orderer === undefined ? [] : [sequenceOf("ordering", orderer) ?? []])].flat()
        : [],
  };
}
