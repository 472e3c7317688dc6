-- Coding items with their whole life: reviews, recoding, merges, proposals, queries, and the people who do the work.
alter table coding_item drop constraint coding_item_progress_check;
alter table coding_item add constraint coding_item_progress_check check (progress in ('expected', 'open', 'awaiting', 'in-review',
  'final-coded', 'released', 'accepted', 'recode', 'rework', 'cancelled', 'no-code', 'merged', 'closed'));

-- What routing, score and views read: codes, counts, dates and amounts, nothing of a patient.
alter table coding_item add column facts jsonb not null default '{}';
alter table coding_item add column payer_id text not null default '';
alter table coding_item add column total_cents bigint not null default 0;
alter table coding_item add column discharged_at timestamptz;
-- Blind indexes of the patient's identifiers: a coder's own, family's and colleagues' charts are found by them.
alter table coding_item add column patient_keys bytea[] not null default '{}';
-- Hundredths of a point; the parts are what people are shown.
alter table coding_item add column score integer not null default 0;
alter table coding_item add column score_parts jsonb not null default '{}';
alter table coding_item add column stat boolean not null default false;
alter table coding_item add column views text[] not null default '{}';
-- Who put the item in its queue: `rules`, or the user who moved it.
alter table coding_item add column routed_by text not null default 'rules';
-- Chart version up to which late changes were judged.
alter table coding_item add column judged_version integer;
alter table coding_item add column recode_from text;
alter table coding_item add column recode_reasons text[] not null default '{}';
-- Who gets a returned item first, and until when.
alter table coding_item add column reserved_for uuid;
alter table coding_item add column reserved_until timestamptz;
alter table coding_item add column unblocked_at timestamptz;
-- When a discharge that was taken back counts, unless it comes again before.
alter table coding_item add column settle_at timestamptz;
alter table coding_item add column merged_into uuid;
-- Chart version the claim is made of, when a billing-only change came after the coding.
alter table coding_item add column release_version integer;
-- A message came before its visit did.
alter table coding_item add column shadow boolean not null default false;
alter table coding_item add column created_at timestamptz not null default now();
alter table coding_item add column draft_version integer not null default 0;
alter table coding_item add column revision integer not null default 0;

drop index coding_item_queue;
create index coding_item_pull on coding_item (queue, priority, ready_at nulls last, id) where state in ('READY', 'RECODE', 'REWORK');
create index coding_item_review on coding_item (queue, priority, id) where state = 'IN_REVIEW';
create index coding_item_settle on coding_item (settle_at) where settle_at is not null;
create index coding_item_views on coding_item using gin (views) where views <> '{}';
create index coding_item_patients on coding_item using gin (patient_keys);

-- Every state an item ever had, written by the database itself, so that no code can forget it: the books are added up from it.
create table item_state (
  id bigint generated always as identity primary key,
  item_id uuid not null references coding_item (id) on delete cascade,
  at timestamptz not null default clock_timestamp(),
  state text not null,
  progress text not null,
  before text,
  queue text,
  stream text not null,
  facility text not null,
  class text,
  total_cents bigint not null,
  discharged_at timestamptz,
  user_id uuid
);
create index item_state_item on item_state (item_id, at, id);
create index item_state_at on item_state (at);

create function note_item_state() returns trigger language plpgsql as $body$
begin
  if tg_op = 'INSERT' or old.state is distinct from new.state or old.progress is distinct from new.progress or old.queue is distinct from new.queue
     or old.total_cents is distinct from new.total_cents or old.discharged_at is distinct from new.discharged_at then
    insert into item_state (item_id, state, progress, before, queue, stream, facility, class, total_cents, discharged_at, user_id)
    values (new.id, new.state, new.progress, case when tg_op = 'UPDATE' then old.state end, new.queue, new.stream, new.facility, new.class,
      new.total_cents, new.discharged_at, coalesce(new.lease_user, new.coder_of_record));
  end if;
  return null;
end $body$;
create trigger item_state_noted after insert or update on coding_item for each row execute function note_item_state();

create function count_item_revision() returns trigger language plpgsql as $body$
begin
  new.revision := old.revision + 1;
  return new;
end $body$;
create trigger item_revision_counted before update on coding_item for each row execute function count_item_revision();

-- Items that were made before: their present state is where their history begins.
insert into item_state (item_id, at, state, progress, queue, stream, facility, class, total_cents, discharged_at)
select i.id, i.updated_at, i.state, i.progress, i.queue, i.stream, i.facility, i.class, a.total_cents, a.discharged_at
from coding_item i join account a on a.id = i.account_id;
update coding_item i set total_cents = a.total_cents, payer_id = coalesce(a.payer_id, ''), discharged_at = a.discharged_at,
  priority = 20001, judged_version = coalesce(i.pinned_version, i.chart_version)
from account a where a.id = i.account_id;

alter table item_hold drop constraint item_hold_blocks_check;
alter table item_hold add constraint item_hold_blocks_check check (blocks in ('coding', 'release', 'nothing', 'everything'));
alter table item_hold add column sealed_note bytea;
alter table item_hold add column until timestamptz;

alter table item_event add column queue text;
create index item_event_leases on item_event (actor, at) where event = 'leased';
create index item_event_at on item_event (event, at);

-- What a message changed under a coder's hands or after the coding; shown until somebody has looked.
create table item_notice (
  id bigint generated always as identity primary key,
  item_id uuid not null references coding_item (id) on delete cascade,
  at timestamptz not null default now(),
  kind text not null,
  significance text not null check (significance in ('C0', 'C1', 'C2', 'C3')),
  from_version integer not null,
  to_version integer not null,
  record_id uuid,
  -- Element paths only; the values are in the sealed difference.
  elements text[] not null default '{}',
  sealed_difference bytea not null,
  acknowledged_at timestamptz,
  acknowledged_by uuid
);
create index item_notice_item on item_notice (item_id, id);

-- What the engine would do to a claim that is out, or to a coder's work: a person decides.
create table proposal (
  id uuid primary key,
  item_id uuid not null references coding_item (id) on delete cascade,
  claim_id uuid,
  kind text not null check (kind in ('replacement', 'void', 'void-and-new', 'late-charge', 'draft')),
  -- Claim change reason (condition code D0-D9, E0); absent for a draft.
  reason text,
  cause text not null,
  state text not null default 'open' check (state in ('open', 'accepted', 'dismissed')),
  from_version integer not null,
  to_version integer not null,
  -- How far the charges are apart, in cents.
  cents bigint not null default 0,
  sealed_difference bytea not null,
  revision integer not null default 0,
  created_at timestamptz not null default now(),
  decided_at timestamptz,
  decided_by uuid,
  sealed_comment bytea
);
create index proposal_item on proposal (item_id);
create unique index proposal_open on proposal (item_id, kind) where state = 'open';

create table item_comment (
  id bigint generated always as identity primary key,
  item_id uuid not null references coding_item (id) on delete cascade,
  at timestamptz not null default now(),
  author uuid not null,
  sealed_text bytea not null
);
create index item_comment_item on item_comment (item_id, id);

-- Second-level reviews and audits, one row each time an item is looked at again.
create table item_review (
  id uuid primary key,
  item_id uuid not null references coding_item (id) on delete cascade,
  coding_version integer not null,
  coder uuid not null,
  reasons text[] not null,
  state text not null default 'open' check (state in ('open', 'agreed', 'changed', 'returned')),
  auditor uuid,
  opened_at timestamptz not null default now(),
  ended_at timestamptz,
  sealed_worksheet bytea
);
create unique index item_review_open on item_review (item_id) where state = 'open';

-- Questions to providers (AHIMA-ACDIS compliant query practice): kept as business records.
create table provider_query (
  id uuid primary key,
  -- Travels with the question and comes back with the answer.
  token text not null unique,
  item_id uuid not null references coding_item (id) on delete cascade,
  state text not null check (state in ('draft', 'open', 'answered', 'closed')),
  outcome text check (outcome in ('agreed', 'disagreed', 'no-opinion', 'no-response', 'cancelled')),
  author uuid not null,
  recipient text,
  sealed_content bytea not null,
  sealed_answer bytea,
  -- `message`, `hand` or `page`.
  answered_by_way text,
  document_id text,
  sent_at timestamptz,
  answered_at timestamptz,
  closed_at timestamptz,
  reminded_at timestamptz,
  reminders integer not null default 0,
  escalation integer not null default 0,
  escalated_at timestamptz,
  revision integer not null default 0,
  created_at timestamptz not null default now()
);
create index provider_query_item on provider_query (item_id);
create index provider_query_open on provider_query (sent_at) where state = 'open';
create table provider_query_recipient (
  query_id uuid not null references provider_query (id) on delete cascade,
  at timestamptz not null default now(),
  recipient text not null,
  why text not null
);
-- What left, or is to leave: a FHIR Communication (R4) each.
create table query_message (
  id uuid primary key,
  query_id uuid not null references provider_query (id) on delete cascade,
  kind text not null check (kind in ('question', 'reminder', 'escalation', 'cancellation')),
  at timestamptz not null default now(),
  sealed bytea not null
);

-- What a coder may pull.
create table coder_profile (
  user_id uuid primary key references app_user (id) on delete cascade,
  -- Empty = every one.
  facilities text[] not null default '{}',
  payer_exclusions text[] not null default '{}',
  started_on date,
  revision integer not null default 0
);
create table coder_credential (
  user_id uuid not null references app_user (id) on delete cascade,
  credential text not null,
  valid_from date not null,
  valid_to date,
  primary key (user_id, credential, valid_from)
);
-- Whose charts a coder must not open: the coder's own, those of family and of colleagues.
create table coder_relation (
  user_id uuid not null references app_user (id) on delete cascade,
  person_key bytea not null,
  kind text not null check (kind in ('self', 'family', 'colleague', 'other')),
  sealed_person bytea not null,
  primary key (user_id, person_key)
);

-- What Redis was last given for an item: a change of priority moves its ticket instead of making another.
create table item_ticket (
  item_id uuid primary key references coding_item (id) on delete cascade,
  dispatch_no integer not null,
  priority integer not null
);

create table queue_state (
  queue text primary key,
  paused boolean not null default false,
  draining boolean not null default false,
  changed_at timestamptz not null default now(),
  changed_by text not null,
  why text not null
);
-- The rules that items were last routed by.
create table queue_revision (
  id bigint generated always as identity primary key,
  version text not null,
  applied_at timestamptz not null default now(),
  applied_by text not null,
  moved integer not null
);
