-- Every count, adjustment, hold and decision about quality is booked as it says; nothing else is booked as such.
-- counts: buckets of documents
select case when coalesce(p.delta, 0) <> coalesce(l.delta, 0) then
  format('%s of %s: %s %s of %s at %s expected, %s booked', coalesce(p.message_id, l.message_id),
         coalesce(p.source, l.source), coalesce(p.delta, 0), coalesce(p.bucket, l.bucket), coalesce(p.sku, l.sku),
         coalesce(p.location_id, l.location_id), coalesce(l.delta, 0))
  end as violation
from (
  select source, message_id, sku, location_id, lot, k.bucket, k.delta
  from counts
  cross join lateral (values ('on_hand', on_hand_change), ('damaged', damaged_change),
                             ('quality_control', quality_control_change)) as k (bucket, delta)
  union all
  select source, message_id, sku, location_id, lot, k.bucket, k.delta
  from adjustments
  cross join lateral (values
    ('on_hand', case kind when 'found' then quantity when 'write_off' then -quantity when 'scrap' then -quantity else 0 end),
    ('damaged', case kind when 'damage' then quantity when 'repair' then -quantity when 'scrap' then -quantity else 0 end)
  ) as k (bucket, delta)
  union all
  select source, message_id, sku, location_id, lot, 'quality_control', quantity from quality_holds
  union all
  select source, message_id, sku, location_id, lot, k.bucket, k.delta
  from quality_releases
  cross join lateral (values
    ('quality_control', -quantity), ('on_hand', case verdict when 'scrap' then -quantity else 0 end)
  ) as k (bucket, delta)
  union all
  -- What is lost in transit, or found again, is booked as a count.
  select a.source, a.message_id, l.sku, 'in-transit', l.lot, 'on_hand', sum(-p.written_off)
  from transfer_arrival_lines p join transfer_arrivals a using (arrival_id)
  join transfer_lines l on l.transfer_id = a.transfer_id and l.line_no = p.line_no
  group by a.source, a.message_id, l.sku, l.lot
) as p
full join (
  select e.source, e.message_id, b.sku, b.location_id, b.lot, e.bucket, sum(e.delta) as delta
  from stock_ledger e join balances b using (balance_id)
  where e.consumer = 'inventory' and e.reason in ('COUNT', 'DAMAGE', 'QC_HOLD', 'QC_RELEASE')
  group by e.source, e.message_id, b.sku, b.location_id, b.lot, e.bucket
) as l on l.source = p.source and l.message_id = p.message_id and l.sku = p.sku and l.location_id = p.location_id
  and l.lot = p.lot and l.bucket = p.bucket
