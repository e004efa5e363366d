-- Roles, the catalogue of products and locations.
--
-- Roles may log in but have no password here: an operator sets passwords from files (topology/README.md). A role that
-- exists already is kept as it is.
do $$
declare
  name text;
begin
  foreach name in array array[
    'tallyman_inventory', 'tallyman_allocation', 'tallyman_notification', 'tallyman_relay', 'tallyman_operator']
  loop
    if not exists (select from pg_roles where rolname = name) then
      begin
        execute format('create role %I login', name);
      exception when duplicate_object or unique_violation then
        null; -- another database of this cluster is being migrated at the same moment
      end;
    end if;
  end loop;
end
$$;

grant usage on schema tallyman to
  tallyman_inventory, tallyman_allocation, tallyman_notification, tallyman_relay, tallyman_operator;

create table products (
  sku text collate "C" primary key check (sku ~ '^[A-Za-z0-9][A-Za-z0-9._/-]{0,63}$'),
  name text not null check (char_length(name) between 1 and 500),
  category text,
  unit_price text,
  attributes json,
  registered_at timestamptz not null
);
comment on column products.unit_price is 'exactly as the catalogue wrote it: never through binary floating point';

create table locations (
  location_id text collate "C" primary key check (location_id ~ '^[A-Za-z0-9][A-Za-z0-9._/-]{0,63}$'),
  name text not null,
  priority int not null default 0,
  sellable boolean not null default true,
  registered_at timestamptz not null
);
comment on column locations.sellable is 'whether orders may be allocated from here';
