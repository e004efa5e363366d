-- A line that keeps its reservation says all of it, has units reserved, and has no reservation elsewhere.
-- counts: lines that keep a reservation
select case
  when num_nulls(l.reserved_location, l.policy, l.candidates, l.reserved_since) > 0 then
    format('%s line %s: a part of the reservation that it keeps is missing', l.order_id, l.line_no)
  when l.reserved <= 0 then format('%s line %s: keeps a reservation of nothing', l.order_id, l.line_no)
  when exists (select from reservation_rows r where r.order_id = l.order_id and r.line_no = l.line_no) then
    format('%s line %s: keeps a reservation and has others', l.order_id, l.line_no)
  end as violation
from order_lines l
where num_nonnulls(l.reserved_location, l.policy, l.candidates, l.reserved_since) > 0
