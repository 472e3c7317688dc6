import { dotted } from "../codes.ts";
import { inRange } from "../policy.ts";
import { CODE_FIRST, USE_ADDITIONAL } from "./code-first.ts";
import type { Edit } from "./edit.ts";

const DX11: Edit = {
  id: "DX11",
  version: 1,
  title: "No two codes of which the tabular list excludes one where the other is (Excludes1)",
  streams: "IOP",
  severity: ["soft"],
  reads: ["diagnoses", "dates"],
  sets: ["excludes1"],
  citation: "ICD-10-CM Official Guidelines, Section I.A.12.a",
  run: ({ diagnoses, dates, data }, report) => {
    const reported = diagnoses.filter((dx) => dx.reported);
    for (const [at, one] of reported.entries()) {
      const day = dates[one.index]?.[0];
      if (day === undefined) continue;
      for (const other of reported.slice(at + 1)) {
        const excluded = report.known(data.excludes1(one.code, other.code, day), "excludes1", day);
        // Without data for the day one question tells it.
        if (excluded === undefined) return;
        if (excluded || report.known(data.excludes1(other.code, one.code, day), "excludes1", day) === true)
          report.at(
            other.path,
            `The tabular list excludes this code where ${dotted(one.code)} is (Excludes1).`,
            "Remove one of the two; keep both only when they are documented as unrelated.",
          );
      }
    }
  },
};

const matches = (code: string, ranges: readonly string[]): boolean => ranges.some((range) => inRange(code, range));

const DX12: Edit = {
  id: "DX12",
  version: 1,
  title: "The disease comes before its manifestation; additional codes are there",
  streams: "IOP",
  severity: ["soft"],
  reads: ["diagnoses"],
  citation: "ICD-10-CM Official Guidelines, Sections I.A.13 and I.A.17",
  run: ({ diagnoses }, report) => {
    for (const { code, path, index, reported } of diagnoses) {
      if (!reported) continue;
      const first = CODE_FIRST.find((row) => code.startsWith(row.code));
      // A code in the first place is told of by the edit on manifestations.
      if (first !== undefined && index > 0 && !diagnoses.some((dx) => dx.index < index && dx.reported && matches(dx.code, first.first)))
        report.at(
          path,
          `The tabular list says to code ${first.what} first, and it is not there before this code.`,
          "Add it, or move it before.",
        );
      const also = USE_ADDITIONAL.find((row) => code.startsWith(row.code));
      if (also !== undefined && !diagnoses.some((dx) => dx.reported && matches(dx.code, also.also)))
        report.at(path, `The tabular list asks for ${also.what} besides.`, "Add it.");
    }
  },
};

/** HCPCS modifiers of the right and of the left side of the body. */
const RIGHT = new Set(["RT", "E3", "E4", "F5", "F6", "F7", "F8", "F9", "T5", "T6", "T7", "T8", "T9"]);
const LEFT = new Set(["LT", "E1", "E2", "FA", "F1", "F2", "F3", "F4", "TA", "T1", "T2", "T3", "T4"]);

const DX15: Edit = {
  id: "DX15",
  version: 1,
  title: "The side of the diagnosis is the side of the service",
  streams: "OP",
  severity: ["soft"],
  reads: ["diagnoses", "lines"],
  citation: "ICD-10-CM Official Guidelines, Section I.B.13; NCCI Policy Manual, chapter I",
  run: ({ diagnoses, lines, data }, report) => {
    for (const { modifiers, pointers, path } of lines) {
      const right = modifiers.some((one) => RIGHT.has(one));
      const left = modifiers.some((one) => LEFT.has(one));
      if (right === left) continue;
      const sides = pointers.flatMap((pointer) => {
        const side = data.laterality(diagnoses[pointer - 1]?.code ?? "")?.side;
        return side === "right" || side === "left" || side === "bilateral" ? [side] : [];
      });
      const service = right ? "right" : "left";
      if (sides.length > 0 && !sides.includes(service) && !sides.includes("bilateral"))
        report.at(
          `${path}.modifiers`,
          `The modifier says ${service}, and the diagnosis it is done for says the other side.`,
          "Correct the modifier, the diagnosis, or the pointer.",
        );
    }
  },
};

const INJURY = /^[ST]\d/;

const DX16: Edit = {
  id: "DX16",
  version: 1,
  title: "The 7th characters of an episode of care go together",
  streams: "IOP",
  severity: ["soft"],
  reads: ["diagnoses"],
  citation: "ICD-10-CM Official Guidelines, Section I.C.19.a",
  run: ({ diagnoses }, report) => {
    const seen = new Map<string, { readonly seventh: string; readonly index: number }>();
    const injuries = diagnoses.filter(({ code, reported }) => reported && INJURY.test(code) && code.length === 7);
    for (const { code, index, path } of injuries) {
      const [stem, seventh] = [code.slice(0, 6), code.slice(6)];
      const before = seen.get(stem);
      if (before === undefined) seen.set(stem, { seventh, index });
      else if (before.seventh !== seventh)
        report.at(
          path,
          `The same injury is coded with another 7th character as diagnosis ${before.index + 1}.`,
          "An encounter has one episode of care: keep the one that fits it.",
        );
      if (seventh !== "S") continue;
      const residual = diagnoses.some((dx) => dx.reported && dx.index < index && !dx.code.endsWith("S"));
      if (!residual) report.at(path, "A sequela has no code of the condition it left.", "Put the present condition before the sequela.");
    }
  },
};

export const DIAGNOSIS_PAIRS: readonly Edit[] = [DX11, DX12, DX15, DX16];
