import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { FoldedOutcome, Needs } from "#src/intake/accept.ts";
import type { Journal } from "#src/journal/journal.ts";
import { adt, codes, framed, holdOpen, startPeerTests, talk } from "./mllp-peer.ts";

let peer: Awaited<ReturnType<typeof startPeerTests>>;
beforeAll(async () => {
  peer = await startPeerTests();
});
afterEach(() => peer.closeListeners());
afterAll(() => peer.end());

const down: Journal = { append: () => Promise.reject(new Error("down")) };
/** A fold that says at once what came of every message. */
const folding = (outcome: FoldedOutcome): { readonly needs: Partial<Needs> } => ({ needs: { folded: async () => outcome } });
const APPLIED: FoldedOutcome = { outcome: "applied" };
const FAILED: FoldedOutcome = { outcome: "failed", failure: { code: "ACCOUNT_UNKNOWN", place: "PID-18" } };
/** The message with MSH-15 and MSH-16. */
const asking = (id: string, accept: string, application: string): string => adt(id).replace("|2.5.1", `|2.5.1|||${accept}|${application}`);
const unsupported = (text: string): string => text.replace("ADT^A08", "ADT^Q99");

describe("the answer's header", () => {
  it("swaps sender and receiver with all their components, echoes processing id with its mode and version, and has a control id of its own", async () => {
    const { port } = await peer.listen();
    const msh = "MSH|^~\\&|EPIC^1.2^ISO|NORTH^9.9^ISO|CB^3.3^ISO|US^4.4^ISO|20260101||ADT^A08^ADT_A01|hdr-1|P^T|2.5.1";
    const fields = async (id: string): Promise<readonly string[]> => {
      const { text } = await talk(port, framed(`${msh.replace("hdr-1", id)}\rPID|1||7\rPV1|1|I\r`));
      return (text.split("\r")[0] ?? "").slice(1).split("|");
    };
    const one = await fields("hdr-1");
    expect(one.slice(2, 6)).toEqual(["CB^3.3^ISO", "US^4.4^ISO", "EPIC^1.2^ISO", "NORTH^9.9^ISO"]);
    expect(one[6]).toMatch(/^\d{14}[+-]\d{4}$/);
    expect([one[8], one[10], one[11]]).toEqual(["ACK^A08^ACK", "P^T", "2.5.1"]);
    expect(one[9]).not.toBe((await fields("hdr-2"))[9]);
  });

  it.each([["with spaces  and \\T\\"], ["x".repeat(199)], ["\xe9\xff"]])("repeats the control id %j byte for byte", async (id) => {
    const { port } = await peer.listen();
    expect((await talk(port, framed(adt(id)))).text).toContain(`\rMSA|AA|${id}\r`);
  });

  it("invents no control id: without one the answer is AR or CR with ERR 101 at MSH-10, and the message is kept", async () => {
    const { port } = await peer.listen();
    const { text } = await talk(port, framed(adt("", "ZID|no-id\r")));
    expect(text).toContain("\rMSA|AR||");
    expect(text).toContain("ERR||MSH^1^10^1|101^Required field missing^HL70357|E|REQUIRED_FIELD_MISSING");
    expect((await talk(port, framed(asking("", "AL", "NE")))).text).toContain("\rMSA|CR||");
    expect(await peer.kept("no-id")).toMatchObject([{ verdict: "refused", code: "REQUIRED_FIELD_MISSING", place: "MSH-10" }]);
  });
});

describe("a broken header", () => {
  it.each(["A\0T", "QUILL^ADA", "ADT^A08 QUILL", "constructor^A01", "__proto__"])(
    "leaves nothing of MSH-9 in clear, and stops no message of another sender: %j",
    async (type) => {
      const { port } = await peer.listen();
      const other = `other-${type.length}`;
      const [broken, sound] = await Promise.all([
        talk(port, framed(adt("broken").replace("ADT^A08", type))),
        talk(port, framed(adt(other, `ZZZ|${type.replaceAll("\0", "")}\r`))),
      ]);
      expect(codes(broken.text)).toEqual(["AR broken"]);
      expect(codes(sound.text)).toEqual([`AA ${other}`]);
      const { rows } = await peer.database.pool.query<{ type: string | null }>(
        "select message_type as type from journal_record where verdict = 'refused' order by seq desc limit 1",
      );
      expect(rows).toEqual([{ type: null }]);
    },
  );
});

describe("in original mode", () => {
  it("there is exactly one answer, AA, AE or AR", async () => {
    const { port } = await peer.listen();
    const noPid = "MSH|^~\\&|E|N|||1||ADT^A01|orig-2|P|2.5\rPV1|1|I\r";
    const { text } = await talk(port, framed(adt("orig-1")) + framed(noPid) + framed(unsupported(adt("orig-3"))) + framed(adt("orig-4")), {
      answers: 5,
      half: true,
    });
    expect(codes(text)).toEqual(["AA orig-1", "AE orig-2", "AR orig-3", "AA orig-4"]);
  });

  it("the answer waits for the effect where the feed says so", async () => {
    const good = await peer.listen({ ackMode: "on-applied" }, folding(APPLIED));
    expect(codes((await talk(good.port, framed(adt("applied-1")))).text)).toEqual(["AA applied-1"]);
    const bad = await peer.listen({ ackMode: "on-applied" }, folding(FAILED));
    const { text } = await talk(bad.port, framed(adt("applied-2")));
    expect(codes(text)).toEqual(["AE applied-2"]);
    expect(text).toContain("ERR||PID^1^18^1|204^");
  });
});

describe("in enhanced mode", () => {
  const CONDITIONS = ["AL", "NE", "ER", "SU"] as const;
  const wanted = (condition: string, success: boolean): boolean => condition === "AL" || condition === (success ? "SU" : "ER");
  const table = CONDITIONS.flatMap((accept) => CONDITIONS.map((application) => [accept, application] as const));

  it.each(table)("MSH-15 %s and MSH-16 %s are kept to when all goes well", async (accept, application) => {
    const { port } = await peer.listen({}, folding(APPLIED));
    const id = `enh-${accept}-${application}-good`;
    const expected = [...(wanted(accept, true) ? [`CA ${id}`] : []), ...(wanted(application, true) ? [`AA ${id}`] : []), "CA fence"];
    const fence = framed(asking("fence", "AL", "NE"));
    const socket = await holdOpen(port);
    let text = "";
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1");
    });
    socket.write(framed(asking(id, accept, application)));
    await expect.poll(() => codes(text).length).toBe(expected.length - 1);
    socket.write(fence);
    await expect.poll(() => codes(text)).toEqual(expected);
    socket.destroy();
  });

  it.each(table)("MSH-15 %s and MSH-16 %s are kept to when the message is not acceptable", async (accept, application) => {
    const { port } = await peer.listen({}, folding(APPLIED));
    const id = `enh-${accept}-${application}-bad`;
    // Who wants the application's errors alone still hears that it was refused.
    const expected = wanted(accept, false) ? [`CR ${id}`] : wanted(application, false) ? [`AR ${id}`] : [];
    const { text } = await talk(port, framed(unsupported(asking(id, accept, application))) + framed(asking("fence", "AL", "NE")), {
      answers: expected.length + 1,
    });
    expect(codes(text)).toEqual([...expected, "CA fence"]);
    expect(await peer.kept(`|${id}|`)).toMatchObject([{ verdict: "refused" }]);
  });

  it.each(CONDITIONS)("MSH-16 %s decides whether the sender hears that the message could not be applied", async (application) => {
    const { port } = await peer.listen({}, folding(FAILED));
    const id = `enh-failed-${application}`;
    const expected = [`CA ${id}`, ...(wanted(application, false) ? [`AE ${id}`] : [])];
    const { text } = await talk(port, framed(asking(id, "AL", application)), { answers: expected.length });
    expect(codes(text)).toEqual(expected);
  });

  it("is what the message asks for, unless the feed overrides it", async () => {
    const original = await peer.listen({ ackMode: "original" });
    expect(codes((await talk(original.port, framed(asking("over-1", "AL", "AL")))).text)).toEqual(["AA over-1"]);
    const enhanced = await peer.listen({ ackMode: "enhanced" });
    expect(codes((await talk(enhanced.port, framed(adt("over-2")))).text)).toEqual(["CA over-2"]);
    const receipt = await peer.listen({ ackMode: "on-receipt" });
    expect(codes((await talk(receipt.port, framed(asking("over-3", "NE", "NE")))).text)).toEqual(["AA over-3"]);
  });

  it("sends application acknowledgements on a connection of their own where the feed names one, and books what was sent", async () => {
    const { port } = await peer.listen({ applicationAnswers: { host: "127.0.0.1", port: 1 } }, folding(APPLIED));
    expect(codes((await talk(port, framed(asking("own-connection", "AL", "AL")))).text)).toEqual(["CA own-connection"]);
    const { rows } = await peer.database.pool.query(
      "select a.condition, a.state from application_answer a join journal_record j on j.id = a.record_id order by a.owed_since desc limit 1",
    );
    expect(rows).toEqual([{ condition: "AL", state: "owed" }]);
  });
});

describe("while the journal cannot be written", () => {
  it("a sender gets no answer and a closed connection, so that it keeps the message", async () => {
    const { port } = await peer.listen({}, { store: down });
    expect(await talk(port, framed(adt("down-1")))).toEqual({ text: "", closed: true });
    expect(await talk(port, framed(asking("down-2", "AL", "NE")))).toEqual({ text: "", closed: true });
  });

  it("gives CE in enhanced mode where the feed says so, and still no answer in original mode", async () => {
    const { port } = await peer.listen({ onStoreDown: "CE" }, { store: down });
    expect(codes((await talk(port, framed(asking("down-3", "AL", "NE")))).text)).toEqual(["CE down-3"]);
    expect(await talk(port, framed(adt("down-4")))).toEqual({ text: "", closed: true });
  });

  it("gives AR with 207 where the feed says so, and never AE, whatever letter the feed prefers", async () => {
    const { port } = await peer.listen({ onStoreDown: "AR207", refuseWith: "E" }, { store: down });
    const { text } = await talk(port, framed(adt("down-5")));
    expect(codes(text)).toEqual(["AR down-5"]);
    expect(text).toContain("|207^Application internal error^HL70357|");
  });
});

describe("a refusal", () => {
  const MSH = "MSH|^~\\&|EHR|NORTH|CB|CB|20260101||";
  it.each([
    ["an unknown message type", `${MSH}QQQ^Q01|r1|P|2.5\rPID|1||7\r`, "AR r1", "MSH^1^9^1^1|200^"],
    ["an event that HL7 does not define", `${MSH}ADT^A99|r2|P|2.5\rPID|1||7\r`, "AR r2", "MSH^1^9^1^2|201^"],
    ["no message type", `${MSH}|r3|P|2.5\rPID|1||7\r`, "AR r3", "MSH^1^9^1|101^"],
    ["a processing id this feed does not take", `${MSH}ADT^A01|r4|T|2.5\rPID|1||7\r`, "AR r4", "MSH^1^11^1|202^"],
    ["an unknown version", `${MSH}ADT^A01|r5|P|3.0\rPID|1||7\r`, "AR r5", "MSH^1^12^1|203^"],
    ["an ADT without a patient", `${MSH}ADT^A01|r6|P|2.5\rPV1|1|I\r`, "AE r6", "PID^1|100^"],
    ["a DFT without a charge", `${MSH}DFT^P03|r7|P|2.5\rPID|1||7\r`, "AE r7", "FT1^1|100^"],
    ["an MDM without TXA", `${MSH}MDM^T02|r8|P|2.5\rPID|1||7\r`, "AE r8", "TXA^1|100^"],
    ["an SIU without SCH", `${MSH}SIU^S12|r9|P|2.5\rPID|1||7\r`, "AE r9", "SCH^1|100^"],
    ["an ORU without OBR", `${MSH}ORU^R01|r10|P|2.5\rPID|1||7\r`, "AE r10", "OBR^1|100^"],
    ["a lone MSH", `${MSH}ADT^A01|r11|P|2.5\r`, "AE r11", "PID^1|100^"],
    ["two messages joined in one frame", `${MSH}ADT^A01|r12|P|2.5\rPID|1||7\r${MSH}ADT^A01|x|P|2.5\rPID|1||8\r`, "AE r12", "MSH^2|100^"],
    ["a message cut within a segment's name", `${MSH}ADT^A01|r13|P|2.5\rPID|1||7\rPV`, "AE r13", "PID^1|100^"],
    ["a message cut within a segment's name, with a line end", `${MSH}DFT^P03|r14|P|2.5\rPID|1||7\rFT\r`, "AE r14", "PID^1|100^"],
  ])("says where and why: %s", async (_, message, answer, error) => {
    const { port } = await peer.listen();
    const { text } = await talk(port, framed(message));
    expect(codes(text)).toEqual([answer]);
    expect(text).toContain(`\rERR||${error}`);
  });

  it("has an ERR for each thing that is wrong", async () => {
    const { port } = await peer.listen();
    const { text } = await talk(port, framed(`${MSH}ADT^A99|several|X|9\rPID|1||7\r`));
    expect([...text.matchAll(/\rERR\|\|([^|]*)\|(\d+)/g)].map((match) => `${match[1] ?? ""} ${match[2] ?? ""}`)).toEqual([
      "MSH^1^9^1^2 201",
      "MSH^1^12^1 203",
      "MSH^1^11^1 202",
    ]);
  });

  it("is written in the sender's version: ERR-1 up to v2.4, and MSA-3 for those who show nothing else", async () => {
    const { port } = await peer.listen();
    const { text } = await talk(port, framed(`${MSH}DFT^P03|old|P|2.3\rPID|1||7\r`));
    expect(text).toContain("\rERR|FT1^1^^100&Segment sequence error&HL70357\r");
    expect(text).toMatch(/\rMSA\|AE\|old\|[^|\r]{1,80}\r/);
  });

  it("never says a value of the message, only place and rule", async () => {
    const { port } = await peer.listen();
    const { text } = await talk(port, framed(adt("phi").replace("|P|", "|CANARYID|").replace("ADT^A08", "ADT^CANARYEVENT")));
    expect(text).toContain("MSA|AR|phi");
    // The event is part of the answer's own type; nothing else of the message is.
    expect(text.split("\rMSA")[1]).not.toContain("CANARY");
  });

  it.each([
    ["E", "AE", "AE"],
    ["R", "AR", "AR"],
    ["content-E", "AR", "AE"],
    ["content-R", "AR", "AR"],
  ] as const)("has the letter that the feed prefers: %s", async (refuseWith, ofType, ofContent) => {
    const { port } = await peer.listen({ refuseWith });
    const { text } = await talk(port, framed(unsupported(adt("letter-1"))) + framed(`${MSH}DFT^P03|letter-2|P|2.5\rPID|1||7\r`), {
      answers: 2,
    });
    expect(codes(text)).toEqual([`${ofType} letter-1`, `${ofContent} letter-2`]);
  });
});

describe("what is accepted and not charted", () => {
  it("is an event that HL7 defines and the feed does not use: AA, and filtered", async () => {
    const { port } = await peer.listen({ types: ["ADT^A01", "DFT"] });
    expect(codes((await talk(port, framed(adt("not-used")))).text)).toEqual(["AA not-used"]);
    expect(await peer.kept("|not-used|")).toMatchObject([{ verdict: "accepted", foldAs: "filtered", foldCode: "EVENT_NOT_USED" }]);
  });

  it("is a test or debugging message, though the feed takes it, and one of an archive", async () => {
    const { port } = await peer.listen({ processingIds: ["P", "T", "D"] });
    await talk(
      port,
      framed(adt("mode-t").replace("|P|", "|T|")) +
        framed(adt("mode-d").replace("|P|", "|D|")) +
        framed(adt("mode-a").replace("|P|", "|P^A|")),
      {
        answers: 3,
      },
    );
    for (const [id, code] of [
      ["mode-t", "TEST_MESSAGE"],
      ["mode-d", "TEST_MESSAGE"],
      ["mode-a", "ARCHIVED_MESSAGE"],
    ] as const)
      expect(await peer.kept(`|${id}|`)).toMatchObject([{ verdict: "accepted", foldAs: "filtered", foldCode: code }]);
  });

  it("is everything of a feed in test", async () => {
    const { port } = await peer.listen({ life: "test" });
    expect(codes((await talk(port, framed(adt("in-test")))).text)).toEqual(["AA in-test"]);
    expect(await peer.kept("|in-test|")).toMatchObject([{ foldAs: "filtered", foldCode: "FEED_IN_TEST" }]);
  });

  it("is a message without EVN or PV1 never: that is tolerated, and flagged", async () => {
    const { port } = await peer.listen();
    expect(codes((await talk(port, framed(adt("bare", "")))).text)).toEqual(["AA bare"]);
    expect(await peer.kept("|bare|")).toMatchObject([{ foldAs: null, flags: ["EVN_MISSING", "PV1_MISSING"] }]);
  });
});

describe("an acknowledgement that comes in", () => {
  it("is never acknowledged and never becomes work", async () => {
    const { port } = await peer.listen();
    const ack = framed("MSH|^~\\&|E|N|||1||ACK^A01|k1|P|2.5\rMSA|AA|9\r");
    expect(codes((await talk(port, ack + framed(adt("behind-ack")))).text)).toEqual(["AA behind-ack"]);
    expect(await peer.kept("|k1|")).toMatchObject([{ verdict: "refused", code: "ACKNOWLEDGEMENT_RECEIVED" }]);
  });
});

describe("who sends and to whom", () => {
  it("is checked against what the feed expects, and refused otherwise", async () => {
    const { port } = await peer.listen({
      expect: { sendingApplication: ["EHR"], sendingFacility: ["NORTH"], receivingApplication: ["CB"], receivingFacility: ["CB"] },
    });
    const wrong = (from: string, to: string, id: string): string => framed(adt(id).replace(`|${from}|`, `|${to}|`));
    const { text } = await talk(
      port,
      framed(adt("who-1")) +
        wrong("EHR|NORTH", "OTHER|NORTH", "who-2") +
        wrong("EHR|NORTH", "EHR|SOUTH", "who-3") +
        wrong("CB|CB", "LAB|CB", "who-4"),
      { answers: 4 },
    );
    expect(codes(text)).toEqual(["AA who-1", "AR who-2", "AR who-3", "AR who-4"]);
    expect([...text.matchAll(/\rERR\|\|(\S+?)\|204/g)].map((match) => match[1])).toEqual(["MSH^1^3^1", "MSH^1^4^1", "MSH^1^5^1"]);
  });
});
