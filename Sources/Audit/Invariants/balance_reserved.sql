-- The sum of open reservations is what a balance has reserved.
-- counts: balances and places of reservations
select case when coalesce(b.reserved, 0) <> coalesce(r.open, 0) then
  format('%s at %s: reserved is %s, open reservations are %s',
         coalesce(b.sku, r.sku), coalesce(b.location_id, r.location_id), coalesce(b.reserved, 0), coalesce(r.open, 0))
  end as violation
from balances b
full join (
  select sku, location_id, lot, sum(open_quantity) as open from reservations group by sku, location_id, lot
) as r on r.sku = b.sku and r.location_id = b.location_id and r.lot = b.lot
