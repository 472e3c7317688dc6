import type { Pool } from "pg";
import type { FeedStatus } from "#src/api/feeds/routes.ts";
import type { Sealer } from "#src/base/seal.ts";
import type { Feed } from "#src/config/feed.ts";
import type { Frame } from "#src/hl7v2/framer.ts";
import { readHeader } from "#src/hl7v2/header.ts";
import { acceptFrame, applicationAnswer, type Needs, type Origin, type Reply } from "#src/intake/accept.ts";
import { createSequenceWatch } from "#src/intake/sequence-watch.ts";
import { endApplicationAnswer, giveUpOwed, readyAnswers } from "#src/journal/application-answers.pg.ts";
import type { Journal } from "#src/journal/journal.ts";
import type { OutcomeWatch } from "#src/journal/outcome-watch.pg.ts";
import { createTakenFiles } from "#src/journal/taken-files.pg.ts";
import { asFileFeed } from "#src/sources/files/take-file.ts";
import { watchFolder } from "#src/sources/files/watch-folder.ts";
import { type ReadyAnswer, sendApplicationAnswers } from "#src/sources/mllp/application-answers.net.ts";
import { type Dialer, dialFeed } from "#src/sources/mllp/dialer.net.ts";
import { type Listener, listenMllp } from "#src/sources/mllp/listener.net.ts";
import type { Metrics } from "#src/telemetry/metrics.ts";
import { errorKind, type Log } from "#src/telemetry/log.ts";

export interface FeedSourceNeeds {
  readonly feeds: readonly Feed[];
  readonly pool: Pool;
  readonly sealer: Sealer;
  readonly journal: Journal;
  readonly outcomes: OutcomeWatch;
  readonly log: Log;
  readonly now: () => Date;
  readonly count?: Metrics["count"];
}

export interface FeedSources {
  /** Opens every feed's ports and connections. @returns the port of each feed that listens. Rejects when one is taken. */
  listen(): Promise<Readonly<Record<string, number>>>;
  readonly acceptHttp: (feed: Feed, bytes: Buffer, peer: string, charset: string | undefined) => Promise<Reply>;
  readonly status: () => readonly FeedStatus[];
  close(): Promise<void>;
}

/** Longest wait for a message to take effect before its application acknowledgement is given up, in ms. */
const FOLD_WAIT_MS = 60_000;

/** The ways messages come in, of every feed: all of them end in the same acceptance. */
export function createFeedSources({ feeds, pool, sealer, journal, outcomes, log, now, count }: FeedSourceNeeds): FeedSources {
  const undos: (() => Promise<void>)[] = [];
  const listeners = new Map<string, Listener>();
  const dialers = new Map<string, Dialer>();
  const needs: Needs = {
    journal,
    now,
    folded: (id) => outcomes.wait(id, FOLD_WAIT_MS),
    answered: (id, state, code) =>
      endApplicationAnswer(pool, id, state, code).catch((error: unknown) =>
        log.warn("what became of an application acknowledgement could not be written", { error: errorKind(error) }),
      ),
    sequence: createSequenceWatch(),
  };
  const take = async (origin: Origin, frame: Frame): Promise<Reply> => {
    const reply = await acceptFrame(needs, origin, frame);
    const labels = { feed: origin.feed.name, protocol: origin.protocol };
    if (reply.kind === "close" || reply.failure?.code === "STORE_DOWN") count?.("chartbridge_unanswered_total", labels);
    else count?.("chartbridge_frames_total", { ...labels, verdict: reply.verdict, code: reply.failure?.code ?? "" });
    return reply;
  };

  const ready = async (feed: Feed, most: number): Promise<readonly ReadyAnswer[]> =>
    (await readyAnswers(pool, sealer, feed.name, most)).map(({ recordId, condition, bytes, outcome, receivedAt }) => {
      const header = readHeader(bytes);
      return { recordId, bytes: header.ok ? applicationAnswer(header.value, feed, condition, outcome, receivedAt).bytes : undefined };
    });
  const statusOf = (feed: Feed): FeedStatus => {
    const listener = listeners.get(feed.name)?.status();
    const dialed = dialers.get(feed.name)?.status();
    return {
      feed: feed.name,
      facility: feed.facility,
      life: feed.life,
      ...(listener === undefined ? {} : { listening: { host: listener.host, port: listener.port, tls: feed.mllp?.tls !== undefined } }),
      connections: [...(listener?.connections ?? []), ...(dialed === undefined ? [] : [dialed])],
      refusedConnections: listener?.refusedConnections ?? 0,
      frames: (listener?.frames ?? 0) + (dialed?.frames ?? 0),
      discardedBytes: (listener?.discardedBytes ?? 0) + (dialed?.discardedBytes ?? 0),
    };
  };

  return {
    listen: async () => {
      const ports: Record<string, number> = {};
      await giveUpOwed(
        pool,
        feeds.filter((feed) => feed.applicationAnswers === undefined).map(({ name }) => name),
      );
      for (const feed of feeds) {
        const accept = (frame: Frame, peer: string): Promise<Reply> => take({ feed, protocol: "mllp", peer }, frame);
        if (feed.applicationAnswers !== undefined) {
          const ended = (recordId: string, state: "sent" | "not-owed"): Promise<void> =>
            endApplicationAnswer(pool, recordId, state, undefined);
          const sender = sendApplicationAnswers(feed, feed.applicationAnswers, { ready, ended, log });
          undos.push(() => sender.close());
        }
        if (feed.mllp !== undefined) {
          const listener = await listenMllp(feed, feed.mllp, { accept, log });
          undos.push(() => listener.close());
          listeners.set(feed.name, listener);
          ports[feed.name] = listener.port;
        }
        if (feed.files !== undefined) {
          const fileFeed = asFileFeed(feed);
          const watch = await watchFolder(fileFeed, feed.files, {
            accept: (frame, peer) => take({ feed: fileFeed, protocol: "files", peer }, frame),
            files: createTakenFiles(pool),
            log,
            now,
          });
          undos.push(() => watch.close());
        }
        if (feed.connect !== undefined) {
          const dialer = dialFeed(feed, feed.connect, { accept, log });
          undos.push(() => dialer.close());
          dialers.set(feed.name, dialer);
        }
      }
      return ports;
    },
    acceptHttp: (feed, bytes, peer, charset) =>
      take(
        { feed, protocol: "http", peer, ...(charset === undefined ? {} : { charset }) },
        { kind: "message", bytes, unterminated: false },
      ),
    status: () => feeds.map(statusOf),
    close: async () => {
      for (let undo = undos.pop(); undo !== undefined; undo = undos.pop()) await undo();
    },
  };
}
