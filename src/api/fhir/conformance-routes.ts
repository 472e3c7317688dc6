import type { Resource } from "@medplum/fhirtypes";
import { outcomeOf } from "#src/fhir/outcome.ts";
import { PACKAGE_NAME, PACKAGE_VERSION } from "#src/fhir/profiles/canonicals.ts";
import { packageArchive } from "#src/fhir/profiles/package-archive.ts";
import { conformanceResources } from "#src/fhir/profiles/profiles.ts";
import type { Role, Route } from "../route.ts";

const READERS: readonly Role[] = ["billing", "admin", "analyst"];

/**
 * What our claims conform to: `StructureDefinition`, `CodeSystem`, and all of it as a FHIR package (`$package`).
 * @param examples of the package; asked for when somebody fetches it.
 */
export function conformanceRoutes(examples: () => readonly Resource[]): readonly Route[] {
  let archive: Buffer | undefined;
  const read = (type: "StructureDefinition" | "CodeSystem"): Route => ({
    method: "GET",
    path: `/fhir/R4/${type}/:id`,
    roles: READERS,
    action: "read",
    objectType: type,
    handle: ({ params }) => {
      const found = conformanceResources().find(({ resourceType, id }) => resourceType === type && id === params["id"]);
      return Promise.resolve(found === undefined ? { status: 404, body: outcomeOf({ code: "NOT_FOUND" }) } : { status: 200, body: found });
    },
  });
  return [
    read("StructureDefinition"),
    read("CodeSystem"),
    {
      method: "GET",
      path: "/fhir/R4/$package",
      roles: READERS,
      action: "read",
      objectType: "ImplementationGuide",
      handle: () => {
        archive ??= packageArchive(conformanceResources(), examples());
        return Promise.resolve({
          status: 200,
          raw: { type: "application/gzip", bytes: archive },
          headers: { "Content-Disposition": `attachment; filename="${PACKAGE_NAME}-${PACKAGE_VERSION}.tgz"` },
        });
      },
    },
  ];
}
