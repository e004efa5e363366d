-- Goods that came in are on hand somewhere or have left: Σ receipts − Σ shipments = Σ on hand.
-- counts: SKUs
select case when came - gone <> there then
  format('%s: %s came, %s left, but %s are there', coalesce(sku, 'shipped lines without an order'), came, gone, there)
  end as violation
from (
  select sku, sum(came) as came, sum(gone) as gone, sum(there) as there
  from (
    select sku, quantity as came, 0 as gone, 0 as there from receipts
    union all
    select sku, quantity, 0, 0 from return_lines where disposition <> 'scrap'
    union all
    select l.sku, 0, p.quantity, 0
    from shipment_lines p join shipments s using (shipment_id) left join order_lines l using (order_id, line_no)
    where s.state <> 'failed'
    union all
    -- What was counted, found, written off or thrown away has come or gone as well.
    select sku, on_hand_change, 0, 0 from counts
    union all
    select sku, case kind when 'found' then quantity else -quantity end, 0, 0 from adjustments
    where kind in ('found', 'write_off', 'scrap')
    union all
    select sku, -quantity, 0, 0 from quality_releases where verdict = 'scrap'
    union all
    select l.sku, -p.written_off, 0, 0
    from transfer_arrival_lines p join transfer_arrivals a using (arrival_id)
    join transfer_lines l on l.transfer_id = a.transfer_id and l.line_no = p.line_no
    union all
    select sku, 0, 0, on_hand from balances
  ) as goods
  group by sku
) as totals
