-- An item with more lines or diagnoses than one claim takes gives several claims of one version. The first is part 1.
alter table claim add column part integer not null default 1 check (part >= 1);
alter table claim add column parts integer not null default 1 check (parts >= part);
alter table claim drop constraint claim_item_id_version_key;
alter table claim add constraint claim_item_version_part unique (item_id, version, part);
