import { describe, expect, it } from "vitest";
import type { Failure } from "#src/base/failures.ts";
import type { Journaled } from "#src/base/journaled.ts";
import { acceptAcknowledgement, refusal } from "#src/hl7v2/acknowledgement.ts";
import { block, Framer } from "#src/hl7v2/framer.ts";
import { readHeader } from "#src/hl7v2/header.ts";

const CONTEXT = { at: new Date("2026-02-03T04:05:06Z"), controlId: "CB1" };
/** As the journal would give it; the type can be made nowhere else without a cast. */
const proof = { id: "r1", verdict: "accepted" } as unknown as Journaled;
const headerOf = (msh: string) => {
  const header = readHeader(Buffer.from(`${msh}\rPID|1\r`, "latin1"));
  if (!header.ok) throw new Error("fixture");
  return header.value;
};
const accepted = (msh: string): string => acceptAcknowledgement(headerOf(msh), proof, "AA", CONTEXT).toString("latin1");
const refused = (msh: string, failure: Failure): string => refusal(headerOf(msh), "AE", [failure], CONTEXT).toString("latin1");

describe("an acknowledgement", () => {
  it("swaps sender and receiver with all their components and echoes processing id and version", () => {
    expect(accepted("MSH|^~\\&|EPIC^1.2^ISO|NORTH^9.9^ISO|CB|US|20260101||ADT^A01^ADT_A01|42|T^A|2.5.1")).toBe(
      "MSH|^~\\&|CB|US|EPIC^1.2^ISO|NORTH^9.9^ISO|20260203040506+0000||ACK^A01^ACK|CB1|T^A|2.5.1\rMSA|AA|42\r",
    );
  });

  it("repeats the control id byte for byte, spaces and high bytes too", () => {
    expect(accepted("MSH|^~\\&|A|B|||1||ADT^A01|  \xe9 \\T\\7 |P|2.3")).toContain("MSA|AA|  \xe9 \\T\\7 \r");
  });

  it("uses the sender's delimiters, a truncation character among them", () => {
    expect(accepted("MSH$%*@!#$A$B$C$D$1$$ADT%A04$7$P$2.7")).toBe(
      "MSH$%*@!#$C$D$A$B$20260203040506+0000$$ACK%A04%ACK$CB1$P$2.7\rMSA$AA$7\r",
    );
  });

  it("never ends its own block with what it repeats, an end byte at the end of a field", () => {
    const answer = acceptAcknowledgement(headerOf("MSH|^~\\&|A|B|||1||ADT^A01|7\x1c|P|2.5.1||||||8859/1\x1c\n"), proof, "AA", CONTEXT);
    expect(answer.toString("latin1")).toContain("MSA|AA|7\x1c|");
    expect(new Framer(10_000).push(block(answer))).toEqual([{ kind: "message", bytes: answer, unterminated: false }]);
  });

  it("names no message structure before v2.4", () => {
    expect(accepted("MSH|^~\\&|A|B|||1||ADT^A01|7|P|2.3")).toContain("||ACK^A01|CB1|");
  });

  it("says where and which rule in ERR from v2.5 on", () => {
    expect(refused("MSH|^~\\&|A|B|||1||DFT^P03|7|P|2.5.1", { code: "SEGMENT_MISSING", place: "FT1" })).toContain(
      "ERR||FT1^1|100^Segment sequence error^HL70357|E|SEGMENT_MISSING|||a segment is missing without which the message means nothing\r",
    );
  });

  it("says it in ERR-1 before v2.5", () => {
    expect(refused("MSH|^~\\&|A|B|||1||DFT^P03|7|P|2.3", { code: "REQUIRED_FIELD_MISSING", place: "MSH-10" })).toContain(
      "ERR|MSH^1^10^101&Required field missing&HL70357\r",
    );
  });

  it("cannot accept what the journal refused", () => {
    const no = { id: "r1", verdict: "refused" } as unknown as Journaled;
    expect(() => acceptAcknowledgement(headerOf("MSH|^~\\&|A|B|||1||ADT^A01|7|P|2.3"), no, "AA", CONTEXT)).toThrow();
  });
});

describe("the header", () => {
  it.each(["MSH\x1c^~\\&\x1cA", "MSHX^~\\&X", "MSH ^~\\& "])("is refused at MSH-1 when that cannot separate: %j", (msh) => {
    expect(readHeader(Buffer.from(msh, "latin1"))).toMatchObject({ ok: false, failure: { place: "MSH-1" } });
  });

  it.each(["MSH|^~\\A|", "MSH|^~\\\x1c|", "MSH|^^\\&|", "MSH||", 'MSH|^~"&|'])(
    "is refused at MSH-2 when its characters cannot: %j",
    (msh) => {
      expect(readHeader(Buffer.from(msh, "latin1"))).toMatchObject({ ok: false, failure: { place: "MSH-2" } });
    },
  );

  it("is found behind a byte order mark and blank lines", () => {
    const header = readHeader(Buffer.from("\xef\xbb\xbf\r\n MSH|^~\\&|A|B|||1||ADT^A01|7|P|2.3\r", "latin1"));
    expect(header).toMatchObject({ ok: true, value: { controlId: "7", messageType: "ADT^A01" } });
  });

  it.each(["", "PID|1", "MSH", "MSHA^~\\&", "MSH|^^\\&|", "MSH|^~\\&#$|"])("of %j cannot be read, and says where", (text) => {
    expect(readHeader(Buffer.from(text))).toMatchObject({ ok: false, failure: { code: "MESSAGE_UNREADABLE" } });
  });
});
