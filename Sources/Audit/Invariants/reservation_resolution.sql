-- Each reserved unit resolves once: quantity = open + consumed + released, and the state says so.
-- counts: reservations
select case
  when quantity <> open_quantity + consumed + released or least(open_quantity, consumed, released) < 0 then
    format('%s line %s reservation %s: %s is not %s open + %s consumed + %s released',
           order_id, line_no, reservation_no, quantity, open_quantity, consumed, released)
  when case when open_quantity > 0 then state <> 'active' when consumed > 0 then state <> 'consumed'
            else state not in ('released', 'expired', 'bumped') end then
    format('%s line %s reservation %s: is %s with %s open, %s consumed, %s released',
           order_id, line_no, reservation_no, state, open_quantity, consumed, released)
  end as violation
from reservations
