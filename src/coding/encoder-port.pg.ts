import { randomUUID } from "node:crypto";
import type pg from "pg";
import { z } from "zod";
import type { Sealer } from "#src/base/seal.ts";
import { dotted, tidy } from "./codes.ts";
import { codingContext } from "./coding-version.pg.ts";
import type { Suggestion } from "./suggestions.ts";
import { type CodeSubmission, codeSubmission } from "./submission.ts";

type Queryable = pg.Pool | pg.PoolClient;

const suggested = z.strictObject({
  kind: z.enum(["diagnosis", "procedure", "line"]),
  code: z.string().min(1).max(10),
  use: z.enum(["principal", "secondary", "admitting"]).optional(),
  onAdmission: z.enum(["Y", "N", "U", "W"]).optional(),
  date: z.iso.date().optional(),
  why: z.string().min(1).max(500),
  evidence: codeSubmission.shape.diagnoses.element.shape.evidence.unwrap().element.optional(),
});

/** What an encoder sends: docs/encoder-port.md. */
export const encoderMessage = z.strictObject({
  /** The chart version it looked at. */
  chartVersion: z.int().min(0),
  suggestions: z.array(suggested).min(1).max(200),
});
export type EncoderMessage = z.infer<typeof encoderMessage>;

const context = (itemId: string): string => `suggestion ${itemId}`;

/** Keeps an encoder's suggestions beside an item; they are shown with its name and never applied. @returns one id for each, in their order. */
export async function keepSuggestions(
  db: Queryable,
  sealer: Sealer,
  itemId: string,
  source: string,
  { chartVersion, suggestions }: EncoderMessage,
): Promise<readonly string[]> {
  const ids = suggestions.map(() => randomUUID());
  await db.query(
    `insert into code_suggestion (id, item_id, source, chart_version, place, sealed)
     select s.id, $1, $2, $3, s.place, s.sealed from unnest($4::uuid[], $5::bytea[]) with ordinality as s (id, sealed, place)`,
    [itemId, source, chartVersion, ids, suggestions.map((one) => sealer.sealJson(one, context(itemId)))],
  );
  return ids;
}

/** What encoders suggested for an item, as the coder sees it. */
export async function readSuggestions(
  db: Queryable,
  sealer: Sealer,
  itemId: string,
): Promise<readonly (Suggestion & { readonly id: string })[]> {
  const { rows } = await db.query<{ id: string; source: string; sealed: Buffer }>(
    "select id, source, sealed from code_suggestion where item_id = $1 order by made_at, place",
    [itemId],
  );
  return rows.map(({ id, source, sealed }) => ({
    ...(sealer.openJson(sealed, context(itemId)) as Omit<Suggestion, "source">),
    id,
    source,
  }));
}

/** Items ready to be coded whose chart this encoder has not seen as it stands, longest waiting first. */
export async function itemsToSuggestFor(
  db: Queryable,
  source: string,
  limit: number,
): Promise<readonly { readonly id: string; readonly chartVersion: number }[]> {
  const { rows } = await db.query<{ id: string; chartVersion: number }>(
    `select i.id, a.chart_version as "chartVersion" from coding_item i join account a on a.id = i.account_id
     where i.state = 'READY' and not exists (select from code_suggestion s where s.item_id = i.id and s.source = $1 and s.chart_version >= a.chart_version)
     order by i.ready_at nulls last, i.id limit $2`,
    [source, limit],
  );
  return rows;
}

/** What became of an item's suggestions when its codes were frozen. */
export interface EncoderResult {
  readonly itemId: string;
  readonly version: number;
  readonly madeAt: Date;
  readonly codes: CodeSubmission;
  readonly suggestions: readonly { readonly id: string; readonly code: string; readonly taken: boolean }[];
}

const codesIn = ({ diagnoses, procedures, lines }: CodeSubmission): ReadonlySet<string> =>
  new Set([
    ...diagnoses.map(({ code }) => `diagnosis ${dotted(code)}`),
    ...procedures.map(({ code }) => `procedure ${tidy(code)}`),
    ...lines.flatMap(({ procedureCode }) => (procedureCode === undefined ? [] : [`line ${tidy(procedureCode)}`])),
  ]);

/** Frozen versions of items that this encoder suggested codes for, oldest first, made after a moment: what it learns from. */
export async function readResults(
  db: Queryable,
  sealer: Sealer,
  source: string,
  after: Date,
  limit: number,
): Promise<readonly EncoderResult[]> {
  const { rows } = await db.query<{ item_id: string; version: number; made_at: Date; sealed_codes: Buffer }>(
    `select v.item_id, v.version, v.made_at, v.sealed_codes from coding_version v
     where v.made_at > $2 and exists (select from code_suggestion s where s.item_id = v.item_id and s.source = $1) order by v.made_at, v.item_id limit $3`,
    [source, after, limit],
  );
  return Promise.all(
    rows.map(async ({ item_id: itemId, version, made_at: madeAt, sealed_codes }) => {
      const codes = sealer.openJson(sealed_codes, codingContext(itemId)) as CodeSubmission;
      const there = codesIn(codes);
      const own = (await readSuggestions(db, sealer, itemId)).filter((one) => one.source === source);
      const suggestions = own.map(({ id, kind, code = "" }) => ({
        id,
        code,
        taken: there.has(`${kind} ${kind === "diagnosis" ? dotted(code) : tidy(code)}`),
      }));
      return { itemId, version, madeAt, codes, suggestions };
    }),
  );
}
