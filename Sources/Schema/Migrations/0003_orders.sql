-- Orders, their lines, reservations, backorders and shipments.

create table orders (
  order_id text collate "C" primary key,
  customer_id text collate "C",
  state text collate "C" not null check (state in (
    'reserved', 'partially_reserved', 'backordered', 'rejected', 'partially_shipped', 'shipped', 'fulfilled',
    'cancelled', 'expired')),
  answered boolean not null,
  policy text collate "C" not null default 'partial',
  backorder text collate "C" not null default 'allow' check (backorder in ('allow', 'deny')),
  priority int not null default 0,
  need_by timestamptz,
  closed_reason text,
  sequence bigint not null default 0 check (sequence >= 0),
  ordered_at timestamptz not null,
  updated_at timestamptz not null,
  check (answered = (customer_id is not null))
) with (fillfactor = 80);
comment on column orders.answered is 'false: a tombstone, a cancellation that came before its order';
comment on column orders.sequence is 'of the last event about this order';

create table order_lines (
  order_id text collate "C" not null,
  line_no int not null check (line_no > 0),
  sku text collate "C" not null,
  ordered bigint not null check (ordered > 0),
  reserved bigint not null check (reserved >= 0),
  backordered bigint not null check (backordered >= 0),
  shipped bigint not null check (shipped >= 0),
  cancelled bigint not null check (cancelled >= 0),
  primary key (order_id, line_no),
  constraint line_equation check (ordered = reserved + backordered + shipped + cancelled)
) with (fillfactor = 80);

create table reservations (
  order_id text collate "C" not null,
  line_no int not null,
  reservation_no int not null check (reservation_no > 0),
  sku text collate "C" not null,
  location_id text collate "C" not null,
  lot text collate "C" not null default '',
  quantity bigint not null check (quantity > 0),
  open_quantity bigint not null check (open_quantity >= 0),
  consumed bigint not null default 0 check (consumed >= 0),
  released bigint not null default 0 check (released >= 0),
  state text collate "C" not null check (state in ('active', 'consumed', 'released', 'expired', 'bumped')),
  policy text collate "C" not null,
  candidates text collate "C" not null,
  created_at timestamptz not null,
  primary key (order_id, line_no, reservation_no),
  constraint each_unit_resolves_once check (quantity = open_quantity + consumed + released),
  check ((state = 'active') = (open_quantity > 0))
) with (fillfactor = 80);
comment on column reservations.candidates is 'what the decision saw: location=available pairs in the order of the policy';

create table backorders (
  order_id text collate "C" not null,
  line_no int not null,
  sku text collate "C" not null,
  quantity bigint not null check (quantity > 0),
  open_quantity bigint not null check (open_quantity >= 0),
  filled bigint not null default 0 check (filled >= 0),
  cancelled bigint not null default 0 check (cancelled >= 0),
  state text collate "C" not null check (state in ('open', 'partially_filled', 'filled', 'cancelled')),
  fillable boolean not null default true,
  priority int not null,
  need_by timestamptz,
  created_at timestamptz not null,
  primary key (order_id, line_no),
  constraint each_unit_ends_once check (quantity = open_quantity + filled + cancelled),
  check ((state in ('open', 'partially_filled')) = (open_quantity > 0))
) with (fillfactor = 80);
create index backorders_rank on backorders (sku, priority desc, need_by, created_at, order_id, line_no)
  where open_quantity > 0 and fillable;
comment on index backorders_rank is 'the order in which stock fills backorders';

create table shipments (
  shipment_id text collate "C" primary key,
  order_id text collate "C" not null,
  carrier text,
  tracking_number text,
  state text collate "C" not null default 'dispatched' check (state in ('dispatched')),
  dispatched_at timestamptz not null,
  recorded_at timestamptz not null
);
create table shipment_lines (
  shipment_id text collate "C" not null,
  line_no int not null,
  location_id text collate "C" not null,
  quantity bigint not null check (quantity > 0),
  primary key (shipment_id, line_no, location_id)
);
