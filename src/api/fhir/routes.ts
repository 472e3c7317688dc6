import type { Claim, Resource } from "@medplum/fhirtypes";
import type { Failure } from "#src/base/failures.ts";
import { FAILURES } from "#src/base/failures.ts";
import { outcomeOf } from "#src/fhir/outcome.ts";
import type { BundleAnswer, BundleKind, FoldedOutcome } from "#src/sources/fhir/accept-bundle.ts";
import { foldedFailure } from "#src/sources/fhir/accept-bundle.ts";
import type { Answer, Call, Caller, Role, Route } from "../route.ts";
import { capabilities, REFERENCED_TYPES } from "./capabilities.ts";
import { bringsAnswers, type ClaimResponseNeeds, claimResponseRoutes, takeAnswerMessage } from "./claim-response-routes.ts";
import { type ClaimQuery, type ClaimPage, readClaimQuery, searchset } from "./claim-search.ts";

export interface FhirRouteNeeds extends ClaimResponseNeeds {
  readonly version: string;
  readonly startedAt: string;
  readonly readClaim: (id: string) => Promise<Claim | undefined>;
  readonly searchClaims: (query: ClaimQuery) => Promise<ClaimPage>;
  /** Of a version, else as it stood when the newest claim that refers to it was released. */
  readonly readClaimResource: (type: string, id: string, version?: string) => Promise<Resource | undefined>;
  /** Undefined when the caller may write to no feed. */
  readonly acceptBundle: (caller: Caller, kind: BundleKind, body: unknown, bytes: Buffer) => Promise<BundleAnswer | undefined>;
  /** Undefined: no such record. `waiting`: not folded yet. */
  readonly recordState: (id: string) => Promise<FoldedOutcome | "waiting" | undefined>;
}

const BILLING: readonly Role[] = ["billing", "admin"];
const SENDERS: readonly Role[] = ["source", "admin"];
/** Encounters come from sources, answers to claims from billing: who may bring which is looked at when it is known what came. */
const MESSENGERS: readonly Role[] = [...SENDERS, "billing"];
const has = (caller: Caller | undefined, roles: readonly Role[]): boolean => caller?.roles.some((role) => roles.includes(role)) ?? false;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

const refuse = (failure: Failure): Answer => ({ status: FAILURES[failure.code].http, body: outcomeOf(failure) });

/** The FHIR R4 API: encounters in (message or transaction), claims and what they refer to out. */
export function fhirRoutes(needs: FhirRouteNeeds): readonly Route[] {
  const { readClaim, searchClaims, readClaimResource, acceptBundle, recordState } = needs;

  const take =
    (kind: BundleKind): Route["handle"] =>
    async ({ caller, body, rawBody }) => {
      const isAnswer = kind === "message" && bringsAnswers(body);
      if (!has(caller, isAnswer ? BILLING : SENDERS)) return refuse({ code: "NOT_ALLOWED" });
      if (isAnswer) return takeAnswerMessage(needs, body, caller);
      const answer = caller === undefined ? undefined : await acceptBundle(caller, kind, body, rawBody);
      if (answer === undefined) return refuse({ code: "NOT_ALLOWED", detail: "there is no feed that this caller may write to" });
      const { recordId, ...shown } = answer;
      return recordId === undefined ? shown : { ...shown, object: { type: "message", id: recordId } };
    };
  const search = async (parameters: URLSearchParams, lenient: boolean): Promise<Answer> => {
    const asked = readClaimQuery(parameters, lenient);
    if (!asked.ok) return refuse(asked.failure);
    return { status: 200, body: searchset(parameters, asked.value, await searchClaims(asked.value)) };
  };
  const isLenient = (call: Call): boolean => /handling=lenient/.test(call.header("prefer") ?? "");
  const shown = (resource: Resource | undefined): Answer => {
    if (resource === undefined) return refuse({ code: "NOT_FOUND" });
    const { lastUpdated, versionId } = resource.meta ?? {};
    const headers: Record<string, string> = {};
    if (versionId !== undefined) headers["ETag"] = `W/"${versionId}"`;
    if (lastUpdated !== undefined) headers["Last-Modified"] = new Date(lastUpdated).toUTCString();
    return { status: 200, body: resource, headers, object: { type: resource.resourceType, id: resource.id ?? "" } };
  };
  const read = (type: string, of: (id: string, version?: string) => Promise<Resource | undefined>, path = `${type}/:id`): Route => ({
    method: "GET",
    path: `/fhir/R4/${path}`,
    roles: BILLING,
    action: "read",
    objectType: type,
    handle: async ({ params }) => {
      const id = params["id"] ?? "";
      return shown(UUID.test(id) ? await of(id, params["version"]) : undefined);
    },
  });

  return [
    {
      method: "GET",
      path: "/fhir/R4/metadata",
      roles: "public",
      action: "read",
      objectType: "CapabilityStatement",
      handle: () => Promise.resolve({ status: 200, body: capabilities(needs.version, needs.startedAt) }),
    },
    { method: "POST", path: "/fhir/R4", roles: SENDERS, action: "create", objectType: "Bundle", handle: take("transaction") },
    {
      method: "POST",
      path: "/fhir/R4/$process-message",
      roles: MESSENGERS,
      action: "create",
      objectType: "Bundle",
      handle: take("message"),
    },
    {
      method: "GET",
      path: "/fhir/R4/$message-status/:id",
      roles: SENDERS,
      action: "read",
      objectType: "message",
      handle: async ({ params }) => {
        const id = params["id"] ?? "";
        const state = UUID.test(id) ? await recordState(id) : undefined;
        if (state === undefined) return refuse({ code: "NOT_FOUND" });
        if (state === "waiting") return { status: 202 };
        const failure = foldedFailure(state);
        const done = {
          resourceType: "OperationOutcome",
          issue: [{ severity: "information", code: "informational", diagnostics: "the message has taken effect" }],
        };
        return failure === undefined ? { status: 200, body: done, object: { type: "message", id } } : refuse(failure);
      },
    },
    {
      method: "GET",
      path: "/fhir/R4/Claim",
      roles: BILLING,
      action: "search",
      objectType: "Claim",
      handle: (call) => search(call.query, isLenient(call)),
    },
    {
      method: "POST",
      path: "/fhir/R4/Claim/_search",
      roles: BILLING,
      action: "search",
      objectType: "Claim",
      handle: (call) =>
        search(new URLSearchParams([...call.query, ...(call.body instanceof URLSearchParams ? call.body : [])]), isLenient(call)),
    },
    read("Claim", readClaim),
    ...claimResponseRoutes(needs),
    ...REFERENCED_TYPES.flatMap((type) => [
      read(type, (id) => readClaimResource(type, id)),
      read(type, (id, version) => readClaimResource(type, id, version), `${type}/:id/_history/:version`),
    ]),
  ];
}
