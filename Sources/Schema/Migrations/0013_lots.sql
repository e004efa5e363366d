-- Lots with a time after which nothing of them is promised.

create table lots (
  sku text collate "C" not null,
  lot text collate "C" not null check (lot <> ''),
  expires_at timestamptz,
  reported_at timestamptz,
  primary key (sku, lot),
  constraint reported_once_expired check (reported_at is null or expires_at is not null)
);
create index lots_due on lots (expires_at) where reported_at is null;
comment on table lots is 'what was said about a lot, once for all locations; what is there of it is in balances';
comment on column lots.expires_at is 'from then on nothing of it is promised; null: nobody said so';
comment on column lots.reported_at is 'when lot.expired was published';

alter table receipts add column lot text, add column expires_at timestamptz;
alter table moves add column lot text;

-- An expired lot is on hand, but nothing of it is free. Safety stock is of the location, whatever lots lie there.
create or replace function stock_free(of_sku text) returns bigint
language sql stable as $$
  select (coalesce((
    select sum(case when l.expires_at <= now() then 0
                    else b.on_hand - b.damaged - b.quality_control - b.reserved end - b.safety_stock)
    from balances b left join lots l on b.lot <> '' and l.sku = b.sku and l.lot = b.lot
    where b.sku = i.sku and b.sellable), 0) - i.safety_stock)::bigint
  from stock_items i where i.sku = of_sku
$$;

grant select, insert, update on lots to tallyman_inventory;
grant select on lots to tallyman_allocation, tallyman_operator;
