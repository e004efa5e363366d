-- Inbox outcomes account for every event: Σ sequences of orders and SKUs = Σ events of messages.
-- counts: the two sums, once
--
-- Each event about an order or a SKU draws the next sequence of its aggregate and is counted at the message that
-- caused it, in one transaction. What the sweepers and the sender of notifications publish, and the notes by which a
-- worker asks for another turn, are counted on neither side. Once old inbox partitions have been dropped, the inbox can only account for fewer.
with inbox_days as (
  select min(to_date(right(c.relname, 8), 'YYYYMMDD')) as oldest
  from pg_inherits i join pg_class c on c.oid = i.inhrelid where i.inhparent = 'inbox'::regclass
), complete as (
  select d.oldest <= (m.applied_at at time zone 'UTC')::date - 31 as is_complete
  from inbox_days d, schema_migrations m where m.number = 5
), totals as (
  select (select coalesce(sum(sequence), 0) from orders)
           + (select coalesce(sum(sequence), 0) from stock_items) as drawn,
         (select coalesce(sum(events), 0) from inbox) as counted
)
select case
  when drawn < counted or (drawn <> counted and coalesce((select is_complete from complete), false)) then
    format('%s events were numbered, the inbox accounts for %s', drawn, counted)
  end as violation
from totals
