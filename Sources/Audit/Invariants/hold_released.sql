-- What was released of a hold is the sum of the decisions about it; with what counts took, no more than it held; the rest is in quality control.
-- counts: holds, decisions that name one, and places of open holds
select case
  when h.hold_id is null then format('%s: %s units were released of it, but it does not exist', r.hold_id, r.quantity)
  when h.released <> coalesce(r.quantity, 0) or h.released + h.given_up > h.quantity then
    format('%s: %s of %s released and %s given up, the decisions say %s', h.hold_id, h.released, h.quantity, h.given_up,
           coalesce(r.quantity, 0))
  end as violation
from quality_holds h
full join (
  select hold_id, sum(quantity) as quantity from quality_releases where hold_id is not null group by hold_id
) as r on r.hold_id = h.hold_id
union all
select case when h.open > coalesce(b.quality_control, 0) then
  format('%s at %s%s: holds hold %s units, %s are in quality control', h.sku, h.location_id,
         case h.lot when '' then '' else ' of lot ' || h.lot end, h.open, coalesce(b.quality_control, 0))
  end
from (
  select sku, location_id, lot, sum(quantity - released - given_up) as open from quality_holds
  where released + given_up < quantity group by sku, location_id, lot
) as h
left join balances b using (sku, location_id, lot)
