-- Every line belongs to an order.
-- counts: order lines
select case when o.order_id is null then format('%s line %s has no order', l.order_id, l.line_no) end as violation
from order_lines l left join orders o using (order_id)
