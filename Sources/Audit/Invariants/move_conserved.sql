-- Moves and transfers conserve totals: both legs of each step are booked, and of a rejected move none.
-- counts: legs of moves
select case
  when m.move_id is null then
    format('%s at %s are booked for %s, which is no such move or transfer', l.quantity, l.location_id, l.reference)
  when m.quantity <> coalesce(l.quantity, 0) then
    format('%s: %s of %s at %s expected, %s booked', m.move_id, m.quantity, m.sku, m.location_id,
           coalesce(l.quantity, 0))
  end as violation
from (
  select move_id, sku, location_id, lot, reason, sum(quantity) as quantity
  from (
    select move_id, sku, from_location_id as location_id, coalesce(lot, '') as lot, 'TRANSFER_OUT' as reason,
           -quantity as quantity
    from moves where rejected_reason is null
    union all
    select move_id, sku, to_location_id, coalesce(lot, ''), 'TRANSFER_IN', quantity from moves
    where rejected_reason is null
    union all
    select t.transfer_id, l.sku, k.location_id, l.lot, k.reason, k.sign * l.quantity
    from transfers t join transfer_lines l using (transfer_id)
    cross join lateral (values (t.from_location_id, 'TRANSFER_OUT', -1), ('in-transit', 'TRANSFER_IN', 1))
      as k (location_id, reason, sign)
    union all
    select a.arrival_id, l.sku, k.location_id, l.lot, k.reason, k.sign * p.quantity
    from transfer_arrivals a join transfer_arrival_lines p using (arrival_id)
    join transfers t using (transfer_id) join transfer_lines l using (transfer_id, line_no)
    cross join lateral (values ('in-transit', 'TRANSFER_OUT', -1), (t.to_location_id, 'TRANSFER_IN', 1))
      as k (location_id, reason, sign)
  ) as legs
  group by move_id, sku, location_id, lot, reason
) as m
full join (
  select e.reference, e.reason, b.sku, b.location_id, b.lot, sum(e.delta) as quantity
  from stock_ledger e join balances b using (balance_id)
  where e.reason in ('TRANSFER_OUT', 'TRANSFER_IN') group by e.reference, e.reason, b.sku, b.location_id, b.lot
) as l on l.reference = m.move_id and l.reason = m.reason and l.sku = m.sku and l.location_id = m.location_id
  and l.lot = m.lot
