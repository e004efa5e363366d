-- Partitions made ahead of time, and who may do what.

create function ensure_partitions(days_back int default 0) returns int
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
      execute format('create table %I partition of inbox for values from (%L) to (%L)', name, from_day, from_day + 1);
      made := made + 1;
    end if;
  end loop;
  for month in select generate_series(date_trunc('month', today), date_trunc('month', today + 31), interval '1 month')::date loop
    name := 'stock_ledger_' || to_char(month, 'YYYYMM');
    if to_regclass('tallyman.' || name) is null then
      execute format(
        'create table %I partition of stock_ledger for values from (%L) to (%L)', name,
        (month::timestamp at time zone 'UTC'), ((month + interval '1 month')::timestamp at time zone 'UTC'));
      -- The one index: unique per partition, because the partition key would have to be part of one on the parent.
      execute format('create unique index %I on %I (balance_id, seq)', name || '_entry', name);
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

create function partition_days_ahead() returns int
language sql stable security definer set search_path = tallyman, pg_catalog, pg_temp as $$
  select coalesce(max(to_date(right(c.relname, 8), 'YYYYMMDD')) - (clock_timestamp() at time zone 'UTC')::date, -1)::int
  from pg_inherits i join pg_class c on c.oid = i.inhrelid
  where i.inhparent = 'tallyman.inbox'::regclass
$$;
comment on function partition_days_ahead is 'how many days from today the newest inbox partition lies';

-- The horizon: a message older than this is a dead letter that says so.
select ensure_partitions(31);

revoke all on all functions in schema tallyman from public;
grant execute on function ensure_partitions, partition_days_ahead to
  tallyman_inventory, tallyman_allocation, tallyman_notification, tallyman_relay, tallyman_operator;
grant select on schema_migrations to
  tallyman_inventory, tallyman_allocation, tallyman_notification, tallyman_relay, tallyman_operator;

-- Every worker: its messages.
grant select, insert on inbox, dead_letters to tallyman_inventory, tallyman_allocation, tallyman_notification;
grant insert on outbox to tallyman_inventory, tallyman_allocation, tallyman_notification, tallyman_operator;

-- inventory-worker: the catalogue, anchors and balances; appends to the ledger.
grant select, insert on products, locations, receipts, moves to tallyman_inventory;
grant select, insert, update on stock_items, balances, policies_set to tallyman_inventory;
grant select, insert on stock_ledger to tallyman_inventory;

-- allocation-worker: orders and what hangs on them; changes balances, never makes locations or products.
grant select on products, locations to tallyman_allocation;
grant select, update on stock_items, balances to tallyman_allocation;
grant select, insert, update on orders, order_lines, reservations, backorders to tallyman_allocation;
grant select, insert on shipments, shipment_lines, stock_ledger to tallyman_allocation;

-- notification-worker: its deliveries.
grant select, insert, update on notification_deliveries to tallyman_notification;

-- outbox-relay: takes rows and settles them.
grant select, delete on outbox to tallyman_relay;

-- Operators read everything; what they may change is resolved through the command line.
grant select on all tables in schema tallyman to tallyman_operator;
grant update (state, resolved_at, resolved_by, resolved_why) on dead_letters to tallyman_operator;
