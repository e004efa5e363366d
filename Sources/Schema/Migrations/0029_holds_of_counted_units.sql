-- A count may take units from quality control. Where it took more than no hold had put there, the place's holds stayed
-- open with units that were not there any more: what came into quality control after that, such as a return, could
-- neither be released without a hold's name nor under one. Such units are given up now.

-- Whoever books holds the anchors; before the table is changed, lest somebody who has an anchor waits for the table.
do $$
begin
  perform from stock_items i
  where exists (select from quality_holds h where h.sku = i.sku and h.released < h.quantity)
  order by sku for no key update;
end
$$;

alter table quality_holds add column given_up units not null default 0;
comment on column quality_holds.given_up is 'units that were not there any more when the place was counted: nothing is decided about them';

-- What counts have taken until now: the oldest holds have lost it.
update quality_holds h
set given_up = o.lost
from (
  select hold_id, greatest(0, least(open, missing - older)) as lost
  from (
    select p.hold_id, p.quantity - p.released as open,
           sum(p.quantity - p.released) over place - coalesce(b.quality_control, 0) as missing,
           coalesce(sum(p.quantity - p.released) over (
             place order by p.recorded_at, p.hold_id rows between unbounded preceding and 1 preceding), 0) as older
    from quality_holds p left join balances b using (sku, location_id, lot)
    where p.released < p.quantity
    window place as (partition by p.sku, p.location_id, p.lot)
  ) as s
) as o
where h.hold_id = o.hold_id and o.lost > 0;

alter table quality_holds drop constraint released_of_held;
alter table quality_holds add constraint decided_of_held check (released + given_up <= quantity);
drop index quality_holds_open;
create index quality_holds_open on quality_holds (sku, location_id, lot) where released + given_up < quantity;

grant update (given_up) on quality_holds to tallyman_inventory;
