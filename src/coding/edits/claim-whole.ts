import { inRange } from "../policy.ts";
import type { Scene } from "../scene.ts";
import { shiftDay } from "../stay.ts";
import type { Edit } from "./edit.ts";
import { codedLines } from "./procedure-codes.ts";

/** The Medicare Beneficiary Identifier: no S, L, O, I, B, Z. */
const MBI = /^[1-9][AC-HJKMNP-RT-Y][0-9AC-HJKMNP-RT-Y][0-9][AC-HJKMNP-RT-Y][0-9AC-HJKMNP-RT-Y][0-9][AC-HJKMNP-RT-Y]{2}[0-9]{2}$/;

const CL07: Edit = {
  id: "CL07",
  version: 1,
  title: "A payer is named, and the member's number has its form",
  streams: "IOP",
  severity: ["hard", "soft", "info"],
  reads: ["visit"],
  citation: "CMS MBI specification, version 4; UB-04 form locators 50 and 60",
  run: ({ visit }, report) => {
    const [first] = visit.coverages;
    if (first === undefined)
      return report.at(
        "chart.coverage",
        "There is no coverage: the patient pays.",
        "Nothing to do when that is so; else registration names the payer.",
        "info",
      );
    const member = first.subscriberId?.replaceAll("-", "").toUpperCase();
    if (member === undefined || member === "")
      report.at("chart.coverage", "The first payer has no member number.", "Have registration enter it (IN1-36).", "soft");
    else if (visit.medicare && !MBI.test(member))
      report.at("chart.coverage", "This is not the form of a Medicare beneficiary identifier.", "Have registration correct it (IN1-36).");
  },
};

const MEDICARE_DAYS = 365;

const CL08: Edit = {
  id: "CL08",
  version: 1,
  title: "The payer's limit for filing is not near",
  streams: "IOP",
  severity: ["soft"],
  reads: ["visit", "today", "lines", "abstract"],
  citation: "42 CFR 424.44; the payer's contract",
  run: ({ visit, today, kind, lines, policy, abstract }, report) => {
    if (today === undefined || visit.payerId === undefined || abstract.frequency === "7" || abstract.frequency === "8") return;
    const days = policy.timelyFilingDays[visit.payerId] ?? (visit.medicare ? MEDICARE_DAYS : policy.timelyFilingDays["default"]);
    const begins =
      kind === "P"
        ? lines
            .map(({ day }) => day)
            .filter((day) => day !== "")
            .sort()[0]
        : (visit.stay?.through ?? visit.stay?.from);
    if (days === undefined || begins === undefined) return;
    const limit = shiftDay(begins, days);
    if (today > limit)
      report.at("chart.stay", `The payer's limit for filing was ${limit}.`, "Say on which ground the claim goes out late.");
    else if (shiftDay(limit, -policy.timelyFilingWarnDays) <= today)
      report.at("chart.stay", `The payer's limit for filing is ${limit}.`, "Code it first; tell billing.");
  },
};

/** Hospitals under one day, and those the payment window is not for. */
const ONE_DAY = /^(283Q|273R|283X|273Y|282E|281P|282NC2000)/;
const NO_WINDOW = /^282NC0060/;

const CL09: Edit = {
  id: "CL09",
  version: 1,
  title: "Outpatient services within the payment window of a stay are decided on",
  streams: "IO",
  payers: "medicare",
  severity: ["hard"],
  reads: ["related", "visit", "abstract", "lines"],
  citation: "42 CFR 412.2(c)(5); CARC 60",
  run: ({ related, visit, kind, abstract, input }, report) => {
    const taxonomy = visit.facilityTaxonomy ?? "";
    const { stay } = visit;
    if (NO_WINDOW.test(taxonomy) || stay?.from === undefined) return;
    if (abstract.unrelatedAttested === true || abstract.conditionCodes?.includes("51") === true) return;
    const days = ONE_DAY.test(taxonomy) ? 1 : 3;
    const own = stay.from;
    const ends = stay.through ?? own;
    for (const one of related) {
      if (one.facility !== visit.facility || one.stream !== "FAC" || one.accountId === input.chart.accountId || one.from === undefined)
        continue;
      const other = one.through ?? one.from;
      const before = kind === "I" && !one.inpatient && other <= own && other >= shiftDay(own, -days);
      const after = kind === "O" && one.inpatient && ends <= one.from && ends >= shiftDay(one.from, -days);
      if (before)
        report.at(
          "chart.stay",
          `An outpatient visit ended on ${other}, within ${days} days before this stay.`,
          "Move its charges to the stay, or attest that they are unrelated.",
        );
      if (after)
        report.at(
          "chart.stay",
          `An inpatient stay began on ${one.from}, within ${days} days after this visit.`,
          "Move the charges to the stay, or attest that they are unrelated (condition code 51).",
        );
    }
  },
};

const CL10: Edit = {
  id: "CL10",
  version: 1,
  title: "The claim is not one that is out already",
  streams: "IOP",
  severity: ["hard"],
  reads: ["related", "lines", "visit", "diagnoses", "abstract"],
  citation: "Medicare Claims Processing Manual, chapter 1, section 120; CARC 18",
  run: (scene, report) => {
    const { related, visit, input, abstract } = scene;
    if (abstract.frequency === "7" || abstract.frequency === "8") return;
    const mine = codedLines(scene)
      .map(({ code, day }) => `${code} ${day}`)
      .sort()
      .join();
    for (const one of related) {
      if (!one.released || one.stream !== input.stream || one.accountId === input.chart.accountId || one.facility !== visit.facility)
        continue;
      if (one.from !== visit.stay?.from || one.through !== visit.stay?.through || mine === "") continue;
      if (
        one.lines
          .map(({ code, day }) => `${code} ${day}`)
          .sort()
          .join() === mine
      )
        report.at(
          "lines",
          "A claim for the same patient, days and services is out from another account.",
          "Void one of the two, or merge the accounts.",
        );
    }
  },
};

const CL11: Edit = {
  id: "CL11",
  version: 1,
  title: "A diagnosis supports the service, as the payer's coverage decision says",
  streams: "OP",
  severity: ["soft"],
  reads: ["lines", "diagnoses", "visit"],
  waitsFor: "coverage decisions in the site's edits.yaml (policy.medicalNecessity)",
  citation: "42 CFR 411.15(k); the payer's coverage decision",
  run: (scene, report) => {
    for (const { code, path, pointers, modifiers } of codedLines(scene)) {
      const decision = scene.policy.medicalNecessity.find(
        ({ codes, payer }) => codes.includes(code) && (payer === undefined || payer === scene.visit.payerId),
      );
      if (decision === undefined || modifiers.some((one) => ["GA", "GX", "GY", "GZ"].includes(one))) continue;
      const reasons =
        pointers.length > 0 ? pointers.flatMap((at) => scene.diagnoses[at - 1] ?? []) : scene.diagnoses.filter(({ reported }) => reported);
      if (!reasons.some((dx) => decision.diagnoses.some((range) => inRange(dx.code, range))))
        report.at(
          `${path}.procedureCode`,
          `No diagnosis of this line supports ${code} (${decision.citation}).`,
          "Point to one that does, or add GA, GX, GY or GZ as the notice to the patient says.",
        );
    }
  },
};

const CL12: Edit = {
  id: "CL12",
  version: 1,
  title: "A service that needs an authorisation has one, for its code",
  streams: "IOP",
  severity: ["soft"],
  reads: ["lines", "abstract", "visit"],
  waitsFor: "services in the site's edits.yaml (policy.authorizations)",
  citation: "the payer's contract; UB-04 form locator 63; CARC 197",
  run: (scene, report) => {
    const { abstract, visit, policy } = scene;
    const due = policy.authorizations.filter(({ payer }) => payer === visit.payerId);
    for (const { code, path } of codedLines(scene)) {
      if (!due.some(({ codes }) => codes.includes(code))) continue;
      if (abstract.authorization === undefined)
        report.at(`${path}.procedureCode`, `The payer wants an authorisation for ${code}.`, "Enter its number, or have access ask for it.");
      else if (abstract.authorization.codes.length > 0 && !abstract.authorization.codes.includes(code))
        report.at(`${path}.procedureCode`, `The authorisation is not for ${code}.`, "Have access ask for it to be changed.");
    }
  },
};

const CHANGE_REASONS = /^(D[0-9]|E0)$/;

const CL13: Edit = {
  id: "CL13",
  version: 1,
  title: "A replacement or void names its original and one reason",
  streams: "IOP",
  severity: ["hard"],
  reads: ["abstract", "visit"],
  citation: "UB-04 form locators 4, 18 and 64; Medicare Claims Processing Manual, chapter 1, section 130",
  run: ({ abstract, visit, kind, policy }, report) => {
    const { frequency, originalReference, conditionCodes = [] } = abstract;
    if (frequency !== "7" && frequency !== "8") return;
    if (originalReference === undefined)
      report.at("abstract.originalReference", "The claim that is replaced or voided is not named.", "Enter the payer's claim number.");
    if (kind !== "P" && conditionCodes.filter((code) => CHANGE_REASONS.test(code)).length !== 1)
      report.at(
        "abstract.conditionCodes",
        "A replacement or void has exactly one reason for the change (D0 to D9, E0).",
        "Choose the one that fits.",
      );
    if (visit.payerId !== undefined && policy.noReplacementPayers.includes(visit.payerId))
      report.at("abstract.frequency", "This payer takes no replacement and no void.", "Ask for a reopening.");
  },
};

const CL14: Edit = {
  id: "CL14",
  version: 1,
  title: "Hospital and professional coding of one account agree",
  streams: "IOP",
  severity: ["info"],
  reads: ["related", "diagnoses", "lines"],
  citation: "OIG Compliance Program Guidance for Hospitals (63 FR 8987)",
  run: (scene, report) => {
    const { related, diagnoses, input } = scene;
    for (const one of related) {
      if (one.accountId !== input.chart.accountId || one.stream === input.stream) continue;
      const [theirs] = one.diagnoses;
      const mine = diagnoses.find(({ use }) => use === "principal");
      if (theirs !== undefined && mine !== undefined && theirs.slice(0, 3) !== mine.code.slice(0, 3))
        report.at(mine.path, "The other claim of this account has another first diagnosis.", "Compare the two.");
      for (const line of codedLines(scene)) {
        const twin = one.lines.find(({ code, day }) => code === line.code && day === line.day);
        const sides = (modifiers: readonly string[]): string =>
          modifiers
            .filter((modifier) => modifier === "LT" || modifier === "RT" || modifier === "50")
            .sort()
            .join();
        if (twin !== undefined && sides(twin.modifiers) !== sides(line.modifiers))
          report.at(
            `${line.path}.modifiers`,
            "The other claim of this account has another side for this service.",
            "Compare the two with the operative note.",
          );
      }
    }
  },
};

const CL15: Edit = {
  id: "CL15",
  version: 1,
  title: "An outpatient claim does not span a change of the code sets",
  streams: "OP",
  severity: ["soft"],
  reads: ["lines"],
  citation: "Medicare Claims Processing Manual, chapter 1, section 80.2.1; ICD-10-CM Official Guidelines, Section I",
  run: ({ lines }, report) => {
    const days = lines
      .map(({ day }) => day)
      .filter((day) => day !== "")
      .sort();
    const [first, last] = [days[0], days.at(-1)];
    if (first === undefined || last === undefined) return;
    const year = Number(first.slice(0, 4));
    const crossed = [`${year}-10-01`, `${year + 1}-01-01`].find((change) => first < change && last >= change);
    if (crossed !== undefined)
      report.at("lines", `The services lie before and after ${crossed}, when the code sets change.`, "Split the claim at that day.");
  },
};

const LIABILITY: readonly (string | undefined)[] = ["WC", "AM", "LM"];
const ACCIDENT_OCCURRENCES = /^0[1-6]$/;

const CL16: Edit = {
  id: "CL16",
  version: 1,
  title: "An accident has its day and state, and the payer who is liable comes first",
  streams: "IOP",
  severity: ["soft"],
  reads: ["diagnoses", "abstract", "visit"],
  citation: "42 CFR 411.20 to 411.54; UB-04 form locators 29 and 31",
  run: ({ diagnoses, abstract, visit }, report) => {
    const stated = abstract.accident !== undefined || abstract.occurrences?.some(({ code }) => ACCIDENT_OCCURRENCES.test(code)) === true;
    if (stated) return;
    if (LIABILITY.includes(visit.filing))
      report.at("abstract.accident", "The payer answers for accidents, and none is described.", "Enter its day, kind and state.");
    else if (diagnoses.some(({ code }) => /^V[0-8]\d/.test(code)) && diagnoses.some(({ code }) => /^(S\d|T[0-7]\d)/.test(code)))
      report.at(
        "abstract.accident",
        "A transport accident is coded, and its day and state are not entered.",
        "Enter them; another payer may come first.",
      );
  },
};

const CL17: Edit = {
  id: "CL17",
  version: 1,
  title: "Condition codes fit the claim",
  streams: "IO",
  severity: ["soft"],
  reads: ["abstract", "visit"],
  citation: "UB-04 form locators 18 to 28; Medicare Claims Processing Manual, chapter 1, section 50.3, and chapter 3, section 40.3",
  run: ({ abstract: { conditionCodes = [], frequency }, kind, visit }: Scene, report) => {
    const path = "abstract.conditionCodes";
    if (conditionCodes.includes("44") && kind === "I")
      report.at(
        path,
        "Condition code 44 says that the stay became an outpatient one, and this is an inpatient claim.",
        "Have the patient class corrected, or remove the code.",
      );
    if (conditionCodes.includes("51") && (kind === "I" || !visit.medicare))
      report.at(path, "Condition code 51 is for outpatient claims to Medicare.", "Remove it.");
    if (conditionCodes.some((code) => CHANGE_REASONS.test(code)) && frequency !== "7" && frequency !== "8")
      report.at(path, "A reason for a change stands on an original claim.", "Remove it, or say which claim is replaced.");
    if (new Set(conditionCodes).size < conditionCodes.length) report.at(path, "A condition code is there twice.", "Remove one.");
  },
};

export const CLAIM_WHOLE: readonly Edit[] = [CL07, CL08, CL09, CL10, CL11, CL12, CL13, CL14, CL15, CL16, CL17];
