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

-- Messages of carriers and the warehouse may name a shipment alone: it speaks of its order.
create or replace function message_mentions(body bytea, subject text, orders text[]) returns boolean
language plpgsql stable set search_path = tallyman, pg_catalog, pg_temp as $$
declare
  document jsonb;
begin
  begin
    document := convert_from(body, 'UTF8')::jsonb;
  exception when others then
    -- Not JSON: by its bytes, where a few too many are better than one too few.
    return position(convert_to(subject, 'UTF8') in body) > 0;
  end;
  return coalesce(document #>> '{data,order_id}' = any (orders), false)
    or jsonb_path_exists(document, '$.** ? (@ == $subject)', jsonb_build_object('subject', subject))
    or exists (select from shipments s
               where s.shipment_id = document #>> '{data,shipment_id}' and s.order_id = any (orders));
end
$$;

-- Of a record that is erased nothing stays; another one's may say what this one's message had said before.
insert into personal_data (place, what, statement) values
  (60, 'rules of dead letters', $s$
    update dead_letters set rule = case when erased_at is not null then 'erased'
      else overlay(rule placing 'erased' from length('must stay ') + 1 for length($1)) end
    where erased_at is not null and rule <> 'erased' or starts_with(rule, 'must stay ' || $1 || ':')$s$);
