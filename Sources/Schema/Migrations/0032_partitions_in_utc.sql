-- Partitions are the same whoever asks for them. Bounds were written as text, in the date style and time zone of the
-- session: a month that began at 03:30 leaves no room for the next one, and then no partition at all is made. And
-- nobody makes more days than messages may be old: with thousands of them each look into the inbox has too many locks
-- to take.
create or replace function ensure_partitions(days_back int default 31) returns int
language plpgsql security definer set search_path = tallyman, pg_catalog, pg_temp
set datestyle = 'ISO' set timezone = 'UTC' as $$
declare
  made int := 0;
  today date := (clock_timestamp() at time zone 'UTC')::date;
  from_day date;
  month date;
  name text;
begin
  if days_back is null or days_back not between 0 and 31 then
    raise exception 'days_back must be from 0 to 31, not %: messages up to 30 days old are admitted', days_back
      using errcode = '22023';
  end if;
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
  'makes the inbox partitions from days_back days ago (at most 31) to 7 days ahead and the ledger''s for this month and the next; returns how many were missing';
