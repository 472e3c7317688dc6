import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Bundle } from "@medplum/fhirtypes";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { faultsOf } from "#src/fhir/validate.ts";

const HOME = join(import.meta.dirname, "..", "..");
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "chartbridge-cli-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Runs the command line as a person does, from an empty folder. */
function chartbridge(...args: readonly string[]) {
  const run = spawnSync(process.execPath, [join(HOME, "src", "cli", "main.ts"), ...args], { cwd: folder, encoding: "utf8" });
  return { code: run.status, out: run.stdout, err: run.stderr };
}
const file = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};
const EXAMPLE = join(HOME, "examples", "first-claim");
const bundles = (out: string): readonly Bundle[] =>
  out
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Bundle);
const typesOf = (bundle: Bundle | undefined): readonly (string | undefined)[] =>
  (bundle?.entry ?? []).map(({ resource }) => resource?.resourceType);

describe("chartbridge map", () => {
  it("prints one valid FHIR message bundle a message, in the order of the input, and ends with 0", () => {
    const { code, out, err } = chartbridge("map", join(EXAMPLE, "01-admit.hl7"), join(EXAMPLE, "02-charges.hl7"));
    expect([code, err]).toEqual([0, ""]);
    const made = bundles(out);
    expect(made).toHaveLength(2);
    expect(typesOf(made[0])).toEqual(expect.arrayContaining(["MessageHeader", "Patient", "Encounter", "Coverage"]));
    expect(typesOf(made[1])).toContain("ChargeItem");
    expect(made.flatMap((bundle) => faultsOf(bundle))).toEqual([]);
  });

  it("gives everyone the same output for the same message", () => {
    const run = () => chartbridge("map", join(EXAMPLE, "01-admit.hl7")).out;
    expect(run()).toBe(run());
  });

  it("gives a message it cannot map as header and outcome alone, says where it is wrong on stderr, and ends with 1", () => {
    const good = readFileSync(join(EXAMPLE, "04-discharge.hl7"), "utf8").trimEnd();
    const mixed = file("mixed.hl7", `${good}\nMSH|^~\\&|LAB|NORTH|||20260301120000||XYZ^Z01|BAD1|P|2.5.1\nPID|1\n${good}\n`);
    const { code, out, err } = chartbridge("map", mixed);
    const made = bundles(out);
    expect(made).toHaveLength(3);
    expect(typesOf(made[1])).toEqual(["MessageHeader", "OperationOutcome"]);
    expect(made.flatMap((bundle) => faultsOf(bundle))).toEqual([]);
    expect(err).toBe("mixed.hl7#2: MESSAGE_NOT_SUPPORTED at MSH-9: this message type or event is not known\n");
    expect(code).toBe(1);
  });

  it("reads times without an offset in the zone it is given, else in UTC", () => {
    const start = (...more: readonly string[]) => {
      const [bundle] = bundles(chartbridge("map", join(EXAMPLE, "01-admit.hl7"), ...more).out);
      const encounter = bundle?.entry?.map(({ resource }) => resource).find((resource) => resource?.resourceType === "Encounter");
      return encounter?.resourceType === "Encounter" ? encounter.period?.start : undefined;
    };
    expect(start()).toMatch(/\+00:00$|Z$/);
    expect(start("--zone", "America/Chicago")).toMatch(/-06:00$/);
  });

  it("says where each element came from with --format lineage", () => {
    const { out } = chartbridge("map", join(EXAMPLE, "01-admit.hl7"), "--format", "lineage");
    const { lineage } = JSON.parse(out) as { lineage: { target: string; source?: string }[] };
    expect(lineage).toContainEqual(expect.objectContaining({ target: "Encounter.period.start", source: "PV1-44" }));
  });

  it("says that a folder of site maps is not there, and does not go on without", () => {
    const { code, err } = chartbridge("map", join(EXAMPLE, "01-admit.hl7"), "--site-maps", "nowhere");
    expect([code, err]).toEqual([1, "there is no folder nowhere\n"]);
  });

  it("names a zone or format it does not know", () => {
    expect(chartbridge("map", "x.hl7", "--zone", "Mars").err).toContain("IANA zone");
    expect(chartbridge("map", "x.hl7", "--format", "xml").err).toContain("bundle or lineage");
  });
});

describe("chartbridge check", () => {
  it("finds the shipped configuration in order", () => expect(chartbridge("check")).toMatchObject({ code: 0 }));

  it("names every fault of a configuration with its line", () => {
    const config = file(
      "chartbridge.yaml",
      "feeds:\n  north:\n    facility: NORTH\n    zone: Mars\ndestinations:\n  billing:\n    url: https://billing.example\n    auth:\n      kind: bearer\n      token: plain-secret\n",
    );
    const { code, err } = chartbridge("check", "--config", config);
    expect(code).toBe(1);
    expect(err).toContain("chartbridge.yaml:4: feeds.north.zone:");
    expect(err).toContain("chartbridge.yaml:10: destinations.billing.auth.token:");
    expect(err).not.toContain("plain-secret");
  });

  it("warns of a queue that no item comes to and of a class that no encounter has, and is content, for nothing is lost", () => {
    mkdirSync(join(folder, "queues"));
    const settings = "lease: { minutes: 5 }\nbillHold: { days: 0 }\n";
    const queue = (name: string, order: number, enter: string) =>
      file(join("queues", `${name}.yaml`), `queue: ${name}\norder: ${order}\nenter: ${enter}\n${settings}`);
    queue("stays", 1, "{ all: [{ field: class, is: INP }] }");
    queue("all", 2, "{ all: [] }");
    queue("rest", 3, "{ all: [] }");
    const { code, out, err } = chartbridge(
      "check",
      "--config",
      file(
        "chartbridge.yaml",
        `feeds:\n  north: { facility: NORTH, zone: America/Chicago, defaultAuthority: NORTH }\nsiteData: ${join(HOME, "sites", "demo")}\nqueues: queues\n`,
      ),
    );
    expect(err.trim().split("\n")).toEqual([
      "warning: queues/rest.yaml:3: enter: no item comes here: queue all (queues/all.yaml:3) is tried before and takes everything",
      "warning: queues/stays.yaml:3: enter.all.0: INP is no encounter class of R4, and the maps give none of that code",
    ]);
    expect([code, out]).toEqual([0, expect.stringContaining("are in order")]);
  });
});

describe("without an engine", () => {
  it("status says how to start one", () => {
    const { code, err } = chartbridge("status");
    expect(code).toBe(1);
    expect(err).toContain("npm start");
  });

  it("doctor says the same, and finds nothing wrong", () => {
    const { code, out } = chartbridge("doctor");
    expect(code).toBe(0);
    expect(out).toContain("npm start");
  });

  it("send says that nobody listens, message by message", () => {
    const { code, out } = chartbridge("send", join(EXAMPLE, "01-admit.hl7"), "--to", "127.0.0.1:1");
    expect(code).toBe(1);
    expect(out).toContain("01-admit.hl7#1");
    expect(out).toContain("ADT^A01");
  });
});

describe("a command that names a file", () => {
  it.each([
    ["users", "import", "none.csv"],
    ["census", "none.csv", "--day", "2026-04-16"],
  ])("that is not there says so in a sentence: %s %s", (...args) => {
    expect(chartbridge(...args)).toEqual({ code: 1, out: "", err: "none.csv: there is no such file or folder\n" });
  });

  it("asks for a day and a zone that exist", () => {
    const list = file("census.csv", "account\nA1\n");
    expect(chartbridge("census", list, "--day", "2026-02-30").err).toBe("2026-02-30 is not a day (YYYY-MM-DD)\n");
    expect(chartbridge("census", list, "--day", "2026-02-28", "--zone", "Nowhere/X").err).toBe("there is no time zone Nowhere/X\n");
  });
});

describe("chartbridge users import", () => {
  it("names every fault with its line before anything is written", () => {
    const people = file(
      "people.csv",
      [
        "name,roles,credentials,relation",
        "ann,kodierer,,",
        ",coder,,",
        "ben,coder,CCS:2026-01-01:2025-01-01,",
        "cem,,,",
        "dov,coder,,",
        "dov,coder,,",
      ].join("\n"),
    );
    const { code, err } = chartbridge("users", "import", people);
    expect(code).toBe(1);
    const faults = err.trim().replaceAll(`${people}:`, "").split("\n");
    expect(faults).toEqual([
      expect.stringMatching(/^1: there is no column relation; there are name, roles, /),
      expect.stringMatching(/^2: there is no role kodierer; /),
      "3: name: is empty",
      "4: credentials.0: ends before it begins",
      expect.stringMatching(/^5: no role is named; /),
      "7: name: dov is in line 6 already",
    ]);
  });
});
