import { z } from "zod";
import type { ShownChart } from "#src/charts/confidential.ts";
import { FAILURES, type FailureCode } from "#src/base/failures.ts";
import type { CodingDesk } from "#src/coding/coding-desk.pg.ts";
import { EDITS } from "#src/coding/edits/registry.ts";
import { encoderMessage } from "#src/coding/encoder-port.pg.ts";
import { judge, mayPass } from "#src/coding/overrides.ts";
import { codeSubmission } from "#src/coding/submission.ts";
import type { Suggestion } from "#src/coding/suggestions.ts";
import type { ChartView } from "../charts/view.ts";
import type { Answer, Call, Role, Route } from "../route.ts";

/** Whoever may hold a lease, and the auditor who codes beside the coder. */
const CODERS: readonly Role[] = ["coder", "supervisor", "auditor", "external-coder", "admin"];
const VERSION_READERS: readonly Role[] = ["coder", "supervisor", "auditor", "admin"];
const RULE_READERS: readonly Role[] = ["coder", "supervisor", "auditor", "analyst", "admin"];
const ENCODERS: readonly Role[] = ["encoder"];
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const DAY_MS = 86_400_000;
const MOST = 200;

const refuse = (code: FailureCode, place?: string): Answer => ({
  status: FAILURES[code].http,
  body: { code, message: FAILURES[code].text, ...(place === undefined ? {} : { place }) },
});
const invalid = (error: z.ZodError): Answer => ({
  status: 400,
  body: {
    code: "REQUEST_INVALID",
    message: FAILURES.REQUEST_INVALID.text,
    faults: error.issues.map(({ path, message }) => ({ place: path.join("."), message })),
  },
});

/** The item of the path, or the answer to a path that names none. */
const withItem =
  (handle: (id: string, call: Call) => Promise<Answer>) =>
  async (call: Call): Promise<Answer> => {
    const id = call.params["id"] ?? "";
    if (!UUID.test(id)) return refuse("NOT_FOUND");
    return { ...(await handle(id, call)), object: { type: "work-item", id } };
  };

/** What rests on a document or a resource that is withheld from this person would tell what it says. */
function isShown({ evidence }: Suggestion, { resources, withheld }: ShownChart): boolean {
  if (withheld === undefined) return true;
  if (withheld.account || evidence === undefined || evidence.kind === "charge") return !withheld.account;
  const place = evidence.kind === "document" ? `DocumentReference/${evidence.documentId}` : evidence.resource;
  const resource = resources.find((one) => `${one.resourceType}/${one.id ?? ""}` === place);
  return resource !== undefined && ("status" in resource || "code" in resource);
}

const codesBody = z.strictObject({ codes: codeSubmission });

/** Findings while coding, suggestions, versions and their differences, what edits came to, and the port of an encoder. */
export function codingRoutes(desk: CodingDesk, view: ChartView): readonly Route[] {
  const item = (
    method: Route["method"],
    path: string,
    action: Route["action"],
    roles: readonly Role[],
    handle: (id: string, call: Call) => Promise<Answer>,
  ): Route => ({
    method,
    path: `/api/${path}`,
    roles,
    action,
    objectType: "work-item",
    handle: withItem(handle),
  });
  return [
    item("POST", "work-items/:id/findings", "execute", CODERS, async (id, { body }) => {
      const parsed = codesBody.safeParse(body);
      if (!parsed.success) return invalid(parsed.error);
      const findings = await desk.findings(id, parsed.data.codes);
      if (findings === undefined) return refuse("NOT_FOUND");
      const judged = judge(findings, parsed.data.codes.overrides);
      return {
        status: 200,
        body: { id, mayPass: mayPass(judged), findings: judged.map(({ finding, outcome }) => ({ ...finding, outcome })) },
      };
    }),
    item("POST", "work-items/:id/drg", "execute", CODERS, async (id, { body }) => {
      const parsed = codesBody.safeParse(body);
      if (!parsed.success) return invalid(parsed.error);
      const answer = await desk.group(id, parsed.data.codes);
      return answer === undefined ? refuse("NOT_FOUND") : { status: 200, body: { id, ...answer } };
    }),
    item("GET", "work-items/:id/suggestions", "read", CODERS, async (id, { caller }) => {
      const suggestions = await desk.suggestions(id);
      const found = await desk.item(id);
      if (suggestions === undefined || found === undefined) return refuse("NOT_FOUND");
      const chart = view.show(caller, found.chart);
      return { status: 200, body: { id, suggestions: suggestions.filter((one) => isShown(one, chart)) } };
    }),
    item("GET", "work-items/:id/versions", "read", VERSION_READERS, async (id) => ({
      status: 200,
      body: { id, versions: await desk.versions(id) },
    })),
    item("GET", "work-items/:id/versions/:from/diff/:to", "read", VERSION_READERS, async (id, { params }) => {
      const changes = await desk.diff(id, Number(params["from"]), Number(params["to"]));
      return changes === undefined ? refuse("NOT_FOUND") : { status: 200, body: { id, changes } };
    }),
    {
      method: "GET",
      path: "/api/edits",
      query: ["days"],
      roles: RULE_READERS,
      action: "search",
      objectType: "edit",
      handle: async ({ query }) => {
        const days = Math.min(Math.max(Number(query.get("days") ?? 90) || 90, 1), 3_660);
        const counted = new Map((await desk.statistics(new Date(Date.now() - days * DAY_MS))).map((one) => [one.rule, one]));
        const own = EDITS.map(({ id, version, title, severity, streams, citation, waitsFor }) => ({
          id,
          version,
          title,
          severity,
          streams,
          citation,
          waitsFor,
          fired: counted.get(id),
        }));
        const others = [...counted.values()]
          .filter(({ rule }) => !EDITS.some(({ id }) => id === rule))
          .map((fired) => ({ id: fired.rule, fired }));
        return { status: 200, body: { days, edits: [...own, ...others] } };
      },
    },
    {
      method: "GET",
      path: "/api/edits/:rule/overrides",
      roles: ["admin", "auditor", "supervisor"],
      action: "search",
      objectType: "edit",
      handle: async ({ params }) => ({ status: 200, body: { overrides: await desk.overrides(params["rule"] ?? "", MOST) } }),
    },
    {
      method: "GET",
      path: "/api/encoder/items",
      roles: ENCODERS,
      action: "search",
      objectType: "work-item",
      handle: async ({ caller }) => ({ status: 200, body: { items: await desk.waiting(caller?.name ?? "encoder", MOST) } }),
    },
    item("GET", "encoder/items/:id", "read", ENCODERS, async (id, { caller }) => {
      const found = await desk.item(id);
      return found === undefined ? refuse("NOT_FOUND") : { status: 200, body: { ...found, chart: view.show(caller, found.chart) } };
    }),
    item("POST", "encoder/items/:id/suggestions", "create", ENCODERS, async (id, { body, caller }) => {
      const parsed = encoderMessage.safeParse(body);
      if (!parsed.success) return invalid(parsed.error);
      const ids = await desk.suggest(id, caller?.name ?? "encoder", parsed.data);
      return ids === undefined ? refuse("NOT_FOUND") : { status: 201, body: { id, suggestionIds: ids } };
    }),
    {
      method: "GET",
      path: "/api/encoder/results",
      query: ["after"],
      roles: ENCODERS,
      action: "search",
      objectType: "work-item",
      handle: async ({ query, caller }) => {
        const after = new Date(query.get("after") ?? 0);
        if (Number.isNaN(after.getTime())) return refuse("REQUEST_INVALID", "after");
        return { status: 200, body: { results: await desk.results(caller?.name ?? "encoder", after, MOST) } };
      },
    },
  ];
}
