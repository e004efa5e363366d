-- A backorder is owed, whatever else its order waits for, if and only if its order's policy lets it be filled in part.
-- counts: open backorders
select case when b.fillable <> (o.policy = 'partial') then
  format('%s line %s: fillable is %s, the order''s policy is %s', b.order_id, b.line_no, b.fillable, o.policy)
  end as violation
from backorders b join orders o using (order_id)
where b.open_quantity > 0
