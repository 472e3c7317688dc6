import type { ClaimResponse, Resource } from "@medplum/fhirtypes";
import type pg from "pg";
import { FAILURES, type FailureCode } from "#src/base/failures.ts";
import { fail, ok, type Result } from "#src/base/result.ts";
import type { Sealer } from "#src/base/seal.ts";
import { claimOf } from "#src/claims/answers/answer-store.pg.ts";
import type { TakenAnswer } from "#src/claims/answers/claim-answers.pg.ts";
import { checkedResponse, type ReadAnswer } from "#src/claims/answers/read-answers.ts";
import { readClaimResponse } from "#src/claims/answers/read-claim-response.ts";
import type { PollSearch, PollSettings } from "#src/config/destination.ts";
import type { Log } from "#src/telemetry/log.ts";
import {
  type AnswerPolls,
  claimsAt,
  claimsToAsk,
  firstClaimAt,
  forgetUnreadable,
  keepUnreadable,
  type PageCounts,
  type TakenPoll,
} from "./answer-poll.pg.ts";
import type { Recorder } from "./attempt.ts";
import type { Breaker } from "./breaker.ts";
import { type Classified, waitBefore } from "./classify.ts";
import type { AnswerPage, AnswersAsked, AnswerSearch } from "./fhir/answer-search.ts";
import { lookUpIdentifier } from "./fhir/references.ts";
import type { ClaimToSend } from "./sender.ts";

/** Takes an answer in, the same way as one that is brought; twice does nothing twice. */
export type TakeAnswer = (read: ReadAnswer, consumer: string) => Promise<TakenAnswer>;

/** What one fetched ClaimResponse came to. */
export type Fetched = "taken" | "parked" | "again" | "unreadable" | "left";

export interface PollNeeds {
  readonly pool: pg.Pool;
  readonly sealer: Sealer;
  readonly polls: AnswerPolls;
  readonly takeAnswer: TakeAnswer;
  /** Work items may have moved. */
  readonly onTaken: () => void;
  readonly claimBundle: (claimId: string) => Promise<ClaimToSend | undefined>;
  readonly log: Log;
  readonly now: () => Date;
  readonly spread: () => number;
  readonly count: (destination: string, outcome: Fetched | FailureCode) => void;
}

const DAY_MS = 86_400_000;
/** What a person mends is asked about less often. */
const MENDED_WAIT_MS = 60_000;
/** What keeps claims from the destination, too; a right that only the search lacks does not. */
const OF_ALL: ReadonlySet<FailureCode> = new Set(["PEER_UNAVAILABLE", "PEER_THROTTLED"]);
/** Searches go unrecorded: the cursor's row says what the last one came to. */
const UNRECORDED: Recorder = () => undefined;

interface Question {
  readonly asked: AnswersAsked | undefined;
  /** The last claim it is about, when there may be more. */
  readonly upTo: string | undefined;
}

/** What the round asks for next; `asked` is undefined when there is nothing that an answer could be about. */
async function questionOf({ pool, claimBundle }: PollNeeds, poll: TakenPoll, by: PollSearch, settings: PollSettings): Promise<Question> {
  const { destination, afterClaim: after } = poll;
  const { pageSize, overlapSeconds } = settings;
  if (by === "last-updated") {
    const first = await firstClaimAt(pool, destination);
    if (first === undefined) return { asked: undefined, upTo: undefined };
    // The clocks of the two sides may differ, and the server's own may be ahead of what it shows.
    const since = poll.since === undefined ? first.getTime() - DAY_MS : poll.since.getTime() - overlapSeconds * 1_000;
    return { asked: { by, since: new Date(since) }, upTo: undefined };
  }
  const claims = await claimsToAsk(pool, destination, { after, most: pageSize, located: by === "request" });
  const upTo = claims.length < pageSize ? undefined : claims.at(-1)?.claimId;
  if (claims.length === 0) return { asked: undefined, upTo };
  if (by === "request") return { asked: { by, locations: claims.flatMap(({ location }) => location ?? []) }, upTo };
  const bundles = await Promise.all(claims.map(({ claimId }) => claimBundle(claimId)));
  const identifiers = bundles.flatMap((one) => (one === undefined ? [] : (lookUpIdentifier(one.claim) ?? [])));
  return { asked: { by, identifiers }, upTo };
}

/** The answer with our claim in the place of the destination's copy of it. Fails when the destination cannot be asked which claim that is. */
async function aboutOurClaim(
  search: AnswerSearch,
  response: ClaimResponse,
  known: ReadonlyMap<string, string>,
): Promise<Result<ClaimResponse, Classified>> {
  const { request } = response;
  const location = search.locationOf(request?.reference);
  if (request === undefined || location === undefined) return ok(response);
  const own = known.get(location);
  if (own !== undefined) return ok({ ...response, request: { ...request, reference: `Claim/${own}` } });
  if (request.identifier?.value !== undefined) return ok(response);
  const identifier = await search.identifierAt(location, UNRECORDED);
  if (!identifier.ok) return identifier;
  return ok(identifier.value === undefined ? response : { ...response, request: { ...request, identifier: identifier.value } });
}

async function takeOne(
  needs: PollNeeds,
  {
    search,
    destination,
    known,
  }: { readonly search: AnswerSearch; readonly destination: string; readonly known: ReadonlyMap<string, string> },
  resource: Resource,
): Promise<Result<Fetched, Classified>> {
  const { pool, sealer, takeAnswer } = needs;
  const original = JSON.stringify(resource);
  const location = `ClaimResponse/${resource.id ?? ""}`;
  const unreadable = async (faults: readonly string[]): Promise<Result<Fetched, Classified>> => {
    await keepUnreadable(pool, sealer, { destination, location, faults, original });
    return ok("unreadable");
  };
  const checked = checkedResponse(resource, "fhir");
  if (!checked.ok) return unreadable(checked.failure);
  const response = search.asOurs(resource as ClaimResponse);
  // What its writer is still at comes again when it is done; an authorisation is no answer to a claim.
  if (response.status === "draft" || response.use !== "claim") return ok("left");
  const about = await aboutOurClaim(search, response, known);
  if (!about.ok) return about;
  const answer = readClaimResponse(about.value, "fhir");
  if (response.status !== "active") {
    // Withdrawn: what an earlier version of it did is a person's to undo.
    const isOurs = (await claimOf(pool, sealer, answer)) !== undefined;
    return isOurs ? unreadable([`ClaimResponse.status: ${response.status ?? ""}: the answer was withdrawn`]) : ok("left");
  }
  const taken = await takeAnswer({ answer, original }, destination);
  await forgetUnreadable(pool, destination, [location]);
  return ok(taken.again ? "again" : taken.claimId === undefined ? "parked" : "taken");
}

const changedAt = ({ meta }: Resource): Date | undefined => {
  const at = new Date(meta?.lastUpdated ?? "");
  return Number.isNaN(at.getTime()) ? undefined : at;
};
const later = (a: Date | undefined, b: Date | undefined): Date | undefined => (a === undefined || (b !== undefined && b > a) ? b : a);

/** Takes a page in. Stops at the first answer about whose claim the destination cannot be asked: the page is asked for again. */
async function takePage(
  needs: PollNeeds,
  search: AnswerSearch,
  destination: string,
  { responses }: AnswerPage,
): Promise<Result<PageCounts & { readonly newest: Date | undefined }, Classified>> {
  const locations = responses.flatMap((one) => search.locationOf((one as ClaimResponse).request?.reference) ?? []);
  const known = await claimsAt(needs.pool, destination, locations);
  let newest: Date | undefined;
  const counted = { taken: 0, parked: 0 };
  for (const resource of responses) {
    const came = await takeOne(needs, { search, destination, known }, resource);
    if (!came.ok) return came;
    needs.count(destination, came.value);
    if (came.value === "taken" || came.value === "parked") counted[came.value]++;
    newest = later(newest, changedAt(resource));
  }
  if (counted.taken > 0) needs.onTaken();
  return ok({ ...counted, newest });
}

/**
 * Asks one destination for its answers, a page at each call: a round of pages, then a pause. The cursor moves only behind what is taken in, so an
 * engine that was killed takes the same page again, which does nothing twice.
 */
export function createPollAnswers(
  needs: PollNeeds,
  {
    name,
    settings,
    search,
    breaker,
  }: { readonly name: string; readonly settings: PollSettings; readonly search: AnswerSearch; readonly breaker: Breaker },
): () => Promise<void> {
  const { polls, log, now, spread, count } = needs;

  /** @returns when the next page is due, or the failure. */
  const round = async (poll: TakenPoll): Promise<Result<"done", Classified>> => {
    const by = await search.way(UNRECORDED);
    if (!by.ok) return by;
    const { asked, upTo } = await questionOf(needs, poll, by.value, settings);
    const nothing: AnswerPage = { responses: [] };
    const page =
      poll.next !== undefined
        ? await search.nextPage(poll.next, UNRECORDED)
        : asked === undefined
          ? ok(nothing)
          : await search.page(asked, UNRECORDED);
    if (!page.ok) return page;
    const { next } = page.value;
    // A page that leads to itself would never end.
    if (next !== undefined && next === poll.next) return fail({ code: "PEER_MISCONFIGURED" });
    const came = await takePage(needs, search, name, page.value);
    if (!came.ok) return came;
    const newest = later(poll.newest, came.value.newest);
    if (next !== undefined) await polls.goOn(poll, { newest, next, afterClaim: poll.afterClaim }, came.value, now());
    else if (upTo !== undefined) await polls.goOn(poll, { newest, next: undefined, afterClaim: upTo }, came.value, now());
    else await polls.finish(poll, newest, came.value, new Date(now().getTime() + settings.everySeconds * 1_000), now());
    return ok("done");
  };

  const failed = async (poll: TakenPoll, { code, retryAfterMs }: Classified): Promise<void> => {
    const wait = waitBefore(poll.strikes + 1, retryAfterMs, spread());
    const slow = FAILURES[code].class === "permanent" || !OF_ALL.has(code) ? Math.max(wait, MENDED_WAIT_MS) : wait;
    // The server may forget a page between two requests.
    const again = poll.next !== undefined && (code === "PEER_REFUSED" || code === "PEER_MISCONFIGURED");
    await polls.fail(poll, code, again, new Date(now().getTime() + slow), now());
    count(name, code);
    if (poll.strikes === 0) log.warn("answers could not be fetched", { destination: name, code });
  };

  return async () => {
    const isProbe = breaker.status().state !== "closed";
    if (!breaker.admit(now().getTime())) return;
    const poll = await polls.take(name, now());
    if (poll === undefined) return breaker.unused();
    const came = await round(poll);
    // A search that works does not say that writing does: only a probe tells the breaker so.
    if (came.ok) return isProbe ? breaker.succeeded() : undefined;
    if (isProbe || OF_ALL.has(came.failure.code)) breaker.failed(came.failure.code, now().getTime(), came.failure.retryAfterMs);
    await failed(poll, came.failure);
  };
}
