/// A way to break the world by hand, and the invariants that must notice.
struct Breakage: Sendable {
  let invariants: [String]
  let sql: String

  init(_ invariants: String..., sql: String) {
    self.invariants = invariants
    self.sql = sql
  }

  static let all: [Breakage] = stock + catalogue + ledger + orders + goods + messages

  // MARK: Balances and anchors

  /// A change of a balance that its ledger knows of, caused by a message that was applied.
  private static func booked(_ delta: Int, _ bucket: String, _ reason: String) -> String {
    """
    with b as (
      update balances set \(bucket) = \(bucket) + \(delta), seq = seq + 1 where sku = 'C'
      returning balance_id, seq, \(bucket) as after, recorded_at
    )
    insert into stock_ledger (balance_id, seq, bucket, delta, balance_after, reason, reference, consumer, source,
      message_id, occurred_at, recorded_at)
    select b.balance_id, b.seq, '\(bucket)', \(delta), b.after, '\(reason)', 'by hand', l.consumer, l.source,
           l.message_id, l.occurred_at, b.recorded_at
    from b, lateral (select * from stock_ledger l where l.balance_id = b.balance_id order by l.seq limit 1) as l
    """
  }

  private static let stock = [
    Breakage(
      "balance_not_negative",
      sql: "alter table balances drop constraint available_not_negative; " + booked(1000, "damaged", "REVERSAL")),
    Breakage("balance_reserved", sql: booked(1, "reserved", "RESERVE")),
    Breakage("stock_owed", sql: "update stock_items set owed = owed + 1 where sku = 'B'"),
    Breakage(
      "stock_rest",
      sql: """
        update balances set safety_stock = 0, recorded_at = now() - interval '61 seconds' where sku = 'C';
        update backorders set created_at = now() - interval '61 seconds' where sku = 'C';
        update policies_set set set_at = now() - interval '61 seconds' where sku = 'C'
        """),
    Breakage(
      "order_rest",
      sql: """
        update balances set safety_stock = 0, recorded_at = now() - interval '61 seconds' where sku = 'D';
        update backorders set created_at = now() - interval '61 seconds' where sku = 'D';
        update policies_set set set_at = now() - interval '61 seconds' where sku = 'D'
        """),
    Breakage("backorder_fillable", sql: "update orders set policy = 'partial' where order_id = 'whole'"),
  ]

  private static let catalogue = [
    Breakage("product_discontinued", sql: "update stock_items set discontinued = true where sku = 'A'"),
    Breakage("product_discontinued", sql: "update products set listed_at = now() + interval '1 day' where sku = 'P'"),
    Breakage("product_discontinued", sql: "delete from products where sku = 'C'"),
    Breakage("product_names", sql: "update product_barcodes set sku = 'nothing'"),
    Breakage("product_names", sql: "update product_barcodes set barcode = '96385074'"),
    Breakage("product_names", sql: "update product_units set sku = 'nothing'"),
    Breakage("lot_known", sql: "delete from lots"),
    Breakage("lot_known", sql: "update balances set safety_stock = 1 where lot <> ''"),
    Breakage("lot_reported", sql: "update lots set expires_at = now() + interval '1 day'"),
    Breakage(
      "lot_reported",
      sql: """
        update lots set reported_at = null;
        update balances set recorded_at = now() - interval '2 hours' where lot <> ''
        """),
    Breakage("receipt_units", sql: "update receipts set unit_quantity = 5 where receipt_id = 'rcv-p'"),
  ]

  // MARK: The ledger

  private static let ledger = [
    Breakage("ledger_sum", sql: "update balances set quality_control = 1 where sku = 'C'"),
    Breakage("ledger_sum", sql: "update balances set damaged = 1 where sku = 'C'"),
    Breakage(
      "ledger_sequence",
      sql: """
        update balances set seq = seq + 1 where sku = 'A' and location_id = 'W1';
        update stock_ledger l set seq = l.seq + 1 from balances b
        where b.balance_id = l.balance_id and b.sku = 'A' and b.location_id = 'W1' and l.seq = b.seq - 1
        """),
    Breakage("ledger_last_entry", sql: "update balances set seq = seq - 1 where sku = 'A' and location_id = 'W1'"),
    Breakage(
      "ledger_running_balance",
      sql: """
        update stock_ledger set balance_after = balance_after + 1
        where seq = 2 and balance_id = (select balance_id from balances where sku = 'A' and location_id = 'W1')
        """),
    Breakage(
      "ledger_time",
      sql: """
        update stock_ledger set recorded_at = now() + interval '1 second'
        where seq = 1 and balance_id = (select balance_id from balances where sku = 'A' and location_id = 'W1')
        """),
    Breakage(
      "ledger_cause",
      sql: "update inbox set outcome = 'unchanged' where message_id = (select message_id from stock_ledger limit 1)"),
  ]

  // MARK: Orders

  private static let orders = [
    Breakage(
      "reservation_resolution",
      sql: """
        alter table reservation_rows drop constraint each_unit_resolves_once;
        update reservation_rows set released = released + 1 where order_id = 'reserved' and line_no = 1
        """),
    Breakage(
      "reservation_resolution",
      sql: "update reservation_rows set state = 'released' where state = 'consumed' and order_id = 'reserved'"),
    Breakage(
      "line_equation",
      sql: """
        alter table order_lines drop constraint line_equation;
        update order_lines set ordered = ordered + 1 where order_id = 'late'
        """),
    Breakage("line_has_order", sql: "insert into order_lines values ('ghost', 1, 'A', 1, 0, 0, 0, 1)"),
    Breakage(
      "line_reservations",
      sql: "update order_lines set ordered = ordered + 1, reserved = reserved + 1 where order_id = 'waiting'"),
    Breakage("line_kept", sql: "update order_lines set candidates = null where order_id = 'late'"),
    Breakage(
      "line_kept",
      sql: """
        insert into reservation_rows (order_id, line_no, reservation_no, sku, location_id, quantity, open_quantity,
          released, state, policy, candidates, created_at)
        select order_id, line_no, 2, sku, reserved_location, 1, 0, 1, 'released', policy, candidates, now()
        from order_lines where order_id = 'late'
        """),
    Breakage(
      "line_backorder",
      sql: "update order_lines set ordered = ordered + 1, backordered = backordered + 1 where order_id = 'late'"),
    Breakage("order_state", sql: "update orders set state = 'backordered' where order_id = 'late'"),
    Breakage(
      "order_answered",
      sql: """
        update stock_items set sequence = sequence + (select sequence from orders where order_id = 'refused')
        where sku = 'A';
        update orders set sequence = 0 where order_id = 'refused'
        """),
    // An order's state that is wrong in this way is wrong in two.
    Breakage("order_closed", "order_state", sql: "update orders set state = 'cancelled' where order_id = 'late'"),
    Breakage("order_closed", "order_state", sql: "update orders set state = 'rejected' where order_id = 'reserved'"),
    Breakage("order_tombstone", sql: "update orders set state = 'reserved' where order_id = 'too-early'"),
  ]

  // MARK: Goods

  private static let goods = [
    Breakage("goods_conserved", "paper_booked", sql: booked(7, "on_hand", "COUNT")),
    Breakage("receipt_booked", sql: "update receipts set location_id = 'W1' where receipt_id = 'rcv-2'"),
    Breakage("move_conserved", sql: "update moves set quantity = quantity + 1 where move_id = 'mv-1'"),
    Breakage("move_conserved", sql: "update moves set rejected_reason = null where move_id = 'mv-2'"),
    Breakage("shipment_booked", sql: "update shipment_lines set location_id = 'W2' where shipment_id = 'shp-1'"),
    Breakage(
      "bump_booked",
      sql: """
        insert into bumps (order_id, line_no, reservation_no, sku, location_id, lot, quantity, backordered, cancelled,
          reason, reference, consumer, source, message_id, recorded_at)
        values ('late', 1, 1, 'B', 'W1', '', 1, 1, 0, 'counted', 'cnt-9', 'inventory', 'urn:test', 'm-9', now())
        """),
    Breakage("order_delivered", sql: "update orders set delivered = 3 where order_id = 'reserved'"),
    Breakage("shipment_history", sql: "update shipments set status_at = now() where shipment_id = 'shp-1'"),
    Breakage("shipment_history", sql: "update shipments set state = 'in_transit' where shipment_id = 'shp-2'"),
    Breakage(
      "goods_came_back",
      sql: "update stock_ledger set reference = 'shp-2' where reference = 'shp-3' and reason = 'QC_HOLD'"),
    Breakage("goods_came_back", sql: "update return_lines set location_id = 'W2' where disposition = 'stock'"),
    Breakage(
      "return_of_shipped",
      sql: "update return_lines set line_no = 2 where return_id = 'ret-1' and disposition = 'quality_control'"),
    Breakage("plan_of_order", sql: "update shipment_plan_lines set line_no = 3"),
    Breakage("paper_booked", sql: "update adjustments set quantity = quantity + 1 where kind = 'damage'"),
    Breakage("paper_booked", sql: "update counts set damaged_change = -1 where count_id = 'cnt-1'"),
    Breakage("transfer_lines", sql: "update transfers set state = 'received'"),
    Breakage(
      "transfer_in_transit", "move_conserved", sql: "update transfer_lines set quantity = quantity + 1"),
    Breakage("hold_released", sql: "update quality_holds set released = released + 1"),
    Breakage("hold_released", "paper_booked", sql: "update quality_holds set quantity = quantity + 1"),
    Breakage("shipment_lines", sql: "update shipment_lines set line_no = 2 where shipment_id = 'shp-2'"),
  ]

  // MARK: Messages

  private static let messages = [
    Breakage("inbox_events", sql: "update inbox set events = events + 1 where events = 1"),
    Breakage("inbox_events", sql: "update stock_items set sequence = sequence + 1 where sku = 'A'"),
    Breakage("inbox_dead_letters", sql: "delete from dead_letters where kind = 'exhausted'"),
    Breakage("dead_letter_reason", sql: "update dead_letters set rule = '' where kind = 'malformed'"),
    Breakage("notification_settled", sql: "update notification_deliveries set attempts = 0 where state = 'sent'"),
    Breakage(
      "partitions_ahead",
      sql: """
        do $$
        declare day date;
        begin
          for day in select generate_series(current_date + 1, current_date + 9, interval '1 day')::date loop
            execute 'drop table if exists inbox_' || to_char(day, 'YYYYMMDD');
          end loop;
        end
        $$
        """),
    Breakage("outbox_age", sql: "update outbox set created_at = now() - interval '6 minutes'"),
  ]
}
