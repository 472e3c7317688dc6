import type { Claim } from "@medplum/fhirtypes";
import type pg from "pg";
import type { FailureCode } from "#src/base/failures.ts";
import { VOID } from "#src/claims/lifecycle/chain.ts";
import type { Destination } from "#src/config/destination.ts";
import type { Log } from "#src/telemetry/log.ts";
import type { Attempt } from "./attempt.ts";
import type { Breaker } from "./breaker.ts";
import { type Delivered, deliverClaim, postponed } from "./deliver.ts";
import { lookUpIdentifier, type Prior, withPriors } from "./fhir/references.ts";
import { isConfirmedAt, type Ledger, locationsOf, takeDelivery } from "./ledger.pg.ts";
import type { ClaimToSend, Sender, Taken } from "./sender.ts";

export interface DeliverNeeds {
  readonly pool: pg.Pool;
  readonly ledger: Ledger;
  /** A claim and what it refers to, as released. */
  readonly claimBundle: (claimId: string) => Promise<ClaimToSend | undefined>;
  readonly log: Log;
  readonly now: () => Date;
  /** 0 to 1, scatters retries. */
  readonly spread: () => number;
  /** Tells what one try came to: `confirmed`, or a failure code. */
  readonly count: (destination: string, outcome: "confirmed" | FailureCode) => void;
}

const SETTLED_AT_ONCE = 0;
const idOf = (reference: string): string => reference.split("/")[1] ?? "";

/** The content with the claims it is about named as this destination knows them. */
async function withKnownPriors({ pool, claimBundle }: DeliverNeeds, destination: string, content: ClaimToSend): Promise<ClaimToSend> {
  const references = (content.claim.related ?? []).flatMap(({ claim }) => (claim?.reference === undefined ? [] : [claim.reference]));
  if (references.length === 0) return content;
  const locations = await locationsOf(pool, destination, references.map(idOf));
  const priors = new Map<string, Prior>();
  for (const reference of references) {
    const id = idOf(reference);
    const prior = await claimBundle(id);
    priors.set(`Claim/${id}`, {
      identifier: prior === undefined ? undefined : lookUpIdentifier(prior.claim),
      location: locations.get(id),
    });
  }
  return { ...content, claim: withPriors(content.claim, priors) };
}

const priorOf = ({ related }: Claim): string | undefined => {
  const prior = related?.find(({ relationship }) => relationship?.coding?.some(({ code }) => code === "prior"));
  return prior?.claim?.reference === undefined ? undefined : idOf(prior.claim.reference);
};
const isVoid = ({ supportingInfo }: Claim): boolean =>
  supportingInfo?.some(
    ({ category, code }) =>
      category.coding?.some((one) => one.code === "claimfrequency") === true && code?.coding?.some((one) => one.code === VOID) === true,
  ) === true;

/** Versions of a claim looked through at most; a chain that led back to itself would never end. */
const MOST_VERSIONS = 100;

/** The newest claim before this one that the destination has taken: what a correction undoes there. */
async function standingAt({ pool, claimBundle }: DeliverNeeds, destination: string, claim: Claim): Promise<Claim | undefined> {
  let at = priorOf(claim);
  for (let n = 0; at !== undefined && n < MOST_VERSIONS; n++) {
    const before = await claimBundle(at);
    if (before === undefined) return undefined;
    if (await isConfirmedAt(pool, destination, at)) return isVoid(before.claim) ? undefined : before.claim;
    at = priorOf(before.claim);
  }
  return undefined;
}

/** Tells the breaker what the destination last said, whatever it means for this claim. */
function tell(breaker: Breaker, attempts: readonly Attempt[], came: Delivered, now: number): void {
  const last = attempts.at(-1);
  if (last === undefined) {
    // No request was made, except where there was no way to make one: a token that could not be had.
    if (came.kind === "postponed" && !came.strike && !came.needsPerson) breaker.failed(came.code, now, came.retryAfterMs);
    else breaker.unused();
  } else if (last.code === undefined) breaker.succeeded();
  else breaker.failed(last.code, now, came.kind === "postponed" ? came.retryAfterMs : undefined);
}

/** Delivers one claim to one destination, when it is due and the destination takes anything; keeps everything it came to in the ledger. */
export function createDeliverOne(
  needs: DeliverNeeds,
  destination: Destination,
  sender: Sender,
  breaker: Breaker,
): (claimId: string) => Promise<void> {
  const { pool, ledger, claimBundle, log, now, spread, count } = needs;
  const { name, attempts: most } = destination;
  const settleMs = destination.kind === "fhir" ? destination.settleMs : SETTLED_AT_ONCE;

  const attempt = async (taken: Taken, content: ClaimToSend, attempts: Attempt[]): Promise<Delivered> => {
    const record = (one: Attempt): void => void attempts.push(one);
    const sending = {
      content: await withKnownPriors(needs, name, content),
      taken,
      parts: ledger.parts(taken),
      record,
      standing: () => standingAt(needs, name, content.claim),
    };
    const way = await sender.way(sending);
    const clock = (): number => now().getTime();
    if (!way.ok)
      return postponed(way.failure, taken, { attempts: most, guard: undefined, unsure: taken.unsureSince !== undefined }, spread());
    return deliverClaim(way.value, taken, { attempts: most, settleMs }, clock, spread());
  };

  return async (claimId) => {
    if (!breaker.admit(now().getTime())) return;
    const taken = await takeDelivery(pool, claimId, name, now());
    if (taken === undefined) return breaker.unused();
    const content = await claimBundle(claimId);
    if (content === undefined) {
      breaker.unused();
      const gone = { state: "rejected", code: "NOT_FOUND", needsPerson: true, strike: true, mayHaveArrived: false } as const;
      return ledger.postpone(taken, { ...gone, nextTryAt: now() }, [], now());
    }
    const attempts: Attempt[] = [];
    const came = await attempt(taken, content, attempts);
    tell(breaker, attempts, came, now().getTime());
    count(name, came.kind === "confirmed" ? "confirmed" : came.code);
    if (came.kind === "confirmed") return ledger.confirm(taken, came.location, attempts, now());
    await ledger.postpone(taken, { ...came, nextTryAt: new Date(now().getTime() + came.waitMs) }, attempts, now());
    log.warn(came.needsPerson ? "a claim waits for a person" : "a claim was not delivered", {
      claim: claimId,
      destination: name,
      code: came.code,
    });
  };
}
