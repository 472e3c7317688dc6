import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { createSealer } from "#src/base/seal.ts";
import { type Feed, makeFeed } from "#src/config/feed.ts";
import { acceptFrame, type Needs } from "#src/intake/accept.ts";
import { createSequenceWatch } from "#src/intake/sequence-watch.ts";
import { createJournalWriter } from "#src/journal/journal-writer.pg.ts";
import type { Journal } from "#src/journal/journal.ts";
import { type Listener, listenMllp } from "#src/sources/mllp/listener.net.ts";
import { createLog } from "#src/telemetry/log.ts";
import { freshDatabase, type TestDatabase } from "#test/setup/database.ts";

export const sealer = createSealer(Buffer.alloc(32, 1));

/** One row of the journal, as far as tests look at it. */
export interface Kept {
  readonly id: string;
  readonly verdict: string;
  readonly answer: string | null;
  readonly code: string | null;
  readonly place: string | null;
  readonly flags: readonly string[];
  readonly bytes: string;
  readonly foldAs: string | null;
  readonly foldCode: string | null;
}

/** Listeners on ports of the system's choice over one real journal. */
export async function startPeerTests() {
  const database: TestDatabase = await freshDatabase();
  const open: { close(): Promise<void> }[] = [];
  const journal = createJournalWriter(database.pool, sealer, () => undefined);

  return {
    database,
    journal,
    async listen(
      settings: Partial<Parameters<typeof makeFeed>[1]> = {},
      {
        store = journal,
        needs = {},
        name = "north",
      }: { readonly store?: Journal; readonly needs?: Partial<Needs>; readonly name?: string } = {},
    ): Promise<Listener & { readonly feed: Feed }> {
      const feed = makeFeed(name, { facility: "NORTH", zone: "UTC", mllp: { port: 0 }, ...settings });
      const all: Needs = { journal: store, now: () => new Date(), sequence: createSequenceWatch(), ...needs };
      const listener = await listenMllp(feed, feed.mllp ?? { host: "127.0.0.1", port: 0 }, {
        log: createLog("silent"),
        accept: (frame, peer) => acceptFrame(all, { feed, protocol: "mllp", peer }, frame),
      });
      open.push(listener);
      return { ...listener, feed };
    },
    /** Everything in the journal whose bytes hold `text`, oldest first. */
    async kept(text: string): Promise<readonly Kept[]> {
      const { rows } = await database.pool.query(
        "select id, verdict, answer, failure_code, failure_place, flags, sealed, fold_as, fold_code from journal_record order by seq",
      );
      return rows
        .map((row) => ({
          id: row.id as string,
          verdict: row.verdict as string,
          answer: row.answer as string | null,
          code: row.failure_code as string | null,
          place: row.failure_place as string | null,
          flags: (row.flags ?? []) as string[],
          bytes: sealer.open(row.sealed as Buffer, `journal ${String(row.id)}`).toString("latin1"),
          foldAs: row.fold_as as string | null,
          foldCode: row.fold_code as string | null,
        }))
        .filter(({ bytes }) => bytes.includes(text));
    },
    async closeListeners(): Promise<void> {
      for (const one of open.splice(0)) await one.close();
    },
    end: () => database.drop(),
  };
}

/** An ADT^A08 of a synthetic patient. @param more segments behind PID. */
export const adt = (id: string, more = "EVN||20260101\rPV1|1|I\r"): string =>
  `MSH|^~\\&|EHR|NORTH|CB|CB|20260101||ADT^A08|${id}|P|2.5.1\rPID|1||77^^^NORTH||CANARY^NAME\r${more}`;
export const framed = (text: string): string => `\x0b${text}\x1c\r`;

/** MSA-1 and MSA-2 of each answer: `AA 42`. */
export const codes = (text: string): string[] =>
  [...text.matchAll(/\rMSA.(\w\w).([^|\r]*)/g)].map((match) => `${match[1] ?? ""} ${match[2] ?? ""}`);

export interface Talk {
  readonly text: string;
  readonly closed: boolean;
}

export interface TalkOptions {
  /** Blocks to wait for; the peer's close ends the wait too. */
  readonly answers?: number;
  /** Closes our half behind the last byte. */
  readonly half?: boolean;
  /** Each is written when the one before was flushed. */
  readonly chunks?: readonly string[];
  readonly tls?: object;
}

/** Sends bytes (Latin-1) and collects what comes back. */
export function talk(port: number, bytes: string, { answers = 1, half = false, chunks = [], tls }: TalkOptions = {}): Promise<Talk> {
  return new Promise((resolve) => {
    let text = "";
    const begin = async (): Promise<void> => {
      for (const chunk of [bytes, ...chunks]) await new Promise<void>((flushed) => socket.write(chunk, "latin1", () => flushed()));
      if (half) socket.end();
    };
    const socket: Socket =
      tls === undefined
        ? connect(port, "127.0.0.1", () => void begin())
        : connectTls({ port, host: "127.0.0.1", ...tls }, () => void begin());
    socket.setNoDelay(true);
    const done = (closed: boolean): void => {
      socket.destroy();
      resolve({ text, closed });
    };
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1");
      if (text.split("\x1c\r").length > answers) done(false);
    });
    socket.on("close", () => done(true));
    socket.on("error", () => done(true));
  });
}

/** A connection that stays open while the test goes on. */
export async function holdOpen(port: number): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => undefined);
  await new Promise((resolve) => socket.once("connect", resolve));
  return socket;
}
