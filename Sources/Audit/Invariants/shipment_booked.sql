-- Every shipment is booked out of on hand and reserved alike; and nothing else is booked as shipped.
-- counts: shipments by SKU and location
select case
  when coalesce(s.quantity, 0) <> coalesce(-l.on_hand, 0) or coalesce(s.quantity, 0) <> coalesce(-l.reserved, 0)
  then format('%s: %s of %s left %s, booked are %s on hand and %s reserved', coalesce(s.shipment_id, l.reference),
              coalesce(s.quantity, 0), coalesce(s.sku, l.sku), coalesce(s.location_id, l.location_id),
              coalesce(l.on_hand, 0), coalesce(l.reserved, 0))
  end as violation
from (
  select s.shipment_id, l.sku, p.location_id, sum(p.quantity) as quantity
  from shipments s join shipment_lines p using (shipment_id) join order_lines l using (order_id, line_no)
  group by s.shipment_id, l.sku, p.location_id
) as s
full join (
  select e.reference, b.sku, b.location_id,
         coalesce(sum(e.delta) filter (where e.bucket = 'on_hand'), 0) as on_hand,
         coalesce(sum(e.delta) filter (where e.bucket = 'reserved'), 0) as reserved
  from stock_ledger e join balances b using (balance_id)
  where e.reason = 'SHIP' group by e.reference, b.sku, b.location_id
) as l on l.reference = s.shipment_id and l.sku = s.sku and l.location_id = s.location_id
