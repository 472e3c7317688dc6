import { CITE } from "../findings.ts";
import type { Scene } from "../scene.ts";
import type { Edit } from "./edit.ts";

/** NUCC taxonomies of hospitals that need not report POA to Medicare (CMS Hospital-Acquired Conditions, exempt providers). */
const EXEMPT_HOSPITALS = /^(282NC0060|283Q|273R|283X|273Y|282E|284300|281P|282NC2000|2865|282J)/;

const exempt = ({ visit }: Scene): boolean => visit.medicare && EXEMPT_HOSPITALS.test(visit.facilityTaxonomy ?? "");

const POA01: Edit = {
  id: "POA01",
  version: 1,
  title: "Every diagnosis of an inpatient says Y, N, U or W, except the exempt, which say nothing",
  streams: "IOP",
  severity: ["hard", "info"],
  reads: ["diagnoses", "dates", "visit"],
  sets: ["poa-exempt"],
  citation: CITE.poa,
  run: (scene, report) => {
    const { diagnoses, kind, dates, data } = scene;
    for (const { code, index, onAdmission, reported } of diagnoses) {
      if (!reported) continue;
      const path = `diagnoses[${index}].onAdmission`;
      if (kind !== "I") {
        if (onAdmission !== undefined)
          report.at(path, "Only inpatient hospital claims report present on admission.", "It is left off the claim.", "info");
        continue;
      }
      const day = dates[index]?.[0];
      if (day === undefined || exempt(scene)) continue;
      const free = report.known(data.inList("poa-exempt", code, day), "poa-exempt", day);
      if (free === true && onAdmission !== undefined)
        report.at(path, "This code is exempt from present on admission.", "Leave the indicator empty.");
      if (onAdmission !== undefined || free === true) continue;
      // Without the list nobody knows which codes are exempt; those of these chapters mostly are.
      if (free === undefined && /^[V-Z]/.test(code)) continue;
      report.at(path, "The present-on-admission indicator is missing.", "Enter Y, N, U or W.");
    }
  },
};

const POA02: Edit = {
  id: "POA02",
  version: 1,
  title: "Admitting diagnosis and reason for visit have no indicator",
  streams: "IOP",
  severity: ["hard"],
  reads: ["diagnoses"],
  citation: CITE.poa,
  run: ({ diagnoses }, report) => {
    for (const { index, onAdmission, reported } of diagnoses)
      if (!reported && onAdmission !== undefined)
        report.at(`diagnoses[${index}].onAdmission`, "This use of a diagnosis has no present-on-admission indicator.", "Leave it empty.");
  },
};

const POA03: Edit = {
  id: "POA03",
  version: 1,
  title: "The principal diagnosis was there at admission",
  streams: "I",
  severity: ["soft"],
  reads: ["diagnoses"],
  citation: `${CITE.poa}; Section II`,
  run: ({ diagnoses }, report) => {
    for (const { code, index, use, onAdmission } of diagnoses)
      if (use === "principal" && onAdmission === "N" && !/^([OP]|Z38)/.test(code))
        report.at(
          `diagnoses[${index}].onAdmission`,
          "The principal diagnosis is the reason for the admission, and is said to have come later.",
          "Choose another principal diagnosis, or correct the indicator.",
        );
  },
};

const POA04: Edit = {
  id: "POA04",
  version: 1,
  title: "U asks for a query",
  streams: "I",
  severity: ["soft"],
  reads: ["diagnoses"],
  citation: CITE.poa,
  run: ({ diagnoses }, report) => {
    for (const { index, onAdmission } of diagnoses)
      if (onAdmission === "U")
        report.at(
          `diagnoses[${index}].onAdmission`,
          "The documentation does not say whether it was there at admission.",
          "Ask the provider, or say why not.",
        );
  },
};

/** Hospital-acquired condition categories that the code alone tells (CMS HAC list, FY2026). */
const ACQUIRED =
  /^(T81[56]|T800XX|T803|L89\d{2}[34]|E1010|E1100|E1101|E1300|E1301|E1310|E15|E0800|E0801|E0810|E0900|E0901|E0910|T83511|T80211|J9851|J95811)/;

const POA05: Edit = {
  id: "POA05",
  version: 1,
  title: "A hospital-acquired condition is reviewed before it is billed",
  streams: "I",
  severity: ["soft"],
  reads: ["diagnoses"],
  citation: "42 CFR 412.170 to 412.172; CMS Hospital-Acquired Conditions list",
  run: ({ diagnoses }, report) => {
    for (const { code, index, onAdmission } of diagnoses)
      if ((onAdmission === "N" || onAdmission === "U") && ACQUIRED.test(code))
        report.at(
          `diagnoses[${index}].onAdmission`,
          "This is a hospital-acquired condition when it was not there at admission.",
          "Have quality review it, then say so.",
        );
  },
};

const POA06: Edit = {
  id: "POA06",
  version: 1,
  title: "Injury and external cause agree on when they came",
  streams: "I",
  severity: ["info"],
  reads: ["diagnoses"],
  citation: CITE.poa,
  run: ({ diagnoses }, report) => {
    const injuries = diagnoses.filter(({ code, reported }) => reported && /^[ST]\d/.test(code));
    if (injuries.length === 0) return;
    for (const { code, index, onAdmission } of diagnoses)
      if (
        /^[V-Y]\d/.test(code) &&
        onAdmission !== undefined &&
        injuries.every((one) => one.onAdmission !== undefined && one.onAdmission !== onAdmission)
      )
        report.at(
          `diagnoses[${index}].onAdmission`,
          "The external cause has another indicator than every injury.",
          "Check which of them is right.",
        );
  },
};

export const PRESENT_ON_ADMISSION: readonly Edit[] = [POA01, POA02, POA03, POA04, POA05, POA06];
