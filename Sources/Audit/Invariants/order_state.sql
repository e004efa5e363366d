-- An answered order's state follows from its lines and from what has arrived.
-- counts: answered orders
select case when state <> derived then
  format('%s: is %s, its lines (%s reserved, %s backordered, %s shipped, %s cancelled, %s delivered) say %s',
         order_id, state, reserved, backordered, shipped, cancelled, delivered, derived)
  end as violation
from (
  select order_id, state, reserved, backordered, shipped, cancelled, delivered, case
    when lines = 0 then 'that it has none'
    when shipped > 0 then case
      when reserved + backordered > 0 then 'partially_shipped'
      when delivered < shipped then 'shipped' else 'fulfilled' end
    -- An order of which nothing is open was refused or called off; its lines cannot tell which.
    when reserved + backordered = 0 then case when state in ('rejected', 'expired') then state else 'cancelled' end
    when reserved = 0 then 'backordered'
    when backordered + cancelled = 0 then 'reserved'
    else 'partially_reserved' end as derived
  from (
    select o.order_id, o.state, coalesce(o.delivered, 0) as delivered, count(l.line_no) as lines,
           coalesce(sum(l.reserved), 0) as reserved, coalesce(sum(l.backordered), 0) as backordered, coalesce(sum(l.shipped), 0) as shipped,
           coalesce(sum(l.cancelled), 0) as cancelled
    from orders o left join order_lines l using (order_id)
    where o.answered
    group by o.order_id
  ) as sums
) as answered
