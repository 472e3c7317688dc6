import { describe, expect, it } from "vitest";
import { createBreaker } from "#src/destinations/breaker.ts";
import { classifyNoAnswer, classifyStatus, retryAfterMs, waitBefore } from "#src/destinations/classify.ts";
import { type Delivered, deliverClaim } from "#src/destinations/deliver.ts";
import { choosePlan, readCapabilities } from "#src/destinations/fhir/capabilities.ts";
import { withContained } from "#src/destinations/fhir/references.ts";
import { readOutcome } from "#src/destinations/outcome.ts";
import type { Sent, Way } from "#src/destinations/sender.ts";
import { PERSONALITIES, type PersonalityName, statementOf } from "#src/destinations/stand-in/personality.ts";
import { fail, ok } from "#src/base/result.ts";
import { faultsOf } from "#src/fhir/validate.ts";
import { claimOf, referenced } from "./line.ts";

describe("an answer of a FHIR server", () => {
  it.each([
    [302, "PEER_MISCONFIGURED"],
    [400, "PEER_REFUSED"],
    [401, "PEER_FORBIDS"],
    [403, "PEER_FORBIDS"],
    [405, "PEER_NOT_OFFERED"],
    [408, "PEER_NO_ANSWER"],
    [409, "PEER_CONFLICT"],
    [412, "PEER_HAS_SEVERAL"],
    [422, "PEER_REFUSED"],
    [429, "PEER_THROTTLED"],
    [500, "PEER_FAILED"],
    [501, "PEER_NOT_OFFERED"],
    [502, "PEER_FAILED"],
    [503, "PEER_UNAVAILABLE"],
    [504, "PEER_NO_ANSWER"],
  ] as const)("%i means %s", (status, code) => expect(classifyStatus(status)).toBe(code));

  it("that never came is ambiguous once there was a connection, and harmless before", () => {
    expect(classifyNoAnswer({ mayHaveArrived: false, code: "ECONNREFUSED" })).toEqual({ code: "PEER_UNAVAILABLE" });
    expect(classifyNoAnswer({ mayHaveArrived: true, code: "ECONNRESET" })).toEqual({ code: "PEER_NO_ANSWER" });
  });

  it("says in seconds, as a date, or as a rate limit when to come back", () => {
    const at = Date.parse("2026-03-04T12:00:00Z");
    const headers = (entries: Record<string, string>) => (name: string) => entries[name] ?? null;
    expect(retryAfterMs(headers({ "retry-after": "7" }), at)).toBe(7_000);
    expect(retryAfterMs(headers({ "retry-after": "Wed, 04 Mar 2026 12:00:30 GMT" }), at)).toBe(30_000);
    expect(retryAfterMs(headers({ ratelimit: '"requests";r=0;t=59' }), at)).toBe(59_000);
    expect(retryAfterMs(headers({}), at)).toBeUndefined();
  });

  it("is waited for longer each time, up to a quarter of an hour, and never shorter than asked", () => {
    expect([1, 2, 3].map((attempt) => waitBefore(attempt, undefined, 0.5))).toEqual([1_000, 2_000, 4_000]);
    expect(waitBefore(40, undefined, 0.5)).toBe(900_000);
    expect(waitBefore(1, 60_000, 0.5)).toBe(60_000);
  });

  it("names elements in clear, and keeps what may quote a patient as words", () => {
    const said = readOutcome({
      resourceType: "OperationOutcome",
      issue: [
        { severity: "error", code: "invalid", expression: ["Claim.item[3].net"], diagnostics: "JANE DOE owes" },
        { severity: "error", code: "value", location: ["/f:Claim/f:item[1]/f:revenue"] },
        { severity: "warning", code: "Doe, Jane", expression: ["Patient.where(name='DOE')"] },
      ],
    });
    expect(said?.issues).toEqual([
      { severity: "error", code: "invalid", expression: "Claim.item[3].net" },
      { severity: "error", code: "value", expression: "Claim.item[0].revenue" },
      { severity: "warning", code: "unknown" },
    ]);
    expect(JSON.stringify(said)).not.toMatch(/doe/i);
    expect(said?.words?.reveal()).toContain("JANE DOE owes");
    expect(readOutcome({ resourceType: "Bundle" })).toBeUndefined();
  });
});

describe("the way of a claim", () => {
  const types = ["Patient", "Encounter", "Coverage", "Organization"];
  const auto = { strategy: "auto", references: "auto", guard: "auto" } as const;
  const can = (name: PersonalityName) => readCapabilities(statementOf(PERSONALITIES[name]));

  it.each([
    ["open", { strategy: "transaction", references: "entries", guard: "conditional-create" }],
    ["searchable", { strategy: "claim", references: "logical", guard: "search" }],
    ["blind", { strategy: "claim", references: "contained", guard: "none" }],
    ["messaging", { strategy: "process-message", references: "entries", guard: "none" }],
    ["charges", { strategy: "charge-items", references: "logical", guard: "none" }],
    ["tasks", { strategy: "task", references: "logical", guard: "receiver" }],
  ] as const)("to a server that is %s is what its CapabilityStatement offers", (name, plan) => {
    expect(choosePlan(auto, can(name), types)).toMatchObject({ ok: true, value: plan });
  });

  it("is what the settings say, whatever the server says of itself", () => {
    const settings = { strategy: "claim", references: "conditional", guard: "none" } as const;
    expect(choosePlan(settings, can("open"), types)).toMatchObject({ ok: true, value: settings });
  });

  it("needs conditional create of every type to send them along, else they are referred to by condition or contained", () => {
    const server = { ...PERSONALITIES.open, creates: ["Claim"] };
    expect(choosePlan(auto, readCapabilities(statementOf(server)), types)).toMatchObject({ value: { references: "conditional" } });
    const mute = readCapabilities(statementOf({ ...server, identifierSearch: false }));
    expect(choosePlan(auto, mute, types)).toMatchObject({ value: { references: "contained", guard: "conditional-create" } });
  });

  it("does not exist where the server offers nothing", () => {
    const nothing = { ...PERSONALITIES.blind, creates: [] };
    expect(choosePlan(auto, readCapabilities(statementOf(nothing)), types)).toMatchObject({ failure: { code: "PEER_NOT_OFFERED" } });
    expect(readCapabilities({ resourceType: "Patient" })).toBeUndefined();
  });

  it("with everything contained is still a valid R4 Claim", () => {
    const claim = withContained(claimOf("55555555-5555-8555-8555-555555555555"), referenced, new Map());
    expect(claim.contained).toHaveLength(referenced.length);
    expect(claim.patient.reference).toBe("#11111111-1111-8111-8111-111111111111");
    expect(faultsOf(claim)).toEqual([]);
  });
});

describe("one try", () => {
  const taken = { claimId: "c", destination: "d", attempt: 1, strikes: 0, sending: 1, frequency: "1", unsureSince: undefined };
  const at = Date.parse("2026-03-04T12:00:00Z");
  const unsure = { ...taken, unsureSince: new Date(at - 10_000) };
  const went = async (way: Omit<Way, "send">, sent: Sent, of: typeof taken | typeof unsure = taken): Promise<[Delivered, number]> => {
    let sends = 0;
    const send = (): Promise<Sent> => {
      sends++;
      return Promise.resolve(sent);
    };
    return [await deliverClaim({ ...way, send }, of, { attempts: 5, settleMs: 30_000 }, () => at, 0.5), sends];
  };
  const lost: Sent = fail({ code: "PEER_NO_ANSWER" });
  const find = (location: string | undefined) => () => Promise.resolve(ok(location));

  it("without an answer waits for a person where nothing can be asked, and else is looked into", async () => {
    expect(await went({ guard: "none" }, lost)).toMatchObject([{ state: "unconfirmed", needsPerson: true }, 1]);
    expect(await went({ guard: "conditional-create" }, lost)).toMatchObject([{ state: "unconfirmed", needsPerson: false }, 1]);
  });

  it("after an unanswered one sends nothing where nothing can be asked", async () => {
    expect(await went({ guard: "none" }, ok({}), unsure)).toMatchObject([{ state: "unconfirmed", needsPerson: true }, 0]);
  });

  it("after an unanswered one sends where the ledger tells that nothing was begun", async () => {
    expect(await went({ guard: "none", certain: () => Promise.resolve(true) }, ok({}), unsure)).toMatchObject([{ kind: "confirmed" }, 1]);
  });

  it("does not trust a look-up before the server can have finished with the unanswered one", async () => {
    const early = await went({ guard: "search", find: find(undefined) }, ok({}), unsure);
    expect(early).toMatchObject([{ state: "unconfirmed", waitMs: 20_000, needsPerson: false }, 0]);
    const longAgo = { ...taken, unsureSince: new Date(at - 30_000) };
    expect(await went({ guard: "search", find: find(undefined) }, ok({}), longAgo)).toMatchObject([{ kind: "confirmed" }, 1]);
    expect(await went({ guard: "search", find: find("Claim/9") }, ok({}), unsure)).toMatchObject([{ location: "Claim/9" }, 0]);
  });

  it("looks before the first send, too, where looking is the only guard", async () => {
    expect(await went({ guard: "search", find: find("Claim/9") }, ok({}))).toMatchObject([{ location: "Claim/9" }, 0]);
  });

  it("keeps what is not known unconfirmed while the server cannot be asked", async () => {
    const away = () => Promise.resolve(fail({ code: "PEER_UNAVAILABLE" as const }));
    expect(await went({ guard: "search", find: away }, ok({}), unsure)).toMatchObject([{ state: "unconfirmed", mayHaveArrived: false }, 0]);
    expect(await went({ guard: "search", find: away }, ok({}))).toMatchObject([{ state: "pending" }, 0]);
  });
});

describe("a breaker", () => {
  it("opens after failures in a row, longer each time, and closes at the first success", () => {
    const breaker = createBreaker({ failures: 2, openMs: 1_000 });
    breaker.failed("PEER_UNAVAILABLE", 0);
    expect(breaker.admit(0)).toBe(true);
    breaker.failed("PEER_UNAVAILABLE", 0);
    expect([breaker.room(999), breaker.room(1_000)]).toEqual([0, 1]);
    expect([breaker.admit(1_000), breaker.admit(1_000)]).toEqual([true, false]);
    breaker.failed("PEER_NO_ANSWER", 1_000);
    expect([breaker.room(2_999), breaker.room(3_000)]).toEqual([0, 1]);
    expect(breaker.admit(3_000)).toBe(true);
    breaker.succeeded();
    expect(breaker.room(3_000)).toBe(Number.POSITIVE_INFINITY);
  });

  it("stays closed for what a server says about one claim", () => {
    const breaker = createBreaker({ failures: 1, openMs: 1_000 });
    for (let n = 0; n < 5; n++) breaker.failed("PEER_REFUSED", n);
    expect(breaker.status().state).toBe("closed");
  });

  it("only pauses for a server that asks to wait", () => {
    const breaker = createBreaker({ failures: 1, openMs: 1_000 });
    breaker.failed("PEER_THROTTLED", 0, 7_000);
    expect([breaker.status().state, breaker.room(6_999), breaker.room(7_000)]).toEqual(["closed", 0, Number.POSITIVE_INFINITY]);
  });

  it("gives its probe to another when the delivery that had it never began", () => {
    const breaker = createBreaker({ failures: 1, openMs: 1_000 });
    breaker.failed("PEER_UNAVAILABLE", 0);
    expect(breaker.admit(1_000)).toBe(true);
    breaker.unused();
    expect(breaker.admit(1_000)).toBe(true);
  });
});
