import { z } from "zod";
import type { Route } from "../route.ts";
import type { Tokens } from "./tokens.pg.ts";

const signIn = z.strictObject({ code: z.string().min(1).max(200) });

/** Signing in with the one-time code that the start printed. */
export const authRoutes = (tokens: Tokens): readonly Route[] => [
  {
    method: "POST",
    path: "/auth/sign-in",
    roles: "public",
    action: "login",
    objectType: "session",
    handle: async ({ body }) => {
      const asked = signIn.safeParse(body);
      if (!asked.success) return { status: 400, body: { code: "REQUEST_INVALID", message: 'send {"code": "…"}' } };
      const session = await tokens.signIn(asked.data.code);
      if (session === undefined) return { status: 401, body: { code: "NOT_SIGNED_IN", message: "this code is wrong, used or too old" } };
      const { token, caller, expiresAt } = session;
      return {
        status: 200,
        body: { token, name: caller.name, roles: caller.roles, expiresAt },
        object: { type: "user", id: caller.userId },
      };
    },
  },
];
