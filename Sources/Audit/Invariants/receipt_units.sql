-- A receipt in a larger unit is booked as a whole multiple of what it said.
-- counts: receipts in a unit
select case when (unit is null) <> (unit_quantity is null) or unit_quantity < 1 or quantity % unit_quantity <> 0 then
  format('%s: %s %s are booked as %s of %s', receipt_id, unit_quantity, unit, quantity, sku)
  end as violation
from receipts where unit is not null or unit_quantity is not null
