/**
 * Who may do what is decided by role; every person and machine has at least one. `confidential` opens no route by itself: it is given
 * on top of another, to read accounts and documents that are labelled so.
 */
export const ROLES = [
  "admin",
  "analyst",
  "coder",
  "supervisor",
  "auditor",
  "billing",
  "source",
  "encoder",
  "external-coder",
  "monitor",
  "confidential",
] as const;
export type Role = (typeof ROLES)[number];

export interface Caller {
  readonly userId: string;
  readonly name: string;
  readonly roles: readonly Role[];
}

export interface Call {
  /** Absent only on public routes. */
  readonly caller: Caller | undefined;
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly header: (name: string) => string | undefined;
  /** Parsed JSON (`application/json`, `application/fhir+json`) or form fields; read only after authentication. */
  readonly body: unknown;
  /** The bytes of the body as they came. */
  readonly rawBody: Buffer;
  readonly requestId: string;
}

export interface Answer {
  readonly status: number;
  readonly body?: unknown;
  /** In place of `body`: bytes of another content type. */
  readonly raw?: { readonly type: string; readonly bytes: Buffer };
  readonly headers?: Readonly<Record<string, string>>;
  /** For the audit event: what was touched. */
  readonly object?: { readonly type: string; readonly id: string };
}

/**
 * One row of the route x role table. The server registers nothing that is not such a row, so a route cannot exist without
 * its roles and its audit action.
 */
export interface Route {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** Express 5 path; a literal `$` is fine: `/fhir/R4/$process-message`. */
  readonly path: string;
  readonly roles: readonly Role[] | "public";
  readonly action: "create" | "read" | "search" | "update" | "delete" | "execute" | "login";
  /** What the audit event says was touched: a FHIR type or `work-item`. */
  readonly objectType: string;
  /** Parameters that the query of a list may have; none when absent. Another would be passed over in silence, so it is refused. */
  readonly query?: readonly string[];
  /** The body is no JSON and is given as bytes only. */
  readonly rawBody?: true;
  readonly handle: (call: Call) => Promise<Answer>;
}
