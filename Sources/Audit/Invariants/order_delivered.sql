-- What has arrived of an order is what its delivered shipments carried.
-- counts: orders
select case when coalesce(o.delivered, 0) <> coalesce(s.quantity, 0) then
  format('%s: %s delivered, its shipments say %s', o.order_id, coalesce(o.delivered, 0), coalesce(s.quantity, 0))
  end as violation
from orders o
left join (
  select s.order_id, sum(p.quantity) as quantity
  from shipments s join shipment_lines p using (shipment_id) where s.state = 'delivered' group by s.order_id
) as s using (order_id)
