-- No order that waits as a whole, or with a whole line, rests for more than 60 s while all of that could be reserved.
-- counts: orders that wait as a whole
select case when could and changed_at < now() - interval '60 seconds' then
  format('%s (%s): all that it waits for is free since %s', order_id, policy, changed_at)
  end as violation
from (
  select w.order_id, w.policy, max(greatest(w.created_at, p.changed_at)) as changed_at,
         case when w.policy = 'line_complete' then bool_or(w.least <= p.units) else bool_and(w.whole <= p.units) end
           as could
  from (
    select b.order_id, b.sku, o.policy, sum(b.open_quantity) as whole, min(b.open_quantity) as least,
           max(b.created_at) as created_at
    from backorders b join orders o using (order_id)
    where b.open_quantity > 0 and not b.fillable
    group by b.order_id, b.sku, o.policy
  ) as w
  join (
    select i.sku, stock_free(i.sku) - i.owed as units, greatest(
      (select max(recorded_at) from balances b where b.sku = i.sku),
      (select max(set_at) from policies_set s where s.sku = i.sku)) as changed_at
    from stock_items i where i.sku in (select sku from backorders where open_quantity > 0 and not fillable)
  ) as p using (sku)
  group by w.order_id, w.policy
) as waiting
