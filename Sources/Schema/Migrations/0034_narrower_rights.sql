-- Who may write to the outbox may have the relay publish anything: each role is held to what it has to say. The workers
-- that decide about stock and orders are not, whose events are most of all: for them nothing is evaluated.

-- Whether all messages of a packet are of these types. The relay reads a packet as packet_messages does.
create function packet_is_of(packet bytea, types text[]) returns boolean
language sql immutable strict set search_path = tallyman, pg_catalog, pg_temp as $$
  select coalesce(bool_and(routing_key = any (types)), false) from packet_messages(packet)
$$;
comment on function packet_is_of is 'whether a packet has messages of these types and no others';
revoke all on function packet_is_of from public;
grant execute on function packet_messages, packet_is_of to tallyman_notification;

alter table outbox enable row level security;
create policy relay on outbox to tallyman_relay using (true);
create policy operators_read on outbox for select to tallyman_operator using (true);
create policy stock_and_orders on outbox for insert to tallyman_inventory, tallyman_allocation with check (true);
-- The outcome of its notifications, and what goes back to a queue of its own.
create policy notifications on outbox for insert to tallyman_notification with check (
  case when messages > 1 then exchange = '' and routing_key = 'tallyman.packet'
      and packet_is_of(body, '{notification.sent,notification.failed}')
    when exchange = 'supply.events' then routing_key in ('notification.sent', 'notification.failed')
    else exchange = '' and starts_with(routing_key, 'notification.') end);
-- Replays, to a worker's queue. What they say may have been corrected, and cannot be held to anything.
create policy replays on outbox for insert to tallyman_operator with check (
  messages = 1 and exchange = '' and routing_key in ('inventory', 'allocation', 'notification'));

-- When and for whom is not the operator's to say: the trail has it from the database.
revoke insert on dead_letter_actions from tallyman_operator;
grant insert (dead_letter_id, action, done_by, why, attempt, edits, sent_body) on dead_letter_actions
  to tallyman_operator;
