import type { DocumentReference } from "@medplum/fhirtypes";
import { z } from "zod";
import { FAILURES, type FailureCode } from "#src/base/failures.ts";
import { documentLabels } from "#src/charts/confidential.ts";
import { diffCharts } from "#src/charts/diff.ts";
import { contentsOf, safeHeaders } from "#src/charts/documents/attachments.ts";
import type { DocumentText } from "#src/charts/documents/document-text.pg.ts";
import { NO_TEXT_REASONS } from "#src/charts/documents/extract.ts";
import { findWords, wordsOf } from "#src/charts/documents/search.ts";
import type { ChartHistory, findAccounts } from "#src/charts/history.pg.ts";
import { type ChartSnapshot, ofType } from "#src/charts/snapshot.ts";
import type { Answer, Call, Caller, Role, Route } from "../route.ts";
import { type ChartView, mayReadConfidential } from "./view.ts";

export interface ChartRouteNeeds {
  readonly find: (number: string) => ReturnType<typeof findAccounts>;
  readonly history: (accountId: string) => Promise<ChartHistory | undefined>;
  /** As of a version; of now when none is named. */
  readonly chart: (accountId: string, version?: number) => Promise<ChartSnapshot | undefined>;
  readonly texts: (accountId: string, documents: readonly DocumentReference[]) => Promise<readonly DocumentText[]>;
  readonly view: ChartView;
}

const READ_CHARTS: readonly Role[] = ["coder", "admin"];
const READ_HISTORY: readonly Role[] = ["coder", "admin", "analyst", "auditor"];
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

const refuse = (code: FailureCode, place?: string, detail?: string): Answer => ({
  status: FAILURES[code].http,
  body: { code, message: detail ?? FAILURES[code].text, ...(place === undefined ? {} : { place }) },
});

const has = (caller: Caller | undefined, roles: readonly Role[]): boolean => caller?.roles.some((role) => roles.includes(role)) ?? false;
const searchBody = z.strictObject({ number: z.string().min(1).max(100) });
const wordsBody = z.strictObject({ words: z.string().min(1).max(500) });

/** A version's number in the query; undefined when there is none, null when it is no number. */
function versionIn(query: URLSearchParams, name: string): number | null | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  return /^\d{1,9}$/.test(text) ? Number(text) : null;
}

/** What coders and supervisors read of charts: the chart, its past, its documents. */
export function chartRoutes(needs: ChartRouteNeeds): readonly Route[] {
  const { find, history, chart, texts, view } = needs;
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
    objectType: "account",
    handle: async (call) => {
      const id = call.params["id"];
      if (id !== undefined && !UUID.test(id)) return refuse("NOT_FOUND");
      const answer = await handle(call);
      return { ...answer, ...(id === undefined ? {} : { object: { type: "account", id } }) };
    },
  });
  const idIn = ({ params }: Call): string => params["id"] ?? "";
  /** A document of the chart of now, if the caller may read it. */
  const documentFor = async (call: Call): Promise<{ readonly document: DocumentReference } | { readonly refusal: Answer }> => {
    const now = await chart(idIn(call));
    const document = now && ofType(now, "DocumentReference").find(({ id }) => id === call.params["docId"]);
    if (now === undefined || document === undefined) return { refusal: refuse("NOT_FOUND") };
    const held = view.show(call.caller, now).withheld?.account === true || documentLabels(document, view.rulesOf(now.feed)).length > 0;
    return held && !mayReadConfidential(call.caller)
      ? { refusal: refuse("NOT_ALLOWED", "document", "the document is confidential: reading it needs the role confidential") }
      : { document };
  };

  return [
    route("POST", "/api/accounts/search", "search", READ_HISTORY, async ({ body }) => {
      const parsed = searchBody.safeParse(body);
      if (!parsed.success) return refuse("REQUEST_INVALID", "number");
      return { status: 200, body: { accounts: await find(parsed.data.number.trim()) } };
    }),
    route("GET", "/api/accounts/:id", "read", READ_CHARTS, async (call) => {
      const now = await chart(idIn(call));
      return now === undefined ? refuse("NOT_FOUND") : { status: 200, body: view.present(call.caller, now) };
    }),
    route("GET", "/api/accounts/:id/history", "read", READ_HISTORY, async (call) => {
      const id = idIn(call);
      const [version, from, to] = ["version", "from", "to"].map((name) => versionIn(call.query, name));
      if (version === null || from === null || to === null) return refuse("REQUEST_INVALID", "version", "a version is a whole number");
      const past = await history(id);
      if (past === undefined) return refuse("NOT_FOUND");
      if (version === undefined && from === undefined && to === undefined) return { status: 200, body: past };
      if (!has(call.caller, READ_CHARTS)) return refuse("NOT_ALLOWED", "version", "your role sees which versions there are, not the chart");
      const now = await chart(id);
      if (now === undefined) return refuse("NOT_FOUND");
      if (version !== undefined) {
        const one = await chart(id, version);
        return one === undefined ? refuse("NOT_FOUND", "version") : { status: 200, body: view.present(call.caller, one, now) };
      }
      const [older, newer] = await Promise.all([chart(id, from ?? 0), chart(id, to ?? past.version)]);
      if (older === undefined || newer === undefined) return refuse("NOT_FOUND", older === undefined ? "from" : "to");
      const changes = diffCharts(view.show(call.caller, older, now).resources, view.show(call.caller, newer, now).resources);
      const between = past.versions.filter(
        (made) => made.version > Math.min(older.version, newer.version) && made.version <= Math.max(older.version, newer.version),
      );
      return { status: 200, body: { accountId: id, from: older.version, to: newer.version, versions: between, changes } };
    }),
    route("GET", "/api/accounts/:id/documents/:docId", "read", READ_CHARTS, async (call) => {
      const found = await documentFor(call);
      if ("refusal" in found) return found.refusal;
      const contents = contentsOf(found.document);
      const content = contents[Number(call.query.get("content") ?? 0)];
      if (content === undefined) return refuse("NOT_FOUND", "content");
      if (call.query.get("as") === "text") {
        const one = (await texts(idIn(call), [found.document])).find((text) => text.content === content.index);
        if (one === undefined || "reason" in one.extracted)
          return refuse(
            "NOT_FOUND",
            "content",
            one === undefined || !("reason" in one.extracted) ? undefined : NO_TEXT_REASONS[one.extracted.reason],
          );
        const headers = safeHeaders({ contentType: "text/plain", index: content.index });
        return { status: 200, raw: { type: "text/plain; charset=utf-8", bytes: Buffer.from(one.extracted.text) }, headers };
      }
      if (content.bytes === undefined)
        return refuse("NOT_FOUND", "content", NO_TEXT_REASONS[content.url === undefined ? "EMPTY" : "ELSEWHERE"]);
      const type = content.contentType === "text/plain" ? "text/plain; charset=utf-8" : content.contentType;
      return { status: 200, raw: { type, bytes: content.bytes }, headers: safeHeaders(content) };
    }),
    route("POST", "/api/accounts/:id/documents/search", "search", READ_CHARTS, async (call) => {
      const parsed = wordsBody.safeParse(call.body);
      if (!parsed.success) return refuse("REQUEST_INVALID", "words");
      const now = await chart(idIn(call));
      if (now === undefined) return refuse("NOT_FOUND");
      const rules = view.rulesOf(now.feed);
      const documents = ofType(now, "DocumentReference");
      const whole = view.show(call.caller, now).withheld?.account === true;
      const readable = documents.filter(
        (document) => mayReadConfidential(call.caller) || (!whole && documentLabels(document, rules).length === 0),
      );
      const words = wordsOf(parsed.data.words);
      const read = await texts(idIn(call), readable);
      const found = read.flatMap(({ documentId, content, contentType, extracted }) => {
        const hit = "text" in extracted ? findWords(extracted.text, words) : undefined;
        return hit === undefined ? [] : [{ documentId, content, contentType, ...hit }];
      });
      const notSearched = read.flatMap(({ documentId, content, contentType, extracted }) =>
        "text" in extracted
          ? []
          : [{ documentId, content, contentType, reason: extracted.reason, message: NO_TEXT_REASONS[extracted.reason] }],
      );
      return { status: 200, body: { found, notSearched, withheld: documents.length - readable.length } };
    }),
  ];
}
