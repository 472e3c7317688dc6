-- Code sets as their publishers give them: one version a file and part, with the days it answers for. Public data only, nothing of a patient.
create table code_set_version (
  id integer generated always as identity primary key,
  data_set text not null,
  part text not null,
  name text not null unique,
  state text not null default 'staged' check (state in ('staged', 'active', 'retired')),
  -- When the publisher brought it out; of two versions that answer for a day from the same day on, the later edition counts.
  edition date not null,
  valid_from date not null,
  valid_to date,
  -- Regular expression: a code of this form that is not in the version is not known to be absent from the set.
  not_covered text,
  file_name text not null,
  sha256 bytea not null,
  file_rows integer not null default 0,
  stored_rows integer not null default 0,
  imported_at timestamptz not null default now(),
  activated_at timestamptz,
  unique (data_set, part, sha256),
  check (valid_to is null or valid_to >= valid_from)
);

-- Without days of its own a code is valid as long as its version is.
create table code_set_code (
  version_id integer not null references code_set_version (id) on delete cascade,
  code text not null,
  valid_from date,
  valid_to date,
  billable boolean not null,
  short text not null,
  long text not null
);
create index code_set_code_version on code_set_code (version_id, code);

-- What is published about codes: lists, units, pairs, notes, conversions. `fact` says which.
create table code_set_fact (
  version_id integer not null references code_set_version (id) on delete cascade,
  fact text not null,
  code text not null,
  other text not null default '',
  value integer,
  flag integer,
  note text not null default '',
  valid_from date,
  valid_to date
);
create index code_set_fact_version on code_set_fact (version_id, code);

-- Who changed what is in use, and the number by which a process sees that its copy is old.
create table code_set_change (
  revision bigint generated always as identity primary key,
  at timestamptz not null default now(),
  version_name text not null,
  what text not null check (what in ('imported', 'activated', 'staged', 'retired')),
  valid_from date,
  valid_to date,
  actor text not null
);
