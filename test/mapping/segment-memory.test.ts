import { join } from "node:path";
import type { Resource } from "@medplum/fhirtypes";
import { describe, expect, it } from "vitest";
import { OFFLINE_ID_KEY } from "#src/base/ids.ts";
import { readMapFiles } from "#src/config/map-files.ts";
import { parseMessage } from "#src/hl7v2/message.ts";
import type { MapFile } from "#src/mapping/map-file.ts";
import { compileMaps, type MapPack } from "#src/mapping/compile.ts";
import type { Mapped, MapSettings } from "#src/mapping/types.ts";

const FILES = readMapFiles(join(import.meta.dirname, "..", "..", "mappings"));

/** Maps that remember nothing yet. */
function newPack(site: readonly MapFile[] = []): MapPack {
  const compiled = compileMaps([...FILES, ...site]);
  if (!compiled.ok) throw new Error(compiled.failure.join("\n"));
  return compiled.value;
}

function mapped(pack: MapPack, lines: readonly string[], settings: Partial<MapSettings> = {}): Mapped {
  const message = parseMessage(lines.join("\r"));
  const made = message.ok ? pack.map(message.value, { idKey: OFFLINE_ID_KEY, zone: "America/Chicago", ...settings }) : message;
  if (!made.ok) throw new Error(made.failure.code);
  return made.value;
}

const resourcesOf = ({ resources }: Mapped, type: Resource["resourceType"]): readonly Resource[] =>
  resources.flatMap(({ resource }) => (resource.resourceType === type ? [resource] : []));

const head = (minute: number, event: string): readonly string[] => [
  `MSH|^~\\&|EHR|NORTH|||20260302101${minute}||${event}|C${minute}|P|2.5.1`,
  `EVN||20260302101${minute}`,
];
const PATIENT = `PID|1||M1^^^NORTH^MR||Dufresne^Dmitri||19641107|M|||1 Elm^^Fargo^ND^58102^USA${"|".repeat(7)}A1^^^NORTH^AN`;
const VISIT = "PV1|1|I|ICU^1^2^NORTH||||D1^Okafor^Amara^^^^MD^^NORTH||||||||||||V1^^^NORTH^VN";
const STAY = [
  PATIENT,
  "NK1|1|Dufresne^Cedric|SPO^Spouse^HL70063|1 Elm^^Fargo^ND^58102^USA|^PRN^PH^^^701^5550129",
  VISIT,
  "OBX|1|NM|8302-2^Body height^LN||171|cm^cm^UCUM|||||F|||20260302100000",
  "AL1|1|DA^Drug allergy^HL70127|70618^Penicillin^RXNORM",
  "DG1|1||J18.9^Pneumonia^I10|Pneumonia|20260302|A|||||||||1|D1^Okafor^Amara^^^^MD^^NORTH",
  "DG1|2||I10^Hypertension^I10|Hypertension|20260302|W",
  "IN1|1|HMO^Unity HMO|U1^^^NORTH|Unity|||||||||||||Dufresne^Dmitri|SEL^Self^HL70063|19641107",
  "IN2|||||||||||||||||||||||||||||||||||||||||||||||||||||||||||||U77",
];
const said = (minute: number, event: string, stay: readonly string[] = STAY): readonly string[] => [...head(minute, event), ...stay];
const KINDS = [
  "Patient",
  "Account",
  "RelatedPerson",
  "Observation",
  "AllergyIntolerance",
  "Condition",
  "Organization",
  "Coverage",
] as const satisfies readonly Resource["resourceType"][];

describe("what segments of an account became in messages before", () => {
  it("is the same again, where the sender says them again", () => {
    const pack = newPack();
    mapped(pack, said(1, "ADT^A01"));
    // What depends on the event is worked out once more.
    const update = mapped(pack, said(2, "ADT^A08"));
    const again = mapped(pack, said(3, "ADT^A08"));
    for (const kind of KINDS) {
      const [before, now] = [resourcesOf(update, kind), resourcesOf(again, kind)];
      expect(now.length, kind).toBeGreaterThan(0);
      expect(
        now.map((one, n) => one === before[n]),
        kind,
      ).toEqual(now.map(() => true));
    }
    expect(again).toEqual(mapped(pack, said(3, "ADT^A08"), { memory: false }));
  });

  it("makes the doctor whom a diagnosis names, where nobody else of the message is", () => {
    const pack = newPack();
    mapped(pack, said(1, "ADT^A08"));
    const other = STAY.map((line) => (line === VISIT ? line.replace("D1^Okafor^Amara", "D2^Haddad^Nadia") : line));
    const now = mapped(pack, said(2, "ADT^A08", other));
    expect(resourcesOf(now, "Practitioner")).toHaveLength(2);
    expect(now).toEqual(mapped(pack, said(2, "ADT^A08", other), { memory: false }));
  });

  it("names the segment by the number that it has now", () => {
    const pack = newPack();
    mapped(pack, said(1, "ADT^A08"));
    const [first = "", second = ""] = STAY.filter((line) => line.startsWith("DG1"));
    const turned = STAY.map((line) => (line === first ? second : line === second ? first : line));
    const now = mapped(pack, said(2, "ADT^A08", turned));
    const source = now.lineage.find(({ target, row }) => target === "Condition.onsetDateTime" && row.startsWith("DG1[Condition]"))?.source;
    expect(source).toBe("DG1(1)-5");
    expect(now.lineage).toEqual(mapped(pack, said(2, "ADT^A08", turned), { memory: false }).lineage);
  });

  it.each([
    { what: "the segment that belongs to it", kind: "Coverage", from: "U77", to: "U78" },
    { what: "the company that it refers to", kind: "Coverage", from: "U1^^^NORTH", to: "U2^^^NORTH" },
    { what: "the patient", kind: "Condition", from: "M1^^^NORTH^MR", to: "M2^^^NORTH^MR" },
    { what: "the visit", kind: "Condition", from: "V1^^^NORTH^VN", to: "V2^^^NORTH^VN" },
    { what: "the contact that the patient has", kind: "Patient", from: "Dufresne^Cedric", to: "Dufresne^Celia" },
    { what: "the patient before the contact", kind: "Patient", from: "19641107|M|||", to: "19641108|M|||" },
  ] as const)("is worked out anew where $what is another", ({ kind, from, to }) => {
    const pack = newPack();
    const before = mapped(pack, said(1, "ADT^A08"));
    const other = STAY.map((line) => line.replace(from, to));
    const now = mapped(pack, said(2, "ADT^A08", other));
    expect(resourcesOf(now, kind)[0]).not.toBe(resourcesOf(before, kind)[0]);
    expect(now).toEqual(mapped(pack, said(2, "ADT^A08", other), { memory: false }));
    // What the sender said first is still what it was.
    expect(mapped(pack, said(3, "ADT^A08"))).toEqual(mapped(pack, said(3, "ADT^A08"), { memory: false }));
  });

  it("is told apart by the place where the feed finds the number of the account", () => {
    const pack = newPack();
    const places = { patient: [], withoutAccount: "patient", visit: ["PV1-19"] } as const;
    const stay = STAY.map((line) => (line === VISIT ? `${line}${"|".repeat(31)}A1^^^NORTH^AN` : line));
    for (const account of ["PID-18", "PV1-50", "PID-18", "PV1-50"]) {
      const settings: Partial<MapSettings> = { identity: { ...places, account: [account] } };
      const now = mapped(pack, said(1, "ADT^A08", stay), settings);
      expect(now).toEqual(mapped(pack, said(1, "ADT^A08", stay), { ...settings, memory: false }));
      expect(now.lineage.find(({ target }) => target === "Account.identifier[0].value")?.source?.startsWith(account)).toBe(true);
    }
  });

  it("is told apart by what decides which identity counts", () => {
    const site = [
      "site: west",
      "senders: [{ facility: NORTH }]",
      "maps:",
      '  - map: "ZPR[Procedure]"',
      '    after: "PV1[Encounter]"',
      "    identity: [{ by: [EVN-5], within: message }, { by: [ZPR-1] }]",
      "    rows:",
      '      - { key: "ZPR>status", set: completed, guide: added }',
      '      - { key: "ZPR-1>code", as: "CWE[CodeableConcept]", guide: added }',
      '      - { key: "ZPR>subject", ref: Patient, guide: added }',
    ].join("\n");
    const pack = newPack([{ path: "mappings/sites/west.yaml", text: site }]);
    const idsOf = (operator: string, memory: boolean): readonly (string | undefined)[] => {
      const [msh = "", evn = ""] = head(1, "ADT^A08");
      const stay = [msh, `${evn}|||${operator}`, PATIENT, VISIT, "ZPR|99^Something^L"];
      return resourcesOf(mapped(pack, stay, { memory }), "Procedure").map(({ id }) => id);
    };
    for (const operator of ["", "OP1", ""]) expect(idsOf(operator, true)).toEqual(idsOf(operator, false));
    expect(idsOf("", true)).not.toEqual(idsOf("OP1", true));
  });

  it("is not kept of results, which are said once", () => {
    const pack = newPack();
    const result = (minute: number): readonly string[] => [
      ...head(minute, "ORU^R01"),
      PATIENT,
      VISIT,
      "OBR|1|P1|F1|24323-8^Panel^LN|||20260302100000",
      "OBX|1|NM|2345-7^Glucose^LN||99|mg/dL|||||F",
    ];
    const [first, second] = [1, 2].map((minute) => resourcesOf(mapped(pack, result(minute)), "Observation")[0]);
    expect(second).toEqual(first);
    expect(second).not.toBe(first);
  });

  it("is forgotten when an account says more than is looked through", () => {
    const pack = newPack();
    const stay = (from: number): readonly string[] => [
      PATIENT,
      VISIT,
      ...Array.from({ length: 60 }, (_, n) => `AL1|${n + 1}|DA|${from + n}^Substance ${from + n}^L`),
    ];
    for (const from of [0, 30, 0]) {
      const now = mapped(pack, said(1, "ADT^A08", stay(from)));
      expect(resourcesOf(now, "AllergyIntolerance")).toHaveLength(60);
      expect(now).toEqual(mapped(pack, said(1, "ADT^A08", stay(from)), { memory: false }));
    }
  });
});
