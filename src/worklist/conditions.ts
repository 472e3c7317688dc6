import { evalFhirPath, parseFhirPath } from "@medplum/core";
import type { Bundle, Resource } from "@medplum/fhirtypes";
import { z } from "zod";

/** What rows may ask of an item. Free of patient data: codes, counts, dates and amounts. */
export interface ItemFacts {
  /** `FAC`, or `PRO:` and the billing group. */
  readonly stream: string;
  /** Encounter.class: IMP, EMER, AMB, OBSENC … */
  readonly class: string;
  readonly facility: string;
  readonly feed: string;
  /** IN1-3 of the first coverage; empty for self-pay. */
  readonly payerId: string;
  /** Encounter.hospitalization.dischargeDisposition (PV1-36); empty while unknown. */
  readonly disposition: string;
  /** Encounter.serviceType (PV1-10). */
  readonly service: string;
  /** Billable charges, in cents. */
  readonly totalCents: number;
  readonly chargeCount: number;
  /** Whole days from admission to discharge; 0 while either is unknown. */
  readonly lengthOfStayDays: number;
  /** A charge is of the CPT surgery range. */
  readonly surgical: boolean;
  /** Types (TXA-2, LOINC) of the documents that stand. */
  readonly documents: readonly string[];
  /** Types of those that are signed. */
  readonly signedDocuments: readonly string[];
  readonly cancelled: boolean;
  readonly expected: boolean;
  /** People whom messages of the account have named by numbers of one authority, and no merge has made one. */
  readonly patients: number;
  readonly admittedAt?: string;
  readonly dischargedAt?: string;
}

/** What is known of the codes, for review rules. */
export interface CodedFacts {
  /** Principal or first-listed diagnosis, without the dot; empty when there is none. */
  readonly principal: string;
  readonly diagnosisCount: number;
  /** Whole days since the coder began here; a large number when that is not known. */
  readonly coderDays: number;
}

export const TEXT_FIELDS = ["stream", "class", "facility", "feed", "payerId", "disposition", "service", "principal"] as const;
export const NUMBER_FIELDS = ["totalCents", "chargeCount", "lengthOfStayDays", "diagnosisCount", "coderDays"] as const;
export const FLAG_FIELDS = ["surgical"] as const;
export const LIST_FIELDS = ["documents", "signedDocuments"] as const;
/** For a reader of a fault: every field there is. */
export const FIELDS = [...TEXT_FIELDS, ...NUMBER_FIELDS, ...FLAG_FIELDS, ...LIST_FIELDS];

const text = z.enum(TEXT_FIELDS);
const number = z.enum(NUMBER_FIELDS);
const list = z.enum(LIST_FIELDS);
const values = z.array(z.string()).min(1);
const row = z.union([
  z.strictObject({ field: text, is: z.string() }),
  z.strictObject({ field: text, not: z.string() }),
  z.strictObject({ field: text, in: values }),
  z.strictObject({ field: text, notIn: values }),
  z.strictObject({ field: text, startsWith: z.string().min(1) }),
  z.strictObject({ field: number, atLeast: z.number() }),
  z.strictObject({ field: number, below: z.number() }),
  z.strictObject({ field: z.enum(FLAG_FIELDS), is: z.boolean() }),
  z.strictObject({ field: list, has: z.string() }),
  z.strictObject({ field: list, hasAny: values }),
  z.strictObject({ field: list, hasNone: values }),
  // What the fields cannot say: an expression over a Bundle of the chart's resources.
  z.strictObject({ fhirpath: z.string().min(1).refine(isFhirPath, "is not FHIRPath") }),
]);
export type RowAsked = z.infer<typeof row>;
export type ConditionAsked =
  | { readonly all: readonly (RowAsked | ConditionAsked)[] }
  | { readonly any: readonly (RowAsked | ConditionAsked)[] };

/** All or any of rows, or of conditions within. */
export const condition: z.ZodType<ConditionAsked> = z.lazy(() =>
  z.union([
    z.strictObject({ all: z.array(z.union([row, condition])) }),
    z.strictObject({ any: z.array(z.union([row, condition])).min(1) }),
  ]),
);

function isFhirPath(expression: string): boolean {
  try {
    parseFhirPath(expression);
    return true;
  } catch {
    return false;
  }
}

export interface Subject {
  readonly facts: ItemFacts;
  readonly coded?: CodedFacts;
  /** Read only when a row needs them. */
  readonly resources: () => readonly Resource[];
}

/** A condition, compiled once. */
export interface Condition {
  readonly test: (subject: Subject) => boolean;
  /** A row asks FHIRPath: the facts alone do not decide. */
  readonly needsChart: boolean;
}

const NOT_CODED: CodedFacts = { principal: "", diagnosisCount: 0, coderDays: Number.MAX_SAFE_INTEGER };
const textOf = ({ facts, coded }: Subject, field: (typeof TEXT_FIELDS)[number]): string =>
  field === "principal" ? (coded ?? NOT_CODED).principal : facts[field];
const numberOf = ({ facts, coded }: Subject, field: (typeof NUMBER_FIELDS)[number]): number =>
  field === "diagnosisCount" || field === "coderDays" ? (coded ?? NOT_CODED)[field] : facts[field];

function compileRow(asked: RowAsked): Condition {
  if ("fhirpath" in asked) return { test: ({ resources }) => isTrue(asked.fhirpath, resources()), needsChart: true };
  return { test: testOf(asked), needsChart: false };
}

function testOf(asked: Exclude<RowAsked, { fhirpath: string }>): Condition["test"] {
  if ("not" in asked) return (subject) => textOf(subject, asked.field) !== asked.not;
  if ("startsWith" in asked) return (subject) => textOf(subject, asked.field).startsWith(asked.startsWith);
  if ("atLeast" in asked) return (subject) => numberOf(subject, asked.field) >= asked.atLeast;
  if ("below" in asked) return (subject) => numberOf(subject, asked.field) < asked.below;
  if ("has" in asked) return ({ facts }) => facts[asked.field].includes(asked.has);
  if ("hasAny" in asked) return ({ facts }) => asked.hasAny.some((value) => facts[asked.field].includes(value));
  if ("hasNone" in asked) return ({ facts }) => !asked.hasNone.some((value) => facts[asked.field].includes(value));
  if ("in" in asked) {
    const set = new Set(asked.in);
    return (subject) => set.has(textOf(subject, asked.field));
  }
  if ("notIn" in asked) {
    const set = new Set(asked.notIn);
    return (subject) => !set.has(textOf(subject, asked.field));
  }
  if (asked.field === "surgical") return ({ facts }) => facts.surgical === asked.is;
  const { field, is } = asked;
  return (subject) => textOf(subject, field) === is;
}

/** An empty answer is no; anything else must be `true`. An expression that fails on this chart says no. */
function isTrue(expression: string, resources: readonly Resource[]): boolean {
  const chart: Bundle = { resourceType: "Bundle", type: "collection", entry: resources.map((resource) => ({ resource })) };
  try {
    const answer = evalFhirPath(expression, chart) as readonly unknown[];
    return answer.length > 0 && answer.every((one) => one === true);
  } catch {
    return false;
  }
}

/** Whether it is a condition within a condition. */
export const isGroup = (asked: RowAsked | ConditionAsked): asked is ConditionAsked => "all" in asked || "any" in asked;

export function compileCondition(asked: ConditionAsked): Condition {
  const parts = ("all" in asked ? asked.all : asked.any).map((part) => (isGroup(part) ? compileCondition(part) : compileRow(part)));
  const needsChart = parts.some((part) => part.needsChart);
  return "all" in asked
    ? { needsChart, test: (subject) => parts.every(({ test }) => test(subject)) }
    : { needsChart, test: (subject) => parts.some(({ test }) => test(subject)) };
}
