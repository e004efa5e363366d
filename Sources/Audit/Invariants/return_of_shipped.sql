-- Of an order's line never more came back than was shipped.
-- counts: order lines of which something came back
select case
  when l.order_id is null then format('%s line %s: %s came back, but it does not exist', r.order_id, r.line_no, r.quantity)
  when r.quantity > l.shipped then
    format('%s line %s: %s came back, only %s were shipped', r.order_id, r.line_no, r.quantity, l.shipped)
  end as violation
from (
  select r.order_id, p.line_no, sum(p.quantity) as quantity
  from returns r join return_lines p using (return_id) where r.order_id is not null group by r.order_id, p.line_no
) as r
left join order_lines l on l.order_id = r.order_id and l.line_no = r.line_no
