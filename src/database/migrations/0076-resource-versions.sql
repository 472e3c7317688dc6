-- The version that a released claim refers to of each thing it refers to: a keyed digest of what it says. Absent for claims released before there were
-- any; their versions are reckoned when they are asked for.
alter table claim_resource add column version_id text;
create index claim_resource_version on claim_resource (type, id, version_id);
