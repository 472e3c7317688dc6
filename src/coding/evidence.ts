import type { DocumentReference } from "@medplum/fhirtypes";
import { type ChartSnapshot, ofType } from "#src/charts/snapshot.ts";
import type { CodeSubmission, Evidence } from "./submission.ts";

/** Where a link leads in a chart: found, found at another place, or nowhere. */
export type Anchored =
  | { readonly state: "there" | "moved"; readonly evidence: Evidence }
  | { readonly state: "broken"; readonly evidence: Evidence; readonly why: "document gone" | "words gone" | "charge gone" | "field gone" };

/** One link and the code it belongs to: `diagnoses[0]`. */
export interface LinkedEvidence {
  readonly path: string;
  readonly evidence: Evidence;
}

/** All links of a submission, in its order. */
export function linksOf({ diagnoses, procedures, lines }: CodeSubmission): readonly LinkedEvidence[] {
  const of = (name: string, coded: readonly { readonly evidence?: readonly Evidence[] | undefined }[]): readonly LinkedEvidence[] =>
    coded.flatMap(({ evidence }, index) => (evidence ?? []).map((one) => ({ path: `${name}[${index}]`, evidence: one })));
  return [...of("diagnoses", diagnoses), ...of("procedures", procedures), ...of("lines", lines)];
}

/** The text of a document as the coder read it; undefined when it has none (a scan). Addenda come as later contents. */
export function textOf({ content }: DocumentReference): string | undefined {
  const texts = content.flatMap(({ attachment: { data, contentType } }) =>
    data !== undefined && (contentType === undefined || contentType.startsWith("text/"))
      ? [Buffer.from(data, "base64").toString("utf8")]
      : [],
  );
  return texts.length === 0 ? undefined : texts.join("\n");
}

/** Blanks and line breaks differ between versions of one document. */
const loosely = (words: string): RegExp =>
  new RegExp(
    words
      .trim()
      .replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&")
      .replaceAll(/\s+/g, "\\s+"),
    "g",
  );

/** How well what stands around a place is what stood around the words before. */
function likeness(text: string, at: number, length: number, before: string, after: string): number {
  const left = text.slice(Math.max(0, at - before.length), at);
  const right = text.slice(at + length, at + length + after.length);
  let score = 0;
  for (let n = 1; n <= before.length && left.at(-n) === before.at(-n); n++) score++;
  for (let n = 0; n < after.length && right[n] === after[n]; n++) score++;
  return score;
}

type DocumentEvidence = Extract<Evidence, { kind: "document" }>;

/** Finds the words again: at their place, else where most of what stood around them still does, nearest first. */
function findWords(text: string, evidence: DocumentEvidence): Anchored {
  const { start, end, quote, before, after } = evidence;
  if (text.slice(start, end) === quote) return { state: "there", evidence };
  const best = [...text.matchAll(loosely(quote))]
    .map((match) => ({ at: match.index, found: match[0], score: likeness(text, match.index, match[0].length, before, after) }))
    .sort((a, b) => b.score - a.score || Math.abs(a.at - start) - Math.abs(b.at - start))[0];
  if (best === undefined) return { state: "broken", evidence, why: "words gone" };
  return { state: "moved", evidence: { ...evidence, start: best.at, end: best.at + best.found.length, quote: best.found } };
}

const RETRACTED: readonly (string | undefined)[] = ["entered-in-error", "superseded"];

function anchorOne(chart: ChartSnapshot, evidence: Evidence): Anchored {
  if (evidence.kind === "charge") {
    const charge = ofType(chart, "ChargeItem").find(({ id, status }) => id === evidence.chargeId && status === "billable");
    return charge === undefined ? { state: "broken", evidence, why: "charge gone" } : { state: "there", evidence };
  }
  if (evidence.kind === "field") {
    const there = chart.resources.some(({ resourceType, id }) => `${resourceType}/${id}` === evidence.resource);
    return there ? { state: "there", evidence } : { state: "broken", evidence, why: "field gone" };
  }
  const document = ofType(chart, "DocumentReference").find(({ id }) => id === evidence.documentId);
  if (document === undefined || RETRACTED.includes(document.status) || document.docStatus === "entered-in-error")
    return { state: "broken", evidence, why: "document gone" };
  const text = textOf(document);
  return text === undefined ? { state: "there", evidence } : findWords(text, evidence);
}

/**
 * Looks for every link of a submission in a chart. Pure. Words are anchored by themselves and by what stands around them, so that
 * an addendum before them moves a link and only their removal breaks it.
 */
export const anchorEvidence = (
  chart: ChartSnapshot,
  codes: CodeSubmission,
): readonly (LinkedEvidence & { readonly anchored: Anchored })[] =>
  linksOf(codes).map((link) => ({ ...link, anchored: anchorOne(chart, link.evidence) }));

/** A link to words of a document: their span, the words, and up to `AROUND` characters on either side. */
export function quoteFrom(document: DocumentReference & { readonly id: string }, words: string): DocumentEvidence | undefined {
  const text = textOf(document);
  const start = text?.indexOf(words) ?? -1;
  if (text === undefined || start < 0) return undefined;
  const end = start + words.length;
  return {
    kind: "document",
    documentId: document.id,
    start,
    end,
    quote: words,
    before: text.slice(Math.max(0, start - AROUND), start),
    after: text.slice(end, end + AROUND),
  };
}
const AROUND = 40;
