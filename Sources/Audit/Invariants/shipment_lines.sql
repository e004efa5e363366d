-- A line's shipped units stand in shipments; those of failed ones have come back and are not shipped.
-- counts: order lines and shipped lines
select case when coalesce(l.shipped, 0) <> coalesce(s.quantity, 0) then
  format('%s line %s: %s shipped, its shipments say %s', coalesce(l.order_id, s.order_id),
         coalesce(l.line_no, s.line_no), coalesce(l.shipped, 0), coalesce(s.quantity, 0))
  end as violation
from order_lines l
full join (
  select s.order_id, p.line_no, coalesce(sum(p.quantity) filter (where s.state <> 'failed'), 0) as quantity
  from shipments s join shipment_lines p using (shipment_id) group by s.order_id, p.line_no
) as s on s.order_id = l.order_id and s.line_no = l.line_no
