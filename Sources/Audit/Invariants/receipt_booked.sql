-- Every receipt is booked once, as what and where it says; and nothing else is booked as a receipt.
-- counts: receipts
select case
  when r.receipt_id is null then format('%s of %s at %s are booked for %s, which is no such receipt',
                                        l.quantity, l.sku, l.location_id, l.reference)
  when l.reference is null then
    format('%s: %s of %s at %s are not booked', r.receipt_id, r.quantity, r.sku, r.location_id)
  when l.quantity <> r.quantity then format('%s: %s received, %s booked', r.receipt_id, r.quantity, l.quantity)
  end as violation
from receipts r
full join (
  select e.reference, b.sku, b.location_id, b.lot, sum(e.delta) as quantity
  from stock_ledger e join balances b using (balance_id)
  where e.reason = 'RECEIPT' and e.bucket = 'on_hand' group by e.reference, b.sku, b.location_id, b.lot
) as l on l.reference = r.receipt_id and l.sku = r.sku and l.location_id = r.location_id
  and l.lot = coalesce(r.lot, '')
