import type { OperationOutcome } from "@medplum/fhirtypes";
import { Phi } from "#src/base/phi.ts";

/** One issue of an OperationOutcome without its words, which may quote a patient. */
export interface Issue {
  readonly severity: string;
  readonly code: string;
  /** Element by element: `Claim.diagnosis[0].diagnosisCodeableConcept`. */
  readonly expression?: string;
}

/** What a destination said about a request. */
export interface Said {
  readonly issues: readonly Issue[];
  /** Its own words, one a line. */
  readonly words: Phi<string> | undefined;
}

/** Most issues and characters kept of one answer: a server may list every line of a claim. */
const MOST_ISSUES = 50;
const MOST_WORDS = 8_000;

/** A path of names and indexes. Anything else (a `where` with a name in it) is words. */
const PLAIN_PATH = /^[A-Za-z][A-Za-z0-9]*(\[\d{1,4}\])?(\.[A-Za-z][A-Za-z0-9]*(\[\d{1,4}\])?){0,20}$/;
const CODE = /^[a-z][a-z-]{0,39}$/;

const codeOf = (text: unknown): string => (typeof text === "string" && CODE.test(text) ? text : "unknown");

/** XPath locations of older servers as FHIRPath: `/f:Claim/f:item[1]` counts from 1. */
const fromXPath = (path: string): string =>
  path.startsWith("/")
    ? path
        .slice(1)
        .replaceAll("f:", "")
        .replace(/\[(\d+)\]/g, (_, n: string) => `[${Number(n) - 1}]`)
        .replaceAll("/", ".")
    : path;

/** Reads an OperationOutcome (R4): codes and places in clear, words sealed. Undefined when it is none. */
export function readOutcome(body: unknown): Said | undefined {
  if ((body as { resourceType?: unknown } | null | undefined)?.resourceType !== "OperationOutcome") return undefined;
  const { issue } = body as Partial<OperationOutcome>;
  const words: string[] = [];
  const issues = (Array.isArray(issue) ? issue : []).slice(0, MOST_ISSUES).map((one): Issue => {
    const place = one.expression?.[0] ?? one.location?.[0];
    const path = typeof place === "string" ? fromXPath(place) : undefined;
    const said = [one.diagnostics, one.details?.text, ...(one.details?.coding ?? []).flatMap(({ code, display }) => [code, display])];
    const shown = path !== undefined && PLAIN_PATH.test(path) ? path : undefined;
    words.push([shown === undefined ? place : "", ...said].filter((part) => typeof part === "string" && part !== "").join(" · "));
    return { severity: codeOf(one.severity), code: codeOf(one.code), ...(shown === undefined ? {} : { expression: shown }) };
  });
  const all = words.join("\n").slice(0, MOST_WORDS);
  return { issues, words: all.trim() === "" ? undefined : new Phi(all) };
}

/** Whether an answer below 300 says that it did not do what was asked after all. */
export const isFatal = ({ issues }: Said): boolean => issues.some(({ severity }) => severity === "fatal" || severity === "error");

/** An answer that is no OperationOutcome, as words. */
export const asWords = (text: string): Said => ({ issues: [], words: text.trim() === "" ? undefined : new Phi(text.slice(0, MOST_WORDS)) });
