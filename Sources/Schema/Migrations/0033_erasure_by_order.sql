-- Erasing finds what speaks of a customer's orders wherever an order's or a shipment's id stands, also in what is no
-- JSON or none that jsonb takes, and also of an order that never came into being: its message is a dead letter, and a
-- cancellation may have left a reason.

-- The orders, or shipments, that a message names, wherever in it, also in what is no JSON or none that jsonb takes.
create function message_ids(body bytea, field text) returns text[]
language plpgsql immutable strict set search_path = tallyman, pg_catalog, pg_temp as $$
begin
  begin
    return array(
      select named.id #>> '{}'
      from jsonb_path_query(convert_from(body, 'UTF8')::jsonb, ('$.**.' || field)::jsonpath) as named (id));
  exception when others then
    return array(
      select named.words[1]
      from regexp_matches(
        encode(body, 'escape'), '"' || field || '"\s*:\s*"?([^"\\\s,}]+)', 'g') as named (words));
  end;
end
$$;
comment on function message_ids is 'the ids that a message names by the field of that name, wherever it stands';

-- Not only what is no JSON ends in the exception: jsonb takes neither a NUL nor a number beyond all bounds. One plan for
-- all calls: another one for each would look at each of thousands of orders before it looks at the message.
create or replace function message_mentions(body bytea, kind text, subject text, orders text[]) returns boolean
language plpgsql stable set search_path = tallyman, pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan as $$
declare
  document jsonb;
  names jsonb := jsonb_build_object('text', subject, 'number', subject);
  usual text;
  found jsonb;
begin
  begin
    document := convert_from(body, 'UTF8')::jsonb;
  exception when others then
    -- Orders and shipments by their fields: their ids are often numbers, as quantities are.
    return bytes_name(body, subject) or message_ids(body, 'order_id') && orders or exists (
      select from shipments s where s.shipment_id = any (message_ids(body, 'shipment_id')) and s.order_id = any (orders));
  end;
  if subject ~ '^(0|[1-9][0-9]*)$' then names := names || jsonb_build_object('number', subject::numeric); end if;
  if (case kind
    when 'customer' then jsonb_path_exists(document, '$.**.customer_id ? (@ == $text || @ == $number)', names)
    when 'order' then jsonb_path_exists(document, '$.**.order_id ? (@ == $text || @ == $number)', names)
    when 'recipient' then jsonb_path_exists(document, '$.**.recipient ? (@ == $text || @ == $number)', names)
    when 'person' then jsonb_path_exists(document, '$.**.person ? (@ == $text || @ == $number)', names)
  end) then return true; end if;
  if orders = '{}' then return false; end if;
  -- Where it belongs at first: a look that costs little with thousands of orders, and is enough for nearly all.
  usual := document #>> '{data,order_id}';
  if usual = any (orders) then return true; end if;
  found := jsonb_path_query_array(document, '$.**.order_id');
  if jsonb_array_length(found) > num_nonnulls(usual)
    and exists (select from jsonb_array_elements_text(found) as named (id) where named.id = any (orders))
  then return true; end if;
  found := jsonb_path_query_array(document, '$.**.shipment_id');
  if found = '[]' then return false; end if;
  -- A subselect, so that each shipment is found by its key: the planner takes the ids for a hundred.
  return exists (
    select from jsonb_array_elements_text(found) as named (id)
    where (select s.order_id from shipments s where s.shipment_id = named.id) = any (orders));
end
$$;

-- Not an order that is somebody else's, nor one that another customer's message names as well: a publisher that sends
-- the same id for everybody must not have everybody erased with one.
create function customer_orders(subject text) returns text[]
language sql stable set search_path = tallyman, pg_catalog, pg_temp as $$
  select array(
    select order_id from orders where customer_id = subject
    union
    select named.id
    from (select message_ids(d.body, 'order_id') as ids, message_mentions(d.body, 'customer', subject, '{}') as is_theirs,
                 position('customer_id'::bytea in d.body) > 0 as is_somebodys
          from dead_letters d where d.erased_at is null) as d
      cross join lateral unnest(d.ids) as named (id)
    where (d.is_theirs or d.is_somebodys) and named.id collate "C" ~ '^[!-~]{1,128}$' and named.id ~ '[A-Za-z0-9]'
      and not exists (select from orders o where o.order_id = named.id and o.customer_id not in (subject, 'erased'))
    group by named.id
    having bool_and(d.is_theirs))
$$;
comment on function customer_orders is 'a customer''s orders, with those that only their dead letters name';
revoke all on function message_ids, customer_orders from public;

-- As it was, but for whose orders are looked for.
do $$
declare
  body text := pg_get_functiondef('erase_person'::regproc);
  before text := 'array(select order_id from orders where customer_id = subject)';
begin
  if (length(body) - length(replace(body, before, ''))) / length(before) <> 2 then
    raise exception 'erase_person does not look for a customer''s orders at its beginning and after the inbox';
  end if;
  execute replace(body, before, 'customer_orders(subject)');
end
$$;
