-- Stock for a benchmark, booked as the inventory-worker books receipts, so that `tallyman audit` holds on it.
-- psql variables: skus, locations (of each SKU), stock (on hand in each location; 0 leaves empty places), lots (of each
-- SKU in its first location, all used up).
set search_path = tallyman;
set synchronous_commit = off;

insert into locations (location_id, name, registered_at)
  select 'WH-' || l, 'place ' || l, now() from generate_series(1, :locations) l;
insert into products (sku, name, registered_at)
  select 'SKU-' || lpad(i::text, 6, '0'), 'a product', now() from generate_series(0, :skus - 1) i;
insert into stock_items (sku, registered, sequence)
  select sku, true, case when :stock > 0 then :locations else 0 end from products order by sku;
insert into balances (sku, location_id, on_hand, seq, recorded_at)
  select sku, location_id, :stock, case when :stock > 0 then 1 else 0 end, now()
  from products cross join locations order by 1, 2;
insert into lots (sku, lot, expires_at)
  select sku, 'LOT-' || l, now() - interval '60 days' from products cross join generate_series(1, :lots) l;
insert into balances (sku, location_id, lot) select sku, 'WH-1', lot from lots order by 1, 2, 3;

create temporary table arrivals as
  select balance_id, sku, location_id, on_hand, 'seed-' || balance_id as message_id, recorded_at
  from balances where on_hand > 0;
insert into receipts (receipt_id, sku, location_id, quantity, recorded_at)
  select message_id, sku, location_id, on_hand, recorded_at from arrivals;
insert into stock_ledger (balance_id, seq, bucket, delta, balance_after, reason, reference, consumer, source, message_id,
    occurred_at, recorded_at)
  select balance_id, 1, 'on_hand', on_hand, on_hand, 'RECEIPT', message_id, 'inventory', 'benchmark', message_id,
    recorded_at, recorded_at from arrivals;
insert into inbox (message_id, source, consumer, attempt, day, outcome, events, headers, body, recorded_at)
  select message_id, 'benchmark', 'inventory', 0, (recorded_at at time zone 'UTC')::date, 'applied', 1, '{}', '',
    recorded_at from arrivals;
drop table arrivals;
