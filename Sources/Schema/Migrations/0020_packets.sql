-- Several events of one transaction in one row of the outbox: a packet. With a row for each event, rows and index
-- entries were most of what the outbox cost, and events, which are much alike, could not be compressed together.

alter table outbox add column messages smallint not null default 1 check (messages > 0);
comment on column outbox.messages is
  'how many messages the row holds; with more than one its body is a packet, see outbox_messages';
comment on column outbox.aggregate is
  'hash of the aggregate: its rows leave in id order, one relay at a time per shard; a packet names its messages'' own';

-- Compressed within the row, where a packet fits a page. A server that was built without lz4 keeps bodies as they are:
-- the other method takes longer to compress a body than it takes to write it.
do $$
begin
  alter table outbox alter column body set compression lz4;
  alter table outbox alter column body set storage main;
exception when feature_not_supported then
  null;
end
$$;

-- Fewer rows of more bytes.
alter table outbox set (autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_insert_threshold = 10000);

-- What the broker refuses of a packet stays, under the same id; what it confirmed does not.
grant update (aggregate, exchange, routing_key, message_id, messages, body) on outbox to tallyman_relay;

-- A line for each message (aggregate, bytes, routing key, message id), an empty line, and the bodies without anything
-- between them.
create function packet_messages(packet bytea)
returns table (place int, aggregate bigint, routing_key text, message_id text, body bytea)
language plpgsql immutable strict parallel safe set search_path = pg_catalog, pg_temp as $$
declare
  end_of_lines int := position('\x0a0a'::bytea in packet);
  next_body int := end_of_lines + 2;
  line text;
  words text[];
begin
  if end_of_lines = 0 then return; end if;
  place := 0;
  foreach line in array string_to_array(convert_from(substring(packet for end_of_lines - 1), 'UTF8'), E'\n') loop
    words := string_to_array(line, ' ');
    place := place + 1;
    aggregate := words[1];
    routing_key := words[3];
    message_id := words[4];
    body := substring(packet from next_body for words[2]::int);
    next_body := next_body + words[2]::int;
    return next;
  end loop;
end
$$;
comment on function packet_messages is 'the messages of a packet, in their order';
revoke all on function packet_messages from public;
grant execute on function packet_messages to tallyman_operator, tallyman_relay;

create view outbox_messages as
select o.shard, o.id, 1 as place, o.aggregate, o.exchange, o.routing_key, o.message_id, o.content_type, o.headers, o.body,
       o.created_at
from outbox o where o.messages = 1
union all
select o.shard, o.id, m.place, m.aggregate, 'supply.events', m.routing_key, m.message_id, o.content_type, o.headers,
       m.body, o.created_at
from outbox o cross join lateral packet_messages(o.body) as m where o.messages > 1;
comment on view outbox_messages is 'what the relay has still to publish, message by message';
grant select on outbox_messages to tallyman_operator, tallyman_relay;
