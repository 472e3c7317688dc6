import type { z } from "zod";
import { FAILURES, type Failure } from "#src/base/failures.ts";
import type { Result } from "#src/base/result.ts";
import type { Answer, Call, Role, Route } from "../route.ts";

export const CODERS: readonly Role[] = ["coder", "admin", "supervisor"];
export const SUPERVISORS: readonly Role[] = ["admin", "supervisor"];
export const READERS: readonly Role[] = ["coder", "admin", "analyst", "auditor", "supervisor"];
export const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export const refuse = ({ code, place, detail, ...more }: Failure): Answer => ({
  status: FAILURES[code].http,
  body: { code, message: detail ?? FAILURES[code].text, ...(place === undefined ? {} : { place }), ...more },
});

/** Every fault of a body at once, each with its place. Values are not repeated. */
export const invalid = (error: z.ZodError): Answer => ({
  status: 400,
  body: {
    code: "REQUEST_INVALID",
    message: FAILURES.REQUEST_INVALID.text,
    faults: error.issues.map(({ path, message }) => ({ place: path.join("."), message })),
  },
});

export const answer = <T>(result: Result<T, Failure>): Answer =>
  result.ok ? { status: 200, body: result.value ?? {} } : refuse(result.failure);

export const has = ({ caller }: Call, roles: readonly Role[]): boolean => caller?.roles.some((role) => roles.includes(role)) ?? false;

/** The thing of the path and the body, or the answer to a request that has none. */
export const withBody =
  <T>(
    objectType: string,
    shape: z.ZodType<T>,
    handle: (id: string, body: T, call: Call & { readonly userId: string }) => Promise<Answer>,
  ) =>
  async (call: Call): Promise<Answer> => {
    const id = call.params["id"] ?? "";
    if (!UUID.test(id)) return refuse({ code: "NOT_FOUND" });
    const parsed = shape.safeParse(call.body ?? {});
    if (!parsed.success) return invalid(parsed.error);
    const given = await handle(id, parsed.data, { ...call, userId: call.caller?.userId ?? "" });
    return { ...given, object: { type: objectType, id } };
  };

export const row = (
  method: Route["method"],
  path: string,
  action: Route["action"],
  roles: readonly Role[],
  handle: Route["handle"],
  objectType = "work-item",
): Route => ({ method, path, roles, action, objectType, handle });
