import { Phi } from "#src/base/phi.ts";
import { fail, ok } from "#src/base/result.ts";
import { REPLACEMENT, VOID } from "#src/claims/lifecycle/chain.ts";
import type { MllpDestination } from "#src/config/destination.ts";
import type { Attempt } from "../attempt.ts";
import type { Sender, Sending, Sent } from "../sender.ts";
import { connectMllp, type MllpConnection, type SendFailure } from "./client.net.ts";
import { hl7Content } from "./content.ts";
import { writeMessage } from "./write-thread.ts";

const ACCEPTED: ReadonlySet<string> = new Set(["AA", "CA"]);
const CORRECTS: ReadonlySet<string> = new Set([REPLACEMENT, VOID]);
const REFUSED: ReadonlySet<string> = new Set(["AE", "AR", "CE", "CR"]);

/** MSH-10 holds 20 characters (v2.5.1): the claim's number, and which sending of it when a person had it sent again. */
const controlIdOf = ({ content, taken }: Sending): string => {
  const number = content.claim.identifier?.[0]?.value ?? taken.claimId.replaceAll("-", "");
  return `${number.slice(0, 17)}${taken.sending === 1 ? "" : `.${taken.sending}`}`.slice(0, 20);
};

/** Speaks HL7 v2 to one receiver over a connection that is kept, one message in flight; an answer counts when its MSA-2 is what we sent. */
export function createMllpSender(destination: MllpDestination, now: () => number): Sender {
  const { host, port, timeoutMs, tls, guard } = destination;
  let connection: MllpConnection | undefined;

  const connected = async (): Promise<MllpConnection | undefined> => {
    if (connection?.open === true) return connection;
    const made = await connectMllp({ host, port, timeoutMs, ...(tls === undefined ? {} : { tls: tls === true ? {} : tls }) });
    connection = made.ok ? made.value : undefined;
    return connection;
  };

  const send = async (sending: Sending): Promise<Sent> => {
    const { content, taken, record } = sending;
    const startedAt = new Date(now());
    const attempt = (rest: Pick<Attempt, "status" | "code" | "said">): void =>
      record({ request: "hl7-message", startedAt, endedAt: new Date(now()), ...rest });
    const { frequency } = taken;
    const standing = CORRECTS.has(frequency) ? await sending.standing() : undefined;
    const context = { controlId: controlIdOf(sending), at: startedAt, frequency, standing };
    const segments = hl7Content(content.claim, content.referenced, destination, context);
    if (!segments.ok) return fail({ code: segments.failure });
    const bytes = await writeMessage(segments.value);
    if (bytes === undefined) return fail({ code: "STRATEGY_UNFIT" });
    const open = await connected();
    if (open === undefined) {
      attempt({ code: "PEER_UNAVAILABLE" });
      return fail({ code: "PEER_UNAVAILABLE" });
    }
    const answered = await open.send(bytes);
    if (!answered.ok) {
      const code = "PEER_NO_ANSWER";
      attempt({ code, ...statusOf(answered.failure) });
      return fail({ code });
    }
    const { code: status, text } = answered.value;
    const said = text === "" ? {} : { said: { issues: [], words: new Phi(text) } };
    if (ACCEPTED.has(status)) {
      attempt({ status, ...said });
      return ok({});
    }
    const code = REFUSED.has(status) ? "PEER_REFUSED" : "PEER_NO_ANSWER";
    attempt({ status: /^[A-Z]{2}$/.test(status) ? status : "?", code, ...said });
    return fail({ code });
  };
  return {
    way: (sending) => Promise.resolve(ok({ guard, send: () => send(sending) })),
    close: () => {
      connection?.close();
      return Promise.resolve();
    },
  };
}

/** MSA-1 of an answer to another message is no answer to ours. */
const statusOf = (failure: SendFailure): { readonly status?: string } =>
  failure.kind === "other-control-id" ? { status: "other MSA-2" } : {};
