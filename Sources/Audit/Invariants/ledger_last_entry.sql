-- A balance knows the number of its last ledger entry.
-- counts: balances
select case when b.seq <> coalesce(l.seq, 0) then
  format('%s at %s: the balance says %s, its ledger %s', b.sku, b.location_id, b.seq, coalesce(l.seq, 0))
  end as violation
from balances b
left join (select balance_id, max(seq) as seq from stock_ledger group by balance_id) as l using (balance_id)
