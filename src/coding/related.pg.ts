import type pg from "pg";
import type { Sealer } from "#src/base/seal.ts";
import { tidy } from "./codes.ts";
import { codingContext } from "./coding-version.pg.ts";
import type { RelatedItem } from "./scene.ts";
import type { CodeSubmission, Stream } from "./submission.ts";

type Queryable = pg.Pool | pg.PoolClient;

/** Items of one patient that are looked at: the newest, so that a patient of many visits costs no more than others. */
const MOST = 50;

interface Row {
  item_id: string;
  account_id: string;
  stream: Stream;
  class: string | null;
  facility: string;
  from_day: string | null;
  through_day: string | null;
  released: boolean;
  sealed_codes: Buffer | null;
}

const bare = (code: string): string => tidy(code).replace(".", "");

function linesOf({ lines }: CodeSubmission, day: string | null): RelatedItem["lines"] {
  return lines.flatMap(({ procedureCode, serviceDate, modifiers }) =>
    procedureCode === undefined ? [] : [{ code: tidy(procedureCode), day: serviceDate ?? day ?? "", modifiers: modifiers.map(tidy) }],
  );
}

/** The other coding items of an item's patient, with the codes last frozen for them; days as the charts' clocks had them. */
export async function readRelated(db: Queryable, sealer: Sealer, itemId: string): Promise<readonly RelatedItem[]> {
  const { rows } = await db.query<Row>(
    `with own as (select account_id from coding_item where id = $1),
       patient as (select id from chart_resource where type = 'Patient' and account_id = (select account_id from own)),
       accounts as (select (select account_id from own) as id union select r.account_id from chart_resource r
         where r.type = 'Patient' and r.id in (select id from patient))
     select i.id as item_id, i.account_id, i.stream, a.class, i.facility, to_char(a.admitted_at, 'YYYY-MM-DD') as from_day,
       to_char(a.discharged_at, 'YYYY-MM-DD') as through_day, exists (select from claim c where c.item_id = i.id) as released, v.sealed_codes
     from coding_item i join account a on a.id = i.account_id
     left join lateral (select sealed_codes from coding_version c where c.item_id = i.id order by c.version desc limit 1) v on true
     where i.account_id in (select id from accounts) and i.id <> $1 and not a.cancelled
     order by a.admitted_at desc nulls last, i.id limit ${MOST}`,
    [itemId],
  );
  return rows.map((row): RelatedItem => {
    const codes = row.sealed_codes === null ? undefined : (sealer.openJson(row.sealed_codes, codingContext(row.item_id)) as CodeSubmission);
    return {
      itemId: row.item_id,
      accountId: row.account_id,
      stream: row.stream,
      inpatient: row.class === "IMP",
      facility: row.facility,
      released: row.released,
      diagnoses: (codes?.diagnoses ?? [])
        .filter(({ use }) => use !== "admitting" && use !== "patientreasonforvisit")
        .map(({ code }) => bare(code)),
      lines: codes === undefined ? [] : linesOf(codes, row.from_day),
      ...(row.from_day === null ? {} : { from: row.from_day }),
      ...(row.through_day === null ? {} : { through: row.through_day }),
    };
  });
}
