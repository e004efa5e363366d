-- A lot is reported as expired when its time is up, not before, and within an hour while something of it is there.
-- counts: lots with an end
select case
  when l.reported_at < l.expires_at then
    format('lot %s of %s: was reported at %s, expires at %s', l.lot, l.sku, l.reported_at, l.expires_at)
  when l.reported_at is null and b.there > 0 and greatest(l.expires_at, b.changed_at) < now() - interval '1 hour' then
    format('lot %s of %s: %s are there, expired since %s and not reported', l.lot, l.sku, b.there, l.expires_at)
  end as violation
from lots l
left join (
  select sku, lot, sum(on_hand) as there, max(recorded_at) as changed_at from balances
  where on_hand > 0 and lot <> '' group by sku, lot
) as b on b.sku = l.sku and b.lot = l.lot
where l.expires_at is not null
