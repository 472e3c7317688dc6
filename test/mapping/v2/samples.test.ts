import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FAILURES } from "#src/base/failures.ts";
import { faultsOf } from "#src/fhir/validate.ts";
import { ADMISSION, textOf, tryMap } from "./maps.ts";
import { referenceFolder } from "#test/setup/reference-data.ts";

/** Messages of many senders, kept outside the repository for their licences. */
const SAMPLES = referenceFolder("samples");
const files = existsSync(SAMPLES) ? readdirSync(SAMPLES).filter((name) => name.endsWith(".hl7")) : [];
const messagesIn = (name: string): readonly string[] =>
  readFileSync(join(SAMPLES, name), "utf8")
    .split(/^(?=MSH)/m)
    .filter((text) => text.startsWith("MSH"));

describe.skipIf(files.length === 0)("messages of other senders (skipped when their folder is not there)", () => {
  it("map to valid resources or fail with a code, and never throw", () => {
    const mapped = files.flatMap((name) => messagesIn(name).map((text) => ({ name, result: tryMap(text) })));
    expect(Object.keys(FAILURES)).toEqual(expect.arrayContaining(mapped.flatMap(({ result }) => (result.ok ? [] : [result.failure.code]))));
    const invalid = mapped.flatMap(({ name, result }) =>
      result.ok
        ? result.value.resources.flatMap(({ resource }) => faultsOf(resource).map(({ place, text }) => `${name} ${place}: ${text}`))
        : [],
    );
    expect(invalid).toEqual([]);
  }, 60_000);
});

describe("damaged messages", () => {
  it.each(["ADT^A01", "ADT^A03", "DFT^P03", "MDM^T02"])(
    "%s: never make mapping throw, and never give invalid resources",
    (type) => {
      const whole = textOf({
        ...ADMISSION,
        MSH: (ADMISSION["MSH"] ?? "").replace("ADT^A01^ADT_A01", type),
        IN1: "IN1|1|GOLD^Gold|PAY1^^^WEST|Payer||||G1|||20260101|||HM||SEL|||||1||||||||||||||MEM1",
        PR1: "PR1|1||0DTJ4ZZ^Appendectomy^I10P||20260110|||7001^Stone",
        FT1: "FT1|1|T1||20260110|20260110|CG|4500^Visit|||2|100.50&USD|50.25&USD|ED||||||J18.9^Pneumonia^I10|7001^Stone|7001^Stone||||99283^Visit^C4|25",
        TXA: "TXA|1|DS|TX|20260110||20260110093000|||7001^Stone|||DOC1^EHR|||||LA||AV",
        OBX: "OBX|1|TX|18842-5^Summary^LN||Fever\rOBX|2|ED|||^application^PDF^Base64^JVBERi0xLjQ=",
      });
      const piece = fc.constantFrom(
        "^",
        "~",
        "&",
        "|",
        '""',
        "\\X41\\",
        "\\",
        "\u0000",
        " ",
        "x y",
        "20260231",
        "é",
        "0",
        "-1",
        "constructor",
        "__proto__",
        "\r",
      );
      fc.assert(
        fc.property(fc.array(fc.tuple(fc.nat({ max: whole.length }), fc.nat({ max: 6 }), piece), { maxLength: 12 }), (changes) => {
          const text = changes.reduce((now, [at, cut, put]) => now.slice(0, at + 9) + put + now.slice(at + 9 + cut), whole);
          const mapped = tryMap(text);
          expect(mapped.ok ? mapped.value.resources.flatMap(({ resource }) => faultsOf(resource)) : []).toEqual([]);
        }),
        { numRuns: Number(process.env["RUNS"] ?? 150) },
      );
    },
    60_000,
  );
});
