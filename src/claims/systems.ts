/** Code systems and identifier systems of a claim, besides those of the coded values (src/coding/codes.ts). */

const tho = (name: string): string => `http://terminology.hl7.org/CodeSystem/${name}`;
const carin = (name: string): string => `http://hl7.org/fhir/us/carin-bb/CodeSystem/${name}`;
const nubc = (name: string): string => `https://www.nubc.org/CodeSystem/${name}`;
const own = (name: string): string => `https://chartbridge.dev/fhir/StructureDefinition/${name}`;

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
  supportingInfo: carin("C4BBSupportingInfoType"),
  /** Categories of R4 itself: onset, hospitalized, info … */
  informationCategory: tho("claiminformationcategory"),
  /** Categories that neither of the two above has: condition, occurrence, span, value, frequency. In our package. */
  ownInformation: "https://chartbridge.dev/fhir/CodeSystem/claim-information",
  carinDiagnosisType: carin("C4BBClaimDiagnosisType"),
  institutionalSubType: carin("C4BBInstitutionalClaimSubType"),
  revenue: nubc("RevenueCodes"),
  typeOfBill: nubc("TypeOfBill"),
  dischargeStatus: nubc("PatDischargeStatus"),
  admissionType: nubc("PriorityTypeOfAdmitOrVisit"),
  pointOfOrigin: nubc("PointOfOrigin"),
  pointOfOriginNewborn: nubc("PointOfOriginNewborn"),
  conditionCode: nubc("ConditionCodes"),
  occurrenceCode: nubc("OccurrenceCodes"),
  occurrenceSpanCode: nubc("OccurrenceSpanCodes"),
  valueCode: nubc("ValueCodesAndAmounts"),
  claimFrequency: nubc("ClaimFrequencyCodes"),
  msDrg: "https://www.cms.gov/Medicare/Medicare-Fee-for-Service-Payment/AcuteInpatientPPS/MS-DRG-Classifications-and-Software",
  aprDrg: "http://uri.hddaccess.com/cs/aprdrg",
  relatedClaim: tho("ex-relatedclaimrelationship"),
  payee: tho("payeetype"),
  subscriberRelationship: tho("subscriber-relationship"),
  dataAbsent: tho("data-absent-reason"),
  accident: tho("v3-ActCode"),
  ndc: "http://hl7.org/fhir/sid/ndc",
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
  clia: "urn:oid:2.16.840.1.113883.4.7",
  /** Line control number (837 loop 2400, REF*6R): by it an answer finds its line again. */
  line: "urn:chartbridge:claim-line",
} as const;

/** Extensions of ours on a claim. Each has its StructureDefinition in the package. */
export const EXTENSIONS = {
  lineControlNumber: own("line-control-number"),
  nonCovered: own("non-covered-amount"),
  emergency: own("emergency"),
  acceptAssignment: own("accept-assignment"),
  performedBy: own("procedure-care-team-sequence"),
} as const;

/** Extensions that the maps write on a chart's resources. */
export const CHART_EXTENSIONS = {
  accidentDate: own("accident-date"),
  accidentCode: own("accident-code"),
  accidentState: own("accident-state"),
  accidentJobRelated: own("accident-job-related"),
  conditionCode: own("condition-code"),
  occurrence: own("occurrence-code"),
  span: own("occurrence-span"),
  spanStart: own("occurrence-span-start"),
  spanEnd: own("occurrence-span-end"),
  value: own("value-code"),
  coveredDays: own("covered-days"),
  nonCoveredDays: own("non-covered-days"),
  coinsuranceDays: own("coinsurance-days"),
  drg: own("drg"),
  drgApproved: own("drg-approved"),
  coverageAuthorization: own("coverage-authorization"),
  chargeAuthorization: own("charge-authorization"),
  referralNumber: own("referral-number"),
  ndcQuantity: own("ndc-quantity"),
  revenueCode: own("revenue-code"),
} as const;
