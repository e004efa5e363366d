-- What lies in transit is what transfers have sent and nobody has received or lost.
-- counts: SKUs and lots in transit
select case when coalesce(b.on_hand, 0) <> coalesce(l.open, 0) or coalesce(b.others, 0) <> 0 then
  format('%s %s: %s in transit, transfers say %s', coalesce(b.sku, l.sku), coalesce(b.lot, l.lot),
         coalesce(b.on_hand, 0), coalesce(l.open, 0))
  end as violation
from (
  select sku, lot, on_hand, reserved + damaged + quality_control as others from balances
  where location_id = 'in-transit'
) as b
full join (
  select sku, lot, sum(quantity - received - lost) as open from transfer_lines group by sku, lot
) as l on l.sku = b.sku and l.lot = b.lot
