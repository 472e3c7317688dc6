import { describe, expect, it } from "vitest";
import { EDITS } from "#src/coding/edits/registry.ts";
import { CLAIM_ROWS } from "./claim-rows.ts";
import { DIAGNOSIS_ROWS } from "./diagnosis-rows.ts";
import { INPATIENT_ROWS } from "./inpatient-rows.ts";
import { PROCEDURE_ROWS } from "./procedure-rows.ts";
import { findingsOf, saidBy } from "./situation.ts";

const ROWS = [...DIAGNOSIS_ROWS, ...INPATIENT_ROWS, ...PROCEDURE_ROWS, ...CLAIM_ROWS];

describe("the edits", () => {
  it("are the 75 of the catalogue, each with its id once", () => {
    const counts = Object.groupBy(EDITS, ({ id }) => id.replace(/\d+$/, ""));
    expect(Object.fromEntries(Object.entries(counts).map(([group, all]) => [group, all?.length]))).toEqual({
      DX: 24,
      POA: 6,
      IP: 8,
      PX: 20,
      CL: 17,
    });
    expect(new Set(EDITS.map(({ id }) => id)).size).toBe(75);
  });

  it.each(EDITS.map(({ id }) => id))("%s fires on one situation at least, and is silent on another", (id) => {
    const own = ROWS.filter(([edit]) => edit === id);
    expect(own.some(([, , , said]) => said.length > 0)).toBe(true);
    expect(own.some(([, , , said]) => said.length === 0)).toBe(true);
  });

  it.each(ROWS)("%s: %s", (edit, _name, situation, said) => expect(saidBy(edit, situation)).toEqual(said));

  it("say only what they declare: severities, a citation, a fix, and nothing that was entered by hand", () => {
    for (const [edit, , situation] of ROWS) {
      for (const finding of findingsOf(situation)) {
        if (finding.rule !== edit) continue;
        const declared = EDITS.find(({ id }) => id === edit);
        expect(declared?.severity).toContain(finding.severity);
        expect(finding.message).toMatch(/[.)]$/);
        expect(finding.fix).toMatch(/\.$/);
        expect(finding.citation.length).toBeGreaterThan(5);
        expect(finding.version).toBe(`${edit} ${declared?.version}`);
      }
    }
  });
});
