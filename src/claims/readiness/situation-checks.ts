import { shiftDay } from "#src/coding/stay.ts";
import { fault, item, type ReadinessCheck, when } from "./check.ts";

const POINTABLE: readonly string[] = ["principal", "secondary"];
const PRESENT_ON_ADMISSION = /^[YNUW]$/;
const CHANGE_REASON = /^(D\d|E0)$/;
/** Days before admission that may be billed with the stay (three-day payment window). */
const DAYS_BEFORE = 3;

/** SNIP type 4: what one element wants of another. */
export const SITUATION_CHECKS: readonly ReadinessCheck[] = [
  {
    id: "CB-RDY-401",
    snip: 4,
    title: "Exactly one diagnosis is the principal or first-listed one",
    severity: "hard",
    citation: "837 HI*ABK; UB-04 form locator 67",
    run: ({ bill }) =>
      when(
        bill.diagnoses.filter(({ use }) => use === "principal").length !== 1,
        "Claim.diagnosis",
        "Not exactly one diagnosis is the principal one.",
        "Choose it.",
      ),
  },
  {
    id: "CB-RDY-402",
    snip: 4,
    title: "Present on admission is said of reported diagnoses of a stay only",
    severity: "hard",
    citation: "ICD-10-CM Official Guidelines, Appendix I",
    run: ({ bill }) =>
      bill.diagnoses.flatMap(({ onAdmission, use }, index) => [
        ...when(
          onAdmission !== undefined && (!bill.inpatient || use === "admitting" || use === "patientreasonforvisit"),
          `Claim.diagnosis[${index}].onAdmission`,
          "This diagnosis takes no present-on-admission indicator.",
          "Remove it.",
        ),
        ...when(
          onAdmission !== undefined && !PRESENT_ON_ADMISSION.test(onAdmission),
          `Claim.diagnosis[${index}].onAdmission`,
          "The indicator is Y, N, U or W.",
          "Correct it.",
        ),
      ]),
  },
  {
    id: "CB-RDY-403",
    snip: 4,
    title: "Lines point to diagnoses that are there and can be a reason",
    severity: "hard",
    citation: "837 SV107; CMS-1500 item 24E",
    run: ({ bill, claim }) => {
      const reasons = new Set(bill.diagnoses.filter(({ use }) => POINTABLE.includes(use)).map(({ sequence }) => sequence));
      const team = new Set((claim.careTeam ?? []).map(({ sequence }) => sequence));
      return bill.lines.flatMap(({ pointers, team: members }, index) => [
        ...pointers
          .filter((pointer) => !reasons.has(pointer))
          .map((pointer) =>
            fault(item(index, "diagnosisSequence"), `There is no diagnosis ${pointer} that can be a reason.`, "Correct the pointer."),
          ),
        ...members
          .filter((member) => !team.has(member))
          .map((member) => fault(item(index, "careTeamSequence"), `There is no care team member ${member}.`, "Name the practitioner.")),
      ]);
    },
  },
  {
    id: "CB-RDY-404",
    snip: 4,
    title: "A replacement or void names its original, and an original names none",
    severity: "hard",
    citation: "837 CLM05-3, REF*F8; UB-04 form locators 4 and 64",
    run: ({ claim, bill }) => {
      const prior = (claim.related ?? []).some(({ relationship }) => relationship?.coding?.[0]?.code === "prior");
      return [
        ...when(
          (bill.frequency === "7" || bill.frequency === "8") && !prior,
          "Claim.related",
          "The claim that is replaced or voided is not named.",
          "Enter the payer's claim number.",
        ),
        ...when(
          bill.frequency === "1" && prior,
          "Claim.related",
          "An original claim names an earlier one.",
          "Say that it is a replacement.",
        ),
      ];
    },
  },
  {
    id: "CB-RDY-405",
    snip: 4,
    title: "A changed hospital claim says why, and reason D9 says it in words",
    severity: "soft",
    citation: "Medicare Claims Processing Manual, chapter 1, section 130",
    run: ({ bill }) =>
      bill.kind === "professional"
        ? []
        : [
            ...when(
              (bill.frequency === "7" || bill.frequency === "8") && bill.conditions.filter((code) => CHANGE_REASON.test(code)).length !== 1,
              "Claim.supportingInfo",
              "A changed claim has exactly one reason (D0 to D9, E0).",
              "Choose the one that fits.",
            ),
            ...when(
              bill.conditions.includes("D9") && bill.remarks === undefined,
              "Claim.supportingInfo",
              "Reason D9 wants words.",
              "Enter remarks.",
            ),
          ],
  },
  {
    id: "CB-RDY-406",
    snip: 4,
    title: "Days lie within the statement, and periods end after they begin",
    severity: "soft",
    citation: "837 DTP*434, DTP*472; UB-04 form locators 6 and 45",
    run: ({ bill }) => [
      ...when(bill.from > bill.through, "Claim.billablePeriod", "The statement ends before it begins.", "Have the visit corrected."),
      ...bill.spans.flatMap(({ from, through }) =>
        when(from > through, "Claim.supportingInfo", "A span ends before it begins.", "Correct the span."),
      ),
      ...bill.lines.flatMap(({ from, through }, index) =>
        when(
          from < shiftDay(bill.from, -DAYS_BEFORE) || (through ?? from) > bill.through,
          item(index, "serviced"),
          "The day is not within the statement.",
          "Correct the day, or have the charge corrected.",
        ),
      ),
    ],
  },
  {
    id: "CB-RDY-407",
    snip: 4,
    title: "An inpatient claim has an admitting diagnosis, and who operated where there was an operation",
    severity: "soft",
    citation: "UB-04 form locators 69 and 77",
    run: ({ bill }) => [
      ...when(
        bill.inpatient && !bill.diagnoses.some(({ use }) => use === "admitting"),
        "Claim.diagnosis",
        "There is no admitting diagnosis.",
        "Enter it.",
      ),
      ...when(
        bill.procedures.length > 0 && !bill.team.some(({ role }) => role === "operating"),
        "Claim.careTeam",
        "Nobody operated.",
        "Name who performed the procedure.",
      ),
    ],
  },
];
