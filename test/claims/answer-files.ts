import type { ClaimResponse } from "@medplum/fhirtypes";

/** Synthetic answers of payers, in each of the forms they come in. */

const ISA = `ISA*00*${" ".repeat(10)}*00*${" ".repeat(10)}*ZZ*${"PAYER".padEnd(15)}*ZZ*${"HOSPITAL".padEnd(15)}*260401*1200*^*00501*000000001*0*T*:~`;
const interchange = (set: string, segments: readonly string[]): string =>
  `${ISA}\nGS*HP*PAYER*HOSPITAL*20260401*1200*1*X*005010X221A1~\nST*${set}*0001~\n${segments.map((one) => `${one}~\n`).join("")}SE*${segments.length + 2}*0001~\nGE*1*1~\nIEA*1*000000001~\n`;

/** One claim of an 835: its CLP and what follows. */
export const remittance = (...claims: readonly (readonly string[])[]): string =>
  interchange("835", [
    "BPR*I*100.00*C*ACH*CCP*01*999999999*DA*1*1999999999**01*999999999*DA*1*20260401",
    "TRN*1*CHECK1*1999999999",
    "DTM*405*20260401",
    "N1*PR*TEST PAYER*XV*99999",
    "LX*1",
    ...claims.flat(),
  ]);

export const acknowledgement277 = (...claims: readonly (readonly string[])[]): string =>
  interchange("277", [
    "BHT*0085*08*1*20260330*1200*TH",
    "HL*1**20*1",
    "NM1*PR*2*TEST PAYER*****PI*99999",
    "TRN*1*FILE1",
    "HL*2*1*21*1",
    "TRN*2*BATCH1",
    "STC*A1:19*20260330*WQ*100",
    ...claims.flat(),
  ]);

const REASONS = "https://x12.org/codes/claim-adjustment-reason-codes";

/** A ClaimResponse to a claim of ours: denied on one line for one reason, or paid. */
export const claimResponse = (
  claimNumber: string,
  more: Partial<ClaimResponse> = {},
  denied?: { readonly line: number; readonly code: string; readonly amount: number; readonly remark?: string },
): ClaimResponse => ({
  resourceType: "ClaimResponse",
  status: "active",
  type: { coding: [{ code: "institutional" }] },
  use: "claim",
  patient: { display: "see the claim" },
  created: "2026-03-25",
  insurer: { display: "Test Payer" },
  request: { identifier: { system: "urn:chartbridge:claim", value: claimNumber } },
  identifier: [{ system: "urn:test:payer", value: "ICN20260001" }],
  outcome: "complete",
  ...(denied === undefined
    ? { payment: { type: { text: "complete" }, amount: { value: 100, currency: "USD" } } }
    : {
        payment: { type: { text: "complete" }, amount: { value: 0, currency: "USD" } },
        item: [
          {
            itemSequence: denied.line,
            adjudication: [
              {
                category: { coding: [{ code: "denialreason" }] },
                reason: {
                  coding: [{ system: REASONS, code: denied.code }, ...(denied.remark === undefined ? [] : [{ code: denied.remark }])],
                },
                amount: { value: denied.amount, currency: "USD" },
              },
            ],
          },
        ],
      }),
  ...more,
});
