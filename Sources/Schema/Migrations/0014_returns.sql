-- What comes back from customers, and shipment plans that were refused.

create domain disposal as text collate "C"
  constraint disposal_known check (value in ('stock', 'quality_control', 'scrap'));

create table returns (
  return_id text collate "C" primary key,
  order_id text collate "C",
  shipment_id text collate "C",
  reason text,
  recorded_at timestamptz not null
);
create index returns_of on returns (order_id) where order_id is not null;
comment on table returns is 'goods that came back; of an order''s line never more than was shipped';

create table return_lines (
  return_id text collate "C" not null,
  part_no place not null,
  line_no int,
  sku text collate "C" not null,
  location_id text collate "C" not null,
  quantity some_units not null,
  disposition disposal not null,
  primary key (return_id, part_no)
);
comment on column return_lines.line_no is 'the order''s line; null where no order is known';
comment on column return_lines.disposition is 'scrap is not on hand: it came and was thrown away';

create table shipment_plans_failed (
  plan_id text collate "C" primary key,
  order_id text collate "C" not null,
  action text collate "C" not null check (action in ('release', 'replan')),
  reason text,
  recorded_at timestamptz not null
);
create table shipment_plan_lines (
  plan_id text collate "C" not null,
  part_no place not null,
  line_no place not null,
  location_id text collate "C" not null,
  quantity some_units not null,
  primary key (plan_id, part_no)
);
comment on table shipment_plans_failed is 'what was reserved at a location and could not be shipped from there';

grant select, insert on returns, return_lines, shipment_plans_failed, shipment_plan_lines to tallyman_allocation;
grant select on returns, return_lines, shipment_plans_failed, shipment_plan_lines to tallyman_operator;
-- What comes back may lie where its product never was: an empty balance, and nothing else of it.
grant insert (sku, location_id, lot, sellable, priority) on balances to tallyman_allocation;

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
  update returns set reason = null where order_id = any (concerned) and reason is not null;
  get diagnostics n = row_count;
  changed := changed || jsonb_build_object('returns', n);
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
