-- Every dead letter names the field, the rule and what becomes of it.
-- counts: dead letters
select case
  when field = '' or rule = '' then
    format('dead letter %s (%s): field "%s", rule "%s"', dead_letter_id, message_id, field, rule)
  when (state = 'open') <> (resolved_at is null) then
    format('dead letter %s (%s): is %s, resolved %s', dead_letter_id, message_id, state, resolved_at)
  when state <> 'open' and (resolved_by is null or resolved_why is null) then
    format('dead letter %s (%s): is %s, but nobody says why', dead_letter_id, message_id, state)
  end as violation
from dead_letters
