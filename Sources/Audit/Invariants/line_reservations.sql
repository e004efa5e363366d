-- A line's reservations are of its SKU; open ones are its reserved units, consumed ones those that ever left.
-- counts: order lines and lines of reservations
select case
  when l.order_id is null then format('%s line %s: has reservations, but does not exist', r.order_id, r.line_no)
  when r.skus > 1 or r.sku <> l.sku then
    format('%s line %s: is for %s, its reservations are not', l.order_id, l.line_no, l.sku)
  when l.reserved <> coalesce(r.open, 0) or l.shipped + coalesce(f.quantity, 0) <> coalesce(r.consumed, 0) then
    format('%s line %s: reserved %s, shipped %s and %s came back, its reservations say %s and %s',
           l.order_id, l.line_no, l.reserved, l.shipped, coalesce(f.quantity, 0), coalesce(r.open, 0),
           coalesce(r.consumed, 0))
  end as violation
from order_lines l
left join (
  select s.order_id, p.line_no, sum(p.quantity) as quantity
  from shipments s join shipment_lines p using (shipment_id) where s.state = 'failed' group by s.order_id, p.line_no
) as f on f.order_id = l.order_id and f.line_no = l.line_no
full join (
  select order_id, line_no, min(sku) as sku, count(distinct sku) as skus, sum(open_quantity) as open,
         sum(consumed) as consumed
  from reservations group by order_id, line_no
) as r on r.order_id = l.order_id and r.line_no = l.line_no
