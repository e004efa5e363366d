-- What an order may ask for beyond its lines, how its changes are remembered, and why its units wait or were refused.

create domain fulfilment_policy as text collate "C"
  constraint fulfilment_policy_known check (value in ('partial', 'line_complete', 'ship_complete'));

alter table orders
  alter policy type fulfilment_policy,
  add column location_policy text collate "C",
  add column destination_lat double precision,
  add column destination_lng double precision,
  add column expires_at timestamptz,
  add column hold_until timestamptz,
  add column revision bigint;
comment on column orders.policy is
  'partial: each line gets what there is; line_complete: a line is reserved wholly or not at all; ship_complete: the order is';
comment on column orders.location_policy is 'the location policy that the order asked for; null: the workers'' default';
comment on column orders.destination_lat is 'where the order goes, degrees north; for the location policy nearest';
comment on column orders.destination_lng is 'where the order goes, degrees east';
comment on column orders.expires_at is 'when the order''s hold was to end unless it is confirmed, as it was created; null: no hold';
comment on column orders.hold_until is 'the same while the hold is open; null once it was confirmed, has expired or was closed';
comment on column orders.revision is 'of the newest amendment applied; null: never amended';
-- Only orders with an open hold are in it.
create index orders_held on orders (hold_until) where hold_until is not null;

alter table order_lines
  alter ordered type units,
  add column placed bigint,
  add column called_off bigint,
  add column closed boolean;
comment on column order_lines.ordered is 'as amended; 0: an amendment took the line away';
comment on column order_lines.placed is 'what was ordered before any amendment; null: the same as ordered';
comment on column order_lines.called_off is 'units that order.cancelled named by number; null: none';
comment on column order_lines.closed is 'true: order.cancelled named the whole line, so that nothing more of it is ever wanted';

alter table locations
  add column lat double precision,
  add column lng double precision;

create table order_cancellations (
  order_id text collate "C" not null,
  cancellation_id text collate "C" not null,
  lines text collate "C" not null,
  recorded_at timestamptz not null,
  primary key (order_id, cancellation_id)
);
comment on table order_cancellations is
  'cancellations of a number of units of a line, each applied once; lines: line=units pairs, a line without a number whole';

-- Blocked backorders: of an order or a line that is to be reserved wholly or not at all.
comment on column backorders.fillable is
  'false: blocked by the order''s policy until its rest can be reserved with it; not counted in stock_items.owed';
create index backorders_blocked on backorders (sku, priority desc, need_by, created_at, order_id, line_no)
  where open_quantity > 0 and not fillable;

create function stock_free(of_sku text) returns bigint
language sql stable as $$
  select (coalesce((
    select sum(b.on_hand - b.damaged - b.quality_control - b.reserved - b.safety_stock)
    from balances b where b.sku = i.sku and b.sellable), 0) - i.safety_stock)::bigint
  from stock_items i where i.sku = of_sku
$$;
comment on function stock_free is
  'what is available of a SKU beyond all safety stocks, before anything is subtracted for backorders; may be negative';
revoke all on function stock_free from public;
grant execute on function stock_free to tallyman_allocation, tallyman_operator;

create table decisions (
  decision_id bigint generated always as identity primary key,
  order_id text collate "C" not null,
  line_no int not null,
  decision text collate "C" not null check (decision in (
    'backordered', 'refused', 'cancelled', 'amended', 'expired')),
  quantity bigint not null check (quantity > 0),
  rule text collate "C" not null,
  policy text collate "C" not null,
  location_policy text collate "C",
  candidates text collate "C",
  promisable bigint,
  owed bigint,
  reference text collate "C" not null,
  consumer text collate "C" not null,
  source text collate "C" not null,
  message_id text collate "C" not null,
  decided_at timestamptz not null
);
create index decisions_of on decisions (order_id, line_no, decision_id);
comment on table decisions is
  'what was decided about units that were not simply reserved, as the transaction saw it; of reserved units their reservation says it, of bumped ones the table bumps';
comment on column decisions.decision is
  'backordered: they wait; refused: they will not be delivered, since the order must not wait; cancelled, amended, expired: given back';
comment on column decisions.quantity is 'how many units of the line';
comment on column decisions.rule is
  'short: less could be promised than the line wanted; line_incomplete: the line could not be promised wholly; order_incomplete: a line of the order could not; cancelled_before: the cancellation came before its order; requested: somebody asked for it';
comment on column decisions.policy is 'the order''s: partial, line_complete or ship_complete';
comment on column decisions.location_policy is 'the location policy that ranked the candidates; null where none were looked at';
comment on column decisions.candidates is 'location=allocatable pairs in that order, before anything was taken; empty: nowhere was anything; null: not looked at';
comment on column decisions.promisable is 'available to promise of the SKU that the transaction saw for the line';
comment on column decisions.owed is 'of the SKU, to fillable backorders at that moment';
comment on column decisions.reference is 'what the message was about, such as the order or the count';
comment on column decisions.message_id is 'the message that caused it, with consumer and source as in the inbox';

grant select, insert on order_cancellations, decisions to tallyman_allocation;
grant select on order_cancellations, decisions to tallyman_operator;
