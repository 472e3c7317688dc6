import type { Claim } from "@medplum/fhirtypes";
import { isNpi } from "#src/sitedata/npi.ts";
import { fault, type Fault, type ReadinessCheck, when } from "./check.ts";

const TR3 = "45 CFR 162.1102; ASC X12N 005010X222A1, 005010X223A2";

/** X12 basic and extended character sets, without the separators. */
const CHARACTERS = /^[A-Za-z0-9 !"&'()+,\-./;?=%@[\]_{}\\|<>#$]*$/;
const WHOLE_DAY = /^\d{4}-\d{2}-\d{2}$/;

/** Longest value of each element that has a limit (837). */
const LENGTHS = { number: 20, control: 30, reference: 50, remarks: 80, name: 60 } as const;

const tooLong = (text: string | undefined, most: number, place: string): readonly Fault[] =>
  when((text?.length ?? 0) > most, place, `This is longer than ${most} characters.`, "Shorten it.");

/** Numbers rise, each once. @param gaps where some may be missing: lines that an earlier version had. */
function misnumbered(parts: readonly { readonly sequence?: number }[] | undefined, place: string, gaps: boolean): readonly Fault[] {
  const numbers = (parts ?? []).map(({ sequence }) => sequence ?? 0);
  const wrong = gaps
    ? numbers.some((number, index) => number <= (numbers[index - 1] ?? 0))
    : numbers.some((number, index) => number !== index + 1);
  return when(wrong, place, "The numbering has gaps or repetitions.", "Assemble the claim again.");
}

const dayFaults = ({ item = [], accident, supportingInfo = [], procedure = [] }: Claim): readonly Fault[] =>
  [
    ...item.flatMap(({ servicedDate, servicedPeriod }, index) =>
      [servicedDate, servicedPeriod?.start, servicedPeriod?.end].map((day) => [`Claim.item[${index}].serviced`, day] as const),
    ),
    ["Claim.accident.date", accident?.date] as const,
    ...supportingInfo.map(({ timingDate }, index) => [`Claim.supportingInfo[${index}].timingDate`, timingDate] as const),
    ...procedure.map(({ date }, index) => [`Claim.procedure[${index}].date`, date] as const),
  ].flatMap(([place, day]) =>
    when(day !== undefined && !WHOLE_DAY.test(day), place, "This is not a whole local day.", "Have the date corrected at its source."),
  );

/** SNIP types 1 and 2. */
export const FORM_CHECKS: readonly ReadinessCheck[] = [
  {
    id: "CB-RDY-101",
    snip: 1,
    title: "Names, addresses and words have only characters of the X12 sets",
    severity: "soft",
    citation: "ASC X12.6, basic and extended character sets",
    run: ({ bill }) =>
      [
        ["Patient.name", `${bill.patient.family}${bill.patient.given}`],
        ["Patient.address", Object.values(bill.patient.address).join("")],
        ["Claim.supportingInfo", bill.remarks ?? ""],
        ["Claim.careTeam", bill.team.map(({ family, given }) => family + given).join("")],
        ["Coverage", bill.payers.map(({ memberId, groupName, insured }) => memberId + groupName + insured.family + insured.given).join("")],
      ].flatMap(([place, text]) =>
        when(
          !CHARACTERS.test(text ?? ""),
          place ?? "",
          "Some characters have no place in an 837.",
          "They are sent without accents, or left out.",
        ),
      ),
  },
  {
    id: "CB-RDY-102",
    snip: 1,
    title: "Numbers and words are not longer than their elements",
    severity: "hard",
    citation: TR3,
    run: ({ bill }) => [
      ...when(bill.number === "", "Claim.identifier", "The claim has no number.", "Assemble the claim again."),
      ...tooLong(bill.number, LENGTHS.number, "Claim.identifier"),
      ...bill.payers.flatMap(({ authorizations }, index) =>
        authorizations.flatMap((number) => tooLong(number, LENGTHS.reference, `Claim.insurance[${index}].preAuthRef`)),
      ),
      ...tooLong(bill.remarks, LENGTHS.remarks, "Claim.supportingInfo"),
      ...tooLong(bill.medicalRecordNumber, LENGTHS.reference, "Claim.supportingInfo"),
      ...tooLong(bill.originalReference, LENGTHS.reference, "Claim.related[0].reference"),
      ...bill.lines.flatMap(({ controlNumber }, index) => tooLong(controlNumber, LENGTHS.control, `Claim.item[${index}].extension`)),
    ],
  },
  {
    id: "CB-RDY-103",
    snip: 1,
    title: "Days of service are whole local days",
    severity: "hard",
    citation: TR3,
    run: ({ claim }) => dayFaults(claim),
  },
  {
    id: "CB-RDY-201",
    snip: 2,
    title: "Numberings count from 1, each number once; lines may lack numbers that an earlier version had",
    severity: "hard",
    citation: TR3,
    run: ({ claim }) => [
      ...misnumbered(claim.item, "Claim.item", true),
      ...misnumbered(claim.diagnosis, "Claim.diagnosis", false),
      ...misnumbered(claim.procedure, "Claim.procedure", false),
      ...misnumbered(claim.careTeam, "Claim.careTeam", false),
      ...misnumbered(claim.insurance, "Claim.insurance", false),
      ...misnumbered(claim.supportingInfo, "Claim.supportingInfo", false),
    ],
  },
  {
    id: "CB-RDY-202",
    snip: 2,
    title: "The billing provider has an NPI and a tax number",
    severity: "hard",
    citation: "45 CFR 162.406; 837 loop 2010AA",
    run: ({ bill: { provider } }) => [
      ...when(!isNpi(provider.npi), "Claim.provider", "The billing provider has no valid NPI.", "Correct facilities.csv."),
      ...when(
        !/^\d{9}$/.test(provider.taxId),
        "Claim.provider",
        "The billing provider has no tax number of nine digits.",
        "Correct facilities.csv.",
      ),
    ],
  },
  {
    id: "CB-RDY-203",
    snip: 2,
    title: "The billing provider has a whole address",
    severity: "soft",
    citation: "837 loop 2010AA, N3 and N4",
    run: ({ bill: { provider } }) =>
      when(
        Object.values(provider.address).some((part) => part === "" || part === "unknown"),
        "Claim.provider",
        "Street, city, state or ZIP of the billing provider is missing.",
        "Complete facilities.csv.",
      ),
  },
  {
    id: "CB-RDY-204",
    snip: 2,
    title: "The patient has a name and a birth date",
    severity: "hard",
    citation: "837 loop 2010BA or 2010CA",
    run: ({ bill: { patient } }) => [
      ...when(patient.family === "", "Patient.name", "The patient has no family name.", "Have registration enter it (PID-5)."),
      ...when(
        !WHOLE_DAY.test(patient.birthDate),
        "Patient.birthDate",
        "The patient's birth date is not wholly known.",
        "Have registration enter it (PID-7).",
      ),
    ],
  },
  {
    id: "CB-RDY-205",
    snip: 2,
    title: "The patient has an address, and a sex that the 837 has a code for",
    severity: "soft",
    citation: "837 loop 2010BA or 2010CA",
    run: ({ bill: { patient } }) => [
      ...when(
        patient.address.line === "" || patient.address.city === "",
        "Patient.address",
        "The patient's address is not complete.",
        "Have registration enter it (PID-11).",
      ),
      ...when(
        patient.gender === "U",
        "Patient.gender",
        "The patient's sex is neither male nor female; it is sent as unknown.",
        "Nothing to do when that is so.",
      ),
    ],
  },
  {
    id: "CB-RDY-206",
    snip: 2,
    title: "The insured has a member number, and the payer a name and number",
    severity: "soft",
    citation: "837 loops 2010BA and 2010BB",
    run: ({ bill: { payers } }) =>
      payers.flatMap(({ name, memberId, electronicId, claimFiling }, index) => {
        const place = `Claim.insurance[${index}].coverage`;
        if (name === "") return [];
        return [
          ...when(memberId === "", place, "The insured has no member number.", "Have registration enter it (IN1-36)."),
          ...when(electronicId === "" || claimFiling === "", place, "The payer is not in the site data.", "Add it to payers.csv."),
        ];
      }),
  },
  {
    id: "CB-RDY-207",
    snip: 2,
    title: "Everybody in the care team has an NPI",
    severity: "hard",
    citation: "45 CFR 162.406; 837 loops 2310 and 2420",
    run: ({ bill: { team } }) =>
      team.flatMap(({ npi }, index) =>
        when(!isNpi(npi), `Claim.careTeam[${index}].provider`, "The practitioner has no valid NPI.", "Add the NPI to practitioners.csv."),
      ),
  },
  {
    id: "CB-RDY-208",
    snip: 2,
    title: "A hospital claim says how the patient came and left",
    severity: "soft",
    citation: "837 CL1; UB-04 form locators 14, 15, 17",
    run: ({ bill }) =>
      bill.kind === "professional"
        ? []
        : [
            ...when(
              bill.inpatient && bill.admissionType === undefined,
              "Claim.supportingInfo",
              "The type of admission is missing.",
              "Have the visit corrected (PV1-4).",
            ),
            ...when(
              bill.inpatient && bill.pointOfOrigin === undefined,
              "Claim.supportingInfo",
              "The point of origin is missing.",
              "Have the visit corrected (PV1-14).",
            ),
            ...when(
              bill.dischargeStatus === undefined,
              "Claim.supportingInfo",
              "The discharge status is missing.",
              "Have the visit corrected (PV1-36).",
            ),
          ],
  },
  {
    id: "CB-RDY-209",
    snip: 2,
    title: "Exactly one payer is billed",
    severity: "hard",
    citation: TR3,
    run: ({ claim: { insurance } }) =>
      insurance.filter(({ focal }) => focal).length === 1
        ? []
        : [fault("Claim.insurance", "Not exactly one insurance is the one billed.", "Correct the coverages.")],
  },
];
