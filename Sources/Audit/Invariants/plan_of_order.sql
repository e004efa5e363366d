-- A failed shipment plan is of lines that its order has.
-- counts: lines of failed plans
select case when l.order_id is null then
  format('%s: speaks of line %s of order %s, which does not exist', p.plan_id, n.line_no, p.order_id)
  end as violation
from shipment_plans_failed p join shipment_plan_lines n using (plan_id)
left join order_lines l on l.order_id = p.order_id and l.line_no = n.line_no
