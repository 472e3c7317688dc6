import type { Claim, ClaimInsurance, Coverage, Extension, Organization, Resource } from "@medplum/fhirtypes";
import { type IdKey, stableId } from "#src/base/ids.ts";
import { type ChartSnapshot, ofType } from "#src/charts/snapshot.ts";
import type { CodeSubmission } from "#src/coding/submission.ts";
import type { Payer, SiteData } from "#src/sitedata/site-data.ts";
import { CHART_EXTENSIONS, CLAIM_SYSTEMS, EXTENSIONS, IDENTIFIERS } from "./systems.ts";

const LAST = 99;

/** In force on a day; dates may be of a year or a month. */
const covers = ({ period }: Coverage, from: string, through: string): boolean =>
  (period?.end === undefined || period.end.slice(0, 10) >= from.slice(0, period.end.length)) &&
  (period?.start === undefined || period.start.slice(0, 10) <= through);

/** The chart's coverages, first payer first. One that was over, or had not begun, is left out when another was in force. */
function coveragesOf(chart: ChartSnapshot, from: string, through: string): readonly Coverage[] {
  const standing = ofType(chart, "Coverage")
    .filter(({ status }) => status !== "cancelled" && status !== "entered-in-error")
    .sort((a, b) => (a.order ?? LAST) - (b.order ?? LAST));
  const inForce = standing.filter((coverage) => covers(coverage, from, through));
  return inForce.length === 0 ? standing : inForce;
}

/** The coverage of who has none: the patient pays. */
const selfPay = (patient: string, accountId: string, idKey: IdKey): Coverage & { readonly id: string } => ({
  resourceType: "Coverage",
  id: stableId(idKey, "Coverage", "self-pay", accountId),
  status: "active",
  type: { coding: [{ system: CLAIM_SYSTEMS.selfPay, code: "pay" }] },
  beneficiary: { reference: patient },
  payor: [{ reference: patient }],
});

/** A coverage of which nothing says who is insured is the patient's own (837 SBR02 = 18). */
const withSubscriber = (coverage: Coverage, patient: string): Coverage =>
  coverage.subscriber !== undefined || coverage.relationship !== undefined
    ? coverage
    : {
        ...coverage,
        subscriber: { reference: patient },
        relationship: { coding: [{ system: CLAIM_SYSTEMS.subscriberRelationship, code: "self" }] },
      };

/** The payer with what the site knows of it. Its own identifiers stay first. */
const withPayer = (organization: Organization, payer: Payer | undefined): Organization =>
  payer === undefined
    ? organization
    : {
        ...organization,
        name: organization.name ?? payer.name,
        identifier: [
          ...(organization.identifier ?? []),
          ...(payer.electronicId === "" ? [] : [{ system: IDENTIFIERS.payer, value: payer.electronicId }]),
          { system: IDENTIFIERS.claimFiling, value: payer.claimFiling },
        ],
      };

const planOf = ({ class: classes = [] }: Coverage): string =>
  classes.find(({ type }) => type.coding?.some(({ code }) => code === "plan") === true)?.value ?? "";
const payorOf = ({ payor }: Coverage): string | undefined => payor[0]?.reference;

/** What the site knows of a coverage's payer: of its plan where that differs (plans.csv), on the first day of service. */
function knownPayer(coverage: Coverage, organization: Organization | undefined, site: SiteData, day: string): Payer | undefined {
  const id = organization?.identifier?.[0]?.value;
  return id === undefined ? undefined : site.plan(id, planOf(coverage), day);
}

const texts = (extensions: readonly Extension[] | undefined, url: string): readonly string[] =>
  (extensions ?? []).filter((one) => one.url === url).flatMap(({ valueString }) => valueString ?? []);

export interface InsuranceNeeds {
  readonly chart: ChartSnapshot;
  readonly site: SiteData;
  readonly codes: CodeSubmission;
  readonly patient: string;
  readonly idKey: IdKey;
  /** Days of the service, first and last. */
  readonly from: string;
  readonly through: string;
  /** Prior authorisations that came with the charges of this claim (FT1-39). */
  readonly chargeAuthorizations: readonly string[];
}

export interface Insurance {
  readonly insurance: ClaimInsurance[];
  /** Coverages and payers as they go with the claim. */
  readonly resources: readonly Resource[];
  readonly insurer?: string;
  /** Elements of the claim that follow from who pays. */
  readonly elements: Pick<Claim, "payee" | "extension">;
}

/** CLM07: whether the provider takes the payer's amount as the whole. Only where payers.csv says it. */
const assignment = (payer: Payer | undefined): Pick<Claim, "extension"> =>
  payer?.acceptsAssignment === undefined
    ? {}
    : { extension: [{ url: EXTENSIONS.acceptAssignment, valueBoolean: payer.acceptsAssignment }] };

/**
 * Who pays, in the order of the chart: UB-04 form locators 50 to 63, CMS-1500 items 1, 4, 9, 11 and 23. The first is billed (focal); the
 * others stand by for what it leaves.
 */
export function insuranceOf(needs: InsuranceNeeds): Insurance {
  const { chart, site, codes, patient, idKey, from, through } = needs;
  const charted = coveragesOf(chart, from, through).map((coverage) => withSubscriber(coverage, patient));
  const coverages = charted.length === 0 ? [selfPay(patient, chart.accountId, idKey)] : charted;
  const organizations = new Map(ofType(chart, "Organization").map((one) => [`Organization/${one.id}`, one]));
  const known = coverages.map((coverage) => knownPayer(coverage, organizations.get(payorOf(coverage) ?? ""), site, from));
  const knownOf = new Map(coverages.map((coverage, index) => [payorOf(coverage), known[index]]));
  const payers = [...organizations].map(([reference, organization]) =>
    withPayer(organization, knownOf.get(reference) ?? site.payer(organization.identifier?.[0]?.value ?? "", from)),
  );
  const coders = codes.abstract?.authorization?.number;
  const authorizations = (coverage: Coverage, focal: boolean): readonly string[] => [
    ...new Set(
      focal && coders !== undefined
        ? [coders]
        : [...texts(coverage.extension, CHART_EXTENSIONS.coverageAuthorization), ...(focal ? needs.chargeAuthorizations : [])],
    ),
  ];
  const first = coverages[0] === undefined ? undefined : payorOf(coverages[0]);
  return {
    insurance: coverages.map((coverage, index): ClaimInsurance => {
      const numbers = authorizations(coverage, index === 0);
      return {
        sequence: index + 1,
        focal: index === 0,
        coverage: { reference: `Coverage/${coverage.id}` },
        ...(numbers.length === 0 ? {} : { preAuthRef: [...numbers] }),
      };
    }),
    resources: [...coverages, ...payers],
    ...(first?.startsWith("Organization/") === true ? { insurer: first } : {}),
    elements: {
      ...(charted.length === 0 ? {} : { payee: { type: { coding: [{ system: CLAIM_SYSTEMS.payee, code: "provider" }] } } }),
      ...assignment(known[0]),
    },
  };
}
