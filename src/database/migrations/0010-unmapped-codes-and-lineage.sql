-- Codes that a code table has no entry for: one task for each sender, table and code. The code is sealed, for senders write names and
-- free text into coded fields; it is found again by its digest.
create table unmapped_code (
  id uuid primary key default gen_random_uuid(),
  -- MSH-3|MSH-4: names of systems.
  sender text not null,
  table_name text not null,
  code_key bytea not null,
  code_sealed bytea not null,
  times bigint not null default 0,
  first_at timestamptz not null default now(),
  last_at timestamptz not null default now(),
  resolved_at timestamptz,
  resolved_by text,
  -- What a person made of it: the code it means, or that it means none.
  resolution text,
  unique (sender, table_name, code_key)
);

-- Whose charts the code is in: what is folded again once it has a meaning. One example place each.
create table unmapped_code_account (
  task uuid not null references unmapped_code (id) on delete cascade,
  account_id uuid not null,
  record_id uuid not null,
  place text not null,
  primary key (task, account_id)
);

-- Where each element of what a message became came from, under the version of the maps that made it.
create table message_lineage (
  record_id uuid not null,
  map_version text not null,
  sealed bytea not null,
  primary key (record_id, map_version)
);
alter table message_lineage alter column sealed set storage external;

-- Names of the rows of one version of the maps, in the order in which lineage counts them.
create table map_version (
  version text primary key,
  rows text[] not null,
  seen_at timestamptz not null default now()
);
