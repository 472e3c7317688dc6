import { centsOf } from "#src/base/money.ts";
import { isDiagnosisCode, isInpatientProcedureCode, isModifier, isProcedureCode, isRevenueCode, SYSTEMS } from "#src/coding/codes.ts";
import type { Bill } from "../form/bill.ts";
import { type Fault, item, type ReadinessCheck, when } from "./check.ts";

/** Form of codes that stand alone on a claim. */
const FORMS = {
  typeOfBill: /^[1-9][1-9][0-9A-Z]$/,
  dischargeStatus: /^(0[1-79]|2[01]|30|4[0-3]|5[01]|6[1-69]|70|8[1-9]|9[0-5])$/,
  admissionType: /^[1-59]$/,
  twoCharacters: /^[0-9A-Z]{2}$/,
  drg: /^\d{3}(-?[1-4][1-4])?$/,
  place: /^\d{2}$/,
  ndc: /^\d{11}$/,
} as const;

const malformed = (code: string | undefined, form: RegExp, place: string): readonly Fault[] =>
  when(code !== undefined && !form.test(code), place, "The code has not its form.", "Correct it at its source.");

/** SNIP type 3: what has to add up, in whole cents. */
const BALANCE: readonly ReadinessCheck[] = [
  {
    id: "CB-RDY-301",
    snip: 3,
    title: "The total is the sum of the lines",
    severity: "hard",
    citation: "837 CLM02; UB-04 form locator 47",
    run: ({ bill }) =>
      when(
        bill.lines.reduce((sum, { cents }) => sum + cents, 0) !== bill.totalCents,
        "Claim.total",
        "The total is not the sum of the lines.",
        "Assemble the claim again.",
      ),
  },
  {
    id: "CB-RDY-302",
    snip: 3,
    title: "A line is its unit price times its units",
    severity: "hard",
    citation: "837 SV1, SV2",
    run: ({ bill }) =>
      bill.lines.flatMap(({ unitCents, quantity, cents }, index) =>
        when(
          unitCents !== undefined && Math.round(unitCents * quantity) !== cents,
          item(index, "net"),
          "The amount is not unit price times quantity.",
          "Correct the charge.",
        ),
      ),
  },
  {
    id: "CB-RDY-303",
    snip: 3,
    title: "Amounts are whole cents of US dollars, none of them negative, and what is not covered is within them",
    severity: "hard",
    citation: "837 SV1, SV2",
    run: ({ claim, bill }) => [
      ...(claim.item ?? []).flatMap(({ net, unitPrice }, index) =>
        [net, unitPrice].flatMap((amount) =>
          when(
            amount !== undefined &&
              (amount.currency !== "USD" ||
                (amount.value ?? -1) < 0 ||
                Math.abs(centsOf(amount.value ?? 0) - (amount.value ?? 0) * 100) > 1e-6),
            item(index, "net"),
            "The amount is not in whole cents of US dollars.",
            "Correct the charge.",
          ),
        ),
      ),
      ...bill.lines.flatMap(({ nonCoveredCents, cents }, index) =>
        when(nonCoveredCents > cents, item(index, "extension"), "More is not covered than the line costs.", "Correct the line."),
      ),
    ],
  },
];

/** SNIP type 5: codes have the form of their set. That they are valid on their day is the coding edits' (docs/edits.md). */
const CODES: readonly ReadinessCheck[] = [
  {
    id: "CB-RDY-501",
    snip: 5,
    title: "Diagnoses, procedures, services, modifiers and revenue codes have the form of their sets",
    severity: "hard",
    citation: "45 CFR 162.1002",
    run: ({ bill }) => [
      ...bill.diagnoses.flatMap(({ code }, index) =>
        when(!isDiagnosisCode(code), `Claim.diagnosis[${index}]`, "This has not the form of ICD-10-CM.", "Correct the code."),
      ),
      ...bill.procedures.flatMap(({ code }, index) =>
        when(!isInpatientProcedureCode(code), `Claim.procedure[${index}]`, "This has not the form of ICD-10-PCS.", "Correct the code."),
      ),
      ...bill.lines.flatMap(({ code, modifiers, revenue, place, ndc }, index) => [
        ...when(
          code !== undefined && !isProcedureCode(code),
          item(index, "productOrService"),
          "This has not the form of CPT or HCPCS.",
          "Correct the code.",
        ),
        ...when(!modifiers.every(isModifier), item(index, "modifier"), "A modifier has two characters.", "Correct it."),
        ...when(revenue !== undefined && !isRevenueCode(revenue), item(index, "revenue"), "A revenue code has four digits.", "Correct it."),
        ...malformed(place, FORMS.place, item(index, "location")),
        ...malformed(ndc, FORMS.ndc, item(index, "detail[0].productOrService")),
      ]),
    ],
  },
  {
    id: "CB-RDY-502",
    snip: 5,
    title: "Type of bill, discharge status, DRG and the codes of conditions, occurrences, spans and values have their form",
    severity: "hard",
    citation: "UB-04 form locators 4, 14, 17, 18 to 41 and 71",
    run: ({ bill }) => [
      ...malformed(bill.typeOfBill, FORMS.typeOfBill, "Claim.supportingInfo"),
      ...malformed(bill.admissionType, FORMS.admissionType, "Claim.supportingInfo"),
      ...malformed(bill.drg, FORMS.drg, "Claim.supportingInfo"),
      ...[...bill.conditions, ...[...bill.occurrences, ...bill.spans, ...bill.values].map(({ code }) => code)].flatMap((code) =>
        malformed(code, FORMS.twoCharacters, "Claim.supportingInfo"),
      ),
    ],
  },
  {
    id: "CB-RDY-503",
    snip: 5,
    title: "The discharge status is one of the list",
    severity: "soft",
    citation: "UB-04 form locator 17",
    run: ({ bill }) => malformed(bill.dischargeStatus, FORMS.dischargeStatus, "Claim.supportingInfo"),
  },
  {
    id: "CB-RDY-504",
    snip: 5,
    title: "No description of a licensed code set leaves with the claim",
    severity: "hard",
    citation: "CPT is a registered trademark of the American Medical Association",
    run: ({ claim }) =>
      (claim.item ?? []).flatMap(({ productOrService, modifier = [] }, index) =>
        when(
          [productOrService, ...modifier].some(({ coding = [] }) =>
            coding.some(({ system, display }) => system === SYSTEMS.cpt && display !== undefined),
          ),
          item(index, "productOrService"),
          "A description of CPT stands beside the code.",
          "Assemble the claim again.",
        ),
      ),
  },
];

const many = (count: number, most: number, place: string, what: string): readonly Fault[] =>
  when(count > most, place, `A claim takes ${most} ${what}.`, "Remove those that matter least.");
const used = ({ diagnoses }: Bill, use: string): number => diagnoses.filter((one) => one.use === use).length;

/** SNIP type 6: what belongs on which kind of claim. */
const SERVICES: readonly ReadinessCheck[] = [
  {
    id: "CB-RDY-601",
    snip: 6,
    title: "Type of bill, kind of claim and codes agree",
    severity: "hard",
    citation: "45 CFR 162.1002; UB-04 form locator 4",
    run: ({ bill }) => [
      ...when(
        bill.kind === "institutional" && bill.typeOfBill === undefined,
        "Claim.supportingInfo",
        "The type of bill is missing.",
        "Assemble the claim again.",
      ),
      ...when(
        bill.procedures.length > 0 && !bill.inpatient,
        "Claim.procedure",
        "ICD-10-PCS is for inpatient claims.",
        "Remove the procedures.",
      ),
      ...when(
        bill.typeOfBill !== undefined && /^[12][38]/.test(bill.typeOfBill) && bill.inpatient,
        "Claim.subType",
        "An outpatient type of bill stands on an inpatient claim.",
        "Have the patient class corrected.",
      ),
      ...bill.lines.flatMap(({ revenue }, index) =>
        when(
          (bill.kind === "institutional") !== (revenue !== undefined),
          item(index, "revenue"),
          "Hospital lines have a revenue code, professional ones none.",
          "Correct the line.",
        ),
      ),
    ],
  },
  {
    id: "CB-RDY-602",
    snip: 6,
    title: "Nothing is there more often than a claim takes it",
    severity: "hard",
    citation: "837 HI, LX; UB-04; CMS-1500",
    run: ({ bill }) =>
      bill.kind === "professional"
        ? [
            ...many(bill.lines.length, 50, "Claim.item", "lines"),
            ...many(bill.diagnoses.length, 12, "Claim.diagnosis", "diagnoses"),
            ...bill.lines.flatMap(({ pointers, modifiers }, index) => [
              ...many(pointers.length, 4, item(index, "diagnosisSequence"), "pointers on a line"),
              ...many(modifiers.length, 4, item(index, "modifier"), "modifiers on a line"),
            ]),
          ]
        : [
            ...many(bill.lines.length, 999, "Claim.item", "lines"),
            ...many(used(bill, "secondary"), 24, "Claim.diagnosis", "secondary diagnoses"),
            ...many(used(bill, "externalcauseofinjury"), 12, "Claim.diagnosis", "external causes"),
            ...many(used(bill, "patientreasonforvisit"), 3, "Claim.diagnosis", "reasons for the visit"),
            ...many(used(bill, "admitting"), 1, "Claim.diagnosis", "admitting diagnosis"),
            ...many(bill.procedures.length, 25, "Claim.procedure", "procedures"),
            ...many(bill.conditions.length, 24, "Claim.supportingInfo", "condition codes"),
            ...many(bill.occurrences.length, 24, "Claim.supportingInfo", "occurrence codes"),
            ...many(bill.values.length, 24, "Claim.supportingInfo", "value codes"),
            ...bill.lines.flatMap(({ modifiers }, index) => many(modifiers.length, 4, item(index, "modifier"), "modifiers on a line")),
          ],
  },
];

/** SNIP types 3, 5 and 6. */
export const CONTENT_CHECKS: readonly ReadinessCheck[] = [...BALANCE, ...CODES, ...SERVICES];
