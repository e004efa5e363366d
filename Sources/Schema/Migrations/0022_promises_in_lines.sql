-- A line that was reserved whole, as nearly all are, keeps its reservation in its own row until something becomes of it:
-- with a row and an index entry more, a promise was the dearest that an order cost.
--
-- `reservations` shows all of them, wherever they are. Programs from before find no table to write to, and wait.
alter table reservations rename to reservation_rows;
alter table reservation_rows rename constraint reservations_pkey to reservation_rows_pkey;
comment on table reservation_rows is
  'reservations that have a row of their own: of lines that were not reserved in one place, or that have changed since';

alter table order_lines
  add column reserved_location text collate "C",
  add column policy text collate "C",
  add column candidates text collate "C",
  add column reserved_since timestamptz;
comment on column order_lines.reserved_location is
  'where all of reserved is promised, by the line''s only reservation, of which every unit is open and of no lot; null: see reservation_rows';
comment on column order_lines.policy is 'of that reservation';
comment on column order_lines.candidates is 'of that reservation, see reservation_rows';
comment on column order_lines.reserved_since is 'when that reservation was made';

create view reservations as
select order_id, line_no::int, reservation_no::int, sku, location_id, lot, quantity::bigint, open_quantity::bigint,
       consumed::bigint, released::bigint, state::text collate "C", policy, candidates, created_at
from reservation_rows
union all
select order_id, line_no::int, 1, sku, reserved_location, ''::text collate "C", reserved::bigint, reserved::bigint,
       0::bigint, 0::bigint, 'active'::text collate "C", policy, candidates, reserved_since
from order_lines where reserved_location is not null;
comment on view reservations is 'every promise of stock to a line, those in order_lines and those in reservation_rows';
comment on column reservations.candidates is
  'location=allocatable pairs in the policy''s order, as the transaction saw them; fixed_priority adds @priority, nearest @metres to the destination';

-- Pauses a program from before, which would otherwise take what it writes for refused. It changes a line before the line's
-- reservations, so no CHECK of order_lines may come first.
create function refuse_reservation() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  raise exception 'reservations is a view: this program is older than its database'
    using errcode = 'wrong_object_type', hint = 'Write to order_lines or reservation_rows.';
end
$$;
create trigger refuse_reservation instead of insert or update or delete on reservations
  for each row execute function refuse_reservation();

revoke all on reservation_rows from tallyman_inventory, tallyman_allocation;
grant select, insert, update on reservation_rows to tallyman_inventory, tallyman_allocation;
grant select on reservations to tallyman_inventory, tallyman_allocation, tallyman_operator;

update personal_data set
  statement = $s$
    update reservation_rows set candidates = regexp_replace(candidates, '@[0-9]+', '', 'g')
    where order_id = any ($2) and policy = 'nearest' and candidates like '%@%'$s$
where what = 'distances of reservations';
insert into personal_data (place, what, statement) values
  (1015, 'distances of lines', $s$
    update order_lines set candidates = regexp_replace(candidates, '@[0-9]+', '', 'g')
    where order_id = any ($2) and policy = 'nearest' and candidates like '%@%'$s$);
