/**
 * The part that is yours. This one takes over diagnoses that registration stated, where there is just one of them, and leaves everything else to people.
 * @param chart as `POST /api/work-items/{id}/lease` gives it: `resources` are FHIR R4.
 * @returns what `POST /api/work-items/{id}/codes` takes, or undefined.
 */
export function codesFor(chart) {
  const stated = chart.resources.filter((resource) => resource.resourceType === "Condition");
  const code = stated[0]?.code?.coding?.find(({ system }) => system === "http://hl7.org/fhir/sid/icd-10-cm")?.code;
  return stated.length === 1 && code !== undefined ? { diagnoses: [{ code, use: "principal", onAdmission: "Y" }] } : undefined;
}
