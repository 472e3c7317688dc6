-- What a delivery needs to know of its past, and everything that was tried.
alter table delivery
  -- A send may have arrived at this time, and nobody has found out yet.
  add column unsure_since timestamptz,
  -- Nothing is tried any more before a person has decided.
  add column needs_person boolean not null default false,
  -- Tries that count against the destination's limit: those that concern this claim, not the whole destination.
  add column strikes integer not null default 0,
  -- One more each time a person has it sent again: a receiver that remembers what it had sees another message.
  add column sending integer not null default 1,
  drop constraint delivery_state_check,
  add constraint delivery_state_check check (state in ('pending', 'sending', 'confirmed', 'unconfirmed', 'rejected', 'given-up'));
drop index delivery_open;
create index delivery_due on delivery (destination, next_try_at, claim_id) where state in ('pending', 'unconfirmed') and not needs_person;
create index delivery_in_hand on delivery (updated_at) where state = 'sending';
create index delivery_for_people on delivery (destination, updated_at) where state = 'rejected' or needs_person;
create index claim_account on claim (account_id);

-- Every exchange with a destination about a claim. Codes and element paths are clear; a destination's own words may quote a patient.
create table delivery_attempt (
  id bigint generated always as identity primary key,
  claim_id uuid not null,
  destination text not null,
  attempt integer not null,
  request text not null,
  started_at timestamptz not null,
  ended_at timestamptz not null,
  status text,
  failure_code text,
  issues jsonb,
  sealed_words bytea,
  foreign key (claim_id, destination) references delivery (claim_id, destination) on delete cascade
);
create index delivery_attempt_of on delivery_attempt (claim_id, destination, id);

-- Steps of a delivery that takes several: a step that was begun and not finished may have been done.
create table delivery_part (
  claim_id uuid not null,
  destination text not null,
  sending integer not null,
  part text not null,
  state text not null check (state in ('begun', 'done')),
  at timestamptz not null default now(),
  primary key (claim_id, destination, sending, part),
  foreign key (claim_id, destination) references delivery (claim_id, destination) on delete cascade
);

-- What people decided about deliveries.
create table delivery_decision (
  id bigint generated always as identity primary key,
  claim_id uuid not null,
  destination text not null,
  decision text not null check (decision in ('retry', 'confirm', 'give-up')),
  decided_by text not null,
  sealed_reason bytea,
  at timestamptz not null default now(),
  foreign key (claim_id, destination) references delivery (claim_id, destination) on delete cascade
);

-- Whether each destination takes anything now, as its engine last saw it.
create table destination_state (
  destination text primary key,
  state text not null check (state in ('closed', 'open', 'half-open')),
  since timestamptz,
  failure_code text,
  until timestamptz,
  updated_at timestamptz not null default now()
);
