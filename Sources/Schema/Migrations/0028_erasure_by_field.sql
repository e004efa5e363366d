-- Erasing goes by the fields that name somebody. Any value that was the same as a name was taken for it before: with
-- customer 7 the receipt 7 was erased as well, and with it an open dead letter that nobody had looked at yet.

-- Whether text that is not JSON has a name in it as a word of its own. Names are made of letters, digits and `._/@+-`;
-- one of these at a word's end is a full stop. As `escape` writes it, every byte is ASCII; a NUL parts words.
create function bytes_name(body bytea, subject text) returns boolean
language plpgsql immutable strict set search_path = tallyman, pg_catalog, pg_temp as $$
declare
  name bytea := convert_to(subject, 'UTF8');
begin
  if position(name in body) = 0 then return false; end if;
  return replace(encode(body, 'escape'), '\000', ' ') ~ (
    '(?<![A-Za-z0-9][._/@+-]*)' || regexp_replace(encode(name, 'escape'), '([^A-Za-z0-9])', '\\\1', 'g')
    || '(?![._/@+-]*([A-Za-z0-9]|\\[0-7]))');
end
$$;
comment on function bytes_name is 'whether bytes that are not JSON have a name in them, as a word of its own';

drop function message_mentions;

-- Whether a message speaks of somebody: by the field that names its kind, wherever in it, since in what was refused a
-- field may be misplaced and a number; by one of these orders; or by a shipment of them, as carriers' messages do.
create function message_mentions(body bytea, kind text, subject text, orders text[]) returns boolean
language plpgsql stable set search_path = tallyman, pg_catalog, pg_temp as $$
declare
  document jsonb;
  names jsonb := jsonb_build_object('text', subject, 'number', subject);
  shipment text;
begin
  begin
    document := convert_from(body, 'UTF8')::jsonb;
  exception when others then
    return bytes_name(body, subject);
  end;
  if subject ~ '^(0|[1-9][0-9]*)$' then names := names || jsonb_build_object('number', subject::numeric); end if;
  if (case kind
    when 'customer' then jsonb_path_exists(document, '$.**.customer_id ? (@ == $text || @ == $number)', names)
    when 'order' then jsonb_path_exists(document, '$.**.order_id ? (@ == $text || @ == $number)', names)
    when 'recipient' then jsonb_path_exists(document, '$.**.recipient ? (@ == $text || @ == $number)', names)
    when 'person' then jsonb_path_exists(document, '$.**.person ? (@ == $text || @ == $number)', names)
  end) then return true; end if;
  if document #>> '{data,order_id}' = any (orders) then return true; end if;
  shipment := document #>> '{data,shipment_id}';
  if shipment is null or orders = '{}' then return false; end if;
  return exists (select from shipments s where s.shipment_id = shipment and s.order_id = any (orders));
end
$$;

-- A webhook's body is an event; a mail names its customer in a line of its own. What is said of stock alone is about
-- nobody, even where the order that caused it is called the same.
create function delivery_mentions(delivery notification_deliveries, kind text, subject text, orders text[])
returns boolean
language plpgsql stable set search_path = tallyman, pg_catalog, pg_temp as $$
begin
  if kind = 'recipient' and delivery.recipient = subject then return true; end if;
  if delivery.correlation_id = any (orders) and delivery.event_type !~ '^(stock|lot)[.]' then return true; end if;
  if delivery.channel = 'webhook' then return message_mentions(delivery.body, kind, subject, orders); end if;
  return kind = 'customer' and position(convert_to(subject, 'UTF8') in delivery.body) > 0
    and convert_from(delivery.body, 'UTF8') ~ (
      '(?n)^\s*Customer:\s*' || regexp_replace(subject, '([^A-Za-z0-9])', '\\\1', 'g') || '\s*$');
end
$$;
revoke all on function bytes_name, message_mentions, delivery_mentions from public;

comment on table personal_data is
  'how erase_person blanks what is kept of a person, in the order of place: $1 the name, $2 the orders, $3 the kind';
update personal_data set statement = $s$
    update notification_deliveries d set recipient = 'erased ' || notification_id, subject = 'erased', body = '',
      last_error = null
    where state <> 'waiting' and body <> '' and delivery_mentions(d, $3, $1, $2)$s$
where what = 'notifications';
-- A customer may be called as somebody in the warehouse is, or as a quantity that must stay the same.
update personal_data set statement = statement || $s$ and $3 = 'person'$s$ where place between 50 and 55;
update personal_data set statement = $s$
    update dead_letters set rule = case when erased_at is not null then 'erased'
      else overlay(rule placing 'erased' from length('must stay ') + 1 for length($1)) end
    where erased_at is not null and rule <> 'erased'
      or starts_with(rule, 'must stay ' || $1 || ':')
        and field = case $3 when 'customer' then 'data.customer_id' when 'person' then 'data.person' end$s$
where what = 'rules of dead letters';

-- Each column by a condition of its own: a cancellation before its order has a reason and no customer, and a reason may be
-- written of an order whose customer is erased already.
update personal_data set statement = $s$
    update orders set customer_id = case when customer_id is not null then 'erased' end, destination_lat = null,
      destination_lng = null, closed_reason = case when closed_reason is not null then 'erased' end
    where order_id = any ($2)
      and (customer_id <> 'erased' or closed_reason <> 'erased' or destination_lat is not null)$s$
where what = 'orders';
insert into personal_data (place, what, statement) values
  (45, 'failed plans', $s$
    update shipment_plans_failed set reason = null where order_id = any ($2) and reason is not null$s$);

create function erase_columns(from_place int, to_place int, kind text, subject text, concerned text[]) returns jsonb
language plpgsql set search_path = tallyman, pg_catalog, pg_temp as $$
declare
  changed jsonb := '{}';
  kept record;
  n bigint;
begin
  for kept in select d.what, d.statement from personal_data d where d.place between from_place and to_place
              order by d.place loop
    execute kept.statement using subject, concerned, kind;
    get diagnostics n = row_count;
    changed := changed || jsonb_build_object(kept.what, n);
  end loop;
  return changed;
end
$$;
comment on function erase_columns is 'the statements of personal_data between two places, and how many rows each changed';
revoke all on function erase_columns from public;

-- Orders are what workers wait for: their rows are locked last, and all that is searched is searched before. What comes
-- while the inbox is searched is blanked by a second look at what is new; what comes after that is counted as left.
create or replace function erase_person(kind text, subject text, done_by text, why text)
returns table (what text, rows_changed bigint)
language plpgsql security definer set search_path = tallyman, pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  concerned text[] := case kind
    when 'customer' then array(select order_id from orders where customer_id = subject)
    when 'order' then array[subject] else '{}' end;
  -- What is recorded carries the moment at which its transaction began, which may have taken long.
  new_since timestamptz := clock_timestamp() - interval '10 minutes';
  since timestamptz;
  messages bigint := 0;
  letters bigint[];
  changed jsonb := '{}';
  left_over jsonb := '{}';
  n bigint;
begin
  foreach since in array array['-infinity', new_since] loop
    update inbox set body = '', headers = '{}'
    where recorded_at >= since and body <> '' and message_mentions(body, kind, subject, concerned);
    get diagnostics n = row_count;
    messages := messages + n;
    if kind = 'customer' then concerned := array(select order_id from orders where customer_id = subject); end if;
  end loop;
  changed := changed || jsonb_build_object('inbox messages', messages);

  letters := array(select dead_letter_id from dead_letters
                   where erased_at is null and message_mentions(body, erase_person.kind, subject, concerned));
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
  where (dead_letter_id = any (letters) or message_mentions(sent_body, kind, subject, concerned))
    and (edits is not null or sent_body is not null);
  get diagnostics n = row_count;
  changed := changed || jsonb_build_object('corrections of dead letters', n);
  insert into dead_letter_actions (dead_letter_id, action, done_by, role, why)
  select l, 'erased', done_by, session_user, why from unnest(letters) as l;

  changed := changed || erase_columns(0, 999, kind, subject, concerned);

  -- What cannot be erased yet, because it is still on its way, or came just now.
  select count(*) into n from notification_deliveries d
  where (state = 'waiting' or body <> '')
    and delivery_mentions(d, erase_person.kind, erase_person.subject, concerned);
  left_over := left_over || jsonb_build_object('left: waiting notifications', n);
  select count(*) into n from outbox_messages where message_mentions(body, kind, subject, concerned);
  left_over := left_over || jsonb_build_object('left: events not yet published', n);
  select count(*) into n from inbox
  where recorded_at >= new_since and body <> '' and message_mentions(body, kind, subject, concerned);
  left_over := left_over || jsonb_build_object('left: messages that came meanwhile', n);
  select count(*) into n from dead_letters
  where dead_at >= new_since and erased_at is null
    and message_mentions(body, erase_person.kind, subject, concerned);
  left_over := left_over || jsonb_build_object('left: dead letters that came meanwhile', n);
  if kind = 'customer' then
    select count(*) into n from orders where customer_id = subject and order_id <> all (concerned);
    left_over := left_over || jsonb_build_object('left: orders that came meanwhile', n);
  end if;

  changed := changed || erase_columns(1000, 9999, kind, subject, concerned);
  insert into erasures (done_by, role, why, kind, subject_hash, changed)
  values (done_by, session_user, why, kind, sha256(convert_to(subject, 'UTF8')), changed);

  return query select key, value::bigint from jsonb_each_text(changed || left_over);
end
$$;
comment on function erase_person is
  'blanks messages, notifications and the fields that speak of a customer, order, recipient or person; one transaction';

-- `tallyman reservations` finds what is promised as workers do: no index tells open reservations from those that ended.
grant execute on function orders_promised to tallyman_operator;
