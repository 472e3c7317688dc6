import type { Address, Bill, BillPayer, Party, Person, TeamMember } from "../form/bill.ts";
import { type Segment, x12Day, x12Text } from "./x12-writer.ts";

const addressOf = ({ line, city, state, zip }: Address): readonly Segment[] =>
  line === "" && city === ""
    ? []
    : [
        ["N3", x12Text(line)],
        ["N4", x12Text(city), x12Text(state), zip.replaceAll("-", "")],
      ];

const organization = (role: string, name: string, qualifier: string, number: string): Segment => [
  "NM1",
  role,
  "2",
  x12Text(name),
  "",
  "",
  "",
  "",
  number === "" ? "" : qualifier,
  x12Text(number),
];

const person = (role: string, { family, given }: Pick<Person, "family" | "given">, qualifier = "", number = ""): Segment => [
  "NM1",
  role,
  "1",
  x12Text(family),
  x12Text(given),
  "",
  "",
  "",
  number === "" ? "" : qualifier,
  x12Text(number),
];

const born = ({ birthDate, gender }: Person): readonly Segment[] => (birthDate === "" ? [] : [["DMG", "D8", x12Day(birthDate), gender]]);

export const billingProvider = ({ name, npi, taxId, taxonomy, address }: Party): readonly Segment[] => [
  ["HL", "1", "", "20", "1"],
  ...(taxonomy === "" ? [] : [["PRV", "BI", "PXC", taxonomy] as const]),
  organization("85", name, "XX", npi),
  ...addressOf(address),
  ["REF", "EI", taxId],
];

export const serviceFacility = ({ serviceFacility: place }: Bill): readonly Segment[] =>
  place === undefined ? [] : [organization("77", place.name, "XX", place.npi), ...addressOf(place.address)];

const RELATIONSHIP = { self: "18", spouse: "01", child: "19", other: "G8" } as const;
const ORDER = ["P", "S", "T"] as const;
const SELF_PAY: BillPayer = {
  name: "SELF PAY",
  electronicId: "SELFPAY",
  claimFiling: "09",
  focal: true,
  memberId: "",
  groupNumber: "",
  groupName: "",
  relationship: "self",
  insured: { family: "", given: "", birthDate: "", gender: "U", address: { line: "", city: "", state: "", zip: "" } },
  authorizations: [],
};

const subscriber = (payer: BillPayer, order: string): Segment => [
  "SBR",
  order,
  payer.relationship === "self" ? RELATIONSHIP.self : "",
  x12Text(payer.groupNumber),
  x12Text(payer.groupName),
  "",
  "",
  "",
  "",
  payer.claimFiling,
];

/** The billed payer's insured, the payer, and the patient where that is another person. */
export function subscriberLoops({ payers, patient }: Bill): readonly Segment[] {
  const billed = payers.find(({ focal, name }) => focal && name !== "") ?? SELF_PAY;
  const order =
    ORDER[
      Math.max(
        payers.findIndex(({ focal }) => focal),
        0,
      )
    ] ?? "T";
  const self = billed.relationship === "self";
  const insured = self ? patient : billed.insured;
  return [
    ["HL", "2", "1", "22", self ? "0" : "1"],
    subscriber(billed, order),
    person("IL", insured, "MI", billed.memberId),
    ...(self ? [...addressOf(patient.address), ...born(patient)] : []),
    organization("PR", billed.name, "PI", billed.electronicId),
    ...(self
      ? []
      : [
          ["HL", "3", "2", "23", "0"] as const,
          ["PAT", RELATIONSHIP[billed.relationship]] as const,
          person("QC", patient),
          ...addressOf(patient.address),
          ...born(patient),
        ]),
  ];
}

/** The payers that stand by (loop 2320). */
export const otherPayers = ({ payers, patient }: Bill): readonly Segment[] =>
  payers.flatMap((payer, index): readonly Segment[] =>
    payer.focal || payer.name === ""
      ? []
      : [
          ["SBR", ORDER[index] ?? "T", RELATIONSHIP[payer.relationship], x12Text(payer.groupNumber), "", "", "", "", "", payer.claimFiling],
          ["OI", "", "", "Y", "", "", "Y"],
          person("IL", payer.relationship === "self" ? patient : payer.insured, "MI", payer.memberId),
          organization("PR", payer.name, "PI", payer.electronicId),
        ],
  );

/** Entity identifier of each role (NM101), and the code of its taxonomy (PRV01). */
const ROLES: Readonly<Record<string, readonly [entity: string, provider?: string]>> = {
  attending: ["71", "AT"],
  operating: ["72"],
  otheroperating: ["ZZ"],
  rendering: ["82", "PE"],
  referring: ["DN"],
  ordering: ["DK"],
};

export function practitioner(member: TeamMember): readonly Segment[] {
  const [entity, provider] = ROLES[member.role] ?? [];
  if (entity === undefined) return [];
  return [
    person(entity, member, "XX", member.npi),
    ...(provider === undefined || member.taxonomy === "" ? [] : [["PRV", provider, "PXC", member.taxonomy] as const]),
  ];
}
