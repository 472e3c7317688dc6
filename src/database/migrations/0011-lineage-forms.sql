-- Messages of one form have the same lineage but for the ids of their resources: the form is kept once, sealed (table rows may hold codes of a
-- patient) under a keyed digest, and each message names it. What was stored before can be had again: lineage under the maps of now, or a refold.
create table lineage_form (
  key bytea primary key,
  sealed bytea not null
);
alter table lineage_form alter column sealed set storage external;
truncate message_lineage;
alter table message_lineage drop column sealed;
alter table message_lineage add column form_key bytea not null;
alter table message_lineage add column resource_ids uuid[] not null;
