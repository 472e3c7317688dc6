/** Code systems and identifier systems of a claim, besides those of the coded values (src/coding/codes.ts). */

const tho = (name: string): string => `http://terminology.hl7.org/CodeSystem/${name}`;

export const CLAIM_SYSTEMS = {
  claimType: tho("claim-type"),
  priority: tho("processpriority"),
  /** The older of the two; has `principal` and `admitting` only of what a claim uses. */
  exDiagnosisType: tho("ex-diagnosistype"),
  diagnosisType: tho("diagnosistype"),
  procedureType: tho("ex-procedure-type"),
  careTeamRole: tho("claimcareteamrole"),
  selfPay: tho("coverage-selfpay"),
  identifierType: tho("v2-0203"),
  presentOnAdmission: "https://www.cms.gov/Medicare/Medicare-Fee-for-Service-Payment/HospitalAcqCond/Coding",
  placeOfService: "https://www.cms.gov/Medicare/Coding/place-of-service-codes/Place_of_Service_Code_Set",
  taxonomy: "http://nucc.org/provider-taxonomy",
  supportingInfo: "http://hl7.org/fhir/us/carin-bb/CodeSystem/C4BBSupportingInfoType",
  revenue: "https://www.nubc.org/CodeSystem/RevenueCodes",
  typeOfBill: "https://www.nubc.org/CodeSystem/TypeOfBill",
  dischargeStatus: "https://www.nubc.org/CodeSystem/PatDischargeStatus",
  admissionType: "https://www.nubc.org/CodeSystem/PriorityTypeOfAdmitOrVisit",
  /** Categories that CARIN has not: condition code, claim frequency. */
  ownInformation: "https://chartbridge.dev/fhir/CodeSystem/claim-information",
  /** Categories of R4 itself. */
  informationCategory: tho("claiminformationcategory"),
  conditionCode: "https://www.nubc.org/CodeSystem/ConditionCodes",
  claimFrequency: "https://www.nubc.org/CodeSystem/ClaimFrequencyCodes",
  relatedClaim: tho("ex-relatedclaimrelationship"),
  pointOfOrigin: "https://www.nubc.org/CodeSystem/PointOfOrigin",
} as const;

export const IDENTIFIERS = {
  claim: "urn:chartbridge:claim",
  typeOfBill: "urn:chartbridge:type-of-bill",
  facility: "urn:chartbridge:facility",
  payer: "urn:chartbridge:payer",
  claimFiling: "urn:chartbridge:claim-filing",
  npi: "http://hl7.org/fhir/sid/us-npi",
  taxId: "urn:oid:2.16.840.1.113883.4.4",
  /** The payer's own number of a claim (ICN, DCN). */
  payerClaim: "urn:chartbridge:payer-claim-number",
  ccn: "http://terminology.hl7.org/NamingSystem/CMSCertificationNumber",
} as const;
