-- What was released of a hold is the sum of the decisions about it, and no more than it held.
-- counts: holds, and decisions that name one
select case
  when h.hold_id is null then format('%s: %s units were released of it, but it does not exist', r.hold_id, r.quantity)
  when h.released <> coalesce(r.quantity, 0) or h.released > h.quantity then
    format('%s: %s of %s released, the decisions say %s', h.hold_id, h.released, h.quantity, coalesce(r.quantity, 0))
  end as violation
from quality_holds h
full join (
  select hold_id, sum(quantity) as quantity from quality_releases where hold_id is not null group by hold_id
) as r on r.hold_id = h.hold_id
