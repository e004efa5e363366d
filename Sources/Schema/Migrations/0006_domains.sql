-- Rules about a single column become domains.
--
-- PostgreSQL parses a table's CHECKs anew for every statement that writes to it, whatever the number of rows: together
-- they were a third of what a small batch cost. A domain's rule is compiled once per session. Rules between columns stay
-- CHECKs of their tables.

create domain units as bigint constraint units_not_negative check (value >= 0);
create domain some_units as bigint constraint units_positive check (value > 0);
create domain units_changed as bigint constraint units_changed_not_zero check (value <> 0);
create domain counter as bigint constraint counter_not_negative check (value >= 0);
create domain place as int constraint place_positive check (value > 0);
create domain tally as int constraint tally_not_negative check (value >= 0);
create domain alert_state as text collate "C" constraint alert_state_known check (value in ('normal', 'low', 'out'));
create domain ledger_bucket as text collate "C"
  constraint ledger_bucket_known check (value in ('on_hand', 'reserved', 'damaged', 'quality_control'));
create domain ledger_reason as text collate "C"
  constraint ledger_reason_known check (value in (
    'RESERVE', 'RELEASE', 'SHIP', 'RECEIPT', 'RETURN', 'COUNT', 'DAMAGE', 'QC_HOLD', 'QC_RELEASE', 'TRANSFER_OUT',
    'TRANSFER_IN', 'EXPIRE', 'BUMP', 'REVERSAL'));
create domain order_state as text collate "C"
  constraint order_state_known check (value in (
    'reserved', 'partially_reserved', 'backordered', 'rejected', 'partially_shipped', 'shipped', 'fulfilled',
    'cancelled', 'expired'));
create domain backorder_rule as text collate "C"
  constraint backorder_rule_known check (value in ('allow', 'deny'));
create domain reservation_state as text collate "C"
  constraint reservation_state_known check (value in ('active', 'consumed', 'released', 'expired', 'bumped'));
create domain inbox_outcome as text collate "C"
  constraint inbox_outcome_known check (value in ('applied', 'unchanged', 'retried', 'dead_lettered'));
create domain outbox_shard as smallint constraint outbox_shard_known check (value between 0 and 15);

alter table stock_items
  drop constraint stock_items_alert_episode_check, drop constraint stock_items_alert_state_check,
  drop constraint stock_items_owed_check, drop constraint stock_items_reorder_point_check,
  drop constraint stock_items_safety_stock_check, drop constraint stock_items_sequence_check,
  alter owed type units, alter safety_stock type units, alter reorder_point type units,
  alter alert_state type alert_state, alter alert_episode type counter, alter sequence type counter;

alter table balances
  drop constraint balances_alert_episode_check, drop constraint balances_alert_state_check,
  drop constraint balances_damaged_check, drop constraint balances_on_hand_check,
  drop constraint balances_quality_control_check, drop constraint balances_reorder_point_check,
  drop constraint balances_reserved_check, drop constraint balances_safety_stock_check,
  drop constraint balances_seq_check,
  alter on_hand type units, alter reserved type units, alter damaged type units, alter quality_control type units,
  alter safety_stock type units, alter reorder_point type units, alter alert_state type alert_state,
  alter alert_episode type counter, alter seq type counter;

alter table stock_ledger
  drop constraint stock_ledger_balance_after_check, drop constraint stock_ledger_bucket_check,
  drop constraint stock_ledger_delta_check, drop constraint stock_ledger_reason_check,
  drop constraint stock_ledger_seq_check,
  alter seq type some_units, alter bucket type ledger_bucket, alter delta type units_changed,
  alter balance_after type units, alter reason type ledger_reason;

alter table orders
  drop constraint orders_backorder_check, drop constraint orders_sequence_check, drop constraint orders_state_check,
  alter state type order_state, alter backorder type backorder_rule, alter sequence type counter;

alter table order_lines
  drop constraint order_lines_backordered_check, drop constraint order_lines_cancelled_check,
  drop constraint order_lines_line_no_check, drop constraint order_lines_ordered_check,
  drop constraint order_lines_reserved_check, drop constraint order_lines_shipped_check,
  alter line_no type place, alter ordered type some_units, alter reserved type units, alter backordered type units,
  alter shipped type units, alter cancelled type units;

-- The state is compared with the quantity in a CHECK, which has to know the column's new type.
alter table reservations
  drop constraint reservations_check, drop constraint reservations_consumed_check,
  drop constraint reservations_open_quantity_check, drop constraint reservations_quantity_check,
  drop constraint reservations_released_check, drop constraint reservations_reservation_no_check,
  drop constraint reservations_state_check,
  alter reservation_no type place, alter quantity type some_units, alter open_quantity type units,
  alter consumed type units, alter released type units, alter state type reservation_state;
alter table reservations add constraint active_while_open check ((state = 'active') = (open_quantity > 0));

alter table inbox
  drop constraint inbox_attempt_check, drop constraint inbox_events_check, drop constraint inbox_outcome_check,
  alter attempt type tally, alter events type tally, alter outcome type inbox_outcome;

alter table outbox drop constraint outbox_shard_check, alter shard type outbox_shard;
