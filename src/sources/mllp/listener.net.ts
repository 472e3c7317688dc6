import { BlockList, createServer, isIPv6, type Server, type Socket } from "node:net";
import { createServer as createTlsServer, type TLSSocket } from "node:tls";
import type { Feed } from "#src/config/feed.ts";
import { errorKind } from "#src/telemetry/log.ts";
import { type Connection, type ConnectionNeeds, type ConnectionStatus, serveConnection } from "./connection.net.ts";
import { looksLikeTls, readTls } from "./tls.ts";

/** Live facts of one listener, for the status page. */
export interface ListenerStatus {
  readonly feed: string;
  readonly host: string;
  readonly port: number;
  readonly connections: readonly ConnectionStatus[];
  /** Connections refused by limit, address or certificate. */
  readonly refusedConnections: number;
  readonly frames: number;
  /** Bytes outside of any block. */
  readonly discardedBytes: number;
}

export interface Listener {
  readonly port: number;
  status(): ListenerStatus;
  /** Takes no new frames, answers those in hand, frees the port. */
  close(): Promise<void>;
}

/** Below the ten minutes after which many firewalls forget an idle connection, in ms. */
const KEEP_ALIVE_MS = 3 * 60_000;
/** How long a peer may take for its first byte and its handshake on a TLS port, in ms. */
const HANDSHAKE_MS = 10_000;

type Listening = NonNullable<Feed["mllp"]>;
type Admit = (socket: Socket, certificate?: string) => void;

function allowList(allow: Listening["allow"]): (address: string) => boolean {
  if (allow.length === 0) return () => true;
  const list = new BlockList();
  for (const one of allow) {
    const [network = "", prefix] = one.split("/");
    const family = isIPv6(network) ? "ipv6" : "ipv4";
    if (prefix === undefined) list.addAddress(network, family);
    else list.addSubnet(network, Number(prefix), family);
  }
  return (address) => {
    // A socket on :: shows IPv4 peers as ::ffff:127.0.0.1.
    const plain = address.startsWith("::ffff:") ? address.slice(7) : address;
    return list.check(plain, isIPv6(plain) ? "ipv6" : "ipv4");
  };
}

/**
 * Listens for MLLP (release 1) on one feed's port, with TLS when the feed says so.
 * Rejects when the port is taken or a file of its TLS setting cannot be read.
 */
export async function listenMllp(
  feed: Feed,
  at: Partial<Listening> & Pick<Listening, "host" | "port">,
  needs: ConnectionNeeds,
): Promise<Listener> {
  const connections = new Set<Connection>();
  const waiting = new Set<Socket>();
  const allowed = allowList(at.allow ?? []);
  let refusedConnections = 0;
  let framesBefore = 0;
  let discardedBefore = 0;

  const refuse = (socket: Socket, why: string, fields: { readonly code?: string } = {}): void => {
    refusedConnections++;
    needs.log.warn(`connection refused: ${why}`, { feed: feed.name, ...fields });
    socket.destroy();
  };
  const admit: Admit = (socket, certificate) => {
    const connection = serveConnection(socket, feed, needs, certificate);
    connections.add(connection);
    void connection.closed.then(() => {
      connections.delete(connection);
      const { frames, discardedBytes } = connection.status();
      framesBefore += frames;
      discardedBefore += discardedBytes;
    });
  };
  const plainOnTls = (socket: Socket, bytes: Buffer): void => {
    const peer = `${socket.remoteAddress ?? "?"}:${socket.remotePort ?? 0}`;
    refuse(socket, "plain text on a port that wants TLS");
    void needs.accept({ kind: "stray", bytes: Buffer.from(bytes.subarray(0, 4_096)), reason: "PLAIN_ON_TLS_PORT" }, peer);
  };
  const secure = at.tls === undefined ? undefined : tlsAdmission(at.tls, admit, refuse);

  const server = createServer({ allowHalfOpen: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS, noDelay: true }, (socket) => {
    if (connections.size + waiting.size >= feed.maxConnections) return refuse(socket, "the feed's limit is reached");
    if (!allowed(socket.remoteAddress ?? "")) return refuse(socket, "the address is not on the feed's list");
    if (secure === undefined) return admit(socket);
    socket.on("error", () => undefined);
    peek(socket, waiting, (first) => {
      if (looksLikeTls(first)) secure(socket);
      else plainOnTls(socket, first);
    });
  });
  const port = await open(server, at);
  // Too many open files, for one: the listener goes on with the connections it has.
  server.on("error", (error) => needs.log.error("the listener has trouble", { feed: feed.name, code: errorKind(error) }));

  return {
    port,
    status: () => {
      const live = [...connections].map((connection) => connection.status());
      return {
        feed: feed.name,
        host: at.host,
        port,
        connections: live,
        refusedConnections,
        frames: live.reduce((sum, { frames }) => sum + frames, framesBefore),
        discardedBytes: live.reduce((sum, { discardedBytes }) => sum + discardedBytes, discardedBefore),
      };
    },
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of waiting) socket.destroy();
      await Promise.all([...connections].map((connection) => connection.finish()));
      await closed;
    },
  };
}

/** Looks at the first bytes of a connection and puts them back. */
function peek(socket: Socket, waiting: Set<Socket>, look: (first: Buffer) => void): void {
  waiting.add(socket);
  const timer = setTimeout(() => socket.destroy(), HANDSHAKE_MS).unref();
  const done = (): void => {
    clearTimeout(timer);
    waiting.delete(socket);
  };
  socket.once("close", done);
  socket.once("readable", () => {
    done();
    const first = socket.read() as Buffer | null;
    if (first === null) return void socket.destroy();
    socket.unshift(first);
    look(first);
  });
}

/** Makes the handshake, and admits who the feed's setting lets in. */
function tlsAdmission(
  tls: NonNullable<Listening["tls"]>,
  admit: Admit,
  refuse: (socket: Socket, why: string, fields?: { readonly code?: string }) => void,
): (socket: Socket) => void {
  const mutual = tls.clientCertificate === "required";
  const server = createTlsServer(
    { ...readTls(tls), requestCert: mutual, rejectUnauthorized: mutual, handshakeTimeout: HANDSHAKE_MS, allowHalfOpen: true } as object,
    (socket: TLSSocket) => {
      const name = mutual ? socket.getPeerCertificate().subject.CN : undefined;
      const common = Array.isArray(name) ? name[0] : name;
      if (tls.subjects.length > 0 && (common === undefined || !tls.subjects.includes(common)))
        return refuse(socket, "the certificate's name is not on the feed's list");
      admit(socket, common);
    },
  );
  server.on("tlsClientError", (error, socket) => refuse(socket, "the TLS handshake failed", { code: errorKind(error) }));
  return (socket) => void server.emit("connection", socket);
}

function open(server: Server, { host, port }: { readonly host: string; readonly port: number }): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host, port }, () => {
      server.off("error", reject);
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : port);
    });
  });
}
