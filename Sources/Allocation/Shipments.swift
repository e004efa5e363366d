import Contracts
import Postgres

/// The SQL of shipments and of what carriers say of them.
enum ShipmentStatements {
  static let ordersOf = Statement(
    name: "shipment_orders", sql: "select distinct order_id from shipments where shipment_id = any($1::text[])")

  static let lookup = loading("shipments", by: "s.shipment_id")

  /// All that left of orders: of which lots what comes back may be.
  static let ofOrders = loading("shipments_of_orders", by: "s.order_id")

  /// What ``AllocationState/loadShipments(_:)`` reads.
  private static func loading(_ name: String, by column: String) -> Statement {
    Statement(
      name: name,
      sql: """
        select s.shipment_id, s.order_id, s.carrier, s.tracking_number, s.dispatched_at, s.state, s.status_at,
               s.heard_at, s.overdue_at, l.line_no, l.location_id, l.lot, l.quantity
        from shipments s join shipment_lines l using (shipment_id) where \(column) = any($1::text[])
        order by s.shipment_id, l.line_no, l.location_id, l.lot
        """)
  }

  static let statuses = Statement(
    name: "shipment_statuses",
    sql: """
      select s.shipment_id, s.status, s.occurred_at, s.lat::text, s.lng::text, s.reason
      from (select unnest($1::text[]) as shipment_id, unnest($2::text[]) as status,
                   unnest($3::timestamptz[]) as occurred_at) as k
      join shipment_statuses s using (shipment_id, occurred_at, status)
      """)

  static let insert = Statement(
    name: "shipments_insert",
    sql: """
      insert into shipments (shipment_id, order_id, carrier, tracking_number, dispatched_at, state, status_at, heard_at,
        overdue_at, recorded_at)
      select unnest($1::text[]), unnest($2::text[]), unnest($3::text[]), unnest($4::text[]),
             unnest($5::timestamptz[]), unnest($6::text[]), unnest($7::timestamptz[]), unnest($8::timestamptz[]),
             unnest($9::timestamptz[]), $10
      """)

  static let insertLines = Statement(
    name: "shipment_lines_insert",
    sql: """
      insert into shipment_lines (shipment_id, line_no, location_id, lot, quantity)
      select unnest($1::text[]), unnest($2::int4[]), unnest($3::text[]), unnest($4::text[]), unnest($5::int8[])
      """)

  static let update = Statement(
    name: "shipments_update",
    sql: WriteSet.guarded(
      """
      update shipments s set state = n.state, status_at = n.status_at, heard_at = n.heard_at, overdue_at = n.overdue_at
      from (select unnest($1::text[]) as shipment_id, unnest($2::text[]) as state,
                   unnest($3::timestamptz[]) as status_at, unnest($4::timestamptz[]) as heard_at,
                   unnest($5::timestamptz[]) as overdue_at) as n
      where s.shipment_id = n.shipment_id
      """, by: 6))

  static let insertStatuses = Statement(
    name: "shipment_statuses_insert",
    sql: """
      insert into shipment_statuses (shipment_id, occurred_at, status, lat, lng, reason, state, took_effect,
        recorded_at)
      select unnest($1::text[]), unnest($2::timestamptz[]), unnest($3::text[]), unnest($4::text[])::numeric,
             unnest($5::text[])::numeric, unnest($6::text[]), unnest($7::text[]), unnest($8::bool[]), $9
      """)
}

extension AllocationState {
  /// What one status is known by.
  struct StatusKey: Hashable {
    let shipment: ShipmentID
    let status: CarrierStatus
    let time: Timestamp

    init(_ status: ShipmentStatus) {
      shipment = status.shipmentID
      self.status = status.status
      time = status.timestamp
    }
  }

  /// A status that was heard now, and where the shipment stood after it.
  struct Heard {
    let status: ShipmentStatus
    let state: ShipmentState
    let tookEffect: Bool
  }

  // MARK: Reading

  /// The orders of shipments that the batch speaks of, read without locks.
  func ordersOfShipments(on database: Connection) throws -> Set<OrderID> {
    guard !spokenOf.isEmpty else { return [] }
    let rows = try database.query(ShipmentStatements.ordersOf, [.texts(spokenOf.map(\.value))])
    return Set((0..<rows.count).map { OrderID(trusted: rows.text($0, 0)) })
  }

  func sendShipmentLookup(on database: Connection) throws {
    if !requestedShipments.isEmpty {
      try database.send(ShipmentStatements.lookup, [.texts(requestedShipments.map(\.value))])
    }
    if !requestedStatuses.isEmpty {
      try database.send(
        ShipmentStatements.statuses,
        [
          .texts(requestedStatuses) { $0.shipmentID.value }, .texts(requestedStatuses) { $0.status.rawValue },
          .timestamps(requestedStatuses) { $0.timestamp.microseconds },
        ])
    }
  }

  func receiveShipmentLookup(on database: Connection) throws {
    if !requestedShipments.isEmpty { loadShipments(try database.receive()) }
    if !requestedStatuses.isEmpty { loadStatuses(try database.receive()) }
  }

  /// Adds the shipments of these rows to those that are loaded already.
  func loadShipments(_ rows: Rows) {
    let loaded = Set(shipments.keys)
    for row in 0..<rows.count {
      let id = ShipmentID(trusted: rows.text(row, 0))
      if loaded.contains(id) { continue }
      let shipment =
        shipments[id]
        ?? Shipment(
          loaded: id, order: OrderID(trusted: rows.text(row, 1)), carrier: rows.optionalText(row, 2),
          trackingNumber: rows.optionalText(row, 3), dispatchedAt: Timestamp(microseconds: rows.timestamp(row, 4)),
          state: ShipmentState(rawValue: rows.text(row, 5)) ?? .dispatched,
          statusAt: rows.optionalTimestamp(row, 6).map(Timestamp.init(microseconds:)),
          heardAt: Timestamp(microseconds: rows.timestamp(row, 7)),
          overdueAt: rows.optionalTimestamp(row, 8).map(Timestamp.init(microseconds:)))
      shipments[id] = shipment
      shipment.add(
        rows.int(row, 12), line: rows.int4(row, 9), location: LocationID(trusted: rows.text(row, 10)),
        lot: rows.text(row, 11))
    }
  }

  private func loadStatuses(_ rows: Rows) {
    for row in 0..<rows.count {
      guard let said = CarrierStatus(rawValue: rows.text(row, 1)) else { continue }
      let status = ShipmentStatus(
        shipmentID: ShipmentID(trusted: rows.text(row, 0)), status: said,
        timestamp: Timestamp(microseconds: rows.timestamp(row, 2)), location: rows.coordinates(row, 3, 4),
        reason: rows.optionalText(row, 5))
      statuses[StatusKey(status)] = status
    }
  }

  // MARK: Writing

  func sendShipments(to writes: inout WriteSet) throws {
    let touched = shipments.values.filter { $0.isNew || $0.isChanged }.sorted { $0.id < $1.id }
    let new = touched.filter(\.isNew)
    if !new.isEmpty { try send(new: new, to: &writes) }
    let changed = touched.filter { !$0.isNew }
    if !changed.isEmpty {
      try writes.send(
        ShipmentStatements.update,
        [
          .texts(changed) { $0.id.value }, .texts(changed) { $0.state.rawValue },
          .timestamps(optional: changed) { $0.statusAt?.microseconds },
          .timestamps(changed) { $0.heardAt.microseconds },
          .timestamps(optional: changed) { $0.overdueAt?.microseconds },
        ], changing: changed.count)
    }
    if !heard.isEmpty { try sendHeard(to: &writes) }
  }

  private func send(new: [Shipment], to writes: inout WriteSet) throws {
    try writes.send(
      ShipmentStatements.insert,
      [
        .texts(new) { $0.id.value }, .texts(new) { $0.order.value }, .texts(optional: new) { $0.carrier },
        .texts(optional: new) { $0.trackingNumber }, .timestamps(new) { $0.dispatchedAt.microseconds },
        .texts(new) { $0.state.rawValue }, .timestamps(optional: new) { $0.statusAt?.microseconds },
        .timestamps(new) { $0.heardAt.microseconds }, .timestamps(optional: new) { $0.overdueAt?.microseconds },
        .timestamp(stock.now.microseconds),
      ])
    let parts = new.flatMap { shipment in shipment.parts.map { (id: shipment.id, part: $0) } }
    try writes.send(
      ShipmentStatements.insertLines,
      [
        .texts(parts) { $0.id.value }, .int4s(parts) { $0.part.line }, .texts(parts) { $0.part.location.value },
        .texts(parts) { $0.part.lot }, .ints(parts) { $0.part.quantity },
      ])
  }

  private func sendHeard(to writes: inout WriteSet) throws {
    try writes.send(
      ShipmentStatements.insertStatuses,
      [
        .texts(heard) { $0.status.shipmentID.value }, .timestamps(heard) { $0.status.timestamp.microseconds },
        .texts(heard) { $0.status.status.rawValue }, .texts(optional: heard) { $0.status.location?.exactColumns.lat },
        .texts(optional: heard) { $0.status.location?.exactColumns.lng }, .texts(optional: heard) { $0.status.reason },
        .texts(heard) { $0.state.rawValue }, .bools(heard) { $0.tookEffect }, .timestamp(stock.now.microseconds),
      ])
  }
}
