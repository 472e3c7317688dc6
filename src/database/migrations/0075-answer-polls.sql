-- How far the answers of each destination that is asked for them have been fetched. The answers themselves are in claim_answer.
create table answer_poll (
  destination text primary key,
  -- Of the destination's clock: everything it changed before has been fetched. Absent before the first round is done.
  since timestamptz,
  -- The round under way: the newest change seen, the link to the next page (sealed: its words are the server's), the last claim that was asked about.
  newest timestamptz,
  sealed_next bytea,
  after_claim uuid,
  next_at timestamptz not null default '-infinity',
  -- In an engine's hands until then; one more with each page asked for, so that a hand that was held too long changes nothing.
  leased_until timestamptz,
  run bigint not null default 0,
  -- When a round was last done, and what the last page came to.
  round_at timestamptz,
  failure_code text,
  failing_since timestamptz,
  strikes integer not null default 0,
  taken bigint not null default 0,
  parked bigint not null default 0
);

-- What was fetched and is no answer that can be taken: not valid, or withdrawn. A person asks the sender; a later version of it that can be taken ends it.
create table answer_unreadable (
  destination text not null,
  -- `ClaimResponse/123` at the destination.
  location text not null,
  at timestamptz not null default now(),
  sealed_faults bytea not null,
  sealed_original bytea not null,
  primary key (destination, location)
);
create index delivery_location on delivery (destination, remote_location) where remote_location is not null;
