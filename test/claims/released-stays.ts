import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Claim } from "@medplum/fhirtypes";
import type { TestApi } from "#test/api/engine-api.ts";

const EXAMPLE = "examples/first-claim";
const MESSAGES = readdirSync(EXAMPLE)
  .filter((name) => name.endsWith(".hl7"))
  .sort()
  .map((name) => readFileSync(join(EXAMPLE, name), "utf8"));
export const CODES = JSON.parse(readFileSync(join(EXAMPLE, "codes.json"), "utf8")) as {
  readonly diagnoses: readonly Record<string, string>[];
  readonly procedures: readonly unknown[];
  readonly lines: readonly Record<string, unknown>[];
};

export interface Released {
  readonly itemId: string;
  readonly claimId: string;
  /** Our number of the claim. */
  readonly number: string;
  readonly claim: Claim;
}

/** What a test changes of the messages of a stay, by their place among them. */
type Change = (message: string, index: number) => string;

type Call = Awaited<ReturnType<TestApi["as"]>>;

/** Sends the example's stay again and again, each time as another patient's, and codes it. */
export async function hospitalOf(api: TestApi) {
  const [source, coder, billing] = await Promise.all([api.as("source"), api.as("admin"), api.as("billing")]);
  let patients = 0;
  /** Has everything that was sent take effect. */
  const folded = async (): Promise<void> => {
    // The journal wakes a fold of its own, which may hold the lanes: folded is what has its outcome.
    const waiting =
      "select from journal_record r where r.verdict = 'accepted' and not exists (select from journal_outcome o where o.record_id = r.id)";
    do await api.fold();
    while ((await api.database.pool.query(waiting)).rowCount !== 0);
  };
  /** @returns the end of the patient's numbers. */
  const send = async (change: Change = (message) => message): Promise<string> => {
    const n = String(++patients).padStart(3, "0");
    for (const [index, message] of MESSAGES.entries()) {
      const own = change(message, index)
        .replace(/\|EP2603/, `|X${n}`)
        .replaceAll("48213907", `48213${n}`)
        .replaceAll("7700412", `7700${n}`)
        .replaceAll("9900731", `9900${n}`);
      const { text } = await source("POST", "/hl7v2/local", own, "application/hl7-v2");
      if (!/MSA\|[AC]A/.test(text)) throw new Error(text);
    }
    await folded();
    return n;
  };
  /** Leases what comes next and submits these codes for it; the claim when one was released. */
  const code = async (
    codes: unknown = CODES,
  ): Promise<{ readonly itemId: string; readonly state: string; readonly claimId: string | undefined }> => {
    const leased = (await coder("POST", "/api/work-items/next", { queues: ["inpatient"] })).body as unknown as {
      id: string;
      leaseId: string;
      snapshotVersion: number;
    };
    const { leaseId, snapshotVersion, id } = leased;
    const taken = await coder("POST", `/api/work-items/${id}/codes`, { leaseId, snapshotVersion, codes });
    if (taken.status !== 200) throw new Error(taken.text);
    const { state, claim } = taken.body as unknown as { state: string; claim: { id: string } | null };
    return { itemId: id, state, claimId: claim?.id };
  };
  const read = async (claimId: string): Promise<Claim> => (await billing("GET", `/fhir/R4/Claim/${claimId}`)).body as unknown as Claim;
  const release = async (codes: unknown = CODES, change?: Change): Promise<Released> => {
    await send(change);
    const { itemId, claimId } = await code(codes);
    if (claimId === undefined) throw new Error("no claim was released");
    const claim = await read(claimId);
    return { itemId, claimId, claim, number: claim.identifier?.[0]?.value ?? "" };
  };
  const stateOf = async (itemId: string): Promise<string> =>
    (await api.database.pool.query<{ state: string }>("select state from coding_item where id = $1", [itemId])).rows[0]?.state ?? "";
  return { source, coder, billing, send, folded, code, read, release, stateOf };
}
export type Hospital = Awaited<ReturnType<typeof hospitalOf>>;
export type { Call };
