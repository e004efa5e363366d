-- A message that the inbox calls dead-lettered has its dead letter.
-- counts: dead-lettered messages of the inbox
select case when d.dead_letter_id is null then
  format('%s of %s (attempt %s): %s has no dead letter of it', i.message_id, i.source, i.attempt, i.consumer)
  end as violation
from inbox i
left join (
  select distinct on (consumer, message_id, source, attempt) consumer, message_id, source, attempt, dead_letter_id
  from dead_letters
) as d using (consumer, message_id, source, attempt)
where i.outcome = 'dead_lettered'
