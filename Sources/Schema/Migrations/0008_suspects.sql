-- Messages that a worker may have died of.

create table suspects (
  consumer text collate "C" not null,
  message_id text collate "C" not null,
  body_hash bytea not null,
  in_company tally not null,
  alone tally not null,
  first_at timestamptz not null,
  last_at timestamptz not null,
  primary key (consumer, message_id, body_hash)
);
comment on table suspects is
  'redelivered messages that are being handled, or were when their worker died; a row goes when its message is settled';
comment on column suspects.in_company is 'how often a batch with this message was begun and never ended';
comment on column suspects.alone is 'how often handling this message alone was begun and never ended';

grant select, insert, update, delete on suspects to tallyman_inventory, tallyman_allocation, tallyman_notification;
grant select on suspects to tallyman_operator;
