-- The tombstone of an order that was cancelled before it came is cancelled and has no lines.
-- counts: tombstones
select case when o.state <> 'cancelled' or l.lines > 0 then
  format('%s: is %s and has %s lines', o.order_id, o.state, coalesce(l.lines, 0))
  end as violation
from orders o
left join (select order_id, count(*) as lines from order_lines group by order_id) as l using (order_id)
where not o.answered
