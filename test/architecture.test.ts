import { globSync } from "node:fs";
import { cruise, type ICruiseResult } from "dependency-cruiser";
import extractDepcruiseConfig from "dependency-cruiser/config-utl/extract-depcruise-config";
import extractTSConfig from "dependency-cruiser/config-utl/extract-ts-config";
import { expect, it } from "vitest";

it("every import goes in the agreed direction", async () => {
  const config = await extractDepcruiseConfig("./.dependency-cruiser.mjs");
  const { output } = await cruise(
    ["src"],
    { ruleSet: config, validate: true, ...config.options },
    {},
    { tsConfig: extractTSConfig("./tsconfig.json") },
  );
  const { summary, modules } = output as ICruiseResult;
  const ours = modules.filter(({ source }) => source.startsWith("src/") && source.endsWith(".ts"));
  // With an unsupported TypeScript the cruiser sees no file and reports success.
  expect(ours.length).toBe(globSync("src/**/*.ts").length);
  expect(ours.length).toBeGreaterThan(80);
  expect(summary.violations.map((v) => `${v.rule.name}: ${v.from} -> ${v.to}`)).toEqual([]);
});
