import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { OFFLINE_ID_KEY } from "#src/base/ids.ts";
import { mapHl7 } from "#src/charts/map-record.ts";
import { readMapFiles } from "#src/config/map-files.ts";
import { decode } from "#src/hl7v2/charsets.ts";
import { readHeader } from "#src/hl7v2/header.ts";
import { parseMessage } from "#src/hl7v2/message.ts";
import { toDate, toDateTime, toInstant } from "#src/hl7v2/times.ts";
import { compileMaps } from "#src/mapping/compile.ts";
import { adt, codes, framed, startPeerTests, talk } from "./mllp-peer.ts";

let peer: Awaited<ReturnType<typeof startPeerTests>>;
beforeAll(async () => {
  peer = await startPeerTests();
});
afterEach(() => peer.closeListeners());
afterAll(() => peer.end());

const compiled = compileMaps(readMapFiles("mappings"));
if (!compiled.ok) throw new Error("the shipped maps do not compile");
const maps = compiled.value;

/** The Patient of a message as the maps give it. */
function patientOf(text: string | Buffer): Record<string, unknown> {
  const bytes = typeof text === "string" ? Buffer.from(text, "latin1") : text;
  const header = readHeader(bytes);
  if (!header.ok) throw new Error("no header");
  const mapped = mapHl7(bytes, header.value, maps, { idKey: OFFLINE_ID_KEY, zone: "UTC" });
  if (!mapped.ok) throw new Error(mapped.failure.code);
  const found = mapped.value.resources.find(({ resource }) => resource.resourceType === "Patient");
  return { ...(found?.resource as unknown as Record<string, unknown>), deleted: found?.deleted };
}
const adtOf = (msh: string, pid: string): string => `${msh}\rPID|1||77^^^NORTH||${pid}\rPV1|1|I|||||||||||||||||9\r`;
const MSH = "MSH|^~\\&|EHR|NORTH|CB|CB|20260101||ADT^A08|1|P|2.5.1";
const UTC = { zone: "UTC" } as const;

describe("segments", () => {
  it.each([
    ["CR", "\r"],
    ["LF", "\n"],
    ["CRLF", "\r\n"],
  ])("ended with %s are read the same, and kept as they came", async (_, end) => {
    const { port } = await peer.listen();
    const text = adt(`ends-${end.length}${end.charCodeAt(0)}`).replaceAll("\r", end);
    expect(codes((await talk(port, framed(text))).text)).toEqual([`AA ends-${end.length}${end.charCodeAt(0)}`]);
    expect((await peer.kept(`|ends-${end.length}${end.charCodeAt(0)}|`))[0]?.bytes).toBe(text);
    const message = parseMessage(text);
    expect(message.ok && message.value.segments.map(({ name }) => name)).toEqual(["MSH", "PID", "EVN", "PV1"]);
  });

  it.each([
    ["a byte order mark", "\xef\xbb\xbf"],
    ["blank lines", "\r\n\r\n"],
    ["spaces", "   "],
  ])("behind %s are tolerated and flagged", async (what, before) => {
    const { port } = await peer.listen();
    const id = `leading-${what.replaceAll(" ", "-")}`;
    expect(codes((await talk(port, framed(before + adt(id)))).text)).toEqual([`AA ${id}`]);
    expect((await peer.kept(`|${id}|`))[0]?.flags).toContain("LEADING_BYTES");
  });

  it("that nobody knows, versions, more fields and more components than defined never fail a message", async () => {
    const { port } = await peer.listen();
    const strange = adt(
      "strange",
      "ZZZ|1|a^b^c\rPV1|1|I|a^b^c^d^e^f^g^h^i^j^k^l^m^n|||||||||||||||||||||||||||||||||||||||||||||||||||||x\r",
    ).replace("|2.5.1", "|2.99");
    expect(codes((await talk(port, framed(strange))).text)).toEqual(["AA strange"]);
  });
});

describe("delimiters", () => {
  it("are read from the message, all five of them", () => {
    const message = parseMessage("MSH$%*@!$EHR$N$C$C$1$$ADT%A08$9$P$2.5\rPID$1$$77%%%NORTH*88%%%SOUTH!2.9.9!ISO$$NA@F@ME%F\r");
    if (!message.ok) throw new Error("unreadable");
    const pid = message.value.first("PID");
    expect(pid?.repetitions(3).map((one) => one.part(1).text)).toEqual(["77", "88"]);
    expect(pid?.repetitions(3)[1]?.part(4).part(2).text).toBe("2.9.9");
    expect(pid?.field(5).part(1).text).toBe("NA$ME");
  });

  it("of five characters in MSH-2 have a truncation character, which the answer repeats", async () => {
    const { port } = await peer.listen();
    const { text } = await talk(port, framed(adt("five").replace("^~\\&|", "^~\\&#|").replace("2.5.1", "2.8")));
    expect(codes(text)).toEqual(["AA five"]);
    expect(text.slice(1, 10)).toBe("MSH|^~\\&#");
    const message = parseMessage("MSH|^~\\&#|A|B|||1||ADT^A08|1|P|2.8\rPID|1||7||NAME\\P\\#\r");
    expect(message.ok && message.value.first("PID")?.field(5).text).toBe("NAME##");
  });

  it("that MSH-2 does not declare are absent, and never the next character", async () => {
    const { port } = await peer.listen();
    const { text } = await talk(port, framed(adt("three").replace("^~\\&|", "^~\\|")));
    expect(codes(text)).toEqual(["AA three"]);
    expect(text.slice(1, 9)).toBe("MSH|^~\\|");
    const message = parseMessage("MSH|^~\\|A|B|||1||ADT^A08|1|P|2.3\rPID|1||7^^^N&M\r");
    expect(message.ok && message.value.first("PID")?.field(3).part(4).text).toBe("N&M");
  });

  it("that cannot be told apart make a message unreadable: it is kept, and nothing is invented to answer it", async () => {
    const { port } = await peer.listen();
    const { text } = await talk(port, framed("MSH|^^\\&|same-delimiters") + framed(adt("behind-same")));
    expect(codes(text)).toEqual(["AA behind-same"]);
    expect(await peer.kept("same-delimiters")).toMatchObject([{ verdict: "refused", code: "MESSAGE_UNREADABLE", place: "MSH-2" }]);
  });
});

describe("characters", () => {
  it.each([
    ["", "M\xc3\xbcller", "Müller"],
    ["UNICODE UTF-8", "M\xc3\xbcller", "Müller"],
    ["8859/1", "M\xfcller", "Müller"],
    ["8859/15", "M\xfcller\xa4", "Müller€"],
  ])("of MSH-18 %j are decoded right", (charset, raw, name) => {
    const patient = patientOf(adtOf(`${MSH}||||||${charset}`, raw));
    expect(patient["name"]).toEqual([{ family: name }]);
  });

  it("of a feed with a default are decoded by it when MSH-18 is empty", () => {
    const decoded = decode(Buffer.from("\xe4", "latin1"), ["8859/1"]);
    expect(decoded).toEqual({ ok: true, value: { text: "ä", contradicted: false } });
  });

  it("of an unknown set are refused with the place, never guessed", async () => {
    const { port } = await peer.listen();
    const { text } = await talk(port, framed(adt("klingon").replace("|2.5.1", "|2.5.1||||||KLINGON")));
    expect(codes(text)).toEqual(["AE klingon"]);
    expect(text).toContain("ERR||MSH^1^18^1|102^");
  });

  it("of an unknown set are kept for a person on a feed that parks", async () => {
    const { port } = await peer.listen({ onUnusable: "accept-and-park" });
    expect(codes((await talk(port, framed(adt("parked").replace("|2.5.1", "|2.5.1||||||KLINGON")))).text)).toEqual(["AA parked"]);
    expect(await peer.kept("|parked|")).toMatchObject([{ verdict: "accepted", foldAs: "failed", foldCode: "CHARSET_NOT_SUPPORTED" }]);
  });

  it("that contradict their declaration are kept byte for byte", async () => {
    const { port } = await peer.listen();
    const text = adt("contradicted").replace("CANARY", "M\xfcller").replace("|2.5.1", "|2.5.1||||||UNICODE UTF-8");
    expect(codes((await talk(port, framed(text))).text)).toEqual(["AA contradicted"]);
    const [record] = await peer.kept("|contradicted|");
    expect(record?.bytes).toBe(text);
    expect(record?.flags).toContain("CHARSET_CONTRADICTED");
  });

  it("in repetitions of MSH-18 are recognised, and switching sets by MSH-20 is refused explicitly", async () => {
    const { port } = await peer.listen();
    const second = await talk(port, framed(adt("second-set").replace("|2.5.1", "|2.5.1||||||8859/1~KLINGON")));
    expect(second.text).toContain("ERR||MSH^1^18^2|");
    const switching = await talk(port, framed(adt("iso-2022").replace("|2.5.1", "|2.5.1||||||8859/1||ISO 2022-1994")));
    expect(codes(switching.text)).toEqual(["AE iso-2022"]);
    expect(switching.text).toContain("ERR||MSH^1^20^1|");
  });

  it("of the answer are those of the message, and MSH-18 says so by its table's name", async () => {
    const { port } = await peer.listen();
    const { text } = await talk(port, framed(adt("m\xfc").replace("|2.5.1", "|2.5.1||||||8859/1")));
    expect(codes(text)).toEqual(["AA m\xfc"]);
    expect(text.split("\r")[0]?.split("|")[17]).toBe("8859/1");
  });
});

describe("values", () => {
  it("have their escapes decoded once, at the leaf", () => {
    const message = parseMessage(
      "MSH|^~\\&|A|B|||1||ADT^A08|1|P|2.5\rPID|1||7||A\\F\\\\S\\\\T\\\\R\\\\E\\^\\E\\T\\E\\^a\\.br\\b\\H\\c\\N\\^\\X4142\\\r",
    );
    const name = message.ok ? message.value.first("PID")?.field(5) : undefined;
    expect([1, 2, 3, 4].map((n) => name?.part(n).text)).toEqual(["A|^&~\\", "\\T\\", "a\nbc", "AB"]);
  });

  it('of `""` delete, and empty ones leave alone, all the way into FHIR', () => {
    const nulled = patientOf(adtOf(MSH, 'NAME||""|F'));
    expect(nulled).toMatchObject({ gender: "female", deleted: ["birthDate"] });
    expect(nulled["birthDate"]).toBeUndefined();
    expect(patientOf(adtOf(MSH, "NAME|||F"))["deleted"]).toEqual([]);
  });

  it("of time keep their precision and offset: no invented midnight, no invented zone", () => {
    expect(toDate("2024")).toEqual({ ok: true, value: "2024" });
    expect(toDateTime("20240131", UTC)).toEqual({ ok: true, value: "2024-01-31" });
    expect(toDateTime("20240131-0500", UTC)).toEqual({ ok: true, value: "2024-01-31" });
    expect(toDateTime("202401311230.5", UTC)).toEqual({ ok: false, failure: "NOT_A_TIME" });
    expect(toDateTime("20240131123059.1234-0500", UTC)).toEqual({ ok: true, value: "2024-01-31T12:30:59.1234-05:00" });
    expect(toInstant("20240131", UTC)).toEqual({ ok: false, failure: "TOO_COARSE" });
    expect(toDate("20241301")).toEqual({ ok: false, failure: "NOT_A_TIME" });
    expect(toDate('""')).toEqual({ ok: false, failure: "NOT_A_TIME" });
  });
});
