-- Files taken, by their content: the same one a second time is noticed. Their names may say who a patient is and are not kept.
create table taken_file (
  feed text not null,
  sha256 bytea not null,
  taken_at timestamptz not null,
  messages integer not null,
  accepted integer not null,
  refused integer not null,
  duplicates integer not null,
  primary key (feed, sha256)
);
