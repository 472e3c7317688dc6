import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readFileSync } from "node:fs";
import { grouperRequest } from "#src/coding/grouper.ts";
import { encoderMessage } from "#src/coding/encoder-port.pg.ts";
import { NO_CODE_DATA } from "#test/coding/code-table.ts";
import { sceneOf } from "#src/coding/scene.ts";
import { createGrouper } from "#src/main/services/grouper.ts";
import { startApi, type TestApi } from "../api/engine-api.ts";
import { chartOf, demoSite, FAMILY, INPATIENT_CHART, INPATIENT_CODES } from "../claims/charts.ts";

describe("a grouper", () => {
  const request = grouperRequest(
    sceneOf({ chart: chartOf(INPATIENT_CHART), stream: "FAC", codes: INPATIENT_CODES, site: demoSite(), data: NO_CODE_DATA }),
  );
  const node = (...args: readonly string[]) => createGrouper({ command: [process.execPath, ...args], timeoutMs: 20_000 });

  it("is asked for a stay without its patient, and gives the DRG with its version", async () => {
    expect(request).toMatchObject({
      ageYears: 76,
      sex: "female",
      dischargeStatus: "01",
      principal: { code: "J189", onAdmission: "Y" },
      admitting: { code: "R059" },
    });
    expect(JSON.stringify(request)).not.toContain(FAMILY);
    expect(await node("examples/grouper/grouper.mjs")(request)).toEqual({ kind: "MS-DRG", code: "193", version: "example" });
  });

  it.each([
    ["ends with an error", node("-e", "process.exit(3)"), "ended with an error"],
    ["says something else", node("-e", "console.log('193')"), "agreed form"],
    ["says no JSON", node("-e", "console.log('DRG')"), "not JSON"],
    ["is not there", createGrouper({ command: ["/nowhere/grouper"], timeoutMs: 20_000 }), "could not be started"],
    ["never answers", createGrouper({ command: [process.execPath, "-e", "setInterval(() => 0, 1000)"], timeoutMs: 100 }), "in time"],
  ])("that %s is an answer for a person, never a failure of ours", async (_name, ask, words) => {
    expect(await ask(request)).toEqual({ error: expect.stringContaining(words) as string });
  });
});

describe("the encoder of the example", () => {
  let api: TestApi;
  beforeAll(async () => {
    api = await startApi();
  });
  afterAll(() => api.close());

  it("reads what waits, suggests with evidence, and a coder sees it", async () => {
    const source = await api.as("admin");
    for (const name of ["01-admit.hl7", "02-charges.hl7", "03-note.hl7", "04-discharge.hl7"])
      await source(
        "POST",
        "/hl7v2/local",
        readFileSync(`examples/first-claim/${name}`, "utf8").replaceAll("\n", "\r"),
        "x-application/hl7-v2+er7",
      );
    await api.fold();
    const token = await api.tokens.machineToken("north-encoder", ["encoder"], 1);
    const child = spawn(process.execPath, ["examples/encoder/encoder.mjs", api.base, token], { stdio: ["ignore", "pipe", "inherit"] });
    const said = await text(child.stdout);
    expect(said).toMatch(/^[0-9a-f-]{36}: .*J96\.01/);
    const coder = await api.as("coder");
    const { body } = await coder("GET", `/api/work-items/${said.slice(0, 36)}/suggestions`);
    const { suggestions } = body as { suggestions: readonly { source: string; code: string }[] };
    expect(suggestions).toContainEqual(expect.objectContaining({ source: "north-encoder", code: "J96.01" }));
    expect(suggestions).toContainEqual(expect.objectContaining({ source: "DG1-3", code: "I10" }));
  });

  it("sends what the page of the port shows", () => {
    const shown = /```json\n(\{\n {2}"chartVersion"[^`]*)```/.exec(readFileSync("docs/encoder-port.md", "utf8"))?.[1] ?? "";
    expect(encoderMessage.safeParse(JSON.parse(shown)).error).toBeUndefined();
  });
});
