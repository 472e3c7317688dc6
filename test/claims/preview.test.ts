import { X12Interchange, X12Parser } from "node-x12";
import { describe, expect, it } from "vitest";
import { readBill } from "#src/claims/form/read-bill.ts";
import { formPage } from "#src/claims/preview/form-page.ts";
import { write837 } from "#src/claims/preview/x12-837.ts";
import type { Assembled } from "#src/claims/assemble.ts";
import { codedAccounts } from "#test/coding/generated-accounts.ts";
import { chartOf, codesOf } from "./charts.ts";
import { FULL_INPATIENT_CODES, FULL_PROFESSIONAL_CODES, fullChart, oneMade } from "./everything.ts";

const AT = "2026-03-09T12:00:00.000Z";
const institutional = oneMade({ chart: fullChart(), codes: FULL_INPATIENT_CODES });
const professional = oneMade({ chart: fullChart({ class: "EMER" }), codes: FULL_PROFESSIONAL_CODES, stream: "PRO:MED" });
const billOf = ({ claim, referenced }: Assembled) => readBill(claim, referenced);
const text = (made: Assembled): string => write837(billOf(made), AT);

/** The transaction as a parser that is not ours reads it. */
function reread(edi: string) {
  const interchange = new X12Parser(true).parse(edi);
  if (!(interchange instanceof X12Interchange)) throw new Error("no interchange");
  const [group] = interchange.functionalGroups;
  const [set] = group?.transactions ?? [];
  const segments = (set?.segments ?? []).map(({ tag, elements }) => [tag, ...elements.map(({ value }) => value)]);
  const all = (tag: string, ...first: readonly string[]) =>
    segments.filter(([name, ...values]) => name === tag && first.every((value, index) => values[index] === value));
  return { interchange, group, segments, all };
}
const sum = (segments: readonly (readonly (string | undefined)[])[], at: number): number =>
  segments.reduce((cents, segment) => cents + Math.round(Number(segment[at]) * 100), 0);

describe("the 837 preview, read by another parser,", () => {
  it("is one transaction, marked as a test, whose trailer counts its segments", () => {
    const { interchange, group, segments } = reread(text(institutional));
    expect(interchange.header.elements.map(({ value }) => value.trim())).toMatchObject({ 5: "CHARTBRIDGE", 7: "PREVIEW", 14: "T" });
    expect(group?.header.elements.map(({ value }) => value)).toMatchObject({ 7: "005010X223A2" });
    const set = group?.transactions[0];
    expect(Number(set?.trailer.elements[0]?.value)).toBe(segments.length + 2);
  });

  it.each([
    ["institutional", institutional, "SV2", 3],
    ["professional", professional, "SV1", 2],
  ] as const)("sums to the total of the claim: %s", (_name, made, service, at) => {
    const { all } = reread(text(made));
    const [claim] = all("CLM");
    expect(Math.round(Number(claim?.[2]) * 100)).toBe(Math.round((made.claim.total?.value ?? 0) * 100));
    expect(sum(all(service), at)).toBe(Math.round((made.claim.total?.value ?? 0) * 100));
    expect(all("LX")).toHaveLength(made.claim.item?.length ?? 0);
  });

  it("of a hospital claim has its codes, days and people", () => {
    const { all } = reread(text(institutional));
    expect(all("CLM")[0]).toMatchObject({ 1: "CB00000000000001-1", 5: "11:A:1" });
    expect(all("DTP", "434")).toEqual([["DTP", "434", "RD8", "20260302-20260305"]]);
    // The hospital's own clock: 23:30 on the second.
    expect(all("DTP", "435")).toEqual([["DTP", "435", "DT", "202603022330"]]);
    expect(all("CL1")).toEqual([["CL1", "1", "1", "01"]]);
    expect(all("HI").map(([, ...values]) => values)).toEqual([
      ["ABK:J189:::::::Y"],
      ["ABJ:R059"],
      ["ABN:W010XXA:::::::Y"],
      ["DR:193"],
      ["ABF:J9601:::::::N", "ABF:Z794"],
      ["BBR:0DTJ4ZZ:D8:20260303"],
      ["BBQ:0BJ08ZZ:D8:20260304"],
      ["BI:70:RD8:20260220-20260224"],
      ["BH:11:D8:20260301"],
      ["BE:01:::1420.5", "BE:80:::3", "BE:54:::3200"],
      ["BG:09", "BG:17"],
    ]);
    expect(all("NM1").map(([, role, , family]) => `${role} ${family}`)).toEqual([
      "41 CHARTBRIDGE",
      "40 PREVIEW",
      "85 NORTH REGIONAL HOSPITAL",
      "IL ZWETSCHGENBAUM",
      "PR MEDICARE",
      "71 OKAFOR",
      "72 LINDGREN",
      "ZZ REYES",
      "DN HADDAD",
      "IL ZWETSCHGENBAUM",
      "PR NORTH BLUE",
    ]);
    expect(all("SV2")[0]).toEqual(["SV2", "0120", "", "4260", "DA", "3"]);
    expect(all("SV2")[2]).toMatchObject({ 1: "0636", 2: "HC:Q9967", 3: "248.01" });
  });

  it("of a professional claim points to diagnoses in the order they stand in, the first-listed one first", () => {
    const turned = oneMade({
      chart: fullChart({ class: "EMER" }),
      codes: codesOf({
        ...FULL_PROFESSIONAL_CODES,
        diagnoses: [
          { code: "I10", use: "secondary" },
          { code: "E11.65", use: "principal" },
        ],
      }),
      stream: "PRO:MED",
    });
    const { all } = reread(text(turned));
    expect(all("HI")[0]).toEqual(["HI", "ABK:E1165", "ABF:I10"]);
    // The coder's 2 is the principal one, which stands first.
    expect(all("SV1").map((segment) => segment[7])).toEqual(["1:2", "2"]);
    expect(all("SV1")[0]?.[1]).toBe("HC:J3490:26:LT:::CHARGE 2587030");
    expect(all("LIN")).toEqual([["LIN", "", "N4", "00182106105"]]);
    expect(all("REF", "6R")).toHaveLength(2);
    expect(all("NM1", "77")[0]).toMatchObject({ 3: "NORTH REGIONAL HOSPITAL" });
  });

  it("loses no separator to a name, and no claim of a generated hospital", () => {
    const chart = fullChart();
    const odd = {
      ...chart,
      resources: chart.resources.map((one) =>
        one.resourceType === "Patient" ? { ...one, name: [{ family: "Mü*ll~er:^", given: ["Ann\nE"] }] } : one,
      ),
    };
    const { all } = reread(text(oneMade({ chart: odd, codes: FULL_INPATIENT_CODES })));
    expect(all("NM1", "IL")[0]).toMatchObject({ 3: "MULLER", 4: "ANNE" });
    for (const { chart: spec, codes, stream } of codedAccounts(11, 200)) {
      const made = oneMade({ chart: chartOf(spec), codes, stream });
      const read = reread(text(made));
      const total = Math.round((made.claim.total?.value ?? 0) * 100);
      expect(sum(read.all("CLM"), 2)).toBe(total);
      expect(sum(read.all(stream === "FAC" ? "SV2" : "SV1"), stream === "FAC" ? 3 : 2)).toBe(total);
    }
  });
});

describe("the printable preview", () => {
  it.each([
    ["UB-04", institutional, ["111", "J18.9", "0DTJ4ZZ", "4586.01", "193", "AUTH-66", "Lindgren, Karl", "2026-03-02 23:30"]],
    ["CMS-1500", professional, ["E11.65", "J3490 26 LT", "178.01", "REF-3", "00182106105", "North Medical Group", "work 2026-03-01 OH"]],
  ] as const)("has everything of the claim in the order of %s", (form, made, words) => {
    const shown = formPage(billOf(made), false);
    expect(shown).toContain(form);
    expect(shown).toContain("Preview, not to be submitted.");
    for (const word of words) expect(shown).toContain(word);
    expect(shown).not.toMatch(/<script|on\w+=|javascript:|https?:/i);
  });

  it("escapes what stands in it", () => {
    const bill = billOf(institutional);
    const shown = formPage({ ...bill, remarks: '<img src=x onerror="alert(1)">&' }, true);
    expect(shown).toContain("&lt;img src=x onerror=&quot;alert(1)&quot;&gt;&amp;");
    expect(shown).not.toContain("<img");
    expect(shown).toContain("HTEST");
  });
});
