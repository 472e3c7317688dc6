import type { Claim, ClaimSupportingInfo } from "@medplum/fhirtypes";

/** Code of a supporting information's category, in whichever system. */
export const categoryOf = ({ category }: Pick<ClaimSupportingInfo, "category">): string => category.coding?.[0]?.code ?? "";

export const infoOf = ({ supportingInfo = [] }: Claim, category: string): ClaimSupportingInfo | undefined =>
  supportingInfo.find((one) => categoryOf(one) === category);

/** Three digits of the type of bill (UB-04 form locator 4) without the leading zero: `131`; undefined on a professional claim. */
export const typeOfBillOf = (claim: Claim): string | undefined =>
  infoOf(claim, "typeofbill")
    ?.code?.coding?.map(({ code }) => code ?? "")
    .find((code) => /^0?\d{3}$/.test(code))
    ?.slice(-3);

/** What a replacement may never cross: `institutional 13`, `professional`. Type of facility and of care, without the frequency. */
export function billFamilyOf(claim: Claim): string {
  const kind = claim.type.coding?.[0]?.code ?? "";
  return kind === "institutional" ? `${kind} ${(typeOfBillOf(claim) ?? "").slice(0, 2)}` : kind;
}
