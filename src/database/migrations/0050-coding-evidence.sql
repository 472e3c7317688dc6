-- What an edit came to when codes were submitted: how often it stops, is set aside for a reason, or only tells.
create table edit_firing (
  id bigint generated always as identity primary key,
  item_id uuid not null references coding_item (id) on delete cascade,
  rule text not null,
  severity text not null,
  path text not null,
  outcome text not null check (outcome in ('stopped', 'overridden', 'told')),
  coder uuid not null,
  payer_id text,
  at timestamptz not null default now(),
  sealed_reason bytea
);
create index edit_firing_rule on edit_firing (rule, at);
create index edit_firing_item on edit_firing (item_id, id);

-- Beside a frozen coding version: the edits and code sets it was judged by, the grouper's answer, and the chart its evidence was last looked for in.
create table coding_version_basis (
  item_id uuid not null,
  version integer not null,
  rule_pack text not null,
  data_versions jsonb not null,
  drg_kind text,
  drg_code text,
  drg_version text,
  has_evidence boolean not null,
  evidence_chart_version integer not null,
  primary key (item_id, version),
  foreign key (item_id, version) references coding_version (item_id, version) on delete cascade
);
create index coding_version_evidence on coding_version_basis (item_id) where has_evidence;

-- Other accounts of a patient are found by the patient's resource.
create index chart_resource_patient on chart_resource (id) where type = 'Patient';

-- What an encoder or computer-assisted coder suggests for an item. Never applied by itself.
create table code_suggestion (
  id uuid primary key,
  item_id uuid not null references coding_item (id) on delete cascade,
  source text not null,
  chart_version integer not null,
  made_at timestamptz not null default now(),
  place integer not null,
  sealed bytea not null
);
create index code_suggestion_item on code_suggestion (item_id, made_at);
