import { parseSiteData } from "#src/sitedata/parse.ts";
import type { SiteData } from "#src/sitedata/site-data.ts";

/** Hospital, group, doctors and payers that are nowhere. Numbers of providers begin with 2: no real one does. */
const FILES = {
  "facilities.csv": [
    "facility,name,npi,tax_id,ccn,street,city,state,zip,taxonomy,clia",
    "HTEST,Htest General Hospital,2000000010,00-0000001,990001,1 Test Way,Testville,OH,44020,282N00000X,99D0000001",
    "HTESTMED,Htest Medical Group,2000001018,00-0000002,,2 Test Way,Testville,OH,44020,207R00000X,",
  ],
  "departments.csv": ["department,facility,name,place_of_service,service_line"],
  "practitioners.csv": [
    "local_id,authority,npi,family,given,taxonomy",
    "T1,HTEST,2000001018,Htest-Attending,Ada,208M00000X",
    "T2,HTEST,2000001026,Htest-Operating,Otto,208600000X",
    "T3,HTEST,2000001034,Htest-Emergency,Eva,207P00000X",
  ],
  "payers.csv": [
    "payer_id,name,electronic_id,claim_filing,accepts_assignment",
    "TPLAN,Htest Plan,HTEST1,CI,yes",
    "TMCARE,Htest Medicare,HTEST2,MA,yes",
  ],
  "plans.csv": ["plan_id,payer_id,name,electronic_id,claim_filing"],
  "charge-master.csv": [
    "facility,charge_code,description,revenue_code,procedure_code,effective_from,effective_to,claim",
    "HTEST,T120,Room and board,0120,,2020-01-01,,",
    "HTEST,T258,Infusion solution,0258,J7030,2020-01-01,,",
    "HTEST,T450,Emergency visit,0450,G0383,2020-01-01,,",
    "HTEST,T510,Clinic visit,0510,G0463,2020-01-01,,",
    "HTEST,T636,Injection,0636,J1885,2020-01-01,,",
    "HTEST,T762,Observation hour,0762,G0378,2020-01-01,,",
    "HTEST,T900,Wellness visit,,G0439,2020-01-01,,professional",
  ],
} as const;

/** The sandbox's site data. */
export function sandboxSite(): SiteData {
  const parsed = parseSiteData(Object.fromEntries(Object.entries(FILES).map(([file, lines]) => [file, lines.join("\n")])));
  if (!parsed.ok) throw new Error(parsed.failure.join("\n"));
  return parsed.value;
}
