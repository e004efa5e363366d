-- Levels that hold at each sellable location which has none of its own; since when a level is low; what people look up.

alter table stock_items
  add column place_safety_stock units,
  add column place_reorder_point units,
  add column place_recover_point bigint,
  add constraint place_levels check (
    (place_safety_stock is null and place_reorder_point is null and place_recover_point is null)
    or (place_safety_stock is not null and place_reorder_point is not null
        and place_recover_point > place_reorder_point));
comment on column stock_items.place_safety_stock is
  'safety stock of each sellable location without a policy of its own; null: none was set. So the two columns beside it';
comment on table policies_set is
  'the newest stock.policy.set applied per SKU and location ('''' = over all of them, * = for each without its own): an older one is a no-op';

-- A return may make the balance that it needs, with its SKU's levels for every location.
grant insert (safety_stock, reorder_point, recover_point) on balances to tallyman_allocation;

-- Written when an episode begins, by a statement of its own: what most transactions write has no column more.
alter table stock_items add column alert_since timestamptz;
alter table balances add column alert_since timestamptz;
comment on column stock_items.alert_since is 'when the newest episode began; it is over where alert_state is normal';
comment on column balances.alert_since is 'when the newest episode began; it is over where alert_state is normal';

-- Of a column that seldom changes, so that no change of a quantity has to touch them.
create index stock_items_low on stock_items (sku) where alert_state <> 'normal';
create index balances_low on balances (sku, location_id) where alert_state <> 'normal';
create index shipments_of_order on shipments (order_id);
