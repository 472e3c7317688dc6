-- What the site data did not know, one task a key, with the money that waits for it. Keys are the hospital's own codes of places, people who treat,
-- payers and charges; nothing of a patient.
create table site_data_task (
  kind text not null check (kind in ('facility', 'department', 'practitioner', 'payer', 'charge')),
  key text not null,
  opened_at timestamptz not null default now(),
  last_at timestamptz not null default now(),
  closed_at timestamptz,
  primary key (kind, key)
);

create table site_data_waiting (
  kind text not null,
  key text not null,
  account_id uuid not null,
  cents bigint not null,
  primary key (kind, key, account_id),
  foreign key (kind, key) references site_data_task (kind, key) on delete cascade
);
