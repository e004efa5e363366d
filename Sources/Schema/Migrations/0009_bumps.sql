-- Promises that are taken away because the stock is not there: who lost what to which count, adjustment, hold or
-- shipment.

-- Only what is still promised, so that it stays small: the reservations of a SKU, whoever asks for them.
create index reservations_open on reservations (sku, location_id) where open_quantity > 0;

create table bumps (
  bump_id bigint generated always as identity primary key,
  order_id text collate "C" not null,
  line_no place not null,
  reservation_no place not null,
  sku text collate "C" not null,
  location_id text collate "C" not null,
  lot text collate "C" not null,
  quantity some_units not null,
  backordered units not null,
  cancelled units not null,
  reason text collate "C" not null,
  reference text collate "C" not null,
  consumer text collate "C" not null,
  source text collate "C" not null,
  message_id text collate "C" not null,
  recorded_at timestamptz not null,
  constraint bumped_units_wait_or_end check (quantity = backordered + cancelled)
);
create index bumps_of on bumps (order_id);
comment on table bumps is 'units that were promised and then not there; they are among their reservation''s released units';
comment on column bumps.reason is 'what took the stock: counted, damaged, held, dispatched, …';
comment on column bumps.reference is 'the id of the count, adjustment, hold or shipment; the same in the ledger''s BUMP entry';

-- A count changes orders as well: what it finds missing is taken from their lines. The inventory-worker still makes none.
grant select, update on orders, order_lines, reservations, backorders to tallyman_inventory;
grant insert on backorders, bumps to tallyman_inventory;
grant insert on bumps to tallyman_allocation;
grant select on bumps to tallyman_operator;
