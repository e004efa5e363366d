-- Partitions are made without making anybody wait, and days that nobody was there to make are made later. What is erased
-- is also what names only a shipment, and what a record's rule says.

-- A table of its own is attached under a lock that neither readers nor writers of the parent mind; `create table …
-- partition of` would wait for all of them, and everybody else for it.
create or replace function ensure_partitions(days_back int default 31) returns int
language plpgsql security definer set search_path = tallyman, pg_catalog, pg_temp as $$
declare
  made int := 0;
  today date := (clock_timestamp() at time zone 'UTC')::date;
  from_day date;
  month date;
  name text;
begin
  -- One maker at a time: two workers that start together would collide on the names.
  perform pg_advisory_xact_lock(hashtext('tallyman.ensure_partitions'));
  for from_day in select generate_series(today - days_back, today + 7, interval '1 day')::date loop
    name := 'inbox_' || to_char(from_day, 'YYYYMMDD');
    if to_regclass('tallyman.' || name) is null then
      execute format('create table %I (like inbox including all)', name);
      execute format(
        'alter table inbox attach partition %I for values from (%L) to (%L)', name, from_day, from_day + 1);
      made := made + 1;
    end if;
  end loop;
  for month in select generate_series(date_trunc('month', today), date_trunc('month', today + 31), interval '1 month')::date loop
    name := 'stock_ledger_' || to_char(month, 'YYYYMM');
    if to_regclass('tallyman.' || name) is null then
      execute format('create table %I (like stock_ledger including all)', name);
      -- The one index: unique per partition, because the partition key would have to be part of one on the parent.
      execute format('create unique index %I on %I (balance_id, seq)', name || '_entry', name);
      execute format(
        'alter table stock_ledger attach partition %I for values from (%L) to (%L)', name,
        (month::timestamp at time zone 'UTC'), ((month + interval '1 month')::timestamp at time zone 'UTC'));
      -- Row triggers are cloned from the parent; a statement trigger is not, and TRUNCATE reaches a partition directly.
      execute format(
        'create trigger refuse_truncate before truncate on %I for each statement execute function refuse_ledger_change()', name);
      made := made + 1;
    end if;
  end loop;
  return made;
end
$$;
comment on function ensure_partitions is
  'makes the inbox partitions from days_back days ago to 7 days ahead and the ledger''s for this month and the next; returns how many were missing';

create function message_mentions(body bytea, subject text, orders text[], shipments text[]) returns boolean
language plpgsql immutable set search_path = tallyman, pg_catalog, pg_temp as $$
begin
  if message_mentions(body, subject, orders) then return true; end if;
  return coalesce(convert_from(body, 'UTF8')::jsonb #>> '{data,shipment_id}' = any (shipments), false);
exception when others then
  return false; -- not JSON, and searched by its bytes already
end
$$;
revoke all on function message_mentions(bytea, text, text[], text[]) from public;

create or replace function erase_person(kind text, subject text, done_by text, why text) returns table (what text, rows_changed bigint)
language plpgsql security definer set search_path = tallyman, pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  concerned text[] := case kind
    when 'customer' then array(select order_id from orders where customer_id = subject)
    when 'order' then array[subject] else '{}' end;
  -- Messages of carriers and the warehouse may name a shipment alone.
  sent text[] := array(select shipment_id from shipments where order_id = any (concerned));
  letters bigint[];
  changed jsonb := '{}';
  kept record;
  n bigint;
begin
  update inbox set body = '', headers = '{}' where body <> '' and message_mentions(body, subject, concerned, sent);
  get diagnostics n = row_count;
  changed := changed || jsonb_build_object('inbox messages', n);

  letters := array(select dead_letter_id from dead_letters
                   where erased_at is null and message_mentions(body, subject, concerned, sent));
  -- An open one cannot be replayed any more. The body must stay different from others': it is part of the record's key.
  update dead_letters set
    body = convert_to('erased ' || dead_letter_id, 'UTF8'), headers = '{}', value = 'erased', rule = 'erased',
    erased_at = clock_timestamp(),
    resolved_at = coalesce(resolved_at, clock_timestamp()), resolved_by = coalesce(resolved_by, done_by),
    resolved_why = coalesce(resolved_why, 'erased: ' || why),
    state = case state when 'open' then 'discarded' else state end
  where dead_letter_id = any (letters);
  get diagnostics n = row_count;
  changed := changed || jsonb_build_object('dead letters', n);
  -- Another one's message may have been refused because of what this one's said before.
  update dead_letters set rule = overlay(rule placing 'erased' from length('must stay ') + 1 for length(subject))
  where starts_with(rule, 'must stay ' || subject || ':');
  update dead_letter_actions set edits = null, sent_body = null
  where (dead_letter_id = any (letters) or message_mentions(sent_body, subject, concerned, sent))
    and (edits is not null or sent_body is not null);
  get diagnostics n = row_count;
  changed := changed || jsonb_build_object('corrections of dead letters', n);
  insert into dead_letter_actions (dead_letter_id, action, done_by, role, why)
  select l, 'erased', done_by, session_user, why from unnest(letters) as l;

  for kept in select d.what as name, d.statement as statement from personal_data d order by d.place loop
    execute kept.statement using subject, concerned;
    get diagnostics n = row_count;
    changed := changed || jsonb_build_object(kept.name, n);
  end loop;

  insert into erasures (done_by, role, why, kind, subject_hash, changed)
  values (done_by, session_user, why, kind, sha256(convert_to(subject, 'UTF8')), changed);

  return query select key, value::bigint from jsonb_each_text(changed);
  -- What cannot be erased yet, because it is still on its way.
  return query select 'left: waiting notifications', count(*) from notification_deliveries
    where state = 'waiting' and (recipient = erase_person.subject or correlation_id = any (concerned)
                                 or position(convert_to(erase_person.subject, 'UTF8') in body) > 0);
  return query select 'left: events not yet published', count(*) from outbox
    where message_mentions(body, subject, concerned, sent);
end
$$;
