import type { DocumentReference } from "@medplum/fhirtypes";
import { describe, expect, it } from "vitest";
import { anchorEvidence, quoteFrom } from "#src/coding/evidence.ts";
import type { Evidence } from "#src/coding/submission.ts";
import { chargeId, chartOf, codesOf, INPATIENT_CHART } from "../claims/charts.ts";

const NOTE = "00000000-0000-4000-8000-0000000d0c01";
const TEXT = "DISCHARGE SUMMARY\nAssessment: acute respiratory failure with hypoxia.\nPlan: home oxygen.";
const WORDS = "acute respiratory failure";

const documentOf = (text: string, more: Partial<DocumentReference> = {}): DocumentReference & { readonly id: string } => ({
  resourceType: "DocumentReference",
  id: NOTE,
  status: "current",
  content: [{ attachment: { contentType: "text/plain", data: Buffer.from(text).toString("base64") } }],
  ...more,
});
const chartWith = (...documents: readonly DocumentReference[]) => {
  const chart = chartOf(INPATIENT_CHART);
  return { ...chart, resources: [...chart.resources, ...documents] };
};
const evidence = quoteFrom(documentOf(TEXT), WORDS);
const codes = (one: Evidence | undefined) =>
  codesOf({ diagnoses: [{ code: "J96.01", use: "principal", evidence: one === undefined ? [] : [one] }] });
const anchored = (one: Evidence | undefined, ...documents: readonly DocumentReference[]) =>
  anchorEvidence(chartWith(...documents), codes(one))[0]?.anchored;

describe("a link from a code to words of a document", () => {
  it("is there while the words stand at their place", () => {
    expect(evidence).toMatchObject({ kind: "document", quote: WORDS, before: expect.stringContaining("Assessment: ") as string });
    expect(anchored(evidence, documentOf(TEXT))).toMatchObject({ state: "there" });
  });

  it("moves with its words when an addendum is put before them, or lines are broken anew", () => {
    const moved = anchored(evidence, documentOf(`ADDENDUM: none.\n${TEXT.replace("respiratory failure", "respiratory\n  failure")}`));
    expect(moved).toMatchObject({ state: "moved", evidence: { start: 46, quote: "acute respiratory\n  failure" } });
  });

  it("goes to the place that is most like its own when the words are there twice", () => {
    const twice = `History: acute respiratory failure in 2019, resolved.\n${TEXT}`;
    const moved = anchored(evidence, documentOf(twice));
    expect(moved).toMatchObject({ state: "moved", evidence: { start: twice.lastIndexOf(WORDS) } });
  });

  it("breaks when the words are taken out, or the document is withdrawn or gone", () => {
    expect(anchored(evidence, documentOf(TEXT.replace(WORDS, "no respiratory failure")))).toMatchObject({
      state: "broken",
      why: "words gone",
    });
    expect(anchored(evidence, documentOf(TEXT, { status: "entered-in-error" }))).toMatchObject({ state: "broken", why: "document gone" });
    expect(anchored(evidence)).toMatchObject({ state: "broken", why: "document gone" });
  });

  it("holds to a scan by the document alone", () => {
    const scan = documentOf(TEXT, { content: [{ attachment: { contentType: "application/pdf", data: "AAAA" } }] });
    expect(anchored(evidence, scan)).toMatchObject({ state: "there" });
  });
});

describe("a link to a charge or a field", () => {
  it("is there while the chart has it", () => {
    expect(anchored({ kind: "charge", chargeId: chargeId(0) })).toMatchObject({ state: "there" });
    // The fourth charge was taken back.
    expect(anchored({ kind: "charge", chargeId: chargeId(3) })).toMatchObject({ state: "broken", why: "charge gone" });
    const field = (id: string): Evidence => ({ kind: "field", resource: `Condition/${id}`, field: "DG1-3" });
    const [condition] = chartOf(INPATIENT_CHART).resources.filter(({ resourceType }) => resourceType === "Condition");
    expect(anchored(field(condition?.id ?? ""))).toMatchObject({ state: "there" });
    expect(anchored(field("00000000-0000-4000-8000-000000000000"))).toMatchObject({ state: "broken", why: "field gone" });
  });
});
