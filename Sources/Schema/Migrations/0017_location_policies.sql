-- Location policies by name: where locations are may be said after they were registered, and where an order goes says
-- where somebody lives, so it is erased with the rest of what is kept about a person.

comment on column locations.priority is
  'higher goes first under the location policy fixed_priority, and among equals under the others';
comment on column locations.lat is 'degrees north, for the location policy nearest; null: nobody has said where it is';
comment on column locations.lng is 'degrees east; null where lat is';
alter table locations add constraint locations_place check ((lat is null) = (lng is null));
grant update (lat, lng) on locations to tallyman_inventory;

comment on column reservations.candidates is
  'location=allocatable pairs in the policy''s order, as the transaction saw them; fixed_priority adds @priority, nearest @metres to the destination';
comment on column decisions.candidates is
  'the same before anything was taken; empty: nowhere was anything; null: not looked at';

update personal_data set statement = $s$
    update orders set customer_id = 'erased', destination_lat = null, destination_lng = null,
      closed_reason = case when closed_reason is not null then 'erased' end
    where order_id = any ($2) and customer_id <> 'erased'$s$
where what = 'orders';
-- Distances to known places give a destination away. The order's own row comes first, as it does for the workers.
insert into personal_data (place, what, statement) values
  (1010, 'distances of reservations', $s$
    update reservations set candidates = regexp_replace(candidates, '@[0-9]+', '', 'g')
    where order_id = any ($2) and policy = 'nearest' and candidates like '%@%'$s$),
  (1020, 'distances of decisions', $s$
    update decisions set candidates = regexp_replace(candidates, '@[0-9]+', '', 'g')
    where order_id = any ($2) and location_policy = 'nearest' and candidates like '%@%'$s$);
