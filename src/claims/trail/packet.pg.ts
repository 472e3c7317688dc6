import type { DocumentReference } from "@medplum/fhirtypes";
import type { DocumentText } from "#src/charts/documents/document-text.pg.ts";
import { readChartAt } from "#src/charts/history.pg.ts";
import type { ShownChart } from "#src/charts/confidential.ts";
import { ofType, type ChartSnapshot } from "#src/charts/snapshot.ts";
import { type CodingVersion, readVersions } from "#src/coding/coding-version.pg.ts";
import { type Comment, listComments } from "#src/worklist/actions.pg.ts";
import type { LeaseNeeds } from "#src/worklist/leases.pg.ts";
import { listQueries, type QueryDetail, readQuery } from "#src/worklist/queries.pg.ts";
import { answersOf } from "../answers/answer-store.pg.ts";
import { type ClaimBundle, claimBundle } from "../claim-store.pg.ts";
import type { Trail } from "./trail.pg.ts";

export interface PacketNeeds {
  readonly worklist: LeaseNeeds;
  readonly trail: (claimId: string) => Promise<Trail | undefined>;
  /** The bytes of a message as received. */
  readonly readMessage: (recordId: string) => Promise<Uint8Array | undefined>;
  readonly textsOf: (accountId: string, documents: readonly DocumentReference[]) => Promise<readonly DocumentText[]>;
}

/** Everything about a claim that an auditor or an appeal may ask for, texts and patient data included. */
export interface Packet {
  readonly madeAt: string;
  readonly madeBy: string;
  readonly trail: Trail;
  /** As received; base64 where the bytes are no UTF-8. */
  readonly messages: readonly { readonly recordId: string; readonly text?: string; readonly base64?: string }[];
  /** Documents of the chart as coded, with their texts. */
  readonly documents: readonly { readonly document: DocumentReference; readonly texts: readonly DocumentText[] }[];
  /** Codes with their evidence, findings, overrides and reasons, version by version. */
  readonly coding: readonly CodingVersion[];
  readonly questions: readonly QueryDetail[];
  readonly comments: readonly Comment[];
  /** Every claim of the item with what it refers to, as released. */
  readonly claims: readonly ClaimBundle[];
  readonly answers: readonly { readonly id: string; readonly source: string; readonly original: string }[];
}

const shownBytes = (bytes: Uint8Array): { readonly text: string } | { readonly base64: string } => {
  try {
    return { text: new TextDecoder("utf-8", { fatal: true }).decode(bytes) };
  } catch {
    return { base64: Buffer.from(bytes).toString("base64") };
  }
};

/**
 * Gathers the packet of a claim. @param show the chart as the asker may see it: what is held back from them makes no packet.
 * @returns undefined when there is no such claim; `withheld` when the asker may not see all of it.
 */
export async function readPacket(
  { worklist, trail: readTrail, readMessage, textsOf }: PacketNeeds,
  claimId: string,
  madeBy: string,
  show: (chart: ChartSnapshot) => ShownChart,
): Promise<Packet | "withheld" | undefined> {
  const { pool, sealer, now } = worklist;
  const trail = await readTrail(claimId);
  if (trail === undefined) return undefined;
  const { accountId, itemId, chartVersion } = trail.claim;
  const chart = await readChartAt(pool, sealer, accountId, chartVersion);
  if (chart !== undefined && show(chart).withheld !== undefined) return "withheld";
  const documents = chart === undefined ? [] : ofType(chart, "DocumentReference");
  const texts = await textsOf(accountId, documents);
  const messages: Packet["messages"][number][] = [];
  for (const { recordId } of trail.messages) {
    const bytes = await readMessage(recordId);
    if (bytes !== undefined) messages.push({ recordId, ...shownBytes(bytes) });
  }
  const questions = await Promise.all((await listQueries(worklist, itemId)).map(({ id }) => readQuery(worklist, id)));
  const claims = await Promise.all(trail.chain.map(({ id }) => claimBundle(pool, sealer, id)));
  const answers = await Promise.all(trail.chain.map(({ id }) => answersOf(pool, sealer, id)));
  return {
    madeAt: now().toISOString(),
    madeBy,
    trail,
    messages,
    documents: documents.map((document) => ({ document, texts: texts.filter(({ documentId }) => documentId === document.id) })),
    coding: await readVersions(pool, sealer, itemId),
    questions: questions.filter((one) => one !== undefined),
    comments: await listComments(worklist, itemId),
    claims: claims.filter((one) => one !== undefined),
    answers: answers.flat().map(({ id, source, original }) => ({ id, source, original })),
  };
}
