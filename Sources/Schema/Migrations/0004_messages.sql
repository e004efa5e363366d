-- Messages: inbox, outbox, dead letters, notification deliveries.

create table inbox (
  message_id text collate "C" not null,
  source text collate "C" not null,
  consumer text collate "C" not null,
  attempt int not null check (attempt >= 0),
  day date not null,
  outcome text collate "C" not null check (outcome in ('applied', 'unchanged', 'retried', 'dead_lettered')),
  events int not null check (events >= 0),
  headers text not null,
  body bytea not null,
  recorded_at timestamptz not null,
  primary key (message_id, source, consumer, attempt, day)
) partition by range (day);
comment on table inbox is 'every message that was settled, with its outcome: what makes a redelivery a no-op';
comment on column inbox.day is 'of the CloudEvents time (UTC)';
comment on column inbox.events is 'how many events left because of this message';

create table outbox (
  shard smallint not null check (shard between 0 and 15),
  id bigint generated always as identity,
  aggregate bigint not null,
  exchange text collate "C" not null,
  routing_key text collate "C" not null,
  message_id text collate "C" not null,
  content_type text collate "C" not null,
  headers text,
  body bytea not null,
  created_at timestamptz not null default clock_timestamp(),
  primary key (shard, id)
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000, autovacuum_vacuum_cost_delay = 0,
        autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 100000);
comment on table outbox is 'what the relay has still to publish; a row is deleted when the broker has confirmed it';
comment on column outbox.aggregate is 'hash of the aggregate: its rows leave in id order, one relay at a time per shard';
-- The relay deletes nearly every row it reads: statistics say nothing useful and a bad plan would be a disaster.
alter table outbox alter column body set storage external;

create table dead_letters (
  dead_letter_id bigint generated always as identity primary key,
  consumer text collate "C" not null,
  queue text collate "C" not null,
  source text collate "C" not null,
  message_id text collate "C" not null,
  type text collate "C" not null,
  attempt int not null check (attempt >= 0),
  kind text collate "C" not null check (kind in ('malformed', 'refused', 'exhausted')),
  field text not null,
  value text not null,
  rule text not null,
  content_type text,
  headers text not null,
  body bytea not null,
  body_hash bytea not null generated always as (sha256(body)) stored,
  first_seen_at timestamptz not null,
  dead_at timestamptz not null,
  state text collate "C" not null default 'open' check (state in ('open', 'replayed', 'discarded')),
  resolved_at timestamptz,
  resolved_by text,
  resolved_why text,
  unique (consumer, message_id, source, attempt, body_hash),
  check ((state = 'open') = (resolved_at is null))
);
comment on column dead_letters.kind is 'malformed: could not be read; refused: broke a rule; exhausted: retried in vain';
comment on column dead_letters.rule is 'what would have been right';

create table notification_deliveries (
  notification_id uuid primary key,
  event_id text not null,
  event_source text not null,
  event_type text not null,
  channel text not null check (channel in ('email', 'webhook')),
  recipient text not null,
  subject text not null,
  body bytea not null,
  correlation_id text,
  causation_traceparent text,
  state text not null default 'waiting' check (state in ('waiting', 'sent', 'failed')),
  attempts int not null default 0 check (attempts >= 0),
  next_attempt_at timestamptz not null default now(),
  leased_until timestamptz,
  lease_token uuid,
  last_error text,
  created_at timestamptz not null default now(),
  settled_at timestamptz,
  unique (event_source, event_id, channel, recipient),
  check ((state = 'waiting') = (settled_at is null))
);
create index notification_deliveries_due on notification_deliveries (next_attempt_at) where state = 'waiting';
