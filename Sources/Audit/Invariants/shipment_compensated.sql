-- A failed shipment came back whole, into quality control where it had left; and nothing else came back of shipments.
-- counts: failed shipments by SKU and location, and what is booked as come back to them
select case
  when coalesce(s.quantity, 0) <> coalesce(l.on_hand, 0) or coalesce(s.quantity, 0) <> coalesce(l.held, 0) then
    format('%s: %s of %s failed to be delivered, at %s came back %s and wait in quality control %s',
           coalesce(s.shipment_id, l.reference), coalesce(s.quantity, 0), coalesce(s.sku, l.sku),
           coalesce(s.location_id, l.location_id), coalesce(l.on_hand, 0), coalesce(l.held, 0))
  end as violation
from (
  select s.shipment_id, l.sku, p.location_id, p.lot, sum(p.quantity) as quantity
  from shipments s join shipment_lines p using (shipment_id) join order_lines l using (order_id, line_no)
  where s.state = 'failed' group by s.shipment_id, l.sku, p.location_id, p.lot
) as s
full join (
  select e.reference, b.sku, b.location_id, b.lot,
         coalesce(sum(e.delta) filter (where e.bucket = 'on_hand' and e.reason = 'RETURN'), 0) as on_hand,
         coalesce(sum(e.delta) filter (where e.bucket = 'quality_control' and e.reason = 'QC_HOLD'), 0) as held
  from stock_ledger e join balances b using (balance_id) join shipments f on f.shipment_id = e.reference
  where e.reason in ('RETURN', 'QC_HOLD') group by e.reference, b.sku, b.location_id, b.lot
) as l on l.reference = s.shipment_id and l.sku = s.sku and l.location_id = s.location_id and l.lot = s.lot
