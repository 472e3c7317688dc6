-- Sealed columns (bytea named sealed*) hold AES-256-GCM; *_key columns are blind indexes. Everything else is free of patient data.

create table lane_cursor (
  lane smallint primary key,
  xid xid8 not null default '0',
  seq bigint not null default 0
);
insert into lane_cursor (lane) select generate_series(0, 31);

create sequence journal_seq;

-- Every byte sequence received, once. `verdict` is what the sender was told; what came of it later is in journal_outcome.
create table journal_record (
  day date not null,
  seq bigint not null default nextval('journal_seq'),
  id uuid not null,
  xid xid8 not null default pg_current_xact_id(),
  received_at timestamptz not null,
  feed text not null,
  protocol text not null,
  peer text,
  lane smallint not null,
  control_key bytea,
  message_type text,
  byte_length integer not null,
  sha256 bytea not null,
  verdict text not null check (verdict in ('accepted', 'refused', 'duplicate', 'incomplete')),
  answer text,
  failure_code text,
  failure_place text,
  sealed bytea not null,
  primary key (day, seq)
) partition by range (day);
alter table journal_record alter column sealed set storage external;
create table journal_record_default partition of journal_record default;
create index journal_record_lane on journal_record (lane, xid, seq) where verdict = 'accepted';
create index journal_record_id on journal_record (id);
create index journal_record_refused on journal_record (received_at) where verdict <> 'accepted';

-- Control ids seen within the feed's duplicate window.
create table control_id_seen (
  feed text not null,
  control_key bytea not null,
  sha256 bytea not null,
  record_id uuid not null,
  seen_at timestamptz not null,
  primary key (feed, control_key)
);

-- One statement, one commit for a whole group of entries. The shared advisory lock is taken before the first write, so that a
-- reader can tell which appending transactions still run, and stops at the oldest of them only.
create function journal_append(
  p_ids uuid[], p_received timestamptz[], p_feeds text[], p_protocols text[], p_peers text[], p_lanes smallint[],
  p_control_keys bytea[], p_types text[], p_sha256 bytea[], p_lengths integer[], p_verdicts text[], p_answers text[],
  p_codes text[], p_places text[], p_sealed bytea[]
) returns table (id uuid, verdict text, original uuid) language plpgsql as $body$
begin
  perform pg_advisory_xact_lock_shared(7145002);
  return query
  with entry as (
    select * from unnest(p_ids, p_received, p_feeds, p_protocols, p_peers, p_lanes, p_control_keys, p_types, p_sha256, p_lengths,
      p_verdicts, p_answers, p_codes, p_places, p_sealed) with ordinality
      as e (id, received_at, feed, protocol, peer, lane, control_key, message_type, sha256, byte_length, verdict, answer, failure_code,
        failure_place, sealed, n)
  ), claimed as (
    insert into control_id_seen as seen (feed, control_key, sha256, record_id, seen_at)
    select e.feed, e.control_key, e.sha256, e.id, e.received_at from entry e
    where e.control_key is not null and e.verdict = 'accepted' order by e.n
    on conflict (feed, control_key) do nothing
    returning seen.record_id
  ), judged as (
    select e.*, case
      when e.verdict <> 'accepted' or e.control_key is null or e.id in (select c.record_id from claimed c) then e.verdict
      else 'duplicate' end as judged
    from entry e
  ), stored as (
    insert into journal_record (day, id, received_at, feed, protocol, peer, lane, control_key, message_type, byte_length, sha256, verdict,
      answer, failure_code, failure_place, sealed)
    select (j.received_at at time zone 'UTC')::date, j.id, j.received_at, j.feed, j.protocol, j.peer, j.lane, j.control_key, j.message_type,
      j.byte_length, j.sha256, j.judged, j.answer, j.failure_code, j.failure_place, j.sealed
    from judged j order by j.n
  )
  select j.id, j.judged, null::uuid from judged j order by j.n;
end $body$;

-- Whom a repetition repeats, and whether it has the same bytes. Read after journal_append: only then is the other's row surely visible.
create function journal_original(p_feed text, p_control_key bytea, p_sha256 bytea) returns table (record_id uuid, same boolean)
language sql stable as $body$
  select record_id, sha256 = p_sha256 from control_id_seen where feed = p_feed and control_key = p_control_key
$body$;

-- The one outcome of each accepted record. A parked record waits behind an earlier failed one of its account.
create table journal_outcome (
  seq bigint primary key,
  record_id uuid not null,
  account_id uuid,
  outcome text not null check (outcome in ('applied', 'filtered', 'failed', 'parked')),
  failure_code text,
  failure_place text,
  map_version text,
  folded_at timestamptz not null default now()
);
create index journal_outcome_trouble on journal_outcome (folded_at) where outcome in ('failed', 'parked');
create index journal_outcome_account on journal_outcome (account_id, seq);
create index journal_outcome_record on journal_outcome (record_id);

create table account (
  id uuid primary key,
  feed text not null,
  facility text not null,
  account_key bytea not null,
  sealed_number bytea not null,
  chart_version integer not null default 0,
  class text,
  admitted_at timestamptz,
  discharged_at timestamptz,
  cancelled boolean not null default false,
  payer_id text,
  total_cents bigint not null default 0,
  interface_failed boolean not null default false,
  updated_at timestamptz not null default now()
);
create index account_key on account (account_key);

-- The chart as it stands: one row per resource.
create table chart_resource (
  account_id uuid not null references account (id) on delete cascade,
  type text not null,
  id uuid not null,
  version integer not null,
  content_hash bytea not null,
  sealed bytea not null,
  primary key (account_id, type, id)
);

-- One delta per version: which record made it and what it changed.
create table chart_version (
  account_id uuid not null references account (id) on delete cascade,
  version integer not null,
  record_id uuid,
  cause text not null,
  made_at timestamptz not null default now(),
  sealed_delta bytea not null,
  primary key (account_id, version)
);

-- Full charts, only where a lease, a coding version or a claim pins one.
create table chart_pin (
  account_id uuid not null references account (id) on delete cascade,
  version integer not null,
  sealed bytea not null,
  primary key (account_id, version)
);

create table coding_item (
  id uuid primary key,
  account_id uuid not null references account (id),
  stream text not null,
  progress text not null check (progress in ('expected', 'open', 'awaiting', 'final-coded', 'released', 'accepted', 'cancelled', 'no-code')),
  state text not null,
  queue text,
  priority integer not null default 1000,
  dispatch_no integer not null default 1,
  facility text not null,
  class text,
  ready_at timestamptz,
  release_after timestamptz,
  chart_version integer not null,
  pinned_version integer,
  lease_id uuid,
  lease_user uuid,
  lease_until timestamptz,
  lease_epoch integer not null default 0,
  coder_of_record uuid,
  sealed_draft bytea,
  updated_at timestamptz not null default now(),
  unique (account_id, stream)
);
create index coding_item_queue on coding_item (queue, priority, ready_at) where state = 'READY';
create index coding_item_state on coding_item (state);

create table item_hold (
  item_id uuid not null references coding_item (id) on delete cascade,
  code text not null,
  owner text not null,
  set_by text not null,
  set_at timestamptz not null default now(),
  blocks text not null check (blocks in ('coding', 'release', 'nothing')),
  primary key (item_id, code)
);

create table item_event (
  id bigint generated always as identity primary key,
  item_id uuid not null references coding_item (id) on delete cascade,
  at timestamptz not null default now(),
  event text not null,
  from_state text,
  to_state text,
  actor text not null,
  record_id uuid,
  detail text
);
create index item_event_item on item_event (item_id, id);

-- The outbox: items whose ticket in Redis may no longer agree with their row.
create table dirty_item (
  item_id uuid primary key,
  since timestamptz not null default now()
);

create table coding_version (
  item_id uuid not null references coding_item (id),
  version integer not null,
  chart_version integer not null,
  coder uuid not null,
  rule_pack text not null,
  sealed_codes bytea not null,
  sealed_findings bytea not null,
  made_at timestamptz not null default now(),
  primary key (item_id, version)
);

create table claim (
  id uuid primary key,
  item_id uuid not null references coding_item (id),
  account_id uuid not null references account (id),
  version integer not null,
  coding_version integer not null,
  frequency text not null,
  kind text not null,
  status text not null,
  identifier_key bytea not null,
  patient_id uuid not null,
  encounter_id uuid not null,
  payer_id text,
  total_cents bigint not null,
  created_at timestamptz not null default now(),
  sealed bytea not null,
  unique (item_id, version)
);
create index claim_patient on claim (patient_id);
create index claim_encounter on claim (encounter_id);
create index claim_identifier on claim (identifier_key);

-- What a claim refers to, as it stood at release.
create table claim_resource (
  claim_id uuid not null references claim (id) on delete cascade,
  type text not null,
  id uuid not null,
  sealed bytea not null,
  primary key (claim_id, type, id)
);
create index claim_resource_id on claim_resource (type, id);

-- Whether each destination has each claim. `unconfirmed` means look before sending again.
create table delivery (
  claim_id uuid not null references claim (id),
  destination text not null,
  state text not null check (state in ('pending', 'sending', 'confirmed', 'unconfirmed', 'rejected')),
  attempts integer not null default 0,
  remote_location text,
  failure_code text,
  next_try_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (claim_id, destination)
);
create index delivery_open on delivery (next_try_at) where state in ('pending', 'sending', 'unconfirmed');

create table app_user (
  id uuid primary key,
  name text not null unique,
  roles text[] not null,
  active boolean not null default true,
  created_at timestamptz not null default now()
);

-- Tokens and one-time sign-in codes, as digests only.
create table access_token (
  digest bytea primary key,
  user_id uuid not null references app_user (id) on delete cascade,
  kind text not null check (kind in ('session', 'one-time')),
  expires_at timestamptz not null,
  created_at timestamptz not null default now()
);

create table audit_event (
  id bigint generated always as identity primary key,
  at timestamptz not null default now(),
  actor text not null,
  role text,
  action text not null,
  route text not null,
  outcome integer not null,
  object_type text,
  object_id text,
  request_id text not null
);
