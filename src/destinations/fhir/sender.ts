import type { Bundle, Claim, MessageHeader, OperationOutcome, Resource, Task } from "@medplum/fhirtypes";
import type { FailureCode } from "#src/base/failures.ts";
import { fail, ok, type Result } from "#src/base/result.ts";
import type { FhirDestination } from "#src/config/destination.ts";
import type { Recorder } from "../attempt.ts";
import { type Classified, classifyStatus } from "../classify.ts";
import { readOutcome, type Said } from "../outcome.ts";
import type { ClaimToSend, Found, Sender, Sending, Sent, Way } from "../sender.ts";
import { createAnswerSearch } from "./answer-search.ts";
import { type Capabilities, choosePlan, isSettled, type Plan } from "./capabilities.ts";
import { chargeCalls } from "./charge-items.ts";
import { digestId } from "./message-id.ts";
import { createFhirPeer, type FhirPeer } from "./peer.ts";
import { identifierQuery, keyOf, lookUpIdentifier, renameSystems, withContained } from "./references.ts";
import { createStatement } from "./statement.ts";
import { completedTask, pickTask } from "./task.ts";
import { conditionalTargets, loneTransaction, messageOf, transactionOf } from "./transaction.ts";

type Send = (sending: Sending, plan: Plan) => Promise<Sent>;

/** Where the resources are at the server, by identifier; those that are not there are missing from the map. */
async function lookUp(peer: FhirPeer, resources: readonly Resource[], record: Recorder): Promise<Result<Map<string, string>, Classified>> {
  const found = new Map<string, string>();
  for (const resource of resources) {
    if (lookUpIdentifier(resource) === undefined) continue;
    const at = await peer.find(resource, record);
    if (!at.ok) return at;
    if (at.value !== undefined) found.set(keyOf(resource), at.value);
  }
  return ok(found);
}

/** Those of `resources` that something refers to, from the claim on. */
function reachedFrom(claim: Claim, resources: readonly Resource[]): readonly Resource[] {
  const reached = new Set<Resource>();
  const look = (from: Resource): void => {
    const text = JSON.stringify(from);
    for (const one of resources)
      if (!reached.has(one) && text.includes(`"${keyOf(one)}`)) {
        reached.add(one);
        look(one);
      }
  };
  look(claim);
  return [...reached];
}

/** The claim with its references as the plan says: contained, by the server's ids, or by condition. */
async function referring(
  peer: FhirPeer,
  { claim, referenced }: ClaimToSend,
  plan: Plan,
  record: Recorder,
): Promise<Result<Claim, Classified>> {
  if (plan.references === "contained") return ok(withContained(claim, referenced, new Map()));
  const elsewhere =
    plan.references === "conditional" ? ok(new Map(conditionalTargets(referenced))) : await lookUp(peer, referenced, record);
  if (!elsewhere.ok) return elsewhere;
  const missing = reachedFrom(
    claim,
    referenced.filter((one) => !elsewhere.value.has(keyOf(one))),
  );
  // What has no identifier cannot be looked for anywhere: it goes along.
  const notThere = missing.some((one) => lookUpIdentifier(one) !== undefined);
  return notThere && !plan.containWhatIsMissing ? fail({ code: "PEER_LACKS_TARGET" }) : ok(withContained(claim, missing, elsewhere.value));
}

interface EntryAnswer {
  readonly status: number;
  readonly said: Said | undefined;
}

/**
 * What the entries of a transaction came to. A server without atomic transactions answers 200 with failed entries inside.
 * @param tell hears of the entry that failed
 */
function transactionOutcome(body: unknown, wanted: number, tell: (entry: EntryAnswer, code: FailureCode) => void): Sent {
  const entries = (body as Bundle | undefined)?.entry ?? [];
  const answers = entries.map(({ response }): EntryAnswer => {
    const { status, outcome } = response ?? {};
    return { status: Number.parseInt(status ?? "", 10), said: readOutcome(outcome) };
  });
  const last = entries.at(-1);
  const location =
    /(?:^|\/)(Claim\/[^/]+)/.exec(last?.response?.location ?? "")?.[1] ??
    (last?.resource?.resourceType === "Claim" && last.resource.id !== undefined ? `Claim/${last.resource.id}` : undefined);
  // The claim is the last entry: when it is there, it is delivered, whatever else is said.
  if (entries.length === wanted && location !== undefined && (answers.at(-1)?.status ?? 999) < 300) return ok({ location });
  const failed = answers.find(({ status }) => !(status < 300));
  const code = failed === undefined || Number.isNaN(failed.status) ? "PEER_NO_ANSWER" : classifyStatus(failed.status);
  tell(failed ?? { status: Number.NaN, said: undefined }, code);
  return fail({ code });
}

const sendTransaction =
  (peer: FhirPeer, now: () => number): Send =>
  async ({ content, record }, plan) => {
    const { claim, referenced } = content;
    const conditional = plan.guard === "conditional-create";
    let bundle: Bundle;
    if (plan.references === "entries") bundle = transactionOf(claim, referenced, conditional);
    else {
      const made = await referring(peer, content, plan, record);
      if (!made.ok) return made;
      bundle = loneTransaction(made.value, claim.id ?? "", conditional);
    }
    const answered = await peer.ask({ kind: "transaction", path: "", body: bundle, writes: true }, record);
    if (!answered.ok) return answered;
    return transactionOutcome(answered.value.body, bundle.entry?.length ?? 0, ({ status, said }, code) => {
      const moment = new Date(now());
      record({
        request: "transaction",
        startedAt: moment,
        endedAt: moment,
        code,
        ...(Number.isNaN(status) ? {} : { status: String(status) }),
        ...(said === undefined ? {} : { said }),
      });
    });
  };

const sendClaim =
  (peer: FhirPeer): Send =>
  async ({ content, record }, plan) => {
    const body = await referring(peer, content, plan, record);
    if (!body.ok) return body;
    const identifier = plan.guard === "conditional-create" ? lookUpIdentifier(content.claim) : undefined;
    const headers = {
      prefer: "return=minimal",
      ...(identifier === undefined ? {} : { "if-none-exist": identifierQuery(identifier) }),
    };
    const answered = await peer.ask({ kind: "create", path: "/Claim", body: body.value, headers, writes: true }, record);
    if (!answered.ok) return answered;
    const { location, body: said } = answered.value;
    const own = said as { resourceType?: unknown; id?: unknown } | undefined;
    const at = location("Claim") ?? (own?.resourceType === "Claim" && typeof own.id === "string" ? `Claim/${own.id}` : undefined);
    return ok(at === undefined ? {} : { location: at });
  };

/** MessageHeader.response of the answer (R4 messaging, 2.4.3): `ok`, `transient-error` (send again), `fatal-error` (do not). */
function messageOutcome(body: unknown): Sent {
  const header = (body as Bundle | undefined)?.entry?.find(
    (one): one is { resource: MessageHeader } => one.resource?.resourceType === "MessageHeader",
  )?.resource;
  const code = header?.response?.code;
  if (code === "fatal-error") return fail({ code: "PEER_REFUSED" });
  if (code === "transient-error") return fail({ code: "PEER_UNAVAILABLE" });
  return ok({});
}

const outcomesIn = (body: unknown): readonly OperationOutcome[] =>
  ((body as Bundle | undefined)?.entry ?? []).flatMap(({ resource }) => (resource?.resourceType === "OperationOutcome" ? [resource] : []));

const sendMessage =
  (peer: FhirPeer, now: () => number): Send =>
  async ({ content, taken, record }) => {
    const { claim, referenced } = content;
    const id = digestId(claim.id ?? "", taken.destination, String(taken.sending));
    const at = claim.created;
    const bundle = messageOf(claim, referenced, { id, at, source: "urn:chartbridge", destination: peer.base });
    const answered = await peer.ask({ kind: "process-message", path: "/$process-message", body: bundle, writes: true }, record);
    if (!answered.ok) return answered;
    const came = messageOutcome(answered.value.body);
    const [outcome] = outcomesIn(answered.value.body);
    if (!came.ok) {
      const said = readOutcome(outcome);
      const moment = new Date(now());
      record({
        request: "process-message",
        startedAt: moment,
        endedAt: moment,
        code: came.failure.code,
        ...(said === undefined ? {} : { said }),
      });
    }
    return came;
  };

/** The EHR's own patient and visit: a charge or a task belongs to both. */
async function patientAndVisit(
  peer: FhirPeer,
  { claim, referenced }: ClaimToSend,
  record: Recorder,
): Promise<Result<{ readonly patient: string; readonly encounter: string }, Classified>> {
  const visitRef = claim.item?.[0]?.encounter?.[0]?.reference;
  const resources = [claim.patient.reference, visitRef].map((reference) => referenced.find((one) => keyOf(one) === reference));
  const known = resources.filter((one) => one !== undefined);
  const at = await lookUp(peer, known, record);
  if (!at.ok) return at;
  const [patient, encounter] = resources.map((one) => (one === undefined ? undefined : at.value.get(keyOf(one))));
  return patient === undefined || encounter === undefined ? fail({ code: "PEER_LACKS_TARGET" }) : ok({ patient, encounter });
}

const sendCharges =
  (peer: FhirPeer): Send =>
  async ({ content, taken, parts, record }) => {
    // Charges have no versions: a replacement would post them a second time. A person credits the old ones.
    if (taken.frequency !== "1") return fail({ code: "STRATEGY_UNFIT" });
    const own = await patientAndVisit(peer, content, record);
    if (!own.ok) return own;
    const before = await parts.read();
    for (const { part, parameters } of chargeCalls(content.claim, taken.sending, own.value.patient, own.value.encounter)) {
      if (before.get(part) === "done") continue;
      await parts.begin(part);
      const answered = await peer.ask({ kind: "charge-item-create", path: "/ChargeItem/$create", body: parameters, writes: true }, record);
      if (!answered.ok) {
        const { code } = answered.failure;
        if (code !== "PEER_NO_ANSWER" && code !== "PEER_FAILED") await parts.undo(part);
        return answered;
      }
      await parts.finish(part);
    }
    return ok({ location: own.value.encounter });
  };

const sendTask =
  (peer: FhirPeer, taskCode: string | undefined): Send =>
  async ({ content, record }) => {
    const own = await patientAndVisit(peer, content, record);
    if (!own.ok) return own;
    const form = new URLSearchParams({ encounter: own.value.encounter, ...(taskCode === undefined ? {} : { code: taskCode }) });
    const found = await peer.ask({ kind: "look-up", path: "/Task/_search", form, writes: false }, record);
    if (!found.ok) return found;
    const tasks = ((found.value.body as Bundle | undefined)?.entry ?? []).flatMap(({ resource }): readonly Task[] =>
      resource?.resourceType === "Task" ? [resource] : [],
    );
    const picked = pickTask(tasks, content.claim);
    if (!picked.ok) return picked;
    const location = `Task/${picked.value.task.id ?? ""}`;
    if (picked.value.done) return ok({ location });
    const { task } = picked.value;
    const version = task.meta?.versionId;
    const answered = await peer.ask(
      {
        kind: "task-update",
        method: "PUT",
        path: `/${location}`,
        body: completedTask(task, content.claim),
        headers: version === undefined ? {} : { "if-match": `W/"${version}"` },
        writes: true,
        precondition: "PEER_CONFLICT",
      },
      record,
    );
    return answered.ok ? ok({ location }) : answered;
  };

/** Speaks to one FHIR server, as its settings and its CapabilityStatement say. */
export function createFhirSender(destination: FhirDestination, now: () => number): Sender {
  const peer = createFhirPeer(destination, now);
  const { systems, taskCode } = destination;
  const statement = createStatement(peer, now);
  const offered = async (record: Recorder): Promise<Result<Capabilities | undefined, Classified>> =>
    isSettled(destination) ? ok(undefined) : statement.read(record);
  const senders: Readonly<Record<Plan["strategy"], Send>> = {
    transaction: sendTransaction(peer, now),
    claim: sendClaim(peer),
    "process-message": sendMessage(peer, now),
    "charge-items": sendCharges(peer),
    task: sendTask(peer, taskCode),
  };
  const way = async (original: Sending): Promise<Result<Way, Classified>> => {
    const sending = { ...original, content: renameSystems(original.content, systems) };
    const { content, record, parts } = sending;
    const can = await offered(record);
    if (!can.ok) return can;
    const plan = choosePlan(destination, can.value, [...new Set(content.referenced.map(({ resourceType }) => resourceType))]);
    if (!plan.ok) {
      statement.doubt();
      return plan;
    }
    const { strategy, guard } = plan.value;
    const asks = guard === "search" || (guard === "conditional-create" && (can.value?.findsByIdentifier("Claim") ?? true));
    const find = (): Promise<Found> => peer.find(content.claim, record);
    return ok({
      guard,
      ...(asks ? { find } : {}),
      ...(strategy === "charge-items" ? { certain: async () => ![...(await parts.read()).values()].includes("begun") } : {}),
      send: async () => {
        const sent = await senders[strategy](sending, plan.value);
        if (!sent.ok && sent.failure.code === "PEER_NOT_OFFERED") statement.doubt();
        // A server that says nothing of where it is: asked, where it can be.
        if (sent.ok && sent.value.location === undefined && asks) {
          const at = await find();
          if (at.ok && at.value !== undefined) return ok({ location: at.value });
        }
        return sent;
      },
    });
  };
  const answers = createAnswerSearch(destination, peer, statement);
  return { way, ...(answers === undefined ? {} : { answers }), close: () => Promise.resolve(peer.close()) };
}
