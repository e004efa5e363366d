-- Nothing is reserved or waits for an order that is closed without shipping.
-- counts: cancelled, rejected and expired orders
select case when r.open > 0 or b.open > 0 then
  format('%s: is %s, but %s units are reserved and %s wait', o.order_id, o.state, coalesce(r.open, 0),
         coalesce(b.open, 0))
  end as violation
from orders o
left join (
  select order_id, sum(open_quantity) as open from reservations where open_quantity > 0 group by order_id
) as r using (order_id)
left join (
  select order_id, sum(open_quantity) as open from backorders where open_quantity > 0 group by order_id
) as b using (order_id)
where o.state in ('cancelled', 'rejected', 'expired')
