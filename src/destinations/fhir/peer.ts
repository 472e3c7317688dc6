import type { Bundle, Resource } from "@medplum/fhirtypes";
import type { FailureCode } from "#src/base/failures.ts";
import { fail, ok, type Result } from "#src/base/result.ts";
import type { FhirDestination } from "#src/config/destination.ts";
import type { Recorder, RequestKind } from "../attempt.ts";
import { type Credentials, createCredentials } from "../auth/credentials.ts";
import { type Classified, classifyAnswer, classifyNoAnswer } from "../classify.ts";
import { type Asked, createHttpExchange } from "../exchange.net.ts";
import { asWords, isFatal, readOutcome, type Said } from "../outcome.ts";
import { identifiersOf, lookUpIdentifier } from "./references.ts";

export interface PeerAnswer {
  readonly status: number;
  /** Parsed; undefined when the answer has no body. */
  readonly body: unknown;
  /** `Claim/123` of the Location header, of whatever form. */
  readonly location: (type: string) => string | undefined;
}

export interface PeerRequest {
  readonly kind: RequestKind;
  readonly method?: Asked["method"];
  /** From the base address: `/Claim`. Never with a patient's data: URLs end up in logs. */
  readonly path: string;
  readonly body?: Resource;
  readonly form?: URLSearchParams;
  readonly headers?: Readonly<Record<string, string>>;
  /** It may have changed something there. */
  readonly writes: boolean;
  /** What 412 means for it; absent = several match. */
  readonly precondition?: FailureCode;
}

/** One FHIR server. Fails with what the failure means; what the server said goes sealed to the ledger and nowhere else. */
export interface FhirPeer {
  ask(request: PeerRequest, record: Recorder): Promise<Result<PeerAnswer, Classified>>;
  /** Looks a resource up by its identifier. @returns `Claim/123`, or undefined when there is none. */
  find(resource: Resource, record: Recorder): Promise<Result<string | undefined, Classified>>;
  readonly base: string;
  close(): void;
}

const FHIR_JSON = "application/fhir+json";
const FORM = "application/x-www-form-urlencoded";

/** Absolute, relative or versioned: `https://x/fhir/Claim/1/_history/2`, `4_0_0/Claim/1`. */
const locationIn = (text: string, type: string): string | undefined => {
  const id = new RegExp(`(?:^|/)${type}/([A-Za-z0-9.-]{1,64})(?:/|$)`).exec(text)?.[1];
  return id === undefined ? undefined : `${type}/${id}`;
};

export function createFhirPeer(destination: FhirDestination, now: () => number): FhirPeer {
  const { url, timeoutMs, concurrency, tls } = destination;
  const base = url.replace(/\/+$/, "");
  const exchange = createHttpExchange({ timeoutMs, connections: concurrency, ...(tls === undefined ? {} : { tls }) });
  const credentials: Credentials = createCredentials(destination, exchange, now);

  const ask: FhirPeer["ask"] = async ({ kind, method = "POST", path, body, form, headers, writes, precondition }, record) => {
    const startedAt = new Date(now());
    const failed = (failure: Classified, status?: number, said?: Said): Result<PeerAnswer, Classified> => {
      record({
        request: kind,
        startedAt,
        endedAt: new Date(now()),
        code: failure.code,
        ...(status === undefined ? {} : { status: String(status) }),
        ...(said === undefined ? {} : { said }),
      });
      return fail(failure);
    };
    const once = async () => {
      const authorization = await credentials.header();
      if (!authorization.ok) return { failure: authorization.failure } as const;
      const asked = await exchange.ask({
        method,
        url: `${base}${path}`,
        headers: {
          accept: FHIR_JSON,
          ...(form === undefined && body === undefined ? {} : { "content-type": form === undefined ? FHIR_JSON : FORM }),
          ...(authorization.value === undefined ? {} : { authorization: authorization.value }),
          ...headers,
        },
        ...(form === undefined ? (body === undefined ? {} : { body: JSON.stringify(body) }) : { body: form.toString() }),
      });
      return { asked, authorization: authorization.value } as const;
    };
    let came = await once();
    // A token that was withdrawn before its time: another one, once. A request that was refused so has done nothing.
    if (came.asked?.ok === true && came.asked.value.status === 401 && credentials.refused(came.authorization)) came = await once();
    if (came.failure !== undefined) return failed(came.failure);
    const { asked } = came;
    // A question that got no answer has done nothing; a write may have.
    if (!asked.ok) return failed(writes ? classifyNoAnswer(asked.failure) : { code: "PEER_UNAVAILABLE" });
    const { status, header, text } = asked.value;
    const parsed = parse(text);
    if (status >= 300) {
      const sorted = classifyAnswer(asked.value, now());
      const classified = status === 412 && precondition !== undefined ? { ...sorted, code: precondition } : sorted;
      const told = (parsed.ok ? readOutcome(parsed.value) : undefined) ?? asWords(text);
      if (!writes && FAILED_QUESTION.has(classified.code)) return failed({ ...classified, code: "PEER_UNAVAILABLE" }, status, told);
      return failed(classified, status, told);
    }
    const location = (type: string): string | undefined => locationIn(header("location") ?? header("content-location") ?? "", type);
    // A page of a proxy, or half an answer: whether the server got the request is not known.
    if (!parsed.ok && header("location") === null) return failed({ code: writes ? "PEER_NO_ANSWER" : "PEER_MISCONFIGURED" }, status);
    const value = parsed.ok ? parsed.value : undefined;
    const said = readOutcome(value);
    if (said !== undefined && isFatal(said) && header("location") === null)
      return failed({ code: writes ? "PEER_FAILED" : "PEER_REFUSED" }, status, said);
    record({ request: kind, startedAt, endedAt: new Date(now()), status: String(status), ...(said === undefined ? {} : { said }) });
    return ok({ status, body: value, location });
  };

  const find: FhirPeer["find"] = async (resource, record) => {
    const { resourceType: type } = resource;
    const { system = "", value = "" } = lookUpIdentifier(resource) ?? {};
    // In the body, for a URL ends up in logs.
    const answered = await ask(
      {
        kind: "look-up",
        path: `/${type}/_search`,
        form: new URLSearchParams({ identifier: `${system}|${value}` }),
        writes: false,
      },
      record,
    );
    if (!answered.ok) return answered;
    const bundle = answered.value.body as Bundle | undefined;
    if (bundle?.resourceType !== "Bundle") return fail({ code: "PEER_MISCONFIGURED" });
    const found = (bundle.entry ?? []).flatMap(({ resource: one, search }) =>
      one?.resourceType === type && search?.mode !== "include" && one.id !== undefined ? [one] : [],
    );
    // A server that knows no such parameter gives everything it has, page by page: "not found" would mean nothing.
    const own = found.filter((one) => identifiersOf(one).some((each) => each.value === value && (each.system ?? "") === system));
    if (own.length < found.length) return fail({ code: "PEER_MISCONFIGURED" });
    const ids = own.map(({ id }) => id);
    if (ids.length > 1) return fail({ code: "PEER_HAS_SEVERAL" });
    return ok(ids[0] === undefined ? undefined : `${type}/${ids[0]}`);
  };
  return { ask, find, base, close: () => exchange.close() };
}

const FAILED_QUESTION: ReadonlySet<string> = new Set(["PEER_NO_ANSWER", "PEER_FAILED", "PEER_CONFLICT"]);

function parse(text: string): Result<unknown, "no JSON"> {
  if (text.trim() === "") return ok(undefined);
  try {
    return ok(JSON.parse(text) as unknown);
  } catch {
    return fail("no JSON");
  }
}
