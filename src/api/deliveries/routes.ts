import { z } from "zod";
import type { Failure } from "#src/base/failures.ts";
import type { Result } from "#src/base/result.ts";
import type { DeliveryDecision, DeliveryKey } from "#src/destinations/decide.pg.ts";
import type { DestinationStatus } from "#src/destinations/delivery.bullmq.ts";
import type { DeliveryRow, DeliverySearch, readDeliveries } from "#src/destinations/read-deliveries.pg.ts";
import type { Answer, Call, Role, Route } from "../route.ts";
import { answer, has, invalid, refuse, row, UUID } from "../worklist/answers.ts";

export interface DeliveryRouteNeeds {
  readonly status: () => readonly DestinationStatus[];
  /** Public parts of our keys, as JWK. */
  readonly publicKeys: readonly object[];
  readonly list: (search: DeliverySearch) => Promise<readonly DeliveryRow[]>;
  /** @param words whether with the destinations' own words */
  readonly read: (claimId: string, words: boolean) => ReturnType<typeof readDeliveries>;
  readonly retry: (which: DeliveryKey, decision: DeliveryDecision) => Promise<number>;
  readonly confirm: (
    which: Required<DeliveryKey>,
    location: string | undefined,
    decision: DeliveryDecision,
  ) => Promise<Result<undefined, Failure>>;
  readonly giveUp: (which: Required<DeliveryKey>, decision: DeliveryDecision) => Promise<Result<undefined, Failure>>;
  readonly onDecided: () => void;
}

const READERS: readonly Role[] = ["admin", "analyst", "auditor", "supervisor", "billing"];
/** A destination's own words may quote the patient. */
const MENDERS: readonly Role[] = ["admin", "analyst", "supervisor"];
const MOST = 200;

const reason = z.string().trim().min(1).max(1_000);
const retryBody = z.strictObject({ destination: z.string().max(40).optional(), reason: reason.optional() });
const confirmBody = z.strictObject({
  destination: z.string().min(1).max(40),
  location: z
    .string()
    .regex(/^[A-Za-z0-9./_-]{1,120}$/, "is an address at the destination: Claim/123")
    .optional(),
  reason,
});
const giveUpBody = z.strictObject({ destination: z.string().min(1).max(40), reason });

/** Where claims are delivered, what was tried, and what a person decides about one that waits. */
export function deliveryRoutes(needs: DeliveryRouteNeeds): readonly Route[] {
  const decide =
    <T extends { readonly reason?: string | undefined }>(
      shape: z.ZodType<T>,
      done: (claimId: string, body: T, decision: DeliveryDecision) => Promise<Answer>,
    ) =>
    async ({ params, body, caller }: Call): Promise<Answer> => {
      const id = params["id"] ?? "";
      if (!UUID.test(id)) return refuse({ code: "NOT_FOUND" });
      const parsed = shape.safeParse(body ?? {});
      if (!parsed.success) return invalid(parsed.error);
      const given = await done(id, parsed.data, { by: caller?.name ?? "", reason: parsed.data.reason });
      needs.onDecided();
      return { ...given, object: { type: "Claim", id } };
    };
  return [
    {
      method: "GET",
      path: "/.well-known/jwks.json",
      roles: "public",
      action: "read",
      objectType: "engine",
      handle: () =>
        Promise.resolve({ status: 200, body: { keys: needs.publicKeys }, headers: { "cache-control": "public, max-age=3600" } }),
    },
    row(
      "GET",
      "/api/destinations",
      "read",
      [...READERS, "monitor"],
      () => Promise.resolve({ status: 200, body: { destinations: needs.status() } }),
      "destination",
    ),
    {
      ...row(
        "GET",
        "/api/deliveries",
        "search",
        READERS,
        async ({ query }) => {
          const [destination, state] = [query.get("destination"), query.get("state")];
          const deliveries = await needs.list({
            limit: MOST,
            forPeople: query.get("waiting") === "person",
            ...(destination === null ? {} : { destination }),
            ...(state === null ? {} : { state }),
          });
          return { status: 200, body: { deliveries } };
        },
        "Claim",
      ),
      query: ["destination", "state", "waiting"],
    },
    row(
      "GET",
      "/api/claims/:id/deliveries",
      "read",
      READERS,
      async (call) => {
        const id = call.params["id"] ?? "";
        const found = UUID.test(id) ? await needs.read(id, has(call, MENDERS)) : undefined;
        if (found === undefined || found.deliveries.length === 0) return refuse({ code: "NOT_FOUND" });
        return { status: 200, body: found, headers: { "cache-control": "no-store" }, object: { type: "Claim", id } };
      },
      "Claim",
    ),
    row(
      "POST",
      "/api/claims/:id/deliveries/retry",
      "execute",
      MENDERS,
      decide(retryBody, async (claimId, { destination }, decision) => {
        const due = await needs.retry({ claimId, ...(destination === undefined ? {} : { destination }) }, decision);
        return due === 0 ? refuse({ code: "TRANSITION_NOT_ALLOWED" }) : { status: 200, body: { due } };
      }),
      "Claim",
    ),
    row(
      "POST",
      "/api/claims/:id/deliveries/confirm",
      "execute",
      MENDERS,
      decide(confirmBody, async (claimId, { destination, location }, decision) =>
        answer(await needs.confirm({ claimId, destination }, location, decision)),
      ),
      "Claim",
    ),
    row(
      "POST",
      "/api/claims/:id/deliveries/give-up",
      "execute",
      MENDERS,
      decide(giveUpBody, async (claimId, { destination }, decision) => answer(await needs.giveUp({ claimId, destination }, decision))),
      "Claim",
    ),
  ];
}
