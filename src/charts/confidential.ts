import type { CodeableConcept, Coding, DocumentReference, Resource } from "@medplum/fhirtypes";
import { type ChartSnapshot } from "./snapshot.ts";

/** What makes an account or a document confidential at a feed, as codes; any of them does. */
export interface ConfidentialRules {
  /** Of `meta.security`, `securityLabel` (TXA-18) and access restrictions (ARV). */
  readonly labels: readonly string[];
  /** PV1-16. */
  readonly visitIndicators: readonly string[];
  /** PV1-10. */
  readonly services: readonly string[];
  /** TXA-2, or a code of DocumentReference.type. */
  readonly documentTypes: readonly string[];
}

/** HL7 v3 Confidentiality: restricted, as the chart says it of what it holds back. */
const RESTRICTED: Coding = { system: "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", code: "R", display: "restricted" };
/** Access restriction value (table 0717): everything but `NO` restricts. */
const ACCESS = /v2-0717$/;

/** PV1-16 of a person rather than of a visit. */
const IMPORTANCE = "http://hl7.org/fhir/StructureDefinition/patient-importance";

const codings = (concepts: readonly (CodeableConcept | undefined)[] | undefined): readonly Coding[] =>
  (concepts ?? []).flatMap((concept) => concept?.coding ?? []);
const anyOf = (list: readonly Coding[], codes: readonly string[]): readonly Coding[] =>
  list.filter(({ code }) => code !== undefined && codes.includes(code));

/** The labels of one resource that hold it back from people without the right. */
function restricting(resource: Resource, rules: ConfidentialRules): readonly Coding[] {
  const said = [
    ...(resource.meta?.security ?? []),
    ...(resource.resourceType === "DocumentReference" ? codings(resource.securityLabel) : []),
  ];
  const labels = said.filter(
    ({ system, code }) => code !== undefined && (rules.labels.includes(code) || (ACCESS.test(system ?? "") && code !== "NO")),
  );
  if (resource.resourceType === "DocumentReference") return [...labels, ...anyOf(codings([resource.type]), rules.documentTypes)];
  if (resource.resourceType === "Patient")
    return [
      ...labels,
      ...anyOf(
        codings((resource.extension ?? []).filter(({ url }) => url === IMPORTANCE).map((one) => one.valueCodeableConcept)),
        rules.visitIndicators,
      ),
    ];
  if (resource.resourceType !== "Encounter") return labels;
  return [
    ...labels,
    ...anyOf(codings(resource.hospitalization?.specialCourtesy), rules.visitIndicators),
    ...anyOf(codings([resource.serviceType]), rules.services),
  ];
}

/** Labels on these make the whole account confidential. */
const OF_THE_ACCOUNT: ReadonlySet<string> = new Set(["Patient", "Account", "Encounter"]);

/** The labels that make an account confidential; none = it is not. */
export function accountLabels(resources: Iterable<Resource>, rules: ConfidentialRules): readonly Coding[] {
  const labels = new Map<string, Coding>();
  for (const resource of resources)
    if (OF_THE_ACCOUNT.has(resource.resourceType))
      for (const label of restricting(resource, rules)) labels.set(`${label.system ?? ""}|${label.code ?? ""}`, label);
  return [...labels.values()];
}

/** Tells by the rules of a feed whether an account is confidential as a whole. */
export const isConfidentialAt =
  (feeds: ReadonlyMap<string, { readonly confidential: ConfidentialRules }>) =>
  (feed: string, resources: Iterable<Resource>): boolean => {
    const rules = feeds.get(feed)?.confidential;
    return rules !== undefined && accountLabels(resources, rules).length > 0;
  };

export const documentLabels = (document: DocumentReference, rules: ConfidentialRules): readonly Coding[] => restricting(document, rules);

/** A chart as somebody may see it. */
export interface ShownChart extends ChartSnapshot {
  /** What was held back: the account as a whole, or so many of its resources. */
  readonly withheld?: { readonly account: boolean; readonly resources: number };
}

const label = (resource: Resource, labels: readonly Coding[]): Resource => ({
  ...resource,
  meta: { ...resource.meta, security: [...labels] },
});

/** That there is such a thing, and nothing of what it says. */
const nothingBut = ({ resourceType, id }: Resource): Resource =>
  ({ resourceType, id, meta: { security: [RESTRICTED] } }) as unknown as Resource;

/**
 * The chart with its labels in `meta.security` of the account and of documents. Without the right `confidential` what they restrict
 * is there by its id only. A past version is held back for what restricts it now as for what restricted it then.
 */
export function showChart(chart: ChartSnapshot, rules: ConfidentialRules, mayRead: boolean, now: ChartSnapshot = chart): ShownChart {
  const ofAccount = accountLabels([...chart.resources, ...(now === chart ? [] : now.resources)], rules);
  if (ofAccount.length > 0 && !mayRead) {
    const account = chart.resources.filter(({ resourceType }) => resourceType === "Account");
    return {
      ...chart,
      accountNumber: "",
      resources: account.map(nothingBut),
      withheld: { account: true, resources: chart.resources.length },
    };
  }
  const labelsNow = new Map(now === chart ? [] : now.resources.map((resource) => [keyOf(resource), restricting(resource, rules)]));
  let held = 0;
  const resources = chart.resources.map((resource) => {
    if (resource.resourceType === "Account") return ofAccount.length === 0 ? resource : label(resource, ofAccount);
    const then = restricting(resource, rules);
    const labels = then.length > 0 ? then : (labelsNow.get(keyOf(resource)) ?? []);
    if (labels.length === 0 || OF_THE_ACCOUNT.has(resource.resourceType)) return resource;
    if (mayRead) return label(resource, labels);
    held++;
    return nothingBut(resource);
  });
  return { ...chart, resources, ...(held === 0 ? {} : { withheld: { account: false, resources: held } }) };
}

const keyOf = ({ resourceType, id }: Resource): string => `${resourceType}/${id ?? ""}`;
