-- A notification is settled once: it waits, or it has ended at a known time and after at least one attempt.
-- counts: notifications
select case when (state = 'waiting') <> (settled_at is null) or (state <> 'waiting' and attempts < 1) then
  format('%s to %s: is %s after %s attempts, settled %s', notification_id, channel, state, attempts,
         coalesce(settled_at::text, 'never'))
  end as violation
from notification_deliveries
