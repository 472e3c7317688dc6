import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { mapFiles } from "#src/cli/map.ts";
import { SHIPPED_MAPS } from "#src/cli/offline-mapping.ts";

const EXAMPLE = "examples/site-map";

/** What `chartbridge map` says of the example's message, on both channels. */
async function said(options: { readonly config?: string; readonly check?: boolean; readonly explain?: boolean }): Promise<string> {
  const lines: string[] = [];
  const print = (line: string): void => void lines.push(line);
  await mapFiles(
    [`${EXAMPLE}/discharge.hl7`],
    { format: "bundle", mappings: SHIPPED_MAPS, zone: "UTC", ...options },
    { out: print, err: print },
  );
  return lines.join("\n");
}

it("the README's site map takes a Z segment, a local code and another place of the visit number, in less than thirty lines", async () => {
  const shipped = await said({ explain: true });
  expect(shipped).toContain("code HOMEX is not in table DischargeDisposition");
  expect(shipped).toMatch(/ZIN-2 .*\n +-> not used/);
  const config = `${EXAMPLE}/chartbridge.yaml`;
  expect(await said({ config, check: true })).toBe("1 as expected, 0 not");
  const explained = await said({ config, explain: true });
  expect(explained).toMatch(/ZIN-2 .*\n +-> Procedure\.code/);
  expect(explained).toMatch(/PV1-50 LV-30417.*\n +-> Encounter\.identifier\[0\]/);
  expect(explained).not.toContain("CODE_UNMAPPED");
  const written = [config, `${EXAMPLE}/maps/lakeside.yaml`].flatMap((file) => readFileSync(file, "utf8").trim().split("\n"));
  expect(written.length).toBeLessThan(30);
});
