-- A shipment stands where the last status that took effect left it, since the time of that status.
-- counts: shipments and histories
select case
  when s.shipment_id is null then format('%s: was heard of, but never left', h.shipment_id)
  when s.state <> coalesce(h.state, 'dispatched') or s.status_at is distinct from h.occurred_at then
    format('%s: is %s since %s, its history says %s since %s', s.shipment_id, s.state,
           coalesce(s.status_at::text, 'its dispatch'), coalesce(h.state, 'dispatched'),
           coalesce(h.occurred_at::text, 'its dispatch'))
  end as violation
from shipments s
full join (
  select distinct on (shipment_id) shipment_id, occurred_at, case when took_effect then state end as state
  from shipment_statuses
  order by shipment_id, took_effect desc, array_position(array['delivered', 'failed', 'in_transit'], state::text)
) as h using (shipment_id)
