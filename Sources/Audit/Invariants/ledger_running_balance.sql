-- The balance after each ledger entry is the sum of the entries up to it, bucket by bucket.
-- counts: ledger entries
select case when balance_after <> total then
  format('balance %s: entry %s says %s %s, the sum is %s', balance_id, seq, balance_after, bucket, total)
  end as violation
from (
  select balance_id, seq, bucket, balance_after,
         sum(delta) over (partition by balance_id, bucket order by seq rows unbounded preceding) as total
  from stock_ledger
) as entries
