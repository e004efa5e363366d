-- Who has been promised something of a balance is found by the ledger. Only a bump asks, and it is rare; an index of the
-- open reservations had to be written with each of them, for nearly nothing.

drop index reservations_open;

-- Entries of the balance from the newest on, four times as many each time, until the orders that they name have all of
-- what is promised: as far back as the oldest promise that is still open. Where the ledger does not reach so far, all
-- reservations are read.
create function orders_promised(of_sku text, at_location text, of_lot text) returns setof text
language plpgsql stable set search_path = tallyman, pg_catalog, pg_temp as $$
declare
  promised bigint;
  this_balance bigint;
  oldest bigint := 9223372036854775807;
  many bigint := 256;
  entries bigint;
  named text[];
  known text[] := '{}';
  found bigint := 0;
begin
  select b.balance_id, b.reserved into this_balance, promised from balances b
  where b.sku = of_sku and b.location_id = at_location and b.lot = of_lot;
  while found < promised loop
    select count(*), min(e.seq), array_agg(distinct e.reference) filter (where e.is_promise)
    into entries, oldest, named
    from (
      select l.seq, l.reference, l.bucket = 'reserved' and l.delta > 0 as is_promise
      from stock_ledger l where l.balance_id = this_balance and l.seq < oldest order by l.seq desc limit many
    ) as e;
    exit when entries = 0;
    known := array(select unnest(known) union select unnest(named));
    select coalesce(sum(r.open_quantity), 0) into found from reservations r
    where r.order_id = any(known) and r.sku = of_sku and r.location_id = at_location and r.lot = of_lot;
    many := many * 4;
  end loop;
  if found >= promised then
    return query select distinct r.order_id from reservations r
      where r.order_id = any(known) and r.sku = of_sku and r.location_id = at_location and r.lot = of_lot
        and r.open_quantity > 0;
  else
    return query select distinct r.order_id from reservations r
      where r.sku = of_sku and r.location_id = at_location and r.lot = of_lot and r.open_quantity > 0;
  end if;
end
$$;
comment on function orders_promised is 'the orders that have an open promise of a balance';
revoke all on function orders_promised from public;
grant execute on function orders_promised to tallyman_inventory, tallyman_allocation;
