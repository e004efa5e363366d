-- Every order that was created has been answered by an event.
-- counts: answered orders
select case when sequence < 1 then format('%s: is %s, but no event says so', order_id, state) end as violation
from orders where answered
