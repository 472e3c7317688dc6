import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { loadConfig } from "#src/config/load.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "chartbridge-config-"));
});
afterEach(() => rmSync(dir, { recursive: true }));

const load = (destinations: readonly string[], env: Record<string, string> = {}) => {
  const path = join(dir, "chartbridge.yaml");
  writeFileSync(
    path,
    ["feeds:", "  n: { facility: N, zone: UTC }", "destinations:", ...destinations.map((one) => `  ${one}`), ""].join("\n"),
  );
  return loadConfig({ path, dataDir: dir, env, home: dir });
};
const faults = (...args: Parameters<typeof load>): readonly string[] => {
  const loaded = load(...args);
  return loaded.ok ? [] : loaded.failure.map((fault) => fault.replace(`${dir}/`, ""));
};

describe("the destinations of a configuration", () => {
  it("need no kind for a FHIR server, and have every default", () => {
    const loaded = load(['billing: { url: "https://b.example/fhir" }']);
    expect(loaded).toMatchObject({
      ok: true,
      value: {
        destinations: [
          {
            name: "billing",
            kind: "fhir",
            auth: { kind: "none" },
            strategy: "auto",
            guard: "auto",
            attempts: 20,
            breaker: { failures: 5 },
          },
        ],
      },
    });
  });

  it("have their secrets by name, and their files from the folder of chartbridge.yaml", () => {
    writeFileSync(join(dir, "secret"), "by file\n");
    writeFileSync(join(dir, "ca.pem"), "");
    const loaded = load(
      [
        'a: { url: "https://b.example", auth: { kind: basic, user: u, password: "${P}" }, tls: { authorities: ca.pem } }',
        'b: { url: "https://b.example", auth: { kind: client-secret, clientId: c, clientSecret: "file:secret" } }',
        "c: { kind: files, folder: out }",
        "d: { kind: mllp, host: h, port: 6661, message: DFT^P03, tls: true }",
      ],
      { P: "by name" },
    );
    expect(loaded).toMatchObject({
      value: {
        destinations: [
          { auth: { password: "by name" }, tls: { authorities: join(dir, "ca.pem") } },
          { auth: { clientSecret: "by file" } },
          { folder: join(dir, "out") },
          { message: "DFT^P03", tls: true, concurrency: 1 },
        ],
      },
    });
  });

  it("are polled for answers every five minutes where they are to be", () => {
    const loaded = load(
      [
        'a: { url: "https://x", auth: { kind: client-secret, clientId: c, clientSecret: "${T}", scope: "system/*.rs" }, answers: { poll: {} } }',
      ],
      { T: "t" },
    );
    expect(loaded).toMatchObject({ ok: true, value: { destinations: [{ answers: { poll: { everySeconds: 300, by: "auto" } } }] } });
  });

  it.each([
    [
      "a secret written down",
      'a: { url: "https://x", auth: { kind: bearer, token: t } }',
      "4: destinations.a.auth.token: must be a reference",
    ],
    [
      "a secret that is not set",
      'a: { url: "https://x", auth: { kind: bearer, token: "${NOPE}" } }',
      "4: destinations.a.auth.token: the environment variable NOPE",
    ],
    [
      "a key that is not there",
      'a: { url: "https://x", auth: { kind: private-key-jwt, clientId: c, keys: ["file:k"] } }',
      "4: destinations.a.auth.keys.0: the file",
    ],
    [
      "credentials in clear",
      'a: { url: "http://x", auth: { kind: bearer, token: "${T}" } }',
      "4: destinations.a.url: credentials are sent over https only",
    ],
    [
      "half a certificate",
      'a: { url: "https://x", tls: { certificate: c.pem } }',
      "4: destinations.a.tls: certificate and key are given together",
    ],
    ["a file that is not there", 'a: { url: "https://x", tls: { authorities: ca.pem } }', "4: destinations.a.tls.authorities: the file"],
    ["a kind that does not exist", "a: { kind: fax, folder: x }", "4: destinations.a.kind:"],
    ["a strategy that does not exist", 'a: { url: "https://x", strategy: hope }', "4: destinations.a.strategy:"],
    ["a message that is not made", "a: { kind: mllp, host: h, port: 1, message: ORU^R01 }", "4: destinations.a.message:"],
    ["a zone that does not exist", "a: { kind: mllp, host: h, port: 1, message: BAR^P12, zone: Mars }", "4: destinations.a.zone:"],
    [
      "answers that its token may not ask for",
      'a: { url: "https://x", auth: { kind: client-secret, clientId: c, clientSecret: "${T}" }, answers: { poll: {} } }',
      "4: destinations.a.auth.scope: to poll for answers, ask for them too",
    ],
    [
      "answers to claims it has no id of",
      'a: { url: "https://x", strategy: process-message, answers: { poll: { by: request } } }',
      "4: destinations.a.answers.poll.by: with the strategy process-message",
    ],
    [
      "answers that are asked for too often",
      'a: { url: "https://x", answers: { poll: { everySeconds: 1 } } }',
      "4: destinations.a.answers.poll.everySeconds:",
    ],
    ["a setting of another kind", "a: { kind: files, folder: x, url: y }", "4: destinations.a.url: Unrecognized key"],
  ])("with %s are a fault with its line", (_what, text, fault) => {
    expect(faults([text], { T: "t" })).toEqual([expect.stringContaining(`chartbridge.yaml:${fault}`)]);
    expect(faults([text]).join()).not.toContain("token: t ");
  });
});
