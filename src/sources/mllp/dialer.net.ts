import { connect as connectPlain, isIP, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { Feed } from "#src/config/feed.ts";
import { errorKind } from "#src/telemetry/log.ts";
import { type Connection, type ConnectionNeeds, type ConnectionStatus, serveConnection } from "./connection.net.ts";
import { readTls } from "./tls.ts";

export type Dial = NonNullable<Feed["connect"]>;

export interface Dialer {
  /** The connection as it stands; undefined while there is none. */
  status(): ConnectionStatus | undefined;
  close(): Promise<void>;
}

const KEEP_ALIVE_MS = 3 * 60_000;
const LONGEST_RETRY_MS = 60_000;

/** Opens a connection to a peer. Rejects when it cannot be opened within `limitMs`. */
export function dial({ host, port, tls }: Dial, limitMs = 10_000): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket =
      tls === undefined
        ? connectPlain({ host, port })
        : connectTls({ host, port, ...(isIP(host) === 0 ? { servername: host } : {}), ...readTls(tls) });
    socket.allowHalfOpen = true;
    const timer = setTimeout(() => socket.destroy(new Error("no connection in time")), limitMs).unref();
    const failed = (error: Error): void => {
      clearTimeout(timer);
      reject(error);
    };
    socket.once("error", failed);
    socket.once(tls === undefined ? "connect" : "secureConnect", () => {
      clearTimeout(timer);
      socket.off("error", failed);
      socket.setKeepAlive(true, KEEP_ALIVE_MS).setNoDelay(true);
      resolve(socket);
    });
  });
}

/** Client mode: we open the connection, and the peer sends on it. Opened again whenever it ends, with growing pauses. */
export function dialFeed(feed: Feed, to: Dial, needs: ConnectionNeeds): Dialer {
  let stopping = false;
  let connection: Connection | undefined;
  let pause = to.retryMs;
  let wake: () => void = () => undefined;
  const wait = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, ms).unref();
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  const run = (async () => {
    while (!stopping) {
      try {
        connection = serveConnection(await dial(to), feed, needs);
        pause = to.retryMs;
        needs.log.info("connected to the sender", { feed: feed.name });
        await connection.closed;
      } catch (error) {
        needs.log.warn("the sender cannot be reached", { feed: feed.name, code: errorKind(error) });
      }
      connection = undefined;
      if (stopping) return;
      await wait(pause);
      pause = Math.min(pause * 2, LONGEST_RETRY_MS);
    }
  })();
  return {
    status: () => connection?.status(),
    close: async () => {
      stopping = true;
      wake();
      await connection?.finish();
      await run;
    },
  };
}
