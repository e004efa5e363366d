-- Anchors, balances and the ledger: the quantities and every change of them.

create table stock_items (
  sku text collate "C" primary key,
  registered boolean not null default false,
  owed bigint not null default 0 check (owed >= 0),
  safety_stock bigint not null default 0 check (safety_stock >= 0),
  reorder_point bigint not null default 0 check (reorder_point >= 0),
  recover_point bigint not null default 1,
  alert_state text collate "C" not null default 'normal' check (alert_state in ('normal', 'low', 'out')),
  alert_episode bigint not null default 0 check (alert_episode >= 0),
  sequence bigint not null default 0 check (sequence >= 0),
  check (recover_point > reorder_point)
) with (fillfactor = 70);
comment on table stock_items is 'the anchor of a SKU: locked before anything about its stock changes';
comment on column stock_items.owed is 'sum of the open backorders that stock could fill now';
comment on column stock_items.sequence is 'of the last event about this SKU';

create table balances (
  sku text collate "C" not null,
  location_id text collate "C" not null,
  lot text collate "C" not null default '',
  balance_id bigint generated always as identity unique,
  on_hand bigint not null default 0 check (on_hand >= 0),
  reserved bigint not null default 0 check (reserved >= 0),
  damaged bigint not null default 0 check (damaged >= 0),
  quality_control bigint not null default 0 check (quality_control >= 0),
  sellable boolean not null default true,
  priority int not null default 0,
  safety_stock bigint not null default 0 check (safety_stock >= 0),
  reorder_point bigint not null default 0 check (reorder_point >= 0),
  recover_point bigint not null default 1,
  alert_state text collate "C" not null default 'normal' check (alert_state in ('normal', 'low', 'out')),
  alert_episode bigint not null default 0 check (alert_episode >= 0),
  seq bigint not null default 0 check (seq >= 0),
  recorded_at timestamptz not null default '-infinity',
  primary key (sku, location_id, lot),
  constraint available_not_negative check (on_hand - damaged - quality_control - reserved >= 0),
  check (recover_point > reorder_point)
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_cost_delay = 1);
comment on table balances is 'what is where; available = on_hand - damaged - quality_control - reserved';
comment on column balances.seq is 'of the last ledger entry of this balance';

create table stock_ledger (
  balance_id bigint not null,
  seq bigint not null check (seq > 0),
  bucket text collate "C" not null check (bucket in ('on_hand', 'reserved', 'damaged', 'quality_control')),
  delta bigint not null check (delta <> 0),
  balance_after bigint not null check (balance_after >= 0),
  reason text collate "C" not null check (reason in (
    'RECEIPT', 'SHIP', 'RETURN', 'COUNT', 'DAMAGE', 'QC_HOLD', 'QC_RELEASE', 'TRANSFER_OUT', 'TRANSFER_IN', 'RESERVE',
    'RELEASE', 'EXPIRE', 'BUMP', 'REVERSAL')),
  reference text collate "C" not null,
  reverses bigint,
  consumer text collate "C" not null,
  source text collate "C" not null,
  message_id text collate "C" not null,
  occurred_at timestamptz not null,
  recorded_at timestamptz not null
) partition by range (recorded_at);
comment on table stock_ledger is 'append-only: a correction is a reversal, never an edit';
comment on column stock_ledger.seq is 'per balance, drawn under its lock: no gap';
comment on column stock_ledger.occurred_at is 'the publisher''s clock';
comment on column stock_ledger.recorded_at is 'the database''s clock, read after the locks were granted';

create function refuse_ledger_change() returns trigger language plpgsql as $$
begin
  raise exception 'the stock ledger is append-only: % is refused; book a reversal instead', tg_op
    using errcode = 'insufficient_privilege';
end
$$;

create trigger refuse_update_delete before update or delete on stock_ledger
  for each row execute function refuse_ledger_change();
create trigger refuse_truncate before truncate on stock_ledger
  for each statement execute function refuse_ledger_change();

create table receipts (
  receipt_id text collate "C" primary key,
  sku text collate "C" not null,
  location_id text collate "C" not null,
  quantity bigint not null check (quantity > 0),
  reference text,
  recorded_at timestamptz not null
);

create table moves (
  move_id text collate "C" primary key,
  sku text collate "C" not null,
  from_location_id text collate "C" not null,
  to_location_id text collate "C" not null check (to_location_id <> from_location_id),
  quantity bigint not null check (quantity > 0),
  reference text,
  rejected_reason text,
  recorded_at timestamptz not null
);

create table policies_set (
  sku text collate "C" not null,
  location_id text collate "C" not null,
  set_at timestamptz not null,
  primary key (sku, location_id)
);
comment on table policies_set is 'the newest stock.policy.set applied per SKU and location ('''' = over all locations): an older one is a no-op';
