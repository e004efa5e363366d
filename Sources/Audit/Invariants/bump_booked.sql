-- Units that were bumped are among those that their reservation gave back, and in the ledger for the same document.
-- counts: reservations, and balances by document that bumped
select case
  when coalesce(b.quantity, 0) > coalesce(r.released, 0) then
    format('%s line %s reservation %s: %s were bumped, %s given back', b.order_id, b.line_no, b.reservation_no,
           b.quantity, coalesce(r.released, 0))
  when r.state = 'bumped' and b.quantity is null then
    format('%s line %s reservation %s: is bumped, by nothing', r.order_id, r.line_no, r.reservation_no)
  end as violation
from reservations r
full join (
  select order_id, line_no, reservation_no, sum(quantity) as quantity from bumps
  group by order_id, line_no, reservation_no
) as b on b.order_id = r.order_id and b.line_no = r.line_no and b.reservation_no = r.reservation_no
union all
select case when coalesce(b.quantity, 0) <> coalesce(l.quantity, 0) then
  format('%s: bumped %s of %s at %s, the ledger says %s', coalesce(b.reference, l.reference), coalesce(b.quantity, 0),
         coalesce(b.sku, l.sku), coalesce(b.location_id, l.location_id), coalesce(l.quantity, 0))
  end
from (
  select reference, sku, location_id, lot, sum(quantity) as quantity from bumps group by reference, sku, location_id, lot
) as b
full join (
  select e.reference, b.sku, b.location_id, b.lot, -sum(e.delta) as quantity
  from stock_ledger e join balances b using (balance_id)
  where e.reason = 'BUMP' group by e.reference, b.sku, b.location_id, b.lot
) as l on l.reference = b.reference and l.sku = b.sku and l.location_id = b.location_id and l.lot = b.lot
