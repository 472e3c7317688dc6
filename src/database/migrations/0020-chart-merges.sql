-- An entry that a whole set left out stays, with its times, so that messages that come late find what was decided.
alter table chart_resource add column standing boolean not null default true;
-- Whose charts a patient or a visit is in: what a merge has to reach.
create index chart_resource_whose on chart_resource (id) where type in ('Patient', 'Encounter');

-- Labelled so that only people with the right `confidential` may read it.
alter table account add column confidential boolean not null default false;
-- Per type and visit (ids only), when the newest whole set (DG1, PR1, IN1 of an ADT) was stated.
-- Counts writes of the chart, those included that readers do not see: tells whether a copy in memory is still the same.
alter table account add column edit integer not null default 0;
alter table account add column set_times jsonb not null default '{}';
-- The account that took this one in.
alter table account add column merged_into uuid references account (id);
create index account_merged_into on account (merged_into) where merged_into is not null;

-- What stands for an id that is no longer in use, or is used for the chart of another. Ids are keyed hashes: no number is in here.
-- kind: Patient, Account, Encounter; AccountOfVisit = messages of account `scope` about visit `from_id` belong to account `to_id`.
create table identifier_alias (
  scope uuid not null default '00000000-0000-0000-0000-000000000000',
  kind text not null check (kind in ('Patient', 'Account', 'Encounter', 'AccountOfVisit')),
  from_id uuid not null,
  to_id uuid not null,
  -- The number of from_id is a former one.
  retired boolean not null,
  record_id uuid not null,
  made_at timestamptz not null default now(),
  primary key (from_id, kind, scope)
);
create index identifier_alias_to on identifier_alias (to_id);

-- Accounts of a record about several, besides the one in journal_outcome. `structural`: it brought their charts together.
create table record_account (
  account_id uuid not null references account (id) on delete cascade,
  record_id uuid not null,
  seq bigint not null,
  structural boolean not null,
  primary key (account_id, record_id)
);
create index record_account_record on record_account (record_id);

-- Edited copies of failed records. The reason is a person's words and may name a patient.
create table record_correction (
  record_id uuid primary key,
  original_id uuid not null,
  made_by text not null,
  made_at timestamptz not null default now(),
  sealed_reason bytea
);
create index record_correction_original on record_correction (original_id);

-- What people decided about failed records.
create table failure_decision (
  id bigint generated always as identity primary key,
  record_id uuid not null,
  decision text not null check (decision in ('retried', 'skipped', 'corrected')),
  decided_by text not null,
  decided_at timestamptz not null default now(),
  sealed_reason bytea
);
create index failure_decision_record on failure_decision (record_id);

-- Text of documents, drawn out when first asked for.
create table document_text (
  account_id uuid not null references account (id) on delete cascade,
  document_id uuid not null,
  content_hash bytea not null,
  extractor integer not null,
  sealed bytea not null,
  primary key (account_id, document_id, content_hash)
);
