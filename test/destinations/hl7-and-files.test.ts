import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Bundle, Claim } from "@medplum/fhirtypes";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeDestination } from "#src/config/destination.ts";
import { giveUpDelivery, retryDeliveries } from "#src/destinations/decide.pg.ts";
import { hl7Content } from "#src/destinations/mllp/content.ts";
import { localTime } from "#src/destinations/mllp/local-time.ts";
import { writeMessage } from "#src/destinations/mllp/write-thread.ts";
import { readDeliveries } from "#src/destinations/read-deliveries.pg.ts";
import { block, Framer } from "#src/hl7v2/framer.ts";
import { parseMessage } from "#src/hl7v2/message.ts";
import { waitFor } from "#test/journey/engine-process.ts";
import { claimOf, type DeliveryLine, deliveryLine, numberOf, referenced, sealer } from "./line.ts";

/** A receiver of HL7 v2 that answers as the test says. */
interface Receiver {
  readonly port: number;
  readonly messages: string[];
  answer: (controlId: string) => string | undefined;
  close(): Promise<void>;
}

async function startReceiver(): Promise<Receiver> {
  const sockets = new Set<Socket>();
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      for (const socket of sockets) socket.destroy();
      server.close(() => resolve());
    });
  const receiver: Receiver = { port: 0, messages: [], answer: (id) => `MSA|AA|${id}`, close };
  const server: Server = createServer((socket: Socket): void => {
    sockets.add(socket);
    const framer = new Framer(1_000_000);
    socket.on("error", () => undefined);
    socket.on("data", (chunk: Buffer) => {
      for (const frame of framer.push(chunk)) {
        if (frame.kind !== "message") continue;
        const text = frame.bytes.toString("utf8");
        receiver.messages.push(text);
        const said = receiver.answer(text.split("|")[9] ?? "");
        if (said !== undefined)
          socket.write(block(Buffer.from(`MSH|^~\\&|EHR|N|CHARTBRIDGE||20260304||ACK|${receiver.messages.length}|P|2.5.1\r${said}\r`)));
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return Object.assign(receiver, { port: typeof address === "object" && address !== null ? address.port : 0 });
}

let line: DeliveryLine;
beforeEach(async () => {
  line = await deliveryLine();
});
afterEach(() => line.close());

describe("HL7 v2 out", () => {
  let receiver: Receiver;
  beforeEach(async () => {
    receiver = await startReceiver();
  });
  afterEach(() => receiver.close());
  // The first message waits for the dictionaries of hl7v2, several seconds of processor time.
  const start = (settings: object = {}) =>
    line.start([
      makeDestination("billing", {
        kind: "mllp",
        host: "127.0.0.1",
        port: receiver.port,
        message: "BAR^P12",
        zone: "America/Chicago",
        timeoutMs: 700,
        ...settings,
      } as never),
    ]);
  const slowly = <T>(look: () => Promise<T | undefined>): Promise<T> => waitFor(look, 80_000);
  const inState = (state: string): Promise<boolean> => slowly(async () => ((await line.ledger())[0]?.state === state ? true : undefined));

  it("is confirmed by the answer to its own control id", async () => {
    start();
    const id = await line.release();
    await inState("confirmed");
    const [text = ""] = receiver.messages;
    expect(text.split("\r").map((segment) => segment.slice(0, 3))).toEqual(["MSH", "EVN", "PID", "PV1", "DG1", "DG1", "DRG", "PR1", ""]);
    expect(text.split("|")[9]).toBe(numberOf(id).slice(0, 17));
    const { attempts } = await readDeliveries(line.database.pool, sealer, id);
    expect(attempts).toMatchObject([{ request: "hl7-message", status: "AA", code: null }]);
  });

  it.each(["AE", "AR"])("that is answered %s waits for a person, the words sealed, and is sent under another control id", async (code) => {
    receiver.answer = (id) => `MSA|${code}|${id}|no visit of DOE^JANE`;
    start();
    const id = await line.release();
    await inState("rejected");
    const { attempts } = await readDeliveries(line.database.pool, sealer, id);
    expect(attempts).toMatchObject([{ status: code, code: "PEER_REFUSED", words: "no visit of DOE^JANE" }]);
    receiver.answer = (sent) => `MSA|CA|${sent}`;
    await retryDeliveries(line.database.pool, sealer, { claimId: id }, { by: "me", reason: undefined });
    line.passes(0);
    await inState("confirmed");
    const [first, second] = receiver.messages.map((text) => text.split("|")[9]);
    expect(second).toBe(`${first ?? ""}.2`);
  });

  it.each([
    ["no answer", (): undefined => undefined],
    ["an answer to another message", (): string => "MSA|AA|OTHER"],
  ] as const)("that gets %s is unconfirmed, and never sent twice", async (_what, answer) => {
    receiver.answer = answer;
    start();
    await line.release();
    await inState("unconfirmed");
    receiver.answer = (id) => `MSA|AA|${id}`;
    line.passes(3_600_000);
    await line.release();
    await slowly(async () => ((await line.ledger())[1]?.state === "confirmed" ? true : undefined));
    expect(receiver.messages).toHaveLength(2);
    expect((await line.ledger())[0]).toMatchObject({ state: "unconfirmed", person: true });
  });

  it("to a receiver that drops repeats is sent again under the same control id", async () => {
    receiver.answer = () => undefined;
    start({ guard: "receiver" });
    await line.release();
    await inState("unconfirmed");
    receiver.answer = (id) => `MSA|AA|${id}`;
    line.passes(60_000);
    await inState("confirmed");
    expect(new Set(receiver.messages.map((text) => text.split("|")[9])).size).toBe(1);
  });

  /** The segments of a message that begin so. */
  const segmentsOf = (text: string | undefined, name: string): readonly (readonly string[])[] =>
    (text ?? "").split("\r").flatMap((segment) => (segment.startsWith(`${name}|`) ? [segment.split("|")] : []));
  const confirmed = (n: number): Promise<boolean> =>
    slowly(async () => ((await line.ledger()).filter(({ state }) => state === "confirmed").length === n ? true : undefined));

  it("credits the charges of the claim that is replaced and posts the new ones, and credits those when it is voided", async () => {
    start({ message: "DFT^P03" });
    const first = await line.release();
    await confirmed(1);
    const second = await line.release({ replaces: first });
    await confirmed(2);
    await line.release({ replaces: second, frequency: "8" });
    await confirmed(3);
    const posted = receiver.messages.map((text) => segmentsOf(text, "FT1").map((fields) => [fields[1], fields[6], fields[2]].join(" ")));
    const [a, b] = [numberOf(first), numberOf(second)];
    expect(posted).toEqual([
      [`1 CG ${a}.1`, `2 CG ${a}.2`],
      [`1 CD ${a}.1`, `2 CD ${a}.2`, `3 CG ${b}.1`, `4 CG ${b}.2`],
      [`1 CD ${b}.1`, `2 CD ${b}.2`],
    ]);
    const cents = receiver.messages.flatMap((text) =>
      segmentsOf(text, "FT1").map((fields) => (fields[6] === "CD" ? -1 : 1) * Math.round(Number.parseFloat(fields[11] ?? "") * 100)),
    );
    expect(cents.reduce((sum, one) => sum + one, 0)).toBe(0);
  });

  it("deletes the codes of a claim that is voided, under the identifiers they were sent with", async () => {
    start();
    const first = await line.release();
    await confirmed(1);
    await line.release({ replaces: first, frequency: "8" });
    await confirmed(2);
    const [sent, voided] = receiver.messages.map((text) =>
      ["DG1", "PR1"].map((name) => segmentsOf(text, name).map((fields) => fields[name === "DG1" ? 20 : 19])),
    );
    expect(voided).toEqual(sent);
    expect(sent?.flat()).toHaveLength(3);
    expect(segmentsOf(receiver.messages[1], "DG1").map((fields) => fields[21])).toEqual(["D", "D"]);
    expect(segmentsOf(receiver.messages[1], "PR1").map((fields) => fields[20])).toEqual(["D"]);
    expect(segmentsOf(receiver.messages[1], "DRG")).toEqual([]);
  });

  it("credits nothing that the receiver never got", async () => {
    start({ message: "DFT^P03" });
    receiver.answer = (id) => `MSA|AR|${id}`;
    const first = await line.release();
    await inState("rejected");
    await giveUpDelivery(line.database.pool, sealer, { claimId: first, destination: "billing" }, { by: "me", reason: "by hand" });
    receiver.answer = (id) => `MSA|AA|${id}`;
    const second = await line.release({ replaces: first });
    await confirmed(1);
    expect(segmentsOf(receiver.messages.at(-1), "FT1").map((fields) => fields[6])).toEqual(["CG", "CG"]);
    // As if its answer had been found to be of another message.
    await line.database.pool.query("update delivery set state = 'given-up'");
    await line.release({ replaces: second, frequency: "8" });
    await slowly(async () => ((await line.ledger()).some(({ code }) => code === "STRATEGY_UNFIT") ? true : undefined));
    expect(receiver.messages).toHaveLength(2);
  });

  it("to a receiver that is away is kept", async () => {
    await receiver.close();
    start();
    await line.release();
    await slowly(async () => ((await line.ledger())[0]?.code === "PEER_UNAVAILABLE" ? true : undefined));
    expect((await line.ledger())[0]?.state).toBe("pending");
    receiver = await startReceiver();
  });
});

describe("a message of a claim", () => {
  const id = "66666666-6666-8666-8666-666666666666";
  const settings = {
    sendingApplication: "CHARTBRIDGE",
    sendingFacility: "NORTH",
    receivingApplication: "EHR",
    receivingFacility: "NORTH",
    processingId: "P",
    zone: "America/Chicago",
    revenueCode: "FT1-7",
    voids: "send",
  } as const;
  type Settings = Parameters<typeof hl7Content>[2];
  const content = (message: Settings["message"], frequency = "1", other: Partial<Settings & { standing: Claim }> = {}) => {
    const { standing, ...own } = other;
    const context = { controlId: "C1", at: new Date("2026-03-05T12:00:00Z"), frequency, standing };
    return hl7Content(claimOf(id), referenced, { ...settings, message, ...own }, context);
  };
  const written = async (...asked: Parameters<typeof content>): Promise<string> => {
    const segments = content(...asked);
    if (!segments.ok) throw new Error(segments.failure);
    const bytes = await writeMessage(segments.value);
    if (bytes === undefined) throw new Error("not written");
    return bytes.toString("utf8");
  };

  it("posts each line with its codes, units, amounts and diagnoses (DFT^P03), and our own reader understands it", async () => {
    const text = await written("DFT^P03");
    const read = parseMessage(text);
    expect(
      read.ok &&
        read.value.segments
          .find(({ name }) => name === "PID")
          ?.field(5)
          .part(1).text,
    ).toBe("O'NEIL|X");
    const lines = text.trimEnd().split("\r");
    expect(lines[0]).toBe("MSH|^~\\&|CHARTBRIDGE|NORTH|EHR|NORTH|202603050600||DFT^P03^DFT_P03|C1|P|2.5.1||||||UNICODE UTF-8");
    expect(lines[2]).toBe("PID|1||M1^^^NORTH^MR||O'NEIL\\F\\X^ANA^B||19500401|F||||||||||A1");
    expect(lines[3]).toContain("|V1^^^NORTH^VN|");
    expect(lines[3]).toMatch(/\|202603020800\|202603041030$/);
    expect(lines[4]).toBe(
      `FT1|1|${numberOf(id)}.1||20260302||CG|0636^^HL70456|||1|21.50&USD|21.50&USD|||||||M17.11^^I10C||||||J1885^^HCPCS|RT~59`,
    );
    expect(lines.map((one) => one.slice(0, 3))).toEqual(["MSH", "EVN", "PID", "PV1", "FT1", "FT1", "PR1", "DG1", "DG1", "DRG"]);
    expect(lines[7]).toBe(`DG1|1||M17.11^^I10C|||F|||||||||1|||||${numberOf(id)}.D1||||||Y`);
    expect(lines[9]).toBe("DRG|470");
  }, 120_000);

  it.each([
    ["FT1-7", "0636^^HL70456", ""],
    ["FT1-13", "J1885^^HCPCS", "0636^^HL70456"],
    ["none", "J1885^^HCPCS", ""],
  ] as const)(
    "has a line's revenue code in %s, as its receiver reads it",
    async (revenueCode, seventh, thirteenth) => {
      const line = (await written("DFT^P03", "1", { revenueCode })).split("\r").find((one) => one.startsWith("FT1|"));
      const fields = line?.split("|");
      expect([fields?.[7], fields?.[13]]).toEqual([seventh, thirteenth]);
    },
    120_000,
  );

  it("is BAR^P05 where the receiver takes updates of accounts", async () => {
    const lines = (await written("BAR^P05")).trimEnd().split("\r");
    expect(lines[0]).toContain("|BAR^P05^BAR_P05|");
    expect(lines.map((one) => one.slice(0, 3))).toEqual(["MSH", "EVN", "PID", "PV1", "DG1", "DG1", "DRG", "PR1"]);
  }, 120_000);

  it("is not made where the receiver leaves corrections to a person, nor of a kind of bill that is none of these", () => {
    const standing = claimOf(crypto.randomUUID());
    expect(content("ADT^A08", "7", { voids: "person" }).ok).toBe(true);
    expect(content("DFT^P03", "7", { voids: "person", standing })).toMatchObject({ failure: "STRATEGY_UNFIT" });
    expect(content("BAR^P12", "8", { voids: "person", standing })).toMatchObject({ failure: "STRATEGY_UNFIT" });
    expect(content("BAR^P12", "8", { standing }).ok).toBe(true);
    expect(content("BAR^P12", "8")).toMatchObject({ failure: "STRATEGY_UNFIT" });
    expect(content("DFT^P03", "3").ok).toBe(true);
    expect(content("DFT^P03", "9")).toMatchObject({ failure: "STRATEGY_UNFIT" });
  });

  it("has the times of its zone's clocks, and days as they are", () => {
    expect(localTime("2026-07-01T03:30:00Z", "America/Chicago")).toBe("20260630223000");
    expect(localTime("2026-03-02", "Pacific/Auckland")).toBe("20260302");
    expect(localTime("2026-03-02T00:15:00-06:00", "America/Chicago")).toBe("20260302001500");
  });
});

describe("a folder as destination", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "chartbridge-out-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  const start = () => line.start([makeDestination("billing", { kind: "files", folder: join(folder, "out") })]);
  const names = () => readdirSync(join(folder, "out")).filter((name) => !name.startsWith("."));

  it("gets each claim as one line, there whole or not at all", async () => {
    start();
    const id = await line.release();
    const [row] = await line.inState("confirmed");
    expect(row?.location).toBe(`${id}.ndjson`);
    expect(readdirSync(join(folder, "out")).sort()).toEqual([".sent", `${id}.ndjson`]);
    const text = readFileSync(join(folder, "out", `${id}.ndjson`), "utf8");
    expect(text.split("\n")).toHaveLength(2);
    const bundle = JSON.parse(text) as Bundle;
    expect(bundle.entry?.map(({ resource }) => resource?.resourceType)).toEqual([
      "Claim",
      "Coverage",
      "Encounter",
      "Organization",
      "Patient",
    ]);
  });

  it("does not get a claim again that was taken out of it before the engine was killed", async () => {
    const id = await line.release();
    mkdirSync(join(folder, "out", ".sent"), { recursive: true });
    writeFileSync(join(folder, "out", ".sent", `${id}.ndjson`), "");
    await line.database.pool.query("update delivery set state = 'sending', attempts = 1");
    start();
    await line.inState("confirmed");
    expect(names()).toEqual([]);
  });

  it("gets the whole claim when the engine was killed while it wrote", async () => {
    const id = await line.release();
    mkdirSync(join(folder, "out"), { recursive: true });
    writeFileSync(join(folder, "out", `.${id}.ndjson.part`), '{"resourceType":"Bun');
    await line.database.pool.query("update delivery set state = 'sending', attempts = 1");
    start();
    await line.inState("confirmed");
    expect(JSON.parse(readFileSync(join(folder, "out", `${id}.ndjson`), "utf8"))).toMatchObject({ resourceType: "Bundle" });
  });

  it("that cannot be written is waited for", async () => {
    writeFileSync(join(folder, "out"), "a file where the folder should be");
    start();
    await line.release();
    await line.withCode("PEER_UNAVAILABLE");
    rmSync(join(folder, "out"));
    line.passes(600_000);
    await line.inState("confirmed");
    expect(existsSync(join(folder, "out"))).toBe(true);
  });
});
