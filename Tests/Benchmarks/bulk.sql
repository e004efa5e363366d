-- A past: orders that were reserved and shipped, in the product's own tables, booked so that `tallyman audit` holds.
-- psql variable: orders. Run after peers/seed.sql with at least as many pieces on hand as orders per balance, two
-- locations per SKU. Half of the orders have one line, half two; each line three ledger entries and one shipped line.
set search_path = tallyman;
set synchronous_commit = off;
set work_mem = '256MB';
set maintenance_work_mem = '512MB';
set jit = off;

create temporary table places as
  select balance_id, sku, location_id, row_number() over (order by balance_id) - 1 as place from balances;
create unique index on places (place);
analyze places;

-- One row per line: `nth` counts the lines of a balance, so that its ledger numbers follow without a gap.
create temporary table past as
select o.*, p.balance_id, p.sku, p.location_id,
       row_number() over (partition by p.balance_id order by o.order_id, o.line_no) as nth
from (
  select 'past-' || i as order_id, l as line_no, now() - interval '20 days' + i * interval '0.5 s' as at,
         (i::bigint * 7919 + l * 104729) % (select count(*) from places) as place
  from generate_series(1, :orders) i, generate_series(1, 2) l
  where l = 1 or i % 2 = 0
) as o join places p using (place);
analyze past;

insert into orders (order_id, customer_id, state, answered, sequence, ordered_at, updated_at)
  select order_id, 'cust-' || length(order_id), 'shipped', true, 2, at, at from past where line_no = 1;
insert into order_lines (order_id, line_no, sku, ordered, reserved, backordered, shipped, cancelled)
  select order_id, line_no, sku, 1, 0, 0, 1, 0 from past;
insert into reservation_rows (order_id, line_no, reservation_no, sku, location_id, quantity, open_quantity, consumed, state,
    policy, candidates, created_at)
  select order_id, line_no, 1, sku, location_id, 1, 0, 1, 'consumed', 'priority', location_id || '=1', at from past;
-- Heard of just now, so that no run has to announce all of them as overdue.
insert into shipments (shipment_id, order_id, carrier, dispatched_at, recorded_at, heard_at)
  select 'shp-' || order_id, order_id, 'carrier', at, at, now() from past where line_no = 1;
insert into shipment_lines (shipment_id, line_no, location_id, quantity)
  select 'shp-' || order_id, line_no, location_id, 1 from past;

insert into stock_ledger (balance_id, seq, bucket, delta, balance_after, reason, reference, consumer, source, message_id,
    occurred_at, recorded_at)
  select p.balance_id, b.seq + (p.nth - 1) * 3 + k.n, k.bucket, k.delta,
         case k.n when 1 then 1 when 2 then b.on_hand - p.nth else 0 end,
         k.reason, case k.n when 1 then p.order_id else 'shp-' || p.order_id end, 'allocation', 'benchmark',
         case k.n when 1 then 'c-' else 's-' end || p.order_id, p.at, b.recorded_at
  from past p join balances b using (balance_id)
  cross join (values (1, 'reserved', 1, 'RESERVE'), (2, 'on_hand', -1, 'SHIP'), (3, 'reserved', -1, 'SHIP'))
    as k (n, bucket, delta, reason)
  order by p.at;
insert into inbox (message_id, source, consumer, attempt, day, outcome, events, headers, body, recorded_at)
  select k || order_id, 'benchmark', 'allocation', 0, (at at time zone 'UTC')::date, 'applied', 1, '{}',
         decode(repeat('20', 300), 'hex'), at
  from past, (values ('c-'), ('s-')) as kinds (k) where line_no = 1;

update balances b set seq = b.seq + t.lines * 3, on_hand = b.on_hand - t.lines
  from (select balance_id, count(*) as lines from past group by balance_id) as t where t.balance_id = b.balance_id;
drop table past;
drop table places;
vacuum analyze;
checkpoint;
