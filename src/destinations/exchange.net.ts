import { readFileSync } from "node:fs";
import http from "node:http";
import https from "node:https";
import { fail, ok, type Result } from "#src/base/result.ts";
import type { DestinationTls } from "#src/config/destination.ts";

export interface Asked {
  readonly method: "GET" | "POST" | "PUT";
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface Answered {
  readonly status: number;
  readonly header: (name: string) => string | null;
  readonly text: string;
}

/** No answer, or only a part of one. */
export interface NoAnswer {
  /** The connection was made, so the request may have arrived and taken effect. */
  readonly mayHaveArrived: boolean;
  /** System code of the error: ECONNREFUSED, CERT_HAS_EXPIRED. */
  readonly code: string;
}

/** HTTP to one server, over connections that are kept. Follows no redirect: a token goes to the server it is for and nowhere else. */
export interface HttpExchange {
  ask(asked: Asked): Promise<Result<Answered, NoAnswer>>;
  close(): void;
}

export interface ExchangeSettings {
  readonly timeoutMs: number;
  readonly connections: number;
  readonly tls?: DestinationTls;
}

/** Largest answer read, in bytes: a transaction response repeats at most what was sent. */
const MOST_BYTES = 16 * 1024 * 1024;

/** Reads the files of our certificate at each new connection, so that a renewed one needs no restart. */
const tlsOptions = ({ certificate, key, authorities }: DestinationTls): https.RequestOptions => ({
  ...(certificate === undefined ? {} : { cert: readFileSync(certificate) }),
  ...(key === undefined ? {} : { key: readFileSync(key) }),
  ...(authorities === undefined ? {} : { ca: readFileSync(authorities) }),
});

export function createHttpExchange({ timeoutMs, connections, tls }: ExchangeSettings): HttpExchange {
  const keep = { keepAlive: true, maxSockets: connections, maxFreeSockets: connections };
  const agents = { "http:": new http.Agent(keep), "https:": new https.Agent(keep) };

  const ask = ({ method, url, headers, body }: Asked): Promise<Result<Answered, NoAnswer>> =>
    new Promise((resolve) => {
      const { protocol } = new URL(url);
      const secure = protocol === "https:";
      let connected = false;
      const noAnswer = (code: string): void => resolve(fail({ mayHaveArrived: connected, code }));
      let request: http.ClientRequest;
      try {
        const options = {
          method,
          headers: { ...headers, ...(body === undefined ? {} : { "content-length": String(Buffer.byteLength(body)) }) },
          // One limit over everything, the last byte of the answer included.
          signal: AbortSignal.timeout(timeoutMs),
        };
        request = secure
          ? https.request(url, { ...options, agent: agents["https:"], ...(tls === undefined ? {} : tlsOptions(tls)) })
          : http.request(url, { ...options, agent: agents["http:"] });
      } catch (error) {
        return noAnswer(codeOf(error));
      }
      request.on("socket", (socket) => {
        if (request.reusedSocket) connected = true;
        // Before the handshake of TLS is done nothing of the request has been sent.
        else
          socket.once(secure ? "secureConnect" : "connect", () => {
            connected = true;
          });
      });
      request.on("error", (error) => noAnswer(codeOf(error)));
      request.on("response", (response) => {
        const chunks: Buffer[] = [];
        let bytes = 0;
        response.on("data", (chunk: Buffer) => {
          bytes += chunk.length;
          if (bytes > MOST_BYTES) response.destroy(Object.assign(new Error("answer too large"), { code: "ANSWER_TOO_LARGE" }));
          else chunks.push(chunk);
        });
        response.on("error", (error) => noAnswer(codeOf(error)));
        response.on("aborted", () => noAnswer("ECONNRESET"));
        response.on("end", () => {
          if (!response.complete) return noAnswer("ECONNRESET");
          const header = (name: string): string | null => {
            const value = response.headers[name.toLowerCase()];
            return Array.isArray(value) ? (value[0] ?? null) : (value ?? null);
          };
          resolve(ok({ status: response.statusCode ?? 0, header, text: Buffer.concat(chunks).toString("utf8") }));
        });
      });
      request.end(body);
    });
  return {
    ask,
    close: () => {
      agents["http:"].destroy();
      agents["https:"].destroy();
    },
  };
}

function codeOf(error: unknown): string {
  const { code, name } = error as { code?: unknown; name?: unknown };
  if (name === "TimeoutError" || name === "AbortError") return "ETIMEDOUT";
  return typeof code === "string" ? code : "UNKNOWN";
}
