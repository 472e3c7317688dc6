import { z } from "zod";
import { FAILURES, type Failure } from "#src/base/failures.ts";
import type { Result } from "#src/base/result.ts";
import type { FailedFold, FailedMessage, readDecisions } from "#src/charts/failures.pg.ts";
import type { Refolded, RefoldFailure } from "#src/charts/refold.pg.ts";
import type { Decision } from "#src/charts/repair.pg.ts";
import type { Answer, Call, Role, Route } from "../route.ts";

export interface FailureRouteNeeds {
  readonly list: (page: { readonly limit: number; readonly after?: number }) => Promise<readonly FailedFold[]>;
  readonly read: (recordId: string) => Promise<FailedMessage | undefined>;
  readonly decisions: (recordId: string) => ReturnType<typeof readDecisions>;
  readonly retry: (recordId: string, decision: Decision) => Promise<Result<number, Failure>>;
  readonly skip: (recordId: string, decision: Decision) => Promise<Result<number, Failure>>;
  readonly correct: (
    recordId: string,
    edited: Buffer,
    decision: Decision,
  ) => Promise<Result<{ readonly recordId: string; readonly folded: number }, Failure>>;
  readonly refold: (accountId: string) => Promise<Result<Refolded, RefoldFailure>>;
  /** Work items may have changed. */
  readonly onFolded: () => void;
}

const MENDERS: readonly Role[] = ["admin", "analyst"];
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const PAGE = 100;

const reason = z.string().trim().min(3).max(1_000);
const retryBody = z.strictObject({ reason: reason.optional() });
const skipBody = z.strictObject({ reason });
const correctBody = z.strictObject({ reason, base64: z.base64().min(4) });

const refuse = ({ code, place, detail, ...more }: Failure): Answer => ({
  status: FAILURES[code].http,
  body: { code, message: detail ?? FAILURES[code].text, ...(place === undefined ? {} : { place }), ...more },
});

/** The error work list: messages that could not be folded, and what people do about them. */
export function failureRoutes(needs: FailureRouteNeeds): readonly Route[] {
  const { list, read, decisions, onFolded } = needs;
  const route = (
    method: Route["method"],
    path: string,
    action: Route["action"],
    roles: readonly Role[],
    handle: Route["handle"],
  ): Route => ({
    method,
    path,
    roles,
    action,
    objectType: "message",
    handle,
  });
  /** A decision about the failed message of the path. */
  const decide =
    <T extends { reason?: string | undefined }>(shape: z.ZodType<T>, done: (id: string, body: T, decision: Decision) => Promise<Answer>) =>
    async ({ params, body, caller }: Call): Promise<Answer> => {
      const id = params["id"] ?? "";
      if (!UUID.test(id)) return refuse({ code: "NOT_FOUND" });
      const parsed = shape.safeParse(body ?? {});
      if (!parsed.success)
        return refuse({ code: "REQUEST_INVALID", place: parsed.error.issues.map(({ path }) => path.join(".")).join(", ") });
      const answer = await done(id, parsed.data, { by: caller?.name ?? "", reason: parsed.data.reason });
      return { ...answer, object: { type: "message", id } };
    };
  const folded = (result: Result<number, Failure>): Answer => {
    if (!result.ok) return refuse(result.failure);
    onFolded();
    return { status: 200, body: { folded: result.value } };
  };

  return [
    {
      ...route("GET", "/api/failures", "search", ["admin", "analyst", "auditor"], async ({ query }) => {
        const after = query.get("after");
        if (after !== null && !/^\d{1,15}$/.test(after)) return refuse({ code: "REQUEST_INVALID", place: "after" });
        const failures = await list({ limit: PAGE, ...(after === null ? {} : { after: Number(after) }) });
        return { status: 200, body: { failures, next: failures.length === PAGE ? failures.at(-1)?.position : undefined } };
      }),
      query: ["after"],
    },
    // The message itself is the patient's: for those who may mend it.
    route("GET", "/api/failures/:id", "read", MENDERS, async ({ params }) => {
      const id = params["id"] ?? "";
      const found = UUID.test(id) ? await read(id) : undefined;
      if (found === undefined) return refuse({ code: "NOT_FOUND" });
      const { bytes, ...failure } = found;
      const body = { ...failure, decisions: await decisions(id), base64: bytes.toString("base64") };
      return { status: 200, body, headers: { "cache-control": "no-store" }, object: { type: "message", id } };
    }),
    route(
      "POST",
      "/api/failures/:id/retry",
      "execute",
      MENDERS,
      decide(retryBody, async (id, _, decision) => folded(await needs.retry(id, decision))),
    ),
    route(
      "POST",
      "/api/failures/:id/skip",
      "execute",
      MENDERS,
      decide(skipBody, async (id, _, decision) => folded(await needs.skip(id, decision))),
    ),
    route(
      "POST",
      "/api/failures/:id/correct",
      "execute",
      MENDERS,
      decide(correctBody, async (id, { base64 }, decision) => {
        const corrected = await needs.correct(id, Buffer.from(base64, "base64"), decision);
        if (!corrected.ok) return refuse(corrected.failure);
        onFolded();
        return { status: 200, body: corrected.value };
      }),
    ),
    {
      ...route("POST", "/api/accounts/:id/refold", "execute", MENDERS, async ({ params }) => {
        const id = params["id"] ?? "";
        if (!UUID.test(id)) return refuse({ code: "NOT_FOUND" });
        const made = await needs.refold(id);
        if (made.ok) onFolded();
        return { ...(made.ok ? { status: 200, body: made.value } : refuse(made.failure)), object: { type: "account", id } };
      }),
      objectType: "account",
    },
  ];
}
