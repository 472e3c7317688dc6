import { z } from "zod";
import { ageOf, type Scene } from "./scene.ts";

/** What a grouper is asked: one JSON value on its stdin. Codes have no dot; no name or number of the patient. */
export interface GrouperRequest {
  readonly admittedOn?: string;
  readonly dischargedOn?: string;
  readonly ageYears?: number;
  readonly sex?: string;
  /** UB-04 form locator 17. */
  readonly dischargeStatus?: string;
  readonly principal?: { readonly code: string; readonly onAdmission?: string };
  readonly admitting?: { readonly code: string };
  readonly secondary: readonly { readonly code: string; readonly onAdmission?: string }[];
  readonly procedures: readonly { readonly code: string; readonly date: string }[];
  readonly birthWeightGrams?: number;
}

/** What it answers: one JSON value on its stdout. */
export const grouperAnswer = z.union([
  z.strictObject({
    kind: z.enum(["MS-DRG", "APR-DRG"]),
    code: z.string().regex(/^\d{3}(-?[1-4][1-4])?$/),
    version: z.string().min(1).max(20),
  }),
  z.strictObject({ error: z.string().min(1).max(300) }),
]);
export type GrouperAnswer = z.infer<typeof grouperAnswer>;

const coded = ({ code, onAdmission }: Scene["diagnoses"][number]) => ({ code, ...(onAdmission === undefined ? {} : { onAdmission }) });

/** The question for a grouper, of an inpatient's codes as they stand. */
export function grouperRequest(scene: Scene): GrouperRequest {
  const { visit, diagnoses, procedures, abstract } = scene;
  const principal = diagnoses.find(({ use }) => use === "principal");
  const admitting = diagnoses.find(({ use }) => use === "admitting");
  const age = ageOf(scene);
  return {
    ...(visit.stay?.from === undefined ? {} : { admittedOn: visit.stay.from }),
    ...(visit.stay?.through === undefined ? {} : { dischargedOn: visit.stay.through }),
    ...(age === undefined ? {} : { ageYears: age }),
    ...(visit.gender === undefined ? {} : { sex: visit.gender }),
    ...(visit.dischargeStatus === undefined ? {} : { dischargeStatus: visit.dischargeStatus }),
    ...(principal === undefined ? {} : { principal: coded(principal) }),
    ...(admitting === undefined ? {} : { admitting: { code: admitting.code } }),
    secondary: diagnoses.filter(({ use }) => use === "secondary" || use === "externalcauseofinjury").map(coded),
    procedures: procedures.map(({ code, date }) => ({ code, date })),
    ...(abstract.birthWeightGrams === undefined ? {} : { birthWeightGrams: abstract.birthWeightGrams }),
  };
}

/** Asks a grouper; fails with what it could not do, in words for a person. */
export type AskGrouper = (request: GrouperRequest) => Promise<GrouperAnswer>;
