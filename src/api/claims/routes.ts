import { hash } from "node:crypto";
import type { Resource } from "@medplum/fhirtypes";
import { FAILURES } from "#src/base/failures.ts";
import { closedBundle } from "#src/claims/bundle.ts";
import type { OwnClaim } from "#src/claims/assemble.ts";
import { findingsOf } from "#src/claims/check-claim.ts";
import { readBill } from "#src/claims/form/read-bill.ts";
import { formPage } from "#src/claims/preview/form-page.ts";
import { STYLE } from "#src/claims/preview/html.ts";
import { write837 } from "#src/claims/preview/x12-837.ts";
import { SNIP_TYPES } from "#src/claims/readiness/readiness.ts";
import type { SandboxClaim } from "#src/claims/sandbox/sandbox.ts";
import { outcomeOf } from "#src/fhir/outcome.ts";
import type { Answer, Role, Route } from "../route.ts";

export interface ClaimRouteNeeds {
  /** A released claim and what it refers to, as it stood. */
  readonly claimBundle: (id: string) => Promise<Held | undefined>;
  /** The same with references to versions. */
  readonly servedBundle: (id: string) => Promise<Held | undefined>;
  /** Synthetic claims, every resource marked HTEST. */
  readonly sandbox: () => readonly SandboxClaim[];
}

const BILLING: readonly Role[] = ["billing", "admin"];
const READERS: readonly Role[] = ["billing", "admin", "auditor", "supervisor"];
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** No script, nothing from elsewhere, and only our own style: by its hash. */
const PAGE_POLICY = `default-src 'none'; style-src 'sha256-${hash("sha256", STYLE, "base64")}'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'`;
const KEEP_NOWHERE = { "Cache-Control": "no-store" } as const;

const missing: Answer = { status: 404, body: { code: "NOT_FOUND", message: FAILURES.NOT_FOUND.text } };
const fhirMissing: Answer = { status: 404, body: outcomeOf({ code: "NOT_FOUND" }) };

interface Held {
  readonly claim: OwnClaim;
  readonly referenced: readonly Resource[];
}

const text = (type: string, content: string, headers: Readonly<Record<string, string>> = {}): Answer => ({
  status: 200,
  raw: { type, bytes: Buffer.from(content) },
  headers: { ...KEEP_NOWHERE, ...headers },
});

const isTest = ({ claim }: Held): boolean => claim.meta?.security?.some(({ code }) => code === "HTEST") === true;
const preview = (held: Held): Answer =>
  text("text/html; charset=utf-8", formPage(readBill(held.claim, held.referenced), isTest(held)), {
    "Content-Security-Policy": PAGE_POLICY,
  });
const as837 = ({ claim, referenced }: Held): Answer =>
  text("application/edi-x12", write837(readBill(claim, referenced), claim.created), {
    "Content-Disposition": `attachment; filename="preview-${claim.id}.edi"`,
  });
const readiness = ({ claim, referenced }: Held): Answer => {
  const findings = findingsOf(claim, referenced);
  return { status: 200, body: { ready: findings.every(({ severity }) => severity !== "hard"), findings, coverage: SNIP_TYPES } };
};
const bundle = ({ claim, referenced }: Held): Answer => ({ status: 200, body: closedBundle(claim, referenced) });

/** Released claims to look at (`preview`, `837`, `readiness`, `$bundle`), and a sandbox of claims of people who are nowhere. */
export function claimRoutes({ claimBundle, servedBundle, sandbox }: ClaimRouteNeeds): readonly Route[] {
  const released = (path: string, roles: readonly Role[], show: (held: Held) => Answer, none = missing, of = claimBundle): Route => ({
    method: "GET",
    path,
    roles,
    action: "read",
    objectType: "Claim",
    handle: async ({ params }) => {
      const id = params["id"] ?? "";
      const held = UUID.test(id) ? await of(id) : undefined;
      return held === undefined ? none : { ...show(held), object: { type: "Claim", id } };
    },
  });
  const synthetic = (path: string, show: (held: Held) => Answer, none: Answer): Route => ({
    method: "GET",
    path,
    roles: BILLING,
    action: "read",
    objectType: "Claim",
    handle: ({ params }) => {
      const held = sandbox().find(({ claim }) => claim.id === params["id"]);
      return Promise.resolve(held === undefined ? none : show(held));
    },
  });
  return [
    released("/api/claims/:id/preview", READERS, preview),
    released("/api/claims/:id/837", READERS, as837),
    released("/api/claims/:id/readiness", READERS, readiness),
    released("/fhir/R4/Claim/:id/$bundle", BILLING, bundle, fhirMissing, servedBundle),
    {
      method: "GET",
      path: "/sandbox/fhir/R4/Claim",
      roles: BILLING,
      action: "search",
      objectType: "Claim",
      handle: () => {
        const all = sandbox();
        return Promise.resolve({
          status: 200,
          body: {
            resourceType: "Bundle",
            type: "searchset",
            total: all.length,
            entry: all.map(({ claim }) => ({ fullUrl: `urn:uuid:${claim.id}`, resource: claim, search: { mode: "match" } })),
          },
        });
      },
    },
    synthetic("/sandbox/fhir/R4/Claim/:id", ({ claim }) => ({ status: 200, body: claim }), fhirMissing),
    synthetic("/sandbox/fhir/R4/Claim/:id/$bundle", bundle, fhirMissing),
    synthetic("/sandbox/api/claims/:id/preview", preview, missing),
    synthetic("/sandbox/api/claims/:id/837", as837, missing),
  ];
}
