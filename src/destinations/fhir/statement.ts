import { fail, ok, type Result } from "#src/base/result.ts";
import type { Recorder } from "../attempt.ts";
import type { Classified } from "../classify.ts";
import { type Capabilities, readCapabilities } from "./capabilities.ts";
import type { FhirPeer } from "./peer.ts";

/** How long what a server says of itself is believed, in ms. */
const BELIEVED_MS = 24 * 3_600_000;

/** What one server says of itself, asked for once a day. */
export interface Statement {
  read(record: Recorder): Promise<Result<Capabilities, Classified>>;
  /** It was not as it said: asked again the next time. */
  doubt(): void;
}

export function createStatement(peer: FhirPeer, now: () => number): Statement {
  let believed: { readonly can: Capabilities; readonly until: number } | undefined;
  let reading: Promise<Result<Capabilities, Classified>> | undefined;
  const ask = async (record: Recorder): Promise<Result<Capabilities, Classified>> => {
    const answered = await peer.ask({ kind: "capabilities", method: "GET", path: "/metadata", writes: false }, record);
    if (!answered.ok) return answered.failure.code === "PEER_REFUSED" ? fail({ code: "PEER_MISCONFIGURED" }) : answered;
    const can = readCapabilities(answered.value.body);
    if (can === undefined) return fail({ code: "PEER_MISCONFIGURED" });
    believed = { can, until: now() + BELIEVED_MS };
    return ok(can);
  };
  return {
    read: async (record) => {
      if (believed !== undefined && now() < believed.until) return ok(believed.can);
      reading ??= ask(record).finally(() => {
        reading = undefined;
      });
      return reading;
    },
    doubt: () => {
      believed = undefined;
    },
  };
}
