import type { DocumentReference } from "@medplum/fhirtypes";
import type { Pool } from "pg";
import type { AnswerRouteNeeds } from "#src/api/claims/answer-routes.ts";
import type { TrailRouteNeeds } from "#src/api/claims/trail-routes.ts";
import type { ClaimResponseNeeds } from "#src/api/fhir/claim-response-routes.ts";
import type { Sealer } from "#src/base/seal.ts";
import { textsOf } from "#src/charts/documents/document-text.pg.ts";
import { extractInThread } from "#src/charts/documents/extract-thread.ts";
import { readAnswer, readNamed } from "#src/claims/answers/answer-store.pg.ts";
import { backtest } from "#src/claims/answers/backtest.pg.ts";
import { type ClaimAnswers, createClaimAnswers } from "#src/claims/answers/claim-answers.pg.ts";
import { listDenials } from "#src/claims/answers/denials.pg.ts";
import { endDenial, endTask } from "#src/claims/answers/end-task.pg.ts";
import { noteDelivered, noteReceipt, readUnreceived } from "#src/claims/receipts.pg.ts";
import { listTasks } from "#src/claims/tasks.pg.ts";
import { readPacket } from "#src/claims/trail/packet.pg.ts";
import { signContent } from "#src/claims/trail/signed-file.ts";
import { readTrail, type TrailNeeds } from "#src/claims/trail/trail.pg.ts";
import { trailProvenance } from "#src/claims/trail/trail-provenance.ts";
import { createChecks } from "#src/coding/checks.ts";
import type { CodeStore } from "#src/codesets/code-store.pg.ts";
import type { Keys } from "#src/config/keys.ts";
import { loadSigningKey } from "#src/config/signing-key.ts";
import { listUnreadable } from "#src/destinations/answer-poll.pg.ts";
import { readRecord } from "#src/journal/journal-reader.pg.ts";
import type { Worklist } from "#src/worklist/worklist.ts";
import type { Rules } from "./rules.ts";

export interface ClaimServiceNeeds {
  /** Where the signing key is. */
  readonly dataDir: string;
  readonly pool: Pool;
  readonly sealer: Sealer;
  readonly keys: Keys;
  readonly rules: Rules;
  readonly codes: CodeStore;
  readonly worklist: Worklist;
  readonly mapAgain: TrailNeeds["mapAgain"];
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** What takes the answers of payers. */
export const claimAnswers = ({
  pool,
  keys,
  rules,
  worklist,
}: Pick<ClaimServiceNeeds, "pool" | "keys" | "rules" | "worklist">): ClaimAnswers =>
  createClaimAnswers({
    pool,
    idKey: keys.idKey,
    site: rules.site,
    routes: rules.denials,
    check: worklist.needs.check,
    worklist: worklist.needs,
  });

/** What the routes about claims after their release ask. */
export function claimServices(
  needs: ClaimServiceNeeds,
  onTickets: () => void,
): { readonly answers: AnswerRouteNeeds; readonly responses: ClaimResponseNeeds; readonly trail: TrailRouteNeeds } {
  const { pool, sealer, keys, rules, codes, worklist, dataDir, mapAgain } = needs;
  const answers = claimAnswers(needs);
  const today = (): string => new Date().toISOString().slice(0, 10);
  const trail = (claimId: string) => readTrail({ pool, sealer, mapAgain }, claimId);
  const packetNeeds = {
    worklist: worklist.needs,
    trail,
    readMessage: async (recordId: string) => (await readRecord(pool, sealer, recordId))?.bytes,
    textsOf: (accountId: string, documents: readonly DocumentReference[]) =>
      textsOf({ pool, sealer, extract: extractInThread }, accountId, documents),
  };
  return {
    trail: {
      trail,
      provenance: (found) => trailProvenance(found, keys.idKey),
      packet: async (claimId, madeBy, show) => {
        const packet = await readPacket(packetNeeds, claimId, madeBy, show);
        return packet === undefined || packet === "withheld" ? packet : signContent(packet, loadSigningKey(dataDir));
      },
    },
    responses: {
      take: (read, consumer, givenId) => answers.take(read, consumer, givenId),
      readAnswer: async (id, consumer) =>
        (UUID.test(id) ? await readAnswer(pool, sealer, id) : undefined) ?? (await readNamed(pool, sealer, consumer, id)),
      onTickets,
    },
    answers: {
      answers,
      unreceived: async () => {
        await noteDelivered(pool);
        return readUnreceived(pool, worklist.needs.now());
      },
      unreadable: () => listUnreadable(pool, sealer),
      sayReceived: async (claimId, consumer) => {
        const { rowCount } = await pool.query("select from claim where id = $1", [claimId]);
        if (rowCount === 0) return false;
        await noteReceipt(pool, claimId, consumer, "said");
        return true;
      },
      tasks: (owner) => listTasks(pool, owner),
      finishTask: (id, by) => endTask(worklist.needs, id, by),
      denials: (itemId) => listDenials(pool, { itemId }),
      endDenial: (itemId, decision, userId) => endDenial(worklist.needs, itemId, decision, userId),
      backtest: async (rule, since) => {
        const { pack } = rules.edits;
        const only = pack.edits.filter(({ id }) => id === rule);
        if (only.length === 0) return undefined;
        const edits = { ...rules.edits, pack: { ...pack, edits: only } };
        const check = createChecks({ site: rules.site, data: codes.data, edits, today });
        return backtest(pool, sealer, { rule, check, since });
      },
      onTickets,
    },
  };
}
