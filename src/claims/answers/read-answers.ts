import type { ClaimResponse, Resource } from "@medplum/fhirtypes";
import { fail, ok, type Result } from "#src/base/result.ts";
import { faultsOf } from "#src/fhir/validate.ts";
import type { ClaimAnswer, AnswerSource } from "./answer.ts";
import { read277ca } from "./read-277ca.ts";
import { read835 } from "./read-835.ts";
import { readAnswersCsv } from "./read-answers-csv.ts";
import { readClaimResponse } from "./read-claim-response.ts";
import { isX12, readSegments, transactionsOf } from "./segments.ts";

/** An answer and the bytes it was read from. */
export interface ReadAnswer {
  readonly answer: ClaimAnswer;
  readonly original: string;
}

export interface AnswerFile {
  readonly format: "FHIR" | "X12" | "CSV";
  readonly answers: readonly ReadAnswer[];
  /** What was read and is no answer, in words. */
  readonly left: readonly string[];
}

/** A ClaimResponse with its original; fails with where it is not valid FHIR R4. */
export function checkedResponse(resource: unknown, source: AnswerSource): Result<ReadAnswer, readonly string[]> {
  const type = typeof resource === "object" && resource !== null && "resourceType" in resource ? resource.resourceType : undefined;
  if (type !== "ClaimResponse") return fail(["ClaimResponse: the resource is none"]);
  const faults = faultsOf(resource as Resource);
  if (faults.length > 0) return fail(faults.map(({ place, text }) => `${place}: ${text}`));
  return ok({ answer: readClaimResponse(resource as ClaimResponse, source), original: JSON.stringify(resource) });
}

function readJson(text: string): Result<AnswerFile, readonly string[]> {
  const resources: unknown[] = [];
  const faults: string[] = [];
  const take = (value: unknown): void => {
    const bundle = value as { resourceType?: unknown; entry?: readonly { readonly resource?: unknown }[] } | null;
    if (Array.isArray(value)) value.forEach(take);
    else if (bundle?.resourceType === "Bundle") bundle.entry?.forEach(({ resource }) => take(resource));
    else resources.push(value);
  };
  try {
    take(JSON.parse(text));
  } catch {
    // One resource a line.
    text.split("\n").forEach((line, index) => {
      if (line.trim() === "") return;
      try {
        take(JSON.parse(line));
      } catch {
        faults.push(`line ${index + 1}: is not JSON`);
      }
    });
  }
  const isResponse = (one: unknown): boolean =>
    typeof one === "object" && one !== null && "resourceType" in one && one.resourceType === "ClaimResponse";
  const read = resources.filter(isResponse).map((one) => checkedResponse(one, "fhir"));
  faults.push(...read.flatMap((one, index) => (one.ok ? [] : one.failure.map((what) => `ClaimResponse ${index + 1}: ${what}`))));
  if (faults.length > 0) return fail(faults);
  const others = resources.length - read.length;
  return ok({
    format: "FHIR",
    answers: read.flatMap((one) => (one.ok ? [one.value] : [])),
    left: others === 0 ? [] : [`${others} resources that are no ClaimResponse`],
  });
}

function readX12(text: string): Result<AnswerFile, readonly string[]> {
  const segments = readSegments(text);
  if (!segments.ok) return fail([segments.failure]);
  const end = text.trimStart()[105] ?? "~";
  const raw = text.trimStart().split(end);
  const originalOf = (numbers: readonly number[]): string => numbers.map((at) => `${(raw[at - 1] ?? "").trim()}${end}`).join("");
  const answers: ReadAnswer[] = [];
  const left: string[] = [];
  for (const { set, segments: own } of transactionsOf(segments.value)) {
    if (set === "835") {
      const { answers: read, reversals } = read835(own);
      answers.push(...read.map(({ answer, segments: at }) => ({ answer, original: originalOf(at) })));
      if (reversals > 0) left.push(`${reversals} payments taken back (reversals): their corrections are claims of their own`);
    } else if (set === "277") answers.push(...read277ca(own).map(({ answer, segments: at }) => ({ answer, original: originalOf(at) })));
    else left.push(`a transaction ${set}: 835 and 277 (277CA) are read`);
  }
  const unsaid = answers.filter(({ answer: { claimNumber = "", created } }) => claimNumber === "" || created === "").length;
  if (unsaid > 0) return fail([`${unsaid} claims in the file have no number or no day`]);
  return ok({ format: "X12", answers, left });
}

/**
 * Reads a file of answers by what it is: FHIR ClaimResponses (one, a Bundle, or one a line), an X12 interchange of 835 and 277CA, or CSV.
 * Fails with every fault; nothing of a file with a fault is taken.
 */
export function readAnswers(text: string): Result<AnswerFile, readonly string[]> {
  if (isX12(text)) return readX12(text);
  if (/^\s*[[{]/.test(text)) return readJson(text);
  const csv = readAnswersCsv(text);
  if (!csv.ok) return csv;
  const rows = text.replaceAll("\r\n", "\n").split("\n");
  return ok({
    format: "CSV",
    answers: csv.value.map(({ answer, lines }) => ({ answer, original: [rows[0], ...lines.map((line) => rows[line - 1])].join("\n") })),
    left: [],
  });
}
