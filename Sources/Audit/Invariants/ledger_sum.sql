-- The sum of the ledger is the balance, in each of the four buckets.
-- counts: buckets of balances
select case
  when b.balance_id is null then
    format('balance %s does not exist, its ledger says %s %s', l.balance_id, l.total, l.bucket)
  when b.quantity <> coalesce(l.total, 0) then
    format('%s at %s: %s is %s, its ledger says %s', b.sku, b.location_id, b.bucket, b.quantity, coalesce(l.total, 0))
  end as violation
from (
  select balance_id, sku, location_id, k.bucket, k.quantity
  from balances
  cross join lateral (values
    ('on_hand', on_hand), ('reserved', reserved), ('damaged', damaged), ('quality_control', quality_control)
  ) as k (bucket, quantity)
) as b
full join (
  select balance_id, bucket, sum(delta) as total from stock_ledger group by balance_id, bucket
) as l on l.balance_id = b.balance_id and l.bucket = b.bucket
