import type { ChargeItem } from "@medplum/fhirtypes";
import type { Stay } from "#src/coding/stay.ts";
import type { SiteData } from "#src/sitedata/site-data.ts";

/** CMS place of service by encounter class: inpatient hospital, emergency room, on-campus outpatient hospital. */
function byClass({ encounter, inpatient }: Stay): string {
  if (inpatient) return "21";
  return encounter.class.code === "EMER" ? "23" : "22";
}

/** The department that a visit is in, by the first word of its bed (PV1-3.1). */
const departmentOf = ({ encounter: { location = [] } }: Stay): string | undefined =>
  location.find(({ status }) => status !== "planned" && status !== "reserved")?.location.display?.split(" ")[0];

export interface PlaceNeeds {
  readonly stay: Stay;
  readonly site: SiteData;
  readonly facility: string;
}

/** CMS place of service (CMS-1500 item 24B): of the department that did it (FT1-13), else of the visit's, else by the encounter's class. */
export function placeOfService({ stay, site, facility }: PlaceNeeds, day: string, charge?: ChargeItem): string {
  for (const code of [charge?.performingOrganization?.display, departmentOf(stay)]) {
    const place = code === undefined ? undefined : site.department(facility, code, day)?.placeOfService;
    if (place !== undefined && place !== "") return place;
  }
  return byClass(stay);
}
