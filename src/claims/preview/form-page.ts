import type { Address, Bill, BillLine, BillPayer, TeamMember } from "../form/bill.ts";
import { box, html, type Html, page } from "./html.ts";

const dollars = (cents: number): string => (cents / 100).toFixed(2);
const words = (...parts: readonly (string | undefined)[]): string => parts.filter((part) => part !== undefined && part !== "").join(" ");
const place = ({ line, city, state, zip }: Address): string => words(line, city, state, zip);
const named = ({ family, given }: { readonly family: string; readonly given: string }): string =>
  given === "" ? family : `${family}, ${given}`;
const member = (team: readonly TeamMember[], role: string): string =>
  team
    .filter((one) => one.role === role)
    .map((one) => words(named(one), one.npi))
    .join("\n");
const codes = (bill: Bill, use: string): string =>
  bill.diagnoses
    .filter((one) => one.use === use)
    .map(({ sequence, code, onAdmission }) => words(`${sequence}.`, code, onAdmission))
    .join("   ");
const payers = (list: readonly BillPayer[], show: (payer: BillPayer) => string): string => list.map(show).join("\n");

const cell = (value: string | number | undefined): Html => html`<td>${value}</td>`;
const amount = (value: string | number): Html => html`<td class="n">${value}</td>`;

const service = ({ code, modifiers }: BillLine): string => words(code, ...modifiers);
const days = ({ from, through }: BillLine): string => (through === undefined ? from : `${from} to ${through}`);

const table = (heads: readonly string[], rows: readonly Html[], total: string, width: number): Html =>
  html`<table><thead><tr>${heads.map((head) => html`<th>${head}</th>`)}</tr></thead><tbody>${rows}</tbody><tfoot><tr><td colspan="${width}">total</td><td class="n">${total}</td></tr></tfoot></table>`;

function ub04(bill: Bill): readonly Html[] {
  const { provider, patient, team } = bill;
  return [
    html`<div class="form">${[
      box("1", "provider", `${provider.name}\n${place(provider.address)}`, 6),
      box("3a", "control number", bill.number, 2),
      box("3b", "medical record", bill.medicalRecordNumber, 2),
      box("4", "type of bill", bill.typeOfBill, 2),
      box("5", "tax number", provider.taxId),
      box("6", "statement", `${bill.from} to ${bill.through}`, 4),
      box("56", "NPI", provider.npi),
      box("71", "DRG", bill.drg),
      box("", "account", bill.accountNumber),
      box("8", "patient", named(patient), 4),
      box("9", "address", place(patient.address), 4),
      box("10", "born", patient.birthDate),
      box("11", "sex", patient.gender),
      box("12, 13", "admitted", bill.admittedAt?.slice(0, 16).replace("T", " "), 3),
      box("14", "type", bill.admissionType, 1),
      box("15", "origin", bill.pointOfOrigin, 1),
      box("16", "discharge hour", bill.dischargedAt?.slice(11, 13)),
      box("17", "status", bill.dischargeStatus, 1),
      box("18 to 28", "conditions", bill.conditions.join(" "), 3),
      box("29", "state", bill.accident?.state, 1),
      box("31 to 34", "occurrences", bill.occurrences.map(({ code, date }) => `${code} ${date}`).join("\n"), 4),
      box("35, 36", "spans", bill.spans.map(({ code, from, through }) => `${code} ${from} to ${through}`).join("\n"), 4),
      box("39 to 41", "values", bill.values.map(({ code, amount: value }) => `${code} ${value.toFixed(2)}`).join("\n"), 4),
    ]}</div>`,
    table(
      ["42 revenue", "44 code", "45 days", "46 units", "48 not covered", "47 amount"],
      bill.lines.map(
        (line) =>
          html`<tr>${[cell(line.revenue), cell(service(line)), cell(days(line)), amount(`${line.quantity} ${line.unit}`), amount(line.nonCoveredCents === 0 ? "" : dollars(line.nonCoveredCents)), amount(dollars(line.cents))]}</tr>`,
      ),
      dollars(bill.totalCents),
      5,
    ),
    html`<div class="form">${[
      box(
        "50",
        "payers",
        payers(bill.payers, ({ name, focal }) => `${focal ? "> " : "  "}${name === "" ? "patient pays" : name}`),
        4,
      ),
      box(
        "51",
        "payer number",
        payers(bill.payers, ({ electronicId }) => electronicId),
        2,
      ),
      box(
        "58, 59",
        "insured",
        payers(bill.payers, ({ insured, relationship }) => words(named(insured), relationship)),
        3,
      ),
      box(
        "60, 62",
        "member, group",
        payers(bill.payers, ({ memberId, groupNumber }) => words(memberId, groupNumber)),
        3,
      ),
      box(
        "63",
        "authorisation",
        payers(bill.payers, ({ authorizations }) => authorizations.join(" ")),
        6,
      ),
      box("64", "original claim", bill.originalReference, 6),
      box("67", "principal", codes(bill, "principal"), 3),
      box("67A to 67Q", "secondary", codes(bill, "secondary"), 6),
      box("69", "admitting", codes(bill, "admitting"), 3),
      box("70", "reason for visit", codes(bill, "patientreasonforvisit"), 6),
      box("72", "external cause", codes(bill, "externalcauseofinjury"), 6),
      box("74", "procedures", bill.procedures.map(({ code, date }) => `${code} ${date}`).join("\n"), 6),
      box("80", "remarks", bill.remarks, 6),
      box("76", "attending", member(team, "attending"), 3),
      box("77", "operating", member(team, "operating"), 3),
      box("78, 79", "other operating", member(team, "otheroperating"), 3),
      box("78, 79", "referring", member(team, "referring"), 3),
    ]}</div>`,
  ];
}

function cms1500(bill: Bill): readonly Html[] {
  const { provider, patient, team, payers: all } = bill;
  const billed = all.find(({ focal }) => focal);
  const others = all.filter(({ focal }) => !focal);
  return [
    html`<div class="form">${[
      box("1", "program", billed?.claimFiling),
      box("1a", "member", billed?.memberId, 4),
      box("2", "patient", named(patient), 4),
      box("3", "born, sex", words(patient.birthDate, patient.gender)),
      box("5", "address", place(patient.address), 6),
      box("4, 6", "insured", billed === undefined ? "" : words(named(billed.insured), billed.relationship), 4),
      box("11", "group", billed?.groupNumber),
      box("11c", "payer", billed?.name === "" ? "patient pays" : billed?.name, 4),
      box(
        "9",
        "other payers",
        payers(others, ({ name, memberId }) => words(name, memberId)),
        4,
      ),
      box("10", "accident", words(bill.accident?.kind, bill.accident?.date, bill.accident?.state)),
      box("10d", "conditions", bill.conditions.join(" ")),
      box("14", "onset", bill.onset),
      box("17", "referring", member(team, "referring"), 4),
      box("17", "ordering", member(team, "ordering"), 3),
      box("18", "hospitalized", bill.hospitalized === undefined ? "" : words(bill.hospitalized.from, "to", bill.hospitalized.through), 3),
      box("19", "remarks", bill.remarks, 6),
      box("22", "frequency, original claim", words(bill.frequency, bill.originalReference), 3),
      box("23", "authorisation, referral, CLIA", words(billed?.authorizations[0], bill.referralNumber, provider.clia), 3),
      box("21", "diagnoses", bill.diagnoses.map(({ sequence, code }) => `${sequence}. ${code}`).join("   "), 12),
    ]}</div>`,
    table(
      ["24A days", "24B place", "24C emergency", "24D code", "24E pointers", "24G units", "24J rendering", "NDC", "24F amount"],
      bill.lines.map(
        (line) =>
          html`<tr>${[
            cell(days(line)),
            cell(line.place),
            cell(line.emergency ? "Y" : ""),
            cell(service(line)),
            cell(line.pointers.join(" ")),
            amount(`${line.quantity} ${line.unit}`),
            cell(team.find(({ sequence, role }) => role === "rendering" && line.team.includes(sequence))?.npi),
            cell(line.ndc),
            amount(dollars(line.cents)),
          ]}</tr>`,
      ),
      dollars(bill.totalCents),
      8,
    ),
    html`<div class="form">${[
      box("25", "tax number", provider.taxId),
      box("26", "control number", bill.number, 3),
      box("27", "assignment", bill.acceptsAssignment === undefined ? "" : bill.acceptsAssignment ? "yes" : "no"),
      box("28", "total", dollars(bill.totalCents)),
      box("31", "rendering", member(team, "rendering"), 3),
      box(
        "32",
        "done at",
        bill.serviceFacility === undefined ? "" : words(bill.serviceFacility.name, place(bill.serviceFacility.address)),
        6,
      ),
      box("33", "billing provider", words(provider.name, place(provider.address), provider.npi), 6),
    ]}</div>`,
  ];
}

/** The claim in the order of its paper form, to look at and to print. It is no form: numbers of the boxes, words of ours. */
export function formPage(bill: Bill, testData: boolean): string {
  const form = bill.kind === "professional" ? "CMS-1500" : "UB-04";
  return page(`Preview of claim ${bill.number}`, [
    html`<h1>Claim ${bill.number}, in the order of ${form}</h1>`,
    html`<p class="note">Preview, not to be submitted.${testData ? " Test data: HTEST." : ""}</p>`,
    ...(bill.kind === "professional" ? cms1500(bill) : ub04(bill)),
  ]);
}
