-- What databases ask for that are old: with years of ledger partitions, with many lots that were sold out before their
-- end, and with packets among what is still to be published when somebody is erased.

-- The moment in the look itself leaves out the partitions of the months before it: each of some twenty looks of a count
-- went through all of them. An entry that is not found was recorded no later, or is archived.
create or replace function ledger_seq_at(balance bigint, last_seq bigint, moment timestamptz) returns bigint
language plpgsql stable set search_path = tallyman, pg_catalog, pg_temp as $$
declare
  low bigint := 0;
  high bigint := last_seq;
  middle bigint;
begin
  while low < high loop
    middle := (low + high + 1) / 2;
    perform from stock_ledger l where l.balance_id = balance and l.seq = middle and l.recorded_at > moment;
    if found then high := middle - 1; else low := middle; end if;
  end loop;
  return low;
end
$$;

-- What is there of a lot, wherever: the key begins with the SKU and its locations.
create index balances_lots on balances (sku, lot) where lot <> '';

-- Workers lock an order before its shipments; who erases does now as well.
update personal_data set place = 1030 where what = 'shipments';
update personal_data set place = 1040 where what = 'shipment statuses';

-- A packet's messages lie together and compressed in its row; the view has them one by one.
do $$
declare
  body text := pg_get_functiondef('erase_person'::regproc);
begin
  if body not like '%count(*) from outbox%' then raise exception 'erase_person does not count the outbox'; end if;
  execute replace(body, 'count(*) from outbox', 'count(*) from outbox_messages');
end
$$;
