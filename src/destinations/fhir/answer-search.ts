import type { Bundle, Claim, Identifier, Resource } from "@medplum/fhirtypes";
import { fail, ok, type Result } from "#src/base/result.ts";
import type { FhirDestination, PollSearch } from "#src/config/destination.ts";
import type { Recorder } from "../attempt.ts";
import type { Classified } from "../classify.ts";
import type { FhirPeer } from "./peer.ts";
import { lookUpIdentifier, renameSystems } from "./references.ts";
import type { Statement } from "./statement.ts";

/** What answers are asked for. */
export type AnswersAsked =
  | { readonly by: "last-updated"; readonly since: Date }
  /** `Claim/123` of the server. */
  | { readonly by: "request"; readonly locations: readonly string[] }
  /** Our numbers. */
  | { readonly by: "identifier"; readonly identifiers: readonly Identifier[] };

export interface AnswerPage {
  /** ClaimResponses, as the server has them; only their type has been looked at. */
  readonly responses: readonly Resource[];
  /** Where the next page is, from the base address; absent on the last one. */
  readonly next?: string;
}

/** Asks one FHIR server for the ClaimResponses (R4) it has. */
export interface AnswerSearch {
  /** By which search: as configured, else the first the server offers. Fails with `PEER_NOT_OFFERED` when it offers none. */
  way(record: Recorder): Promise<Result<PollSearch, Classified>>;
  page(asked: AnswersAsked, record: Recorder): Promise<Result<AnswerPage, Classified>>;
  nextPage(link: string, record: Recorder): Promise<Result<AnswerPage, Classified>>;
  /** `Claim/123` of a reference to a claim there; undefined when it points elsewhere. */
  locationOf(reference: string | undefined): string | undefined;
  /** Our number of a claim there; undefined when it says none. */
  identifierAt(location: string, record: Recorder): Promise<Result<Identifier | undefined, Classified>>;
  /** With identifier systems as we call them. */
  asOurs<T>(value: T): T;
}

const PARAMETERS: Readonly<Record<PollSearch, string>> = {
  "last-updated": "_lastUpdated",
  request: "request",
  identifier: "identifier",
};
const LOCATION = /^Claim\/[A-Za-z0-9.-]{1,64}/;

export function createAnswerSearch(
  { systems, answers }: Pick<FhirDestination, "systems" | "answers">,
  peer: FhirPeer,
  statement: Statement,
): AnswerSearch | undefined {
  if (answers === undefined) return undefined;
  const { by, pageSize } = answers.poll;
  const theirs = new Map(Object.entries(systems));
  const ours = Object.fromEntries([...theirs].map(([own, other]) => [other, own]));

  /** The page behind a link. Only of the server itself: our token goes nowhere else. */
  const withinBase = (link: string): string | undefined => {
    if (link.startsWith(peer.base) && /^[/?]/.test(link.slice(peer.base.length))) return link.slice(peer.base.length);
    return /^[a-z]+:/i.test(link) || link.startsWith("//") ? undefined : `/${link.replace(/^\/+/, "")}`;
  };

  const read = (body: unknown): Result<AnswerPage, Classified> => {
    const bundle = body as Bundle | undefined;
    if (bundle?.resourceType !== "Bundle") return fail({ code: "PEER_MISCONFIGURED" });
    const responses = (bundle.entry ?? []).flatMap(({ resource, search }) =>
      resource?.resourceType === "ClaimResponse" && search?.mode !== "include" ? [resource] : [],
    );
    const link = bundle.link?.find(({ relation }) => relation === "next")?.url;
    if (link === undefined) return ok({ responses });
    const next = withinBase(link);
    return next === undefined ? fail({ code: "PEER_MISCONFIGURED" }) : ok({ responses, next });
  };

  const formOf = (asked: AnswersAsked): URLSearchParams => {
    const page = { _count: String(pageSize) };
    if (asked.by === "last-updated")
      return new URLSearchParams({ _lastUpdated: `ge${asked.since.toISOString()}`, _sort: "_lastUpdated", ...page });
    if (asked.by === "request") return new URLSearchParams({ request: asked.locations.join(","), ...page });
    const tokens = asked.identifiers.map(({ system = "", value = "" }) => `${theirs.get(system) ?? system}|${value}`);
    return new URLSearchParams({ identifier: tokens.join(","), ...page });
  };

  return {
    way: async (record) => {
      if (by !== "auto") return ok(by);
      const can = await statement.read(record);
      if (!can.ok) return can;
      const offered = (Object.keys(PARAMETERS) as PollSearch[]).find((one) => can.value.findsBy("ClaimResponse", PARAMETERS[one]));
      return offered === undefined ? fail({ code: "PEER_NOT_OFFERED" }) : ok(offered);
    },
    page: async (asked, record) => {
      const path = "/ClaimResponse/_search";
      const answered = await peer.ask({ kind: "answers", path, form: formOf(asked), writes: false }, record);
      if (!answered.ok && answered.failure.code === "PEER_NOT_OFFERED") statement.doubt();
      return answered.ok ? read(answered.value.body) : answered;
    },
    nextPage: async (link, record) => {
      const answered = await peer.ask({ kind: "answers", method: "GET", path: link, writes: false }, record);
      return answered.ok ? read(answered.value.body) : answered;
    },
    locationOf: (reference = "") => {
      const own = reference.startsWith(`${peer.base}/`) ? reference.slice(peer.base.length + 1) : reference;
      return LOCATION.exec(own)?.[0];
    },
    identifierAt: async (location, record) => {
      const answered = await peer.ask({ kind: "look-up", method: "GET", path: `/${location}`, writes: false }, record);
      // A claim that is gone, or not ours to see, says nothing; the answer to it is kept all the same.
      if (!answered.ok)
        return ["PEER_REFUSED", "PEER_FORBIDS", "PEER_NOT_OFFERED"].includes(answered.failure.code) ? ok(undefined) : answered;
      const claim = answered.value.body as Claim | undefined;
      return ok(claim?.resourceType === "Claim" ? renameSystems(lookUpIdentifier(claim), ours) : undefined);
    },
    asOurs: (value) => renameSystems(value, ours),
  };
}
