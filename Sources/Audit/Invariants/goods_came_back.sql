-- What failed to be delivered came back whole, into quality control where it had left; a return is booked once, as it says,
-- whatever its lots: only the ledger knows them. More of it may wait in quality control than it says.
-- counts: failed shipments and returns by SKU, location and lot, and what is booked as come back
select case
  when coalesce(s.quantity, 0) <> coalesce(l.back, 0) or coalesce(s.held, 0) > coalesce(l.held, 0)
    or coalesce(s.scrap, 0) > coalesce(l.scrap, 0) then
    format('%s: %s of %s came back to %s (%s to be checked, %s thrown away), booked are %s, %s and %s',
           coalesce(s.reference, l.reference), coalesce(s.quantity, 0), coalesce(s.sku, l.sku),
           coalesce(s.location_id, l.location_id), coalesce(s.held, 0), coalesce(s.scrap, 0), coalesce(l.back, 0),
           coalesce(l.held, 0), coalesce(l.scrap, 0))
  end as violation
from (
  select reference, sku, location_id, lot, sum(quantity) as quantity, sum(held) as held, sum(scrap) as scrap
  from (
    select s.shipment_id as reference, l.sku, p.location_id, p.lot, p.quantity, p.quantity as held, 0 as scrap
    from shipments s join shipment_lines p using (shipment_id) join order_lines l using (order_id, line_no)
    where s.state = 'failed'
    union all
    select return_id, sku, location_id, '', quantity, case disposition when 'quality_control' then quantity else 0 end,
           case disposition when 'scrap' then quantity else 0 end
    from return_lines
  ) as parts
  group by reference, sku, location_id, lot
) as s
full join (
  select e.reference, b.sku, b.location_id, case when r.return_id is null then b.lot else '' end as lot,
         coalesce(sum(e.delta) filter (where e.bucket = 'on_hand' and e.reason = 'RETURN'), 0) as back,
         coalesce(sum(e.delta) filter (where e.bucket = 'quality_control' and e.reason = 'QC_HOLD'), 0) as held,
         coalesce(-sum(e.delta) filter (where e.bucket = 'on_hand' and e.reason = 'DAMAGE'), 0) as scrap
  from stock_ledger e join balances b using (balance_id) left join returns r on r.return_id = e.reference
  where e.reason in ('RETURN', 'QC_HOLD', 'DAMAGE') group by 1, 2, 3, 4
) as l on l.reference = s.reference and l.sku = s.sku and l.location_id = s.location_id and l.lot = s.lot
