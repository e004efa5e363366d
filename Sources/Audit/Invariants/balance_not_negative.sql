-- No quantity is negative, and nothing is promised that is not there: available ≥ 0.
-- counts: balances
select case when least(on_hand, reserved, damaged, quality_control, on_hand - damaged - quality_control - reserved) < 0
  then format('%s at %s: on_hand %s, reserved %s, damaged %s, quality_control %s',
              sku, location_id, on_hand, reserved, damaged, quality_control)
  end as violation
from balances
