-- What arrived or was lost of a transfer's line is the sum of its arrivals, and its state follows from its lines.
-- counts: transfers' lines, arrivals' lines and transfers
select case
  when l.transfer_id is null then
    format('%s line %s: something arrived of it, but it does not exist', a.transfer_id, a.line_no)
  when l.received <> coalesce(a.quantity, 0) or l.lost <> coalesce(a.lost, 0) or l.received + l.lost > l.quantity then
    format('%s line %s: %s received and %s lost of %s, its arrivals say %s and %s', l.transfer_id, l.line_no, l.received,
           l.lost, l.quantity, coalesce(a.quantity, 0), coalesce(a.lost, 0))
  end as violation
from transfer_lines l
full join (
  select transfer_id, line_no, sum(quantity) as quantity, sum(written_off) as lost
  from transfer_arrivals join transfer_arrival_lines using (arrival_id) group by transfer_id, line_no
) as a on a.transfer_id = l.transfer_id and a.line_no = l.line_no
union all
select case when t.state is distinct from l.state then
  format('%s: is %s, its lines say %s', coalesce(t.transfer_id, l.transfer_id), coalesce(t.state, 'missing'),
         coalesce(l.state, 'that it has none'))
  end
from transfers t
full join (
  select transfer_id, case
    when sum(quantity - received - lost) = 0 then case when sum(lost) > 0 then 'closed_short' else 'received' end
    when sum(received + lost) = 0 then 'open' else 'partially_received' end as state
  from transfer_lines group by transfer_id
) as l on l.transfer_id = t.transfer_id
