-- Who may write to the outbox may have the relay publish anything: each role is held to what it has to say. The workers
-- that decide about stock and orders are not, whose events are most of all: for them only their name is compared.

-- Whether all messages of a packet are of these types. The relay reads a packet as packet_messages does.
create function packet_is_of(packet bytea, types text[]) returns boolean
language sql immutable strict set search_path = tallyman, pg_catalog, pg_temp as $$
  select coalesce(bool_and(routing_key = any (types)), false) from packet_messages(packet)
$$;
comment on function packet_is_of is 'whether a packet has messages of these types and no others';
revoke all on function packet_is_of from public;
grant execute on function packet_messages, packet_is_of to tallyman_notification, tallyman_operator;

-- Whoever reads or keeps the table needs no more rights than before, which row level security would change: a backup
-- would miss what waits here. A member of one of the roles is held as the role is.
create function hold_outbox_row() returns trigger
language plpgsql set search_path = tallyman, pg_catalog, pg_temp as $$
begin
  if pg_has_role('tallyman_inventory', 'usage') or pg_has_role('tallyman_allocation', 'usage')
    or not (pg_has_role('tallyman_notification', 'usage') or pg_has_role('tallyman_operator', 'usage'))
  then return new; end if;
  -- The outcome of notifications, and what goes back to the worker's own queue.
  if pg_has_role('tallyman_notification', 'usage') and (case
    when new.messages > 1 then new.exchange = '' and new.routing_key = 'tallyman.packet'
      and packet_is_of(new.body, '{notification.sent,notification.failed}')
    when new.exchange = 'supply.events' then new.routing_key in ('notification.sent', 'notification.failed')
    else new.exchange = '' and starts_with(new.routing_key, 'notification.') end)
  then return new; end if;
  -- Replays, to a worker's queue. What they say may have been corrected, and cannot be held to anything.
  if pg_has_role('tallyman_operator', 'usage') and new.messages = 1 and new.exchange = ''
    and new.routing_key in ('inventory', 'allocation', 'notification')
  then return new; end if;
  raise exception 'role % may not write to the outbox what goes to "%" by "%"', current_user, new.exchange, new.routing_key
    using errcode = 'insufficient_privilege';
end
$$;
create trigger hold_row before insert on outbox for each row
  when (current_user not in ('tallyman_inventory', 'tallyman_allocation')) execute function hold_outbox_row();

-- When and for whom is not the operator's to say: the trail has it from the database.
revoke insert on dead_letter_actions from tallyman_operator;
grant insert (dead_letter_id, action, done_by, why, attempt, edits, sent_body) on dead_letter_actions
  to tallyman_operator;
