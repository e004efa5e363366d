-- A line is what is reserved, backordered, shipped and cancelled of it.
-- counts: order lines
select case
  when ordered <> reserved + backordered + shipped + cancelled or least(reserved, backordered, shipped, cancelled) < 0
  then format('%s line %s: %s is not %s reserved + %s backordered + %s shipped + %s cancelled',
              order_id, line_no, ordered, reserved, backordered, shipped, cancelled)
  end as violation
from order_lines
