import { randomUUID } from "node:crypto";
import type { Server } from "node:http";
import express, { type NextFunction, type Request, type Response } from "express";
import helmet from "helmet";
import { FAILURES } from "#src/base/failures.ts";
import { errorKind, type Log } from "#src/telemetry/log.ts";
import { type Answer, type Caller, type Call, type Role, type Route } from "./route.ts";

export interface AuditEntry {
  readonly caller: Caller | undefined;
  readonly route: Route;
  readonly status: number;
  readonly object?: Answer["object"];
  readonly requestId: string;
}

export interface ServerNeeds {
  readonly routes: readonly Route[];
  readonly callerOf: (token: string) => Promise<Caller | undefined>;
  /** Writes the audit event. When it fails the answer is withheld: nothing is disclosed unrecorded. */
  readonly audit: (entry: AuditEntry) => Promise<void>;
  readonly log: Log;
}

/** Largest request body, in bytes; BODY_TOO_LARGE names it. */
const BODY_MAX = 10 * 1024 * 1024;

const allowed = (roles: Route["roles"], caller: Caller | undefined): boolean =>
  roles === "public" || (caller?.roles.some((role: Role) => roles.includes(role)) ?? false);

const isFhir = (path: string): boolean => path.startsWith("/fhir/");

function problem(
  path: string,
  code: "NOT_SIGNED_IN" | "NOT_ALLOWED" | "NOT_FOUND" | "METHOD_NOT_ALLOWED" | "REQUEST_INVALID" | "STORE_DOWN" | "BODY_TOO_LARGE",
  requestId: string,
): Answer {
  const { http, fhir, text } = FAILURES[code];
  const body = isFhir(path)
    ? { resourceType: "OperationOutcome", issue: [{ severity: "error", code: fhir, diagnostics: text }] }
    : { code, message: text, requestId };
  return { status: http, body };
}

/** The first parameter of a list's query that it does not take. FHIR searches answer for themselves: a lenient one passes it over. */
function strangeParameter({ method, path, action, query: taken = [] }: Route, query: URLSearchParams): string | undefined {
  if (method !== "GET" || action !== "search" || !path.startsWith("/api/")) return undefined;
  return [...query.keys()].find((name) => !taken.includes(name));
}

/** Says which it is, unless it is no name: a query may hold anything. */
function unknownParameter(name: string, taken: readonly string[], requestId: string): Answer {
  const place = /^[\w.-]{1,40}$/.test(name) ? name : "query";
  const there = taken.length === 0 ? "it takes none" : `there are ${taken.join(", ")}`;
  return {
    status: FAILURES.REQUEST_INVALID.http,
    body: { code: "REQUEST_INVALID", message: `this list has no such parameter; ${there}`, place, requestId },
  };
}

/** Collects which methods a path has; what no route answered is then told apart from what is not there at all. */
function createMethodsOf(app: express.Express, routes: readonly Route[]): (response: Response) => readonly string[] {
  const found = new WeakMap<Response, Set<string>>();
  for (const [path, own] of Map.groupBy(routes, (route) => route.path))
    app.all(path, (_request: Request, response: Response, next: NextFunction) => {
      const methods = found.get(response) ?? new Set();
      for (const { method } of own) methods.add(method);
      // Express answers HEAD where there is a GET.
      if (methods.has("GET")) methods.add("HEAD");
      found.set(response, methods);
      next();
    });
  return (response) => [...(found.get(response) ?? [])].sort();
}

/**
 * The one HTTP server. It serves the rows of the route x role table and nothing else; for each request, in this order:
 * who is it, may they, only then the body is read, the route is asked, the audit event is written, the answer is shown.
 */
export function createApi({ routes, callerOf, audit, log }: ServerNeeds): express.Express {
  const app = express();
  app.disable("x-powered-by");
  app.disable("etag");
  app.use(helmet());

  for (const route of routes) {
    const path = route.path;
    const verb = route.method.toLowerCase() as "get" | "post" | "put" | "delete";
    app[verb](path, async (request: Request, response: Response) => {
      const requestId = randomUUID();
      response.setHeader("X-Request-Id", requestId);
      response.setHeader("Cache-Control", "no-store");
      const token = /^Bearer (\S+)$/i.exec(request.get("authorization") ?? "")?.[1];
      const caller = token === undefined ? undefined : await callerOf(token);
      const answer = await (async (): Promise<Answer> => {
        if (route.roles !== "public" && caller === undefined) return problem(request.path, "NOT_SIGNED_IN", requestId);
        if (!allowed(route.roles, caller)) return problem(request.path, "NOT_ALLOWED", requestId);
        const query = new URL(request.originalUrl, "http://chartbridge.invalid").searchParams;
        const strange = strangeParameter(route, query);
        if (strange !== undefined) return unknownParameter(strange, route.query ?? [], requestId);
        const rawBody = await readBody(request);
        if (rawBody === undefined) return problem(request.path, "BODY_TOO_LARGE", requestId);
        const body = route.rawBody === true ? NO_BODY : parseBody(rawBody, request.get("content-type") ?? "");
        if (!body.ok) return problem(request.path, "REQUEST_INVALID", requestId);
        const call: Call = {
          caller,
          params: request.params as Record<string, string>,
          query,
          header: (name) => request.get(name),
          body: body.value,
          rawBody,
          requestId,
        };
        return route.handle(call);
      })();
      await audit({ caller, route, status: answer.status, requestId, ...(answer.object === undefined ? {} : { object: answer.object }) });
      show(response, request.path, answer);
    });
  }
  const methodsOf = createMethodsOf(app, routes);
  app.use((request: Request, response: Response) => {
    const methods = methodsOf(response);
    if (methods.length === 0) return show(response, request.path, problem(request.path, "NOT_FOUND", ""));
    show(response, request.path, { ...problem(request.path, "METHOD_NOT_ALLOWED", ""), headers: { Allow: methods.join(", ") } });
  });
  app.use((error: unknown, request: Request, response: Response, _next: NextFunction) => {
    if (isTheirs(error)) {
      // Anybody may send a path that is no text, and often; a value comes from somebody who is signed in, or from a mistake of ours.
      if (!(error instanceof URIError))
        log.warn("the store does not take a value", { error: errorKind(error), requestId: requestIdOf(response) });
      return show(response, request.path, problem(request.path, "REQUEST_INVALID", requestIdOf(response)));
    }
    log.error("request failed", { error: errorKind(error), requestId: requestIdOf(response) });
    show(response, request.path, problem(request.path, "STORE_DOWN", requestIdOf(response)));
  });
  return app;
}

const requestIdOf = (response: Response): string => String(response.getHeader("X-Request-Id") ?? "");

/** A path that is no text (`%E0%A4`), or a value that no column takes: NUL, a number or a day out of range (SQLSTATE class 22). */
function isTheirs(error: unknown): boolean {
  const { code } = error as { readonly code?: unknown };
  return error instanceof URIError || (typeof code === "string" && /^22...$/.test(code));
}

const NO_BODY = { ok: true, value: undefined } as const;

function show(response: Response, path: string, { status, body, raw, headers }: Answer): void {
  for (const [name, value] of Object.entries(headers ?? {})) response.setHeader(name, value);
  response.status(status);
  if (raw !== undefined) response.setHeader("Content-Type", raw.type).end(raw.bytes);
  else if (body === undefined) response.end();
  else response.type(isFhir(path) ? "application/fhir+json" : "application/json").send(JSON.stringify(body));
}

/** Undefined when it is larger than the limit; what is over is not kept. */
async function readBody(request: Request): Promise<Buffer | undefined> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    length += part.length;
    if (length <= BODY_MAX) parts.push(part);
  }
  return length > BODY_MAX ? undefined : Buffer.concat(parts);
}

function parseBody(raw: Buffer, type: string): { readonly ok: true; readonly value: unknown } | { readonly ok: false } {
  if (raw.length === 0) return { ok: true, value: undefined };
  if (type.startsWith("application/x-www-form-urlencoded")) return { ok: true, value: new URLSearchParams(raw.toString()) };
  try {
    return { ok: true, value: JSON.parse(raw.toString()) as unknown };
  } catch {
    return { ok: false };
  }
}

/** Starts listening; rejects when the port is taken. */
export function listenHttp(
  app: express.Express,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<{ readonly port: number; close(): Promise<void> }> {
  return new Promise((resolve, reject) => {
    const server: Server = app.listen(port, host);
    // Stays after the port is open: an error of accepting later ends no process.
    server.on("error", reject);
    server.once("listening", () => {
      const address = server.address();
      resolve({
        port: typeof address === "object" && address !== null ? address.port : port,
        close: () =>
          new Promise((done) => {
            server.close(() => done());
            server.closeIdleConnections();
          }),
      });
    });
  });
}
