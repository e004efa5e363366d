-- No message has waited for more than five minutes to be published.
-- counts: waiting rows
-- severity: warning
select case when created_at < now() - interval '5 minutes' then
  case when messages = 1 then format('row %s: %s (%s) waits since %s', id, message_id, routing_key, created_at)
       else format('row %s with %s messages waits since %s', id, messages, created_at) end
  end as violation
from outbox
