import type { Bundle, Claim } from "@medplum/fhirtypes";
import { fail, ok, type Result } from "#src/base/result.ts";
import type { Destination } from "#src/config/types.ts";
import { lookUpIdentifier } from "./build-transaction.ts";
import { type Classified, classifyError, classifyStatus, retryAfterMs } from "./classify.ts";

interface Answered {
  readonly status: number;
  readonly body: unknown;
}

/** Speaks to one FHIR server. Fails with what the failure means; never with what the server said, which may quote a patient. */
export interface FhirClient {
  /** Sends a claim's transaction. @returns where the claim is on the server: `Claim/123`. */
  sendTransaction(bundle: Bundle): Promise<Result<{ readonly location: string }, Classified>>;
  /** Looks a claim up by its identifier, before one that may have arrived is sent again. */
  findClaim(claim: Claim): Promise<Result<{ readonly location: string } | undefined, Classified>>;
}

const FHIR_JSON = "application/fhir+json";

export function createFhirClient({ url, token, timeoutMs }: Destination, now: () => number): FhirClient {
  const base = url.replace(/\/+$/, "");
  const call = async (path: string, body: string, type: string): Promise<Result<Answered, Classified>> => {
    try {
      const response = await fetch(`${base}${path}`, {
        method: "POST",
        body,
        headers: { accept: FHIR_JSON, "content-type": type, ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) },
        redirect: "error",
        signal: AbortSignal.timeout(timeoutMs),
      });
      const text = await response.text();
      if (response.status >= 300) {
        const wait = retryAfterMs((name) => response.headers.get(name), now());
        return fail({ code: classifyStatus(response.status), ...(wait === undefined ? {} : { retryAfterMs: wait }) });
      }
      return ok({ status: response.status, body: text === "" ? undefined : (JSON.parse(text) as unknown) });
    } catch (error) {
      // An answer that is no JSON: the write may have happened.
      return fail({ code: error instanceof SyntaxError ? "PEER_NO_ANSWER" : classifyError(error) });
    }
  };

  const findClaim: FhirClient["findClaim"] = async (claim) => {
    const { system = "", value = "" } = lookUpIdentifier(claim) ?? {};
    // In the body, for a URL ends up in logs.
    const answered = await call(
      "/Claim/_search",
      new URLSearchParams({ identifier: `${system}|${value}` }).toString(),
      "application/x-www-form-urlencoded",
    );
    if (!answered.ok) return answered;
    const found = ((answered.value.body as Bundle | undefined)?.entry ?? []).flatMap(({ resource }) =>
      resource?.resourceType === "Claim" ? [resource] : [],
    );
    if (found.length > 1) return fail({ code: "PEER_HAS_SEVERAL" });
    return ok(found[0]?.id === undefined ? undefined : { location: `Claim/${found[0].id}` });
  };

  return {
    findClaim,
    sendTransaction: async (bundle) => {
      const answered = await call("", JSON.stringify(bundle), FHIR_JSON);
      if (!answered.ok) return answered;
      const entries = (answered.value.body as Bundle | undefined)?.entry ?? [];
      // A server without atomic transactions answers 200 with failed entries inside.
      const failed = entries.map(({ response }) => Number.parseInt(response?.status ?? "", 10)).find((status) => !(status < 300));
      if (failed !== undefined) return fail({ code: Number.isNaN(failed) ? "PEER_NO_ANSWER" : classifyStatus(failed) });
      const last = entries.at(-1);
      const location =
        /(Claim\/[^/]+)/.exec(last?.response?.location ?? "")?.[1] ??
        (last?.resource?.id === undefined ? undefined : `Claim/${last.resource.id}`);
      return entries.length !== bundle.entry?.length || location === undefined ? fail({ code: "PEER_NO_ANSWER" }) : ok({ location });
    },
  };
}
