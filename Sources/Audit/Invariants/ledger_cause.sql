-- Every ledger entry names a message that the inbox remembers as applied.
-- counts: ledger entries whose messages are not older than the inbox
with horizon as (
  select min(to_date(right(c.relname, 8), 'YYYYMMDD')) as day
  from pg_inherits i join pg_class c on c.oid = i.inhrelid where i.inhparent = 'inbox'::regclass
)
select case when m.message_id is null then
  format('balance %s: entry %s was caused by %s of %s, which %s has not applied',
         l.balance_id, l.seq, l.message_id, l.source, l.consumer)
  end as violation
from stock_ledger l
left join (
  select distinct message_id, source, consumer from inbox where outcome = 'applied'
) as m on m.message_id = l.message_id and m.source = l.source and m.consumer = l.consumer
where (l.occurred_at at time zone 'UTC')::date >= (select day from horizon)
