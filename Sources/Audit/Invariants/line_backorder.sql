-- A line's backordered units are its open backorder, whose units each end once, and the state says so.
-- counts: order lines and backorders
select case
  when l.order_id is null then format('%s line %s: has a backorder, but does not exist', b.order_id, b.line_no)
  when l.backordered <> coalesce(b.open_quantity, 0) or l.sku <> b.sku then
    format('%s line %s: backordered %s of %s, its backorder has %s open of %s',
           l.order_id, l.line_no, l.backordered, l.sku, coalesce(b.open_quantity, 0), coalesce(b.sku, l.sku))
  when b.quantity <> b.open_quantity + b.filled + b.cancelled then
    format('%s line %s: backorder of %s is not %s open + %s filled + %s cancelled',
           l.order_id, l.line_no, b.quantity, b.open_quantity, b.filled, b.cancelled)
  when b.state <> case when b.open_quantity > 0 and b.filled > 0 then 'partially_filled'
                       when b.open_quantity > 0 then 'open' when b.cancelled > 0 then 'cancelled' else 'filled' end then
    format('%s line %s: backorder is %s with %s open, %s filled, %s cancelled',
           l.order_id, l.line_no, b.state, b.open_quantity, b.filled, b.cancelled)
  end as violation
from order_lines l
full join backorders b on b.order_id = l.order_id and b.line_no = l.line_no
