import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { EXPLANATIONS } from "#src/base/failure-catalogue.ts";
import { FAILURES } from "#src/base/failures.ts";
import { FIELD_NAMES, generatedPages } from "#src/cli/docs.ts";
import { explainCode } from "#src/cli/docs/error-page.ts";
import { fieldNames } from "#src/cli/docs/field-names.ts";
import { makeFeed } from "#src/config/feed.ts";
import { readHeader } from "#src/hl7v2/header.ts";
import { checkMessage } from "#src/intake/check-message.ts";

describe("the pages of docs/", () => {
  it.each(Object.entries(generatedPages()))("%s are what the engine's tables say", (name, text) => {
    expect(readFileSync(`docs/${name}`, "utf8")).toBe(text);
  });

  it("have the names of fields that hl7v2-dictionary gives", async () => {
    const { dictionaries } = await import("hl7v2-dictionary");
    expect(readFileSync(FIELD_NAMES, "utf8")).toBe(fieldNames(dictionaries));
    // The package takes four seconds of processor time to load, and more of the clock on a machine that others use.
  }, 120_000);

  it("name every code, each with a cause and what to do", () => {
    expect(Object.keys(EXPLANATIONS).sort()).toEqual(Object.keys(FAILURES).sort());
    for (const code of Object.keys(FAILURES)) expect(explainCode(code)).toMatch(/Cause {4}\S.*\n {2}Example {2}\S.*\n {2}Do {7}\S/);
    expect(explainCode("NO_SUCH_CODE")).toBeUndefined();
  });

  it("show a sample message that this engine accepts", () => {
    const page = generatedPages()["connect-your-ehr.md"] ?? "";
    const sample = /```\n(MSH[^`]*)```/.exec(page)?.[1]?.replaceAll("\n", "\r") ?? "";
    const bytes = Buffer.from(sample, "latin1");
    const header = readHeader(bytes);
    const feed = makeFeed("north-adt", { facility: "NORTH", zone: "America/Chicago" });
    expect(header.ok && checkMessage(bytes, header.value, feed)).toEqual({ refusals: [], flags: [] });
  });
});
