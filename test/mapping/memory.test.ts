import { existsSync } from "node:fs";
import { join } from "node:path";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { OFFLINE_ID_KEY } from "#src/base/ids.ts";
import { chanceOf } from "#src/cli/demo/random.ts";
import { messageFiles } from "#src/cli/map-pairs.ts";
import { readMapFiles } from "#src/config/map-files.ts";
import { parseMessage } from "#src/hl7v2/message.ts";
import { compileMaps } from "#src/mapping/compile.ts";
import { readMaps } from "#src/mapping/read-maps.ts";
import { baseMaps } from "#src/mapping/site-overlay.ts";
import { standAlone } from "#src/mapping/stand-alone.ts";
import { referenceFolder } from "#test/setup/reference-data.ts";

const HOME = join(import.meta.dirname, "..", "..");
const SAMPLES = referenceFolder("samples");
const FILES = readMapFiles(join(HOME, "mappings"));
const compiled = compileMaps(FILES);
if (!compiled.ok) throw new Error(compiled.failure.join("\n"));
const pack = compiled.value;

const texts = messageFiles([join(HOME, "test", "messages"), ...(existsSync(SAMPLES) ? [SAMPLES] : [])]).map((file) =>
  readFileSync(file, "utf8"),
);

/** All that is made of a text, lineage and warnings included. */
function made(text: string, memory: boolean, lineage: boolean): string {
  const message = parseMessage(text);
  if (!message.ok) return message.failure.code;
  return JSON.stringify(pack.map(message.value, { idKey: OFFLINE_ID_KEY, zone: "America/Chicago", memory, lineage }));
}

describe("what texts became in messages before", () => {
  it.each([true, false])("changes nothing of what the next message becomes, lineage kept: %s", (lineage) => {
    const without = texts.map((text) => made(text, false, lineage));
    // The second time everything that can be remembered is.
    for (const time of [1, 2])
      expect(texts.filter((text, n) => made(text, true, lineage) !== without[n]).map((text) => `${time} ${text.slice(0, 80)}`)).toEqual([]);
  });

  it("changes nothing when anything else in the message is another than it was", () => {
    const chance = chanceOf(20_260_301);
    let compared = 0;
    const differ: string[] = [];
    for (const text of texts.filter((one) => one.startsWith("MSH"))) {
      const lines = text.split(/[\r\n]+/).filter((line) => line !== "");
      const without = (at: number): string => lines.filter((_, n) => n !== at).join("\r");
      const changed = (at: number): string => {
        const fields = (lines[at] ?? "").split("|");
        const field = chance.whole(1, Math.max(1, fields.length - 1));
        const other: [string | undefined, ...string[]] = [
          fields[field]?.replace(/[0-9]/, (digit) => String((Number(digit) + 1) % 10)),
          "",
          '""',
          "X^Y",
          `${fields[field] ?? ""}~2`,
        ];
        fields[field] = chance.pick(other) ?? "";
        return lines.map((line, n) => (n === at ? fields.join("|") : line)).join("\r");
      };
      const event = lines.join("\r").replace(/\|(ADT)\^A\d\d/, `|$1^${chance.pick(["A01", "A03", "A08", "A11", "A04"])}`);
      made(text, true, true);
      const variants = Array.from({ length: 6 }, (_, n) => {
        const at = chance.whole(1, Math.max(1, lines.length - 1));
        return n === 0 ? without(at) : n === 1 ? [...lines.slice(0, at), lines[at], ...lines.slice(at)].join("\r") : changed(at);
      });
      for (const variant of [event, ...variants]) {
        compared++;
        if (made(variant, true, true) !== made(variant, false, true)) differ.push(variant);
      }
    }
    expect(compared).toBeGreaterThan(1_000);
    expect(differ.slice(0, 2)).toEqual([]);
  });

  it("is not used for data types that look at other fields or make resources with other names", () => {
    const maps = baseMaps(readMaps(FILES).maps);
    const alone = standAlone(maps);
    expect(
      ["XPN[HumanName]", "XAD[Address]", "XTN[ContactPoint]", "XCN[Practitioner]", "CX[Identifier]"].filter((name) => !alone(name)),
    ).toEqual([]);
    expect(["PL[Location]", "ED[Attachment]", "CX[RelatedPerson-Mother]"].filter(alone)).toEqual([]);
  });
});
