-- No message has waited for more than five minutes to be published.
-- counts: waiting messages
-- severity: warning
select case when created_at < now() - interval '5 minutes' then
  format('row %s: %s (%s) waits since %s', id, message_id, routing_key, created_at)
  end as violation
from outbox
