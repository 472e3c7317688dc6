import { hash } from "node:crypto";
import type pg from "pg";
import type { DocumentReference } from "@medplum/fhirtypes";
import type { Sealer } from "#src/base/seal.ts";
import { chartContext } from "../open-chart.ts";
import { contentsOf, type SentContent } from "./attachments.ts";
import { EXTRACTOR, type Extracted } from "./extract.ts";

/** The text of one content of a document, or why there is none. */
export interface DocumentText {
  readonly documentId: string;
  readonly content: number;
  readonly contentType: string;
  readonly extracted: Extracted;
}

type Extract = (bytes: Uint8Array, contentType: string) => Promise<Extracted>;

const digestOf = ({ bytes = Buffer.alloc(0), contentType }: SentContent): Buffer =>
  hash("sha256", Buffer.concat([Buffer.from(`${contentType}\0`), bytes]), "buffer");

/**
 * The texts of documents of one account. What is asked for the first time is drawn out and kept, sealed, until the content changes;
 * the fold does not wait for it.
 */
export async function textsOf(
  { pool, sealer, extract }: { readonly pool: pg.Pool; readonly sealer: Sealer; readonly extract: Extract },
  accountId: string,
  documents: readonly DocumentReference[],
): Promise<readonly DocumentText[]> {
  const { rows } = await pool.query<{ document_id: string; content_hash: Buffer; sealed: Buffer }>(
    "select document_id, content_hash, sealed from document_text where account_id = $1 and document_id = any($2::uuid[]) and extractor = $3",
    [accountId, documents.map(({ id }) => id), EXTRACTOR],
  );
  const keyOf = (document: string, content: Buffer): string => `${document} ${content.toString("hex")}`;
  const known = new Map(rows.map((row) => [keyOf(row.document_id, row.content_hash), row.sealed]));
  const texts: DocumentText[] = [];
  for (const document of documents) {
    const documentId = document.id ?? "";
    for (const content of contentsOf(document)) {
      const base = { documentId, content: content.index, contentType: content.contentType };
      if (content.bytes === undefined) {
        texts.push({ ...base, extracted: { reason: content.url === undefined ? "EMPTY" : "ELSEWHERE" } });
        continue;
      }
      const digest = digestOf(content);
      const have = known.get(keyOf(documentId, digest));
      if (have !== undefined) {
        texts.push({ ...base, extracted: sealer.openJson(have, chartContext(accountId)) as Extracted });
        continue;
      }
      const extracted = await extract(content.bytes, content.contentType);
      await pool.query(
        `insert into document_text (account_id, document_id, content_hash, extractor, sealed) values ($1, $2, $3, $4, $5)
         on conflict (account_id, document_id, content_hash) do update set extractor = excluded.extractor, sealed = excluded.sealed`,
        [accountId, documentId, digest, EXTRACTOR, sealer.sealJson(extracted, chartContext(accountId))],
      );
      texts.push({ ...base, extracted });
    }
  }
  return texts;
}
