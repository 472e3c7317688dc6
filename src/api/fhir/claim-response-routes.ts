import type { Bundle, ClaimResponse, MessageHeader, Resource } from "@medplum/fhirtypes";
import { type Failure, FAILURES } from "#src/base/failures.ts";
import type { ReadAnswer } from "#src/claims/answers/read-answers.ts";
import { checkedResponse } from "#src/claims/answers/read-answers.ts";
import type { StoredAnswer } from "#src/claims/answers/answer-store.pg.ts";
import type { TakenAnswer } from "#src/claims/answers/claim-answers.pg.ts";
import { outcomeOf } from "#src/fhir/outcome.ts";
import type { Answer, Caller, Role, Route } from "../route.ts";

export interface ClaimResponseNeeds {
  readonly take: (read: ReadAnswer, consumer: string, givenId?: string) => Promise<TakenAnswer>;
  /** By our id, or by the one this caller gave. */
  readonly readAnswer: (id: string, consumer: string) => Promise<StoredAnswer | undefined>;
  readonly onTickets: () => void;
}

const BILLING: readonly Role[] = ["billing", "admin"];
const FHIR_ID = /^[A-Za-z0-9\-.]{1,64}$/;
/** Most faults in one answer: more would not be read. */
const FAULTS_MAX = 50;

const refuse = (...failures: readonly Failure[]): Answer => ({
  status: FAILURES[failures[0]?.code ?? "REQUEST_INVALID"].http,
  body: outcomeOf(...failures),
});
const invalid = (faults: readonly string[], at = ""): Failure[] =>
  faults.slice(0, FAULTS_MAX).map((text): Failure => {
    const split = text.indexOf(": ");
    return { code: "RESOURCE_INVALID", place: `${at}${text.slice(0, split)}`, detail: text.slice(split + 2) };
  });

/** The answer as it is kept: with its id, and with our claim where it is known. */
function shown(original: ClaimResponse, id: string, claimId: string | undefined | null): ClaimResponse {
  return {
    ...original,
    id,
    ...(claimId === undefined || claimId === null ? {} : { request: { ...original.request, reference: `Claim/${claimId}` } }),
  };
}

const ownId = (resource: unknown): string | undefined => (resource as { id?: string } | null)?.id;

/**
 * ClaimResponse over FHIR (R4): create and update, both by content: the same answer again changes nothing and says so with 200. One whose claim nobody knows
 * is kept too, and taken up when the claim appears.
 */
export function claimResponseRoutes({ take, readAnswer, onTickets }: ClaimResponseNeeds): readonly Route[] {
  const write = async (resource: unknown, caller: Caller | undefined, givenId: string | undefined): Promise<Answer> => {
    const read = checkedResponse(resource, "fhir");
    if (!read.ok) return refuse(...invalid(read.failure));
    const taken = await take(read.value, caller?.name ?? "", givenId);
    if (!taken.again) onTickets();
    const id = givenId ?? taken.id;
    return {
      status: taken.again ? 200 : 201,
      body: shown(resource as ClaimResponse, id, taken.claimId),
      headers: { Location: `/fhir/R4/ClaimResponse/${id}` },
      object: { type: "ClaimResponse", id: taken.id },
    };
  };
  return [
    {
      method: "POST",
      path: "/fhir/R4/ClaimResponse",
      roles: BILLING,
      action: "create",
      objectType: "ClaimResponse",
      handle: ({ body, caller }) => write(body, caller, undefined),
    },
    {
      method: "PUT",
      path: "/fhir/R4/ClaimResponse/:id",
      roles: BILLING,
      action: "update",
      objectType: "ClaimResponse",
      handle: async ({ body, caller, params }) => {
        const id = params["id"] ?? "";
        if (!FHIR_ID.test(id) || ownId(body) !== id)
          return refuse({ code: "REQUEST_INVALID", place: "ClaimResponse.id", detail: "the id of the resource is that of the address" });
        return write(body, caller, id);
      },
    },
    {
      method: "GET",
      path: "/fhir/R4/ClaimResponse/:id",
      roles: BILLING,
      action: "read",
      objectType: "ClaimResponse",
      handle: async ({ params, caller }) => {
        const id = params["id"] ?? "";
        const stored = await readAnswer(id, caller?.name ?? "");
        if (stored === undefined || (stored.source !== "fhir" && stored.source !== "message")) return refuse({ code: "NOT_FOUND" });
        return {
          status: 200,
          body: shown(JSON.parse(stored.original) as ClaimResponse, id, stored.claimId),
          object: { type: "ClaimResponse", id: stored.id },
        };
      },
    },
  ];
}

const entriesOf = (bundle: unknown): readonly (Resource | undefined)[] =>
  ((bundle as Bundle | undefined)?.entry ?? []).map((entry) => (entry as { resource?: Resource } | null)?.resource);

/** Whether a message brings answers to claims, and no encounter. */
export const bringsAnswers = (body: unknown): boolean =>
  typeof body === "object" &&
  body !== null &&
  Array.isArray((body as { entry?: unknown }).entry) &&
  entriesOf(body).some((one) => one?.resourceType === "ClaimResponse");

/** Takes a message of ClaimResponses (`$process-message`), all of them or none; answered with a message of its own. */
export async function takeAnswerMessage(
  { take, onTickets }: ClaimResponseNeeds,
  body: unknown,
  caller: Caller | undefined,
): Promise<Answer> {
  const bundle = body as Bundle;
  const [header, ...rest] = entriesOf(bundle);
  if (bundle.type !== "message" || header?.resourceType !== "MessageHeader")
    return refuse({ code: "REQUIRED_FIELD_MISSING", place: "Bundle.entry[0].resource", detail: "a message begins with its MessageHeader" });
  const read = rest.flatMap((resource, index) =>
    resource?.resourceType === "ClaimResponse" ? [{ index: index + 1, checked: checkedResponse(resource, "message") }] : [],
  );
  const faults = read.flatMap(({ index, checked }) => (checked.ok ? [] : invalid(checked.failure, `Bundle.entry[${index}].resource: `)));
  if (faults.length > 0) return refuse(...faults.slice(0, FAULTS_MAX));
  let first: string | undefined;
  for (const { checked } of read) {
    if (!checked.ok) continue;
    const taken = await take(checked.value, caller?.name ?? "");
    first ??= taken.id;
  }
  onTickets();
  const response: MessageHeader = {
    resourceType: "MessageHeader",
    ...(header.eventCoding === undefined ? { eventUri: header.eventUri ?? "urn:chartbridge:event" } : { eventCoding: header.eventCoding }),
    source: { name: "Chartbridge", endpoint: "urn:chartbridge:engine" },
    response: { identifier: header.id ?? bundle.identifier?.value ?? bundle.id ?? first ?? "", code: "ok" },
  };
  return {
    status: 200,
    body: { resourceType: "Bundle", type: "message", entry: [{ resource: response }] } satisfies Bundle,
    ...(first === undefined ? {} : { object: { type: "ClaimResponse", id: first } }),
  };
}
