-- What became of a claim after it was released. Its bytes never change; these columns and tables say what it counts as now.
-- The claim it takes the place of, or voids.
alter table claim add column prior_id uuid references claim (id);
-- Claim change reason (condition code D0-D9, E0) of a replacement or void.
alter table claim add column change_reason text;
-- What the payer last said of it.
alter table claim add column payer_state text not null default 'none'
  check (payer_state in ('none', 'queued', 'rejected', 'accepted', 'denied', 'partly-denied', 'documents'));
alter table claim add column denied_on date;
-- The payer's own number of the claim (ICN, DCN): what a replacement or void refers to.
alter table claim add column sealed_payer_number bytea;

-- Whom a claim surely reached: a destination, or a billing system that said so.
create table claim_receipt (
  claim_id uuid not null references claim (id) on delete cascade,
  consumer text not null,
  -- `delivery`, `said` or `answer`.
  way text not null,
  at timestamptz not null default now(),
  primary key (claim_id, consumer)
);

-- Every answer to a claim, once: the same answer again is the same digest.
create table claim_answer (
  id uuid primary key,
  digest bytea not null unique,
  -- Absent while no claim of ours is known by its number.
  claim_id uuid references claim (id),
  claim_key bytea,
  source text not null check (source in ('fhir', 'message', 'csv', '835', '277CA')),
  consumer text not null,
  outcome text not null check (outcome in ('queued', 'complete', 'error', 'partial')),
  -- What it came to; absent while parked.
  verdict text,
  -- What it did to the work item: the item's state after it, or why it did nothing.
  effect text,
  answered_at timestamptz not null,
  received_at timestamptz not null default now(),
  matched_at timestamptz,
  sealed bytea not null,
  sealed_original bytea not null
);
create index claim_answer_claim on claim_answer (claim_id, received_at);
create index claim_answer_parked on claim_answer (claim_key) where claim_id is null;

-- Each thing a payer refused, with the money, whose it is, and the edit that would have stopped it.
create table claim_denial (
  id bigint generated always as identity primary key,
  answer_id uuid not null references claim_answer (id) on delete cascade,
  claim_id uuid not null references claim (id),
  item_id uuid not null references coding_item (id),
  -- Sequence of the claim's line; absent for the claim as a whole.
  line integer,
  list text not null,
  code text not null,
  group_code text,
  remarks text[] not null default '{}',
  owner text not null,
  cents bigint not null,
  deadline date,
  -- The edit of now that fires on the frozen codes where the denial is; absent: there is none, a candidate for a new one.
  edit_rule text,
  edit_path text,
  -- That edit fired before the claim left, and a reason set it aside.
  edit_overridden boolean not null default false,
  at timestamptz not null default now()
);
create index claim_denial_item on claim_denial (item_id, id);
create index claim_denial_claim on claim_denial (claim_id);

-- What people outside of coding do for a claim.
create table claim_task (
  id uuid primary key,
  kind text not null check (kind in ('match', 'documents', 'denial', 'reopening', 'void-refused')),
  owner text not null,
  claim_id uuid references claim (id),
  answer_id uuid references claim_answer (id) on delete cascade,
  due date,
  cents bigint not null default 0,
  -- Codes only.
  reasons text[] not null default '{}',
  state text not null default 'open' check (state in ('open', 'done')),
  opened_at timestamptz not null default now(),
  done_at timestamptz,
  done_by text
);
create index claim_task_open on claim_task (due, opened_at) where state = 'open';
create index claim_task_claim on claim_task (claim_id);

-- The id that a FHIR client gave its ClaimResponse (blind index over who and which).
create table claim_answer_name (
  key bytea primary key,
  answer_id uuid not null references claim_answer (id) on delete cascade
);

-- Several claims of one version of an item are its parts.
alter table claim add column if not exists part integer not null default 1;
