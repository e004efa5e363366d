-- Shipments after their dispatch: where each stands, what was heard of it, and when it was last heard of.

create domain shipment_state as text collate "C"
  constraint shipment_state_known check (value in ('dispatched', 'in_transit', 'delivered', 'failed'));
create domain carrier_status as text collate "C"
  constraint carrier_status_known check (value in ('IN_TRANSIT', 'DELIVERED', 'FAILED'));

alter table shipments
  drop constraint shipments_state_check,
  alter state type shipment_state,
  add column status_at timestamptz,
  add column heard_at timestamptz,
  add column overdue_at timestamptz;
update shipments set heard_at = recorded_at;
alter table shipments alter heard_at set not null;
comment on column shipments.status_at is 'the carrier''s clock: of the status that the state follows from';
comment on column shipments.heard_at is 'our clock: when its dispatch or its newest status was recorded';
comment on column shipments.overdue_at is 'when it was announced as overdue; once in its life';

-- What a sweeper looks for: shipments under way, those first of which nothing was heard for longest.
create index shipments_silent on shipments (heard_at)
  where state in ('dispatched', 'in_transit') and overdue_at is null;

-- Which lots left, so that they come back as what they were.
alter table shipment_lines
  add column lot text collate "C" not null default '',
  drop constraint shipment_lines_pkey,
  add primary key (shipment_id, line_no, location_id, lot);

create table shipment_statuses (
  shipment_id text collate "C" not null,
  occurred_at timestamptz not null,
  status carrier_status not null,
  lat numeric,
  lng numeric,
  reason text,
  state shipment_state not null,
  took_effect boolean not null,
  recorded_at timestamptz not null,
  primary key (shipment_id, occurred_at, status),
  constraint place_is_whole check ((lat is null) = (lng is null))
);
comment on table shipment_statuses is 'what carriers said of shipments, also what came too late to change anything';
comment on column shipment_statuses.occurred_at is 'the carrier''s clock';
comment on column shipment_statuses.state is 'where the shipment stood after it';
comment on column shipment_statuses.took_effect is 'whether it led to that state';

-- Null until something has arrived, which costs a new order nothing.
alter table orders add column delivered units;
comment on column orders.delivered is 'units of it that have arrived; null: none';

grant update (state, status_at, heard_at, overdue_at) on shipments to tallyman_allocation;
grant select, insert on shipment_statuses to tallyman_allocation;
grant select on shipment_statuses to tallyman_operator;

-- Erases what is kept about a customer, an order or a receiver of notifications. Ids and quantities stay.
create or replace function erase_person(kind text, subject text, done_by text, why text) returns table (what text, rows_changed bigint)
language plpgsql security definer set search_path = tallyman, pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  concerned text[] := case kind
    when 'customer' then array(select order_id from orders where customer_id = subject)
    when 'order' then array[subject] else '{}' end;
  letters bigint[];
  changed jsonb := '{}';
  n bigint;
begin
  update inbox set body = '', headers = '{}' where body <> '' and message_mentions(body, subject, concerned);
  get diagnostics n = row_count;
  changed := changed || jsonb_build_object('inbox messages', n);

  letters := array(select dead_letter_id from dead_letters
                   where erased_at is null and message_mentions(body, subject, concerned));
  -- An open one cannot be replayed any more. The body must stay different from others': it is part of the record's key.
  update dead_letters set
    body = convert_to('erased ' || dead_letter_id, 'UTF8'), headers = '{}', value = 'erased', erased_at = clock_timestamp(),
    resolved_at = coalesce(resolved_at, clock_timestamp()), resolved_by = coalesce(resolved_by, done_by),
    resolved_why = coalesce(resolved_why, 'erased: ' || why),
    state = case state when 'open' then 'discarded' else state end
  where dead_letter_id = any (letters);
  get diagnostics n = row_count;
  changed := changed || jsonb_build_object('dead letters', n);
  update dead_letter_actions set edits = null, sent_body = null
  where (dead_letter_id = any (letters) or message_mentions(sent_body, subject, concerned))
    and (edits is not null or sent_body is not null);
  get diagnostics n = row_count;
  changed := changed || jsonb_build_object('corrections of dead letters', n);
  insert into dead_letter_actions (dead_letter_id, action, done_by, role, why)
  select l, 'erased', done_by, session_user, why from unnest(letters) as l;

  update notification_deliveries set recipient = 'erased ' || notification_id, subject = 'erased', body = '', last_error = null
  where state <> 'waiting' and body <> ''
    and (recipient = erase_person.subject or correlation_id = any (concerned)
         or position(convert_to(erase_person.subject, 'UTF8') in body) > 0);
  get diagnostics n = row_count;
  changed := changed || jsonb_build_object('notifications', n);

  update shipments set carrier = null, tracking_number = null
  where order_id = any (concerned) and (carrier is not null or tracking_number is not null);
  get diagnostics n = row_count;
  changed := changed || jsonb_build_object('shipments', n);
  -- Where a parcel was delivered, and to whom, speaks of the customer as well.
  update shipment_statuses set lat = null, lng = null, reason = null
  where shipment_id in (select shipment_id from shipments where order_id = any (concerned))
    and (lat is not null or reason is not null);
  get diagnostics n = row_count;
  changed := changed || jsonb_build_object('shipment statuses', n);
  -- Last, so that no worker waits for an order while the messages are searched.
  update orders set customer_id = 'erased', closed_reason = case when closed_reason is not null then 'erased' end
  where order_id = any (concerned) and customer_id <> 'erased';
  get diagnostics n = row_count;
  changed := changed || jsonb_build_object('orders', n);

  insert into erasures (done_by, role, why, kind, subject_hash, changed)
  values (done_by, session_user, why, kind, sha256(convert_to(subject, 'UTF8')), changed);

  return query select key, value::bigint from jsonb_each_text(changed);
  -- What cannot be erased yet, because it is still on its way.
  return query select 'left: waiting notifications', count(*) from notification_deliveries
    where state = 'waiting' and (recipient = erase_person.subject or correlation_id = any (concerned)
                                 or position(convert_to(erase_person.subject, 'UTF8') in body) > 0);
  return query select 'left: events not yet published', count(*) from outbox
    where message_mentions(body, subject, concerned);
end
$$;
