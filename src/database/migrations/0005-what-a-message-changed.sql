-- A message's page shows what it changed.
create index chart_version_record on chart_version (record_id) where record_id is not null;
create index item_event_record on item_event (record_id) where record_id is not null;
