-- A lot that is used up stays, since it may come again, and with the years nearly all lots of a product are. Whoever
-- locks the product reads those that are in use; the others only where a message names them.

-- Its value seldom changes, so an index that is partial by it does not keep updates of quantities on their page, as one
-- by the quantities would. Where nothing is on hand nothing is reserved, damaged or held either. Rewrites the table.
alter table balances
  add column in_use boolean not null generated always as (lot = '' or on_hand > 0) stored;
comment on column balances.in_use is
  'whether it stands for its location, or something of its lot is there; the others are read where they are named';
create index balances_in_use on balances (sku, location_id, lot) where in_use;

create or replace function stock_free(of_sku text) returns bigint
language sql stable as $$
  select (coalesce((
    select sum(case when l.expires_at <= now() then 0
                    else b.on_hand - b.damaged - b.quality_control - b.reserved end - b.safety_stock)
    from balances b left join lots l on b.lot <> '' and l.sku = b.sku and l.lot = b.lot
    where b.sku = i.sku and b.sellable and b.in_use), 0) - i.safety_stock)::bigint
  from stock_items i where i.sku = of_sku
$$;
