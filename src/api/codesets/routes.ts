import { FAILURES, type Failure } from "#src/base/failures.ts";
import type { CodeData, CodeSystemName } from "#src/codesets/code-data.ts";
import type { CodeDescription } from "#src/codesets/describe.pg.ts";
import { isDay } from "#src/codesets/periods.ts";
import { type CodeHit, type CodeQuery } from "#src/codesets/search.ts";
import { bare, shown, SYSTEM_URLS, systemNamed } from "#src/codesets/systems.ts";
import { type Gap, type Version } from "#src/codesets/versions.ts";
import type { Answer, Role, Route } from "../route.ts";

export interface CodeRouteNeeds {
  readonly today: () => string;
  readonly data: () => CodeData;
  readonly search: (query: CodeQuery) => Promise<readonly CodeHit[]>;
  readonly describe: (system: CodeSystemName, code: string, date: string) => Promise<CodeDescription | undefined>;
  /** What is imported, and which parts answer nothing today. */
  readonly versions: () => Promise<{ readonly versions: readonly Version[]; readonly gaps: readonly Gap[] }>;
}

/** Everyone who reads codes; nothing in these answers is about a patient. */
export const CODE_READERS: readonly Role[] = ["coder", "supervisor", "admin", "analyst", "auditor", "billing"];
/** Answers shown at once, and at most. */
const LIMIT = { usual: 20, most: 100 } as const;

const refuse = ({ code, place, detail }: Failure): Answer => ({
  status: FAILURES[code].http,
  body: { code, message: detail ?? FAILURES[code].text, ...(place === undefined ? {} : { place }) },
});

const hit = ({ system, code, title, state }: CodeHit) => ({ system, url: SYSTEM_URLS[system], code: shown(system, code), title, state });

/** Codes for people: search by code or words, and everything about one code. */
export function codeRoutes({ today, search, describe, versions }: CodeRouteNeeds): readonly Route[] {
  const route = (path: string, action: Route["action"], handle: Route["handle"]): Route => ({
    method: "GET",
    path,
    roles: CODE_READERS,
    action,
    objectType: "code-set",
    handle,
  });
  return [
    {
      ...route("/api/codes/search", "search", async ({ query }) => {
        const text = query.get("q") ?? "";
        const date = query.get("date") ?? today();
        const named = query.getAll("system").map((one) => systemNamed(one));
        if (text.trim() === "") return refuse({ code: "REQUEST_INVALID", place: "q", detail: "q has nothing to look for" });
        if (!isDay(date)) return refuse({ code: "REQUEST_INVALID", place: "date", detail: "date is not a day (YYYY-MM-DD)" });
        if (named.includes(undefined))
          return refuse({ code: "REQUEST_INVALID", place: "system", detail: `system is none of ${Object.keys(SYSTEM_URLS).join(", ")}` });
        const systems = named.filter((one) => one !== undefined);
        const limit = Math.min(Math.max(Number(query.get("limit") ?? LIMIT.usual) || LIMIT.usual, 1), LIMIT.most);
        const found = await search({
          text,
          date,
          limit,
          validOnly: query.get("all") !== "true",
          ...(systems.length === 0 ? {} : { systems }),
        });
        return { status: 200, body: { date, codes: found.map(hit) } };
      }),
      query: ["q", "date", "system", "limit", "all"],
    },
    route("/api/codes/:system/:code", "read", async ({ params, query }) => {
      const system = systemNamed(params["system"] ?? "");
      const date = query.get("date") ?? today();
      if (!isDay(date)) return refuse({ code: "REQUEST_INVALID", place: "date", detail: "date is not a day (YYYY-MM-DD)" });
      const described = system === undefined ? undefined : await describe(system, bare(params["code"] ?? ""), date);
      if (described === undefined) return refuse({ code: "NOT_FOUND" });
      return { status: 200, body: described };
    }),
    route("/api/code-sets", "search", async () => ({ status: 200, body: await versions() })),
  ];
}
