-- A balance's time never runs backwards.
-- counts: ledger entries
select case when recorded_at < before then
  format('balance %s: entry %s was recorded at %s, the one before it at %s', balance_id, seq, recorded_at, before)
  end as violation
from (
  select balance_id, seq, recorded_at, lag(recorded_at) over (partition by balance_id order by seq) as before
  from stock_ledger
) as entries
