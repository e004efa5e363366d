import Postgres

/// The SQL of stock and orders. Locking statements read only the table that they lock: a sub-select in them would see
/// the snapshot from before the wait.
enum StockStatements {
  // MARK: Step 0, autocommit: missing anchors, zeroed and sorted

  static let createAnchors = Statement(
    name: "anchors_create",
    sql: """
      insert into stock_items (sku) select s from unnest($1::text[]) as s
      where not exists (select from stock_items i where i.sku = s)
      order by s on conflict do nothing
      """)

  // MARK: Locks, in this order

  /// The levels of an anchor or a balance, in the order in which both are read.
  private static let levels = """
    safety_stock, reorder_point, recover_point, case alert_state when 'low' then 1 when 'out' then 2 else 0 end,
    alert_episode
    """

  static let lockAnchors = Statement(
    name: "anchors_lock",
    sql: """
      select ctid, sku,
             concat_ws(' ', registered::int, owed, \(levels), sequence, discontinued::int)
      from stock_items where sku = any($1::text[]) order by sku for no key update
      """)

  /// A location that is registered by the same batch is not in the table yet: its message says what it is like.
  ///
  /// Under the anchors' locks: whoever sets the levels for every location holds them too, so either they see the new
  /// balance or this sees the new levels.
  static let createBalances = Statement(
    name: "balances_create",
    sql: """
      insert into balances (sku, location_id, lot, sellable, priority, safety_stock, reorder_point, recover_point)
      select k.sku, k.location_id, k.lot, coalesce(l.sellable, k.sellable), coalesce(l.priority, k.priority),
             case when d.applies then i.place_safety_stock else 0 end,
             case when d.applies then i.place_reorder_point else 0 end,
             case when d.applies then i.place_recover_point else 1 end
      from (select unnest($1::text[]) as sku, unnest($2::text[]) as location_id, unnest($3::text[]) as lot,
                   unnest($4::bool[]) as sellable, unnest($5::int4[]) as priority) as k
      join stock_items i on i.sku = k.sku
      left join locations l on l.location_id = k.location_id
      cross join lateral (
        select k.lot = '' and coalesce(l.sellable, k.sellable) and i.place_recover_point is not null as applies) as d
      where (l.location_id is not null or k.sellable is not null)
        and not exists (select from balances b where b.sku = k.sku and b.location_id = k.location_id and b.lot = k.lot)
      order by k.sku, k.location_id, k.lot on conflict do nothing returning balance_id
      """)

  /// An empty balance has the levels of every location: its safety stock would be missing from what is promised.
  static let dropUnused = Statement(name: "balances_drop", sql: "select drop_unused_balances($1::int8[])")

  /// No lock of their own: whoever changes a balance holds its SKU's anchor. A statement behind the one that waited for
  /// the anchors sees what their last holders committed. Of lots only those of which something is there.
  static let balances = Statement(
    name: "balances",
    sql: """
      select \(balanceColumns) from balances b where b.sku = any($1::text[]) and b.in_use
      order by b.sku, b.location_id, b.lot
      """)

  /// Of lots that are used up, at the places that are named.
  static let usedUpLots = Statement(
    name: "balances_used_up",
    sql: """
      select \(balanceColumns)
      from (select unnest($1::text[]) as sku, unnest($2::text[]) as location_id, unnest($3::text[]) as lot) as k
      join balances b on b.sku = k.sku and b.location_id = k.location_id and b.lot = k.lot
      where not b.in_use
      """)

  /// Of lots that are used up, all that these SKUs ever had.
  static let allUsedUpLots = Statement(
    name: "balances_all_used_up",
    sql: "select \(balanceColumns) from balances b where b.sku = any($1::text[]) and not b.in_use")

  private static let balanceColumns = """
    b.ctid, b.sku, b.location_id, b.lot, b.recorded_at,
    concat_ws(' ', b.balance_id, b.on_hand, b.reserved, b.damaged, b.quality_control, \(levels), b.seq, b.priority,
              b.sellable::int)
    """

  static let lockOrders = Statement(
    name: "orders_lock",
    sql: """
      select order_id, customer_id, state, backorder, priority, need_by, ordered_at, closed_reason, sequence, policy,
             delivered, expires_at, hold_until, revision, location_policy, destination_lat::text, destination_lng::text
      from orders where order_id = any($1::text[]) order by order_id for no key update
      """)

  // MARK: What the locked orders' rows protect

  static let lines = Statement(
    name: "lines",
    sql: """
      select order_id, line_no, sku, ordered, reserved, backordered, shipped, cancelled, placed, called_off, closed,
             reserved_location, policy, candidates, reserved_since
      from order_lines where order_id = any($1::text[]) order by order_id, line_no
      """)

  /// Those that have rows of their own; see ``lines`` for the others.
  static let reservations = Statement(
    name: "reservations",
    sql: """
      select order_id, line_no, reservation_no, location_id, lot, quantity, open_quantity, consumed, released, policy,
             candidates, created_at
      from reservation_rows where order_id = any($1::text[]) order by order_id, line_no, reservation_no
      """)

  static let backorders = Statement(
    name: "backorders",
    sql: """
      select order_id, line_no, quantity, open_quantity, filled, cancelled, created_at, fillable
      from backorders where order_id = any($1::text[])
      """)

  static let skusOfOrders = Statement(
    name: "skus_of_orders", sql: "select distinct sku from order_lines where order_id = any($1::text[])")

  // MARK: Writes

  /// By ctid: the rows are locked, so it cannot have moved, and no index has to be searched again.
  static let updateAnchors = Statement(
    name: "anchors_update",
    sql: WriteSet.guarded(
      """
      update stock_items i set registered = n.registered, owed = n.owed, safety_stock = n.safety_stock,
        reorder_point = n.reorder_point, recover_point = n.recover_point, alert_state = n.alert_state,
        alert_episode = n.alert_episode, sequence = n.sequence, discontinued = n.discontinued
      from (select unnest($1::tid[]) as tid, unnest($2::bool[]) as registered, unnest($3::int8[]) as owed,
                   unnest($4::int8[]) as safety_stock, unnest($5::int8[]) as reorder_point,
                   unnest($6::int8[]) as recover_point, unnest($7::text[]) as alert_state,
                   unnest($8::int8[]) as alert_episode, unnest($9::int8[]) as sequence,
                   unnest($10::bool[]) as discontinued) as n
      where i.ctid = n.tid
      """, by: 11))

  /// What most transactions change of a balance: its quantities.
  static let bookBalances = Statement(
    name: "balances_book",
    sql: WriteSet.guarded(
      """
      update balances b set on_hand = n.on_hand, reserved = n.reserved, damaged = n.damaged,
        quality_control = n.quality_control, seq = n.seq, recorded_at = n.recorded_at
      from (select unnest($1::tid[]) as tid, unnest($2::int8[]) as on_hand, unnest($3::int8[]) as reserved,
                   unnest($4::int8[]) as damaged, unnest($5::int8[]) as quality_control, unnest($6::int8[]) as seq,
                   unnest($7::timestamptz[]) as recorded_at) as n
      where b.ctid = n.tid
      """, by: 8))

  static let updateBalances = Statement(
    name: "balances_update",
    sql: WriteSet.guarded(
      """
      update balances b set on_hand = n.on_hand, reserved = n.reserved, damaged = n.damaged,
        quality_control = n.quality_control, seq = n.seq, recorded_at = n.recorded_at, safety_stock = n.safety_stock,
        reorder_point = n.reorder_point, recover_point = n.recover_point, alert_state = n.alert_state,
        alert_episode = n.alert_episode
      from (select unnest($1::tid[]) as tid, unnest($2::int8[]) as on_hand, unnest($3::int8[]) as reserved,
                   unnest($4::int8[]) as damaged, unnest($5::int8[]) as quality_control, unnest($6::int8[]) as seq,
                   unnest($7::timestamptz[]) as recorded_at, unnest($8::int8[]) as safety_stock,
                   unnest($9::int8[]) as reorder_point, unnest($10::int8[]) as recover_point,
                   unnest($11::text[]) as alert_state, unnest($12::int8[]) as alert_episode) as n
      where b.ctid = n.tid
      """, by: 13))

  static let beginEpisodesOfBalances = Statement(
    name: "balances_low",
    sql: WriteSet.guarded(
      """
      update balances b set alert_since = $3
      from (select unnest($1::text[]) as sku, unnest($2::text[]) as location_id) as n
      where b.sku = n.sku and b.location_id = n.location_id and b.lot = ''
      """, by: 4))

  static let beginEpisodesOfAnchors = Statement(
    name: "anchors_low",
    sql: WriteSet.guarded("update stock_items set alert_since = $2 where sku = any($1::text[])", by: 3))

  static let insertLedger = BulkInsert(
    "ledger_insert", into: "stock_ledger",
    [
      .each("balance_id", "int8"), .each("seq", "int8"), .alike("bucket", "text"), .each("delta", "int8"),
      .each("balance_after", "int8"), .alike("reason", "text"), .each("reference", "text"), .once("consumer", "text"),
      .alike("source", "text"), .each("message_id", "text"), .alike("occurred_at", "timestamptz"),
      .alike("recorded_at", "timestamptz"),
    ])

  static let insertOrders = BulkInsert(
    "orders_insert", into: "orders",
    [
      .each("order_id", "text"), .each("customer_id", "text"), .alike("answered", "bool"), .alike("state", "text"),
      .alike("backorder", "text"), .alike("priority", "int4"), .alike("need_by", "timestamptz"),
      .alike("closed_reason", "text"), .alike("sequence", "int8"), .each("ordered_at", "timestamptz"),
      .once("updated_at", "timestamptz"),
    ])

  static let updateOrders = Statement(
    name: "orders_update",
    sql: WriteSet.guarded(
      """
      update orders o set customer_id = n.customer_id, answered = n.answered, state = n.state, backorder = n.backorder,
        priority = n.priority, need_by = n.need_by, closed_reason = n.closed_reason, sequence = n.sequence,
        ordered_at = n.ordered_at, updated_at = $11, delivered = n.delivered
      from (select unnest($1::text[]) as order_id, unnest($2::text[]) as customer_id, unnest($3::bool[]) as answered,
                   unnest($4::text[]) as state, unnest($5::text[]) as backorder, unnest($6::int4[]) as priority,
                   unnest($7::timestamptz[]) as need_by, unnest($8::text[]) as closed_reason,
                   unnest($9::int8[]) as sequence, unnest($10::timestamptz[]) as ordered_at,
                   unnest($12::int8[]) as delivered) as n
      where o.order_id = n.order_id
      """, by: 13))

  /// Orders that ask for something special; all others need fewer columns.
  static let insertOrdersWithTerms = Statement(
    name: "orders_insert_terms",
    sql: """
      insert into orders (order_id, customer_id, answered, state, backorder, priority, need_by, closed_reason, sequence,
        ordered_at, updated_at, policy, expires_at, hold_until, revision, location_policy, destination_lat,
        destination_lng)
      select unnest($1::text[]), unnest($2::text[]), unnest($3::bool[]), unnest($4::text[]), unnest($5::text[]),
             unnest($6::int4[]), unnest($7::timestamptz[]), unnest($8::text[]), unnest($9::int8[]),
             unnest($10::timestamptz[]), $11, unnest($12::text[]), unnest($13::timestamptz[]),
             unnest($14::timestamptz[]), unnest($15::int8[]), unnest($16::text[]), unnest($17::text[])::float8,
             unnest($18::text[])::float8
      """)

  static let reviseOrders = Statement(
    name: "orders_revise",
    sql: WriteSet.guarded(
      """
      update orders o set policy = n.policy, expires_at = n.expires_at, hold_until = n.hold_until,
        revision = n.revision, location_policy = n.location_policy, destination_lat = n.lat, destination_lng = n.lng
      from (select unnest($1::text[]) as order_id, unnest($2::text[]) as policy,
                   unnest($3::timestamptz[]) as expires_at, unnest($4::timestamptz[]) as hold_until,
                   unnest($5::int8[]) as revision, unnest($6::text[]) as location_policy,
                   unnest($7::text[])::float8 as lat, unnest($8::text[])::float8 as lng) as n
      where o.order_id = n.order_id
      """, by: 9))

  /// New lines, with the promises that they keep.
  static let insertLines = BulkInsert(
    "lines_insert", into: "order_lines",
    [
      .each("order_id", "text"), .each("line_no", "int4"), .each("sku", "text"), .each("ordered", "int8"),
      .each("reserved", "int8"), .alike("backordered", "int8"), .alike("shipped", "int8"), .alike("cancelled", "int8"),
      .each("reserved_location", "text"), .alike("policy", "text"), .each("candidates", "text"),
      .alike("reserved_since", "timestamptz"),
    ])

  /// A line that has changed keeps no promise: it has a row of its own then.
  private static let keepsNone =
    "reserved_location = null, policy = null, candidates = null, reserved_since = null"

  static let updateLines = Statement(
    name: "lines_update",
    sql: WriteSet.guarded(
      """
      update order_lines l set reserved = n.reserved, backordered = n.backordered, shipped = n.shipped,
        cancelled = n.cancelled, \(keepsNone)
      from (select unnest($1::text[]) as order_id, unnest($2::int4[]) as line_no, unnest($3::int8[]) as reserved,
                   unnest($4::int8[]) as backordered, unnest($5::int8[]) as shipped,
                   unnest($6::int8[]) as cancelled) as n
      where l.order_id = n.order_id and l.line_no = n.line_no
      """, by: 7))

  /// Lines that an amendment added.
  static let insertRevisedLines = Statement(
    name: "lines_insert_revised",
    sql: """
      insert into order_lines (order_id, line_no, sku, ordered, reserved, backordered, shipped, cancelled, placed,
        called_off, closed)
      select unnest($1::text[]), unnest($2::int4[]), unnest($3::text[]), unnest($4::int8[]), unnest($5::int8[]),
             unnest($6::int8[]), unnest($7::int8[]), unnest($8::int8[]), unnest($9::int8[]), unnest($10::int8[]),
             unnest($11::bool[])
      """)

  /// Before the quantities, since a line's equation has to hold after each statement: all of the line's columns.
  static let reviseLines = Statement(
    name: "lines_revise",
    sql: WriteSet.guarded(
      """
      update order_lines l set ordered = n.ordered, reserved = n.reserved, backordered = n.backordered,
        shipped = n.shipped, cancelled = n.cancelled, placed = n.placed, called_off = n.called_off, closed = n.closed,
        \(keepsNone)
      from (select unnest($1::text[]) as order_id, unnest($2::int4[]) as line_no, unnest($3::int8[]) as ordered,
                   unnest($4::int8[]) as reserved, unnest($5::int8[]) as backordered, unnest($6::int8[]) as shipped,
                   unnest($7::int8[]) as cancelled, unnest($8::int8[]) as placed, unnest($9::int8[]) as called_off,
                   unnest($10::bool[]) as closed) as n
      where l.order_id = n.order_id and l.line_no = n.line_no
      """, by: 11))

  static let insertReservations = BulkInsert(
    "reservations_insert", into: "reservation_rows",
    [
      .each("order_id", "text"), .each("line_no", "int4"), .alike("reservation_no", "int4"), .each("sku", "text"),
      .each("location_id", "text"), .alike("lot", "text"), .each("quantity", "int8"), .each("open_quantity", "int8"),
      .alike("consumed", "int8"), .alike("released", "int8"), .alike("state", "text"), .alike("policy", "text"),
      .each("candidates", "text"), .alike("created_at", "timestamptz"),
    ])

  static let updateReservations = Statement(
    name: "reservations_update",
    sql: WriteSet.guarded(
      """
      update reservation_rows r set open_quantity = n.open_quantity, consumed = n.consumed, released = n.released,
        state = n.state
      from (select unnest($1::text[]) as order_id, unnest($2::int4[]) as line_no, unnest($3::int4[]) as reservation_no,
                   unnest($4::int8[]) as open_quantity, unnest($5::int8[]) as consumed, unnest($6::int8[]) as released,
                   unnest($7::text[]) as state) as n
      where r.order_id = n.order_id and r.line_no = n.line_no and r.reservation_no = n.reservation_no
      """, by: 8))

  static let insertBackorders = Statement(
    name: "backorders_insert",
    sql: """
      insert into backorders (order_id, line_no, sku, quantity, open_quantity, filled, cancelled, state, priority,
        need_by, created_at, fillable)
      select unnest($1::text[]), unnest($2::int4[]), unnest($3::text[]), unnest($4::int8[]), unnest($5::int8[]),
             unnest($6::int8[]), unnest($7::int8[]), unnest($8::text[]), unnest($9::int4[]),
             unnest($10::timestamptz[]), unnest($11::timestamptz[]), unnest($12::bool[])
      """)

  static let updateBackorders = Statement(
    name: "backorders_update",
    sql: WriteSet.guarded(
      """
      update backorders b set quantity = n.quantity, open_quantity = n.open_quantity, filled = n.filled,
        cancelled = n.cancelled, state = n.state
      from (select unnest($1::text[]) as order_id, unnest($2::int4[]) as line_no, unnest($3::int8[]) as quantity,
                   unnest($4::int8[]) as open_quantity, unnest($5::int8[]) as filled, unnest($6::int8[]) as cancelled,
                   unnest($7::text[]) as state) as n
      where b.order_id = n.order_id and b.line_no = n.line_no
      """, by: 8))
}
