-- A balance that a message needs is made before it is known whether the message will be applied. Where it was not, an
-- empty balance stayed, with the levels of every location: its safety stock was missing from what can be promised of
-- the SKU elsewhere. Whoever makes one takes it back now.

-- Workers may not delete balances; this deletes only what nothing was ever booked to.
create function drop_unused_balances(ids bigint[]) returns void
language sql security definer set search_path = tallyman, pg_catalog, pg_temp as $$
  delete from balances where balance_id = any(ids) and seq = 0 and on_hand = 0
$$;
revoke all on function drop_unused_balances(bigint[]) from public;
grant execute on function drop_unused_balances(bigint[]) to tallyman_inventory, tallyman_allocation;

-- Those that stayed until now: nothing was booked to any balance of the SKU at the location, and no policy of its own
-- set its levels, and no transfer is on its way there or may still be found. Under the anchors' locks, which whoever books holds.
do $$
begin
  perform from stock_items i
  where exists (select from balances b where b.sku = i.sku and b.seq = 0)
  order by sku for no key update;
  delete from balances b
  where not exists (
      select from balances o
      where o.sku = b.sku and o.location_id = b.location_id and (o.seq > 0 or o.on_hand > 0))
    and not exists (select from policies_set p where p.sku = b.sku and p.location_id = b.location_id)
    and not exists (
      select from transfers t join transfer_lines l using (transfer_id)
      where l.sku = b.sku and t.to_location_id = b.location_id and l.received < l.quantity);
end
$$;
