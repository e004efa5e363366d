-- A balance's ledger entries are numbered 1, 2, 3 … without a gap or a repetition.
-- counts: ledger entries
select case when seq <> place then format('balance %s: entry %s stands in place %s', balance_id, seq, place) end
  as violation
from (
  select balance_id, seq, row_number() over (partition by balance_id order by seq) as place from stock_ledger
) as entries
