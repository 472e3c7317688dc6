import { FAILURES, type FailureCode } from "#src/base/failures.ts";
import type { Feed } from "#src/config/feed.ts";
import { charsetOfMime } from "#src/hl7v2/charsets.ts";
import type { Reply } from "#src/intake/accept.ts";
import type { Answer, Caller, Route } from "../route.ts";

export interface Hl7RouteNeeds {
  readonly feeds: readonly Feed[];
  readonly accept: (feed: Feed, bytes: Buffer, peer: string, charset: string | undefined) => Promise<Reply>;
}

/** Content types of HL7 v2 in its usual encoding (HAPI hl7-over-http; RFC 2046 for the bare one). */
const TYPES = new Set(["application/hl7-v2", "application/hl7-v2+er7", "x-application/hl7-v2+er7", "text/plain"]);

const problem = (status: number, code: FailureCode, message: string = FAILURES[code].text): Answer => ({ status, body: { code, message } });

/** A machine writes to the feed of its own name, or to the only one there is. */
const mayWrite = (caller: Caller | undefined, feed: Feed, feeds: readonly Feed[]): boolean =>
  caller !== undefined && (caller.roles.includes("admin") || caller.name === feed.name || feeds.length === 1);

/**
 * HL7 v2 over HTTP by the rules of HAPI's hl7-over-http: 2xx whenever an acknowledgement is given, AE and AR too; another status only
 * for trouble with the request, and then never with an HL7 body; the charset of the content type wins over MSH-18; the answer
 * has the content type of the request.
 */
export const hl7Routes = ({ feeds, accept }: Hl7RouteNeeds): readonly Route[] => [
  {
    method: "POST",
    path: "/hl7v2/:feed",
    roles: ["source", "admin"],
    action: "create",
    objectType: "message",
    rawBody: true,
    handle: async ({ caller, params, header, rawBody }) => {
      const feed = feeds.find((one) => one.name === params["feed"] && one.http);
      if (feed === undefined) return problem(404, "NOT_FOUND", "no feed of this name takes HL7 over HTTP");
      if (!mayWrite(caller, feed, feeds)) return problem(403, "NOT_ALLOWED", "this caller writes to another feed");
      const contentType = header("content-type") ?? "";
      const [type = "", ...parameters] = contentType.split(";").map((part) => part.trim());
      if (!TYPES.has(type.toLowerCase())) return problem(415, "REQUEST_INVALID", "the content type is not application/hl7-v2");
      const named = parameters.find((one) => /^charset=/i.test(one))?.slice("charset=".length);
      const charset = named === undefined ? undefined : charsetOfMime(named);
      if (named !== undefined && charset === undefined)
        return problem(415, "CHARSET_NOT_SUPPORTED", "the charset of the content type is not known");
      if (rawBody.length === 0) return problem(400, "FRAME_EMPTY", "the request has no body");
      const reply = await accept(feed, rawBody, caller?.name ?? "", charset);
      if (reply.kind === "close") return { ...problem(503, "STORE_DOWN"), headers: { "Retry-After": "5" } };
      const object = reply.recordId === undefined ? {} : { object: { type: "message", id: reply.recordId } };
      if (reply.kind === "answer") return { status: 200, raw: { type: contentType, bytes: reply.bytes }, ...object };
      // One request has one answer: who wants only the application's waits for it.
      const later = reply.later;
      if (later !== undefined) {
        const bytes = await later.bytes;
        if (bytes !== undefined) later.ended(true);
        return bytes === undefined ? { status: 202, ...object } : { status: 200, raw: { type: contentType, bytes }, ...object };
      }
      if (reply.verdict === "accepted" || reply.verdict === "duplicate") return { status: 204, ...object };
      return { ...problem(400, reply.failure?.code ?? "MESSAGE_UNREADABLE"), ...object };
    },
  },
];
