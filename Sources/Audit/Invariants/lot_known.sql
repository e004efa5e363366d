-- Every lot of which something ever lay somewhere is known, and there is a balance for its location as a whole.
-- counts: balances of lots
select case
  when l.sku is null and b.seq > 0 then format('%s at %s: lot %s is not known', b.sku, b.location_id, b.lot)
  when h.sku is null then format('%s at %s: lot %s lies there, but the location has no balance', b.sku, b.location_id, b.lot)
  when b.safety_stock > 0 or b.alert_state <> 'normal' then
    format('%s at %s: lot %s has safety stock or an alert of its own', b.sku, b.location_id, b.lot)
  end as violation
from balances b
left join lots l on l.sku = b.sku and l.lot = b.lot
left join balances h on h.sku = b.sku and h.location_id = b.location_id and h.lot = ''
where b.lot <> ''
