import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { evaluate } from "#src/coding/evaluate.ts";
import { NO_CODE_DATA } from "#test/coding/code-table.ts";
import { parseSiteEdits } from "#src/coding/site-edits.ts";
import { chartOf, codesOf, demoSite, EMERGENCY_CHART, EMERGENCY_CODES } from "../claims/charts.ts";

const rule = (more: string): string => `edits:
  - id: NORTH-1
    version: 2
    title: contrast is checked
    severity: soft
    message: More units than the site wants.
    fix: Compare them with the record.
    citation: site policy 12
${more}`;

function found(yaml: string, codes: unknown = EMERGENCY_CODES) {
  const edits = parseSiteEdits("edits.yaml", yaml);
  if (!edits.ok) throw new Error(edits.failure.join("\n"));
  const { policy, pack } = edits.value;
  const input = {
    chart: chartOf(EMERGENCY_CHART),
    stream: "FAC" as const,
    codes: codesOf(codes),
    site: demoSite(),
    data: NO_CODE_DATA,
    policy,
  };
  return evaluate(input, pack).findings.filter(({ rule: id }) => id === "NORTH-1");
}

describe("a site's own edits", () => {
  it("fire where their FHIRPath is true, with everything ours have", () => {
    const findings = found(rule("    each: line\n    when: code = 'J1885' and units > 1\n"));
    expect(findings).toMatchObject([
      { severity: "soft", path: expect.stringMatching(/^charges\[/) as string, version: "NORTH-1 2", citation: "site policy 12" },
    ]);
    expect(found(rule("    each: line\n    when: code = 'J1885' and units > 2\n"))).toEqual([]);
  });

  it.each([
    ["each: diagnosis\n    when: code.startsWith('S52') and use = 'principal'", ["diagnoses[0]"]],
    ["when: lines.exists(revenue = '0450') and %account.payer = 'MCARE'", ["codes"]],
    ["when: \"%chart.entry.resource.where(resourceType = 'Patient').gender = 'female'\"", ["codes"]],
    ["payers: [BCNORTH]\n    when: 'true'", []],
    ["streams: [inpatient]\n    when: 'true'", []],
    ["to: 2026-03-01\n    when: 'true'", []],
    ["from: 2026-03-01\n    when: 'true'", ["codes"]],
  ])("ask %j", (more, paths) => expect(found(rule(`    ${more}\n`)).map(({ path }) => path)).toEqual(paths));

  it("are refused whole, every fault with its line", () => {
    const faults = (yaml: string): readonly string[] => {
      const parsed = parseSiteEdits("edits.yaml", yaml);
      return parsed.ok ? [] : parsed.failure;
    };
    expect(faults(rule("    when: code.startsWith(\n"))[0]).toMatch(/^edits\.yaml:9: edits\.0\.when: the FHIRPath cannot be used: /);
    expect(faults(rule("    when: lines.sum(units) > 3\n"))[0]).toMatch(/^edits\.yaml:9: .*sum/);
    expect(faults(rule("    when: 'true'\n    colour: red\n"))[0]).toMatch(/^edits\.yaml:\d+: /);
    expect(faults("policy:\n  timelyFilingDays: { MCARE: none }\n")[0]).toMatch(/^edits\.yaml:2: policy\.timelyFilingDays\.MCARE: /);
    expect(faults("policy: [")[0]).toMatch(/^edits\.yaml:1: /);
    const twice = `${rule("    when: 'true'\n")}${rule("    when: 'true'\n").replace("edits:\n", "")}`;
    expect(faults(twice)).toEqual(["edits.yaml:10: edits.1.id: NORTH-1 is there twice"]);
  });

  it("are told of by a page whose example can be used", () => {
    const example = /```yaml\n([^`]*)```/.exec(readFileSync("docs/site-edits.md", "utf8"))?.[1] ?? "";
    expect(parseSiteEdits("edits.yaml", example)).toMatchObject({ ok: true });
  });

  it("change the name of the rule pack with their text", () => {
    const name = (yaml: string): string | undefined => {
      const parsed = parseSiteEdits("edits.yaml", yaml);
      return parsed.ok ? parsed.value.pack.name : undefined;
    };
    expect(name(rule("    when: 'true'\n"))).not.toBe(name(rule("    when: 'false'\n")));
  });
});
