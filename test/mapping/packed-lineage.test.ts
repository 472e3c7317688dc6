import { expect, it } from "vitest";
import { packLineage, unpackLineage } from "#src/mapping/packed-lineage.ts";
import type { LineageEntry } from "#src/mapping/types.ts";

it("lineage is read back as it was stored: constants, table rows and what is deleted", () => {
  const rows = ["PV1[Encounter] PV1-2>class", "PID[Patient] PID-16>maritalStatus"];
  const [first = "", second = ""] = rows;
  const lineage: readonly LineageEntry[] = [
    { target: "Encounter.class", resourceId: "e", source: "PV1-2", row: first, table: "v2-0004 I" },
    { target: "Encounter.status", resourceId: "e", row: first },
    { target: "Patient.maritalStatus", resourceId: "p", source: "PID-16", row: second, deletes: true },
    { target: "Patient.maritalStatus", resourceId: "p", source: "PID-16", row: second, table: "v2-0002 M", deletes: true },
    { target: "Encounter.period.end", resourceId: "e", row: first, deletes: true },
  ];
  const packed = packLineage(lineage, new Map(rows.map((row, at) => [row, at])));
  expect(packed.ids).toEqual(["e", "p"]);
  expect(unpackLineage(packed, rows)).toEqual(lineage);
});
