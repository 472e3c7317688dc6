-- What was odd about a message and tolerated; what was decided before the fold; the answer when it was a refusal (an accept is
-- made again from the record). `fold_as` says that the fold records the outcome without applying the message.
alter table journal_record add column flags text[];
alter table journal_record add column fold_as text check (fold_as in ('filtered', 'failed'));
alter table journal_record add column fold_code text;
alter table journal_record add column fold_place text;
alter table journal_record add column sealed_answer bytea;
-- Character set that the transport named (Content-Type): it wins over MSH-18.
alter table journal_record add column charset text;
-- Blind index of a refused message's control id within its sender: tells whether it was accepted later.
alter table journal_record add column control_search bigint;
create index journal_record_refused_control on journal_record (feed, control_search) where verdict = 'refused';

-- Identifiers of messages, as the first 8 bytes of their blind indexes.
create table search_key (
  key bigint not null,
  day date not null,
  seq bigint not null,
  primary key (key, seq)
);

-- A control id may be used again for other content; the pair of id and content is what repeats.
alter table control_id_seen drop constraint control_id_seen_pkey;
alter table control_id_seen add primary key (feed, control_key, sha256);

-- Application acknowledgements that a sender asked for, until it has them.
create table application_answer (
  record_id uuid primary key,
  feed text not null,
  condition text not null check (condition in ('AL', 'ER', 'SU')),
  mode text not null check (mode in ('application', 'original')),
  state text not null default 'owed' check (state in ('owed', 'sent', 'not-owed', 'undelivered')),
  code text,
  owed_since timestamptz not null default now(),
  ended_at timestamptz
);
create index application_answer_owed on application_answer (feed, owed_since) where state = 'owed';

-- Each change of a feed's life.
create table feed_life (
  feed text not null,
  since timestamptz not null default now(),
  life text not null check (life in ('test', 'backload', 'parallel', 'live')),
  who text not null,
  why text not null,
  primary key (feed, since)
);

drop function journal_append(uuid[], timestamptz[], text[], text[], text[], smallint[], bytea[], text[], bytea[], integer[], text[], text[],
  text[], text[], bytea[]);
drop function journal_original(text, bytea, bytea);

-- One statement, one commit for a whole group of entries. The shared advisory lock is taken before the first write, so that a
-- reader can tell which appending transactions still run, and stops at the oldest of them only.
-- p_search holds every identifier of the group, p_search_of the number (from 1) of the entry it belongs to.
-- p_on_reuse is what the feed does with a control id used again for other content: accept, hold or reject.
create function journal_append(
  p_ids uuid[], p_received timestamptz[], p_feeds text[], p_protocols text[], p_peers text[], p_lanes smallint[],
  p_control_keys bytea[], p_types text[], p_sha256 bytea[], p_lengths integer[], p_verdicts text[], p_answers text[],
  p_codes text[], p_places text[], p_sealed bytea[], p_flags text[], p_fold_as text[], p_fold_codes text[], p_fold_places text[],
  p_sealed_answers bytea[], p_control_search bigint[], p_on_reuse text[], p_app_condition text[], p_app_mode text[],
  p_charsets text[], p_search bigint[], p_search_of integer[]
) returns table (id uuid, verdict text, original uuid, original_at timestamptz, reused boolean) language plpgsql as $body$
begin
  perform pg_advisory_xact_lock_shared(7145002);
  return query
  with entry as (
    select * from unnest(p_ids, p_received, p_feeds, p_protocols, p_peers, p_lanes, p_control_keys, p_types, p_sha256, p_lengths,
      p_verdicts, p_answers, p_codes, p_places, p_sealed, p_flags, p_fold_as, p_fold_codes, p_fold_places, p_sealed_answers,
      p_control_search, p_on_reuse, p_app_condition, p_app_mode, p_charsets) with ordinality
      as e (id, received_at, feed, protocol, peer, lane, control_key, message_type, sha256, byte_length, verdict, answer, failure_code,
        failure_place, sealed, flags, fold_as, fold_code, fold_place, sealed_answer, control_search, on_reuse, app_condition, app_mode, charset, n)
  ), other as (
    -- The same control id with other content, seen before this group or earlier in it.
    select e.n from entry e where e.control_key is not null and e.verdict = 'accepted' and (
      exists (select from control_id_seen s where s.feed = e.feed and s.control_key = e.control_key and s.sha256 <> e.sha256)
      or exists (select from entry f where f.n < e.n and f.feed = e.feed and f.control_key = e.control_key and f.sha256 <> e.sha256
        and f.verdict = 'accepted'))
  ), claimed as (
    insert into control_id_seen as seen (feed, control_key, sha256, record_id, seen_at)
    select e.feed, e.control_key, e.sha256, e.id, e.received_at from entry e
    where e.control_key is not null and e.verdict = 'accepted' and not (e.on_reuse = 'reject' and e.n in (select o.n from other o))
    order by e.n
    on conflict (feed, control_key, sha256) do nothing
    returning seen.record_id
  ), judged as (
    select e.*, e.n in (select o.n from other o) as reused, case
      when e.verdict <> 'accepted' or e.control_key is null or e.id in (select c.record_id from claimed c) then e.verdict
      when e.on_reuse = 'reject' and e.n in (select o.n from other o)
        and not exists (select from control_id_seen s where s.feed = e.feed and s.control_key = e.control_key and s.sha256 = e.sha256)
        then 'refused'
      else 'duplicate' end as judged
    from entry e
  ), stored as (
    insert into journal_record (day, id, received_at, feed, protocol, peer, lane, control_key, message_type, byte_length, sha256, verdict,
      answer, failure_code, failure_place, sealed, flags, fold_as, fold_code, fold_place, sealed_answer, control_search, charset)
    select (j.received_at at time zone 'UTC')::date, j.id, j.received_at, j.feed, j.protocol, j.peer, j.lane, j.control_key, j.message_type,
      j.byte_length, j.sha256, j.judged,
      case when j.judged = 'refused' and j.verdict = 'accepted' then 'AR' else j.answer end,
      case when j.judged = 'refused' and j.verdict = 'accepted' then 'CONTROL_ID_REUSED' else j.failure_code end,
      case when j.judged = 'refused' and j.verdict = 'accepted' then 'MSH-10' else j.failure_place end,
      j.sealed,
      case when j.reused and j.judged = 'accepted' then array_append(string_to_array(j.flags, ' '), 'CONTROL_ID_REUSED')
        else string_to_array(j.flags, ' ') end,
      case when j.reused and j.on_reuse = 'hold' and j.judged = 'accepted' then 'failed' else j.fold_as end,
      case when j.reused and j.on_reuse = 'hold' and j.judged = 'accepted' then 'CONTROL_ID_REUSED' else j.fold_code end,
      case when j.reused and j.on_reuse = 'hold' and j.judged = 'accepted' then 'MSH-10' else j.fold_place end,
      j.sealed_answer, case when j.judged = 'refused' then j.control_search end, j.charset
    from judged j order by j.n
    returning journal_record.id as stored_id, journal_record.day as stored_day, journal_record.seq as stored_seq
  ), found as (
    insert into search_key (key, day, seq)
    select distinct s.key, d.stored_day, d.stored_seq
    from unnest(p_search, p_search_of) as s (key, of) join entry e on e.n = s.of join stored d on d.stored_id = e.id
    on conflict do nothing
  ), owed as (
    insert into application_answer (record_id, feed, condition, mode)
    select j.id, j.feed, j.app_condition, j.app_mode from judged j where j.app_condition is not null and j.judged = 'accepted'
  )
  select j.id, j.judged, null::uuid, null::timestamptz, j.reused from judged j order by j.n;
end $body$;

-- Whom a repetition repeats. Read after journal_append: only then is the other's row surely visible.
create function journal_original(p_feed text, p_control_key bytea, p_sha256 bytea) returns table (record_id uuid, seen_at timestamptz)
language sql stable as $body$
  select record_id, seen_at from control_id_seen where feed = p_feed and control_key = p_control_key and sha256 = p_sha256
$body$;
