-- No SKU rests for more than 60 s with orders that wait and stock that could fill them.
-- counts: SKUs that owe
--
-- A SKU rests since the newest trace of a change: a ledger entry of one of its balances, a new backorder, or a new
-- policy (which bears its publisher's time). One that keeps changing is not found until it comes to rest.
select case when free > 0 and changed_at < now() - interval '60 seconds' then
  format('%s: %s wait and %s are free since %s', sku, owed, free, changed_at)
  end as violation
from (
  select i.sku, i.owed, stock_free(i.sku) as free,
         greatest(b.changed_at, w.changed_at, p.changed_at) as changed_at
  from stock_items i
  left join (
    select sku, max(recorded_at) as changed_at from balances group by sku
  ) as b using (sku)
  left join (
    select sku, max(created_at) as changed_at from backorders where open_quantity > 0 and fillable group by sku
  ) as w using (sku)
  left join (select sku, max(set_at) as changed_at from policies_set group by sku) as p using (sku)
  where i.owed > 0
) as owing
