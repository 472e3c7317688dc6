import { createServer as createHttpServer, type Server } from "node:http";
import { createServer as createHttpsServer, type ServerOptions } from "node:https";
import type { WithId } from "@medplum/core";
import type { Bundle, ChargeItem, Claim, Parameters, Resource } from "@medplum/fhirtypes";
import express, { type Request, type Response } from "express";
import { PERSONALITIES, type PersonalityName, statementOf } from "./personality.ts";
import { createStore } from "./store.ts";
import { createTokenEndpoint, type OauthClient, type TokenEndpoint } from "./token-endpoint.http.ts";

/**
 * How the server misbehaves, for those who must stand it. `-before`: nothing was written. `-after`: it was, and the caller does not learn it.
 */
export type Mood =
  | "well"
  | "unavailable"
  | "throttled"
  | "refusing"
  | "forbidding"
  | "web-page"
  | "silent-before"
  | "silent-after"
  | "failing-before"
  | "failing-after"
  | "cut-before"
  | "cut-after";

/** A FHIR R4 server of its own that keeps what it gets in memory: the billing system of the demo, and the peer of the tests. */
export interface BillingServer {
  readonly url: string;
  claims(): Promise<readonly WithId<Claim>[]>;
  /** Charges posted by ChargeItem/$create. */
  readonly charges: () => readonly ChargeItem[];
  /** Message Bundles taken by $process-message. */
  readonly messages: () => readonly Bundle[];
  /** Puts a resource there, as its own people would. */
  put<T extends Resource>(resource: T): Promise<WithId<T>>;
  read<T extends Resource>(type: T["resourceType"], id: string): Promise<T>;
  /** Requests to write that reached it, whatever it answered. */
  readonly writes: () => number;
  readonly tokens: TokenEndpoint | undefined;
  /** A mood for every request, or one for each write by its content. */
  behave(mood: Mood | ((body: unknown) => Mood)): void;
  close(): Promise<void>;
}

export interface BillingServerOptions {
  readonly host: string;
  readonly port: number;
  readonly token?: string;
  readonly oauth?: OauthClient;
  readonly tls?: ServerOptions;
  readonly personality?: PersonalityName;
}

const outcome = (code: string, diagnostics?: string) => ({
  resourceType: "OperationOutcome",
  issue: [
    {
      severity: "error",
      code,
      ...(diagnostics === undefined ? {} : { expression: ["Claim.diagnosis[0].diagnosisCodeableConcept"], diagnostics }),
    },
  ],
});

/** Starts it. Rejects when the port is taken. */
export async function startBillingServer(options: BillingServerOptions): Promise<BillingServer> {
  const { host, port, token, oauth, tls } = options;
  const personality = PERSONALITIES[options.personality ?? "open"];
  const store = createStore(personality);
  const charges: ChargeItem[] = [];
  const messages = new Map<string, Bundle>();
  let mood: Mood | ((body: unknown) => Mood) = "well";
  let writes = 0;
  let base = "";
  const app = express();
  const tokens = oauth === undefined ? undefined : createTokenEndpoint(oauth, () => `${base}/auth/token`);
  if (tokens !== undefined) {
    app.use("/auth", tokens.router);
    app.get("/fhir/R4/.well-known/smart-configuration", (_request, response) => {
      response.json({ token_endpoint: `${base}/auth/token`, grant_types_supported: ["client_credentials"] });
    });
  }
  app.use(express.json({ type: ["application/fhir+json", "application/json"], limit: "10mb" }));
  app.use(express.urlencoded({ extended: false }));

  const isKnown = (authorization: string | undefined): boolean =>
    (token === undefined || authorization === `Bearer ${token}`) && (tokens === undefined || tokens.accepts(authorization));

  /** Does what is asked. @returns status, body and headers of the answer */
  const perform = async (
    request: Request,
  ): Promise<{ readonly status: number; readonly body: unknown; readonly headers?: Readonly<Record<string, string>> }> => {
    const path = request.path.replace(/\/$/, "");
    if (path === "/$process-message" && personality.processMessage) {
      const bundle = request.body as Bundle;
      // A repeat is answered as the first was, and changes nothing (R4 messaging, 2.4.3).
      messages.set(bundle.id ?? crypto.randomUUID(), messages.get(bundle.id ?? "") ?? bundle);
      const header = {
        resourceType: "MessageHeader",
        eventCoding: { code: "claim-released" },
        response: { identifier: bundle.id, code: "ok" },
      };
      return { status: 200, body: { resourceType: "Bundle", type: "message", entry: [{ resource: header }] } };
    }
    if (path === "/ChargeItem/$create" && personality.chargeItemCreate) {
      const charge = (request.body as Parameters).parameter?.find(({ name }) => name === "chargeItem")?.resource;
      if (charge?.resourceType !== "ChargeItem") return { status: 422, body: outcome("required") };
      charges.push(charge);
      return { status: 200, body: undefined, headers: { location: `${base}/fhir/R4/ChargeItem/$create` } };
    }
    return store.handle(request.method, request.url, request.body, request.headers);
  };

  const handle = async (request: Request, response: Response): Promise<void> => {
    const feels = (): Mood => (typeof mood === "string" ? mood : "well");
    if (feels() === "web-page") return void response.status(200).type("html").send("<html>Sign in</html>");
    if (request.path === "/metadata") {
      if (feels() === "unavailable") return void response.status(503).end();
      return void response.type("application/fhir+json").send(JSON.stringify(statementOf(personality)));
    }
    if (!isKnown(request.get("authorization"))) return void response.status(401).end();
    const writing = request.method !== "GET" && !request.path.endsWith("/_search");
    if (writing) writes++;
    const now = writing && typeof mood === "function" ? mood(request.body) : feels();
    if (now === "unavailable") return void response.status(503).end();
    if (now === "throttled") return void response.status(429).set("retry-after", "1").end();
    if (now === "forbidding") return void response.status(403).end();
    if (now === "refusing" && writing) return void response.status(422).json(outcome("business-rule", "no such code for DOE, JANE"));
    if (now === "failing-before" && writing) return void response.status(500).json(outcome("exception"));
    if (now === "cut-before") return void request.socket.destroy();
    // The connection stays open and nothing is said: only the caller's own limit ends it.
    if (now === "silent-before") return;
    const { status, body, headers = {} } = await perform(request);
    if (now === "silent-after" && writing) return;
    if (now === "failing-after" && writing) return void response.status(500).json(outcome("exception"));
    const text = body === undefined ? "" : JSON.stringify(body);
    response.status(status).type("application/fhir+json").set(headers);
    if (now === "cut-after" && writing) {
      response.set("content-length", String(text.length + 10));
      response.write(text.slice(0, Math.floor(text.length / 2)), () => request.socket.destroy());
      return;
    }
    response.send(text);
  };
  app.use("/fhir/R4", handle);

  const server: Server = tls === undefined ? createHttpServer(app) : createHttpsServer(tls, app);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, resolve);
  });
  const address = server.address();
  const bound = typeof address === "object" && address !== null ? address.port : port;
  base = `${tls === undefined ? "http" : "https"}://${host}:${bound}`;
  return {
    url: `${base}/fhir/R4`,
    claims: store.claims,
    charges: () => charges,
    messages: () => [...messages.values()],
    put: store.put,
    read: store.read,
    writes: () => writes,
    tokens,
    behave: (next) => {
      mood = next;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
