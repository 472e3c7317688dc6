-- When things of a resource were last said (`at`, `fieldAt`, `presence`), apart from what they say: most messages say most things again word for
-- word, and then nothing has to be sealed anew. Null: these times are in the sealed content. Times and ids only.
alter table chart_resource add column times jsonb;
-- A row that is written for its times stays on its page.
alter table chart_resource set (fillfactor = 85);

-- What a resource was in versions before the one it was last shown in: with the rows that stand, the content of every version.
create table chart_resource_past (
  account_id uuid not null references account (id) on delete cascade,
  type text not null,
  id uuid not null,
  version integer not null,
  sealed bytea not null,
  primary key (account_id, version, type, id)
);
