import Contracts
import Postgres
import Stock

/// What came back: the records that a return's id is checked against, and how much of each order line came back before.
struct Returns {
  /// A part of a return, as it is booked.
  struct Part: Hashable {
    var line: Int32?
    let sku: SKU
    let location: LocationID
    /// Of which lot they are; empty where there is none. Not kept: the ledger says it.
    var lot = ""
    var quantity: Int64
    /// What becomes of them, as the return says.
    let disposal: Disposal
    /// What became of them.
    var booked: Disposal

    init(line: Int32?, sku: SKU, location: LocationID, quantity: Int64, disposal: Disposal) {
      self.line = line
      self.sku = sku
      self.location = location
      self.quantity = quantity
      self.disposal = disposal
      booked = disposal
    }
  }

  /// A return as booked.
  struct Record {
    let id: ReturnID
    let order: OrderID?
    let shipment: ShipmentID?
    let reason: String?
    var parts: [Part]
  }

  /// A line of an order.
  struct LineKey: Hashable {
    let order: OrderID
    let line: Int32
  }

  /// What a shipment carried of a line.
  struct PartKey: Hashable {
    let shipment: ShipmentID
    let line: Int32
  }

  var requested: [ReturnReceived] = []
  /// Returns booked before, here or in this batch.
  var known: [ReturnID: Record] = [:]
  /// Units of order lines that came back before, here or in this batch.
  private(set) var returned: [LineKey: Int64] = [:]
  /// Those of them whose return named the shipment that they had left with.
  private(set) var returnedOf: [PartKey: Int64] = [:]
  var new: [Record] = []

  /// Counts units of an order's line that came back.
  mutating func count(_ quantity: Int64, of line: Int32, _ order: OrderID, with shipment: ShipmentID?) {
    returned[LineKey(order: order, line: line), default: 0] += quantity
    if let shipment { returnedOf[PartKey(shipment: shipment, line: line), default: 0] += quantity }
  }
}

enum ReturnStatements {
  static let lookup = Statement(
    name: "returns",
    sql: """
      select r.return_id, r.order_id, r.shipment_id, r.reason, p.line_no, p.sku, p.location_id, p.quantity,
             p.disposition
      from returns r join return_lines p using (return_id) where r.return_id = any($1::text[])
      order by r.return_id, p.part_no
      """)

  static let returned = Statement(
    name: "returned",
    sql: """
      select r.order_id, r.shipment_id, p.line_no, sum(p.quantity)::int8
      from returns r join return_lines p using (return_id)
      where r.order_id = any($1::text[]) group by r.order_id, r.shipment_id, p.line_no
      """)

  static let insert = Statement(
    name: "returns_insert",
    sql: """
      insert into returns (return_id, order_id, shipment_id, reason, recorded_at)
      select unnest($1::text[]), unnest($2::text[]), unnest($3::text[]), unnest($4::text[]), $5
      """)

  /// The products of the lines of the orders that these returns name, or whose shipments they name; each with the
  /// return's number.
  static let lines = Statement(
    name: "return_order_lines",
    sql: """
      select k.number, l.line_no, l.sku
      from unnest($1::text[], $2::text[]) with ordinality as k (order_id, shipment_id, number)
      left join shipments s on s.shipment_id = k.shipment_id
      join order_lines l on l.order_id = coalesce(k.order_id, s.order_id)
      """)

  static let insertLines = Statement(
    name: "return_lines_insert",
    sql: """
      insert into return_lines (return_id, part_no, line_no, sku, location_id, quantity, disposition)
      select unnest($1::text[]), unnest($2::int4[]), unnest($3::int4[]), unnest($4::text[]), unnest($5::text[]),
             unnest($6::int8[]), unnest($7::text[])
      """)
}

extension AllocationState {
  /// A return of the batch: what it names has to be locked.
  func expect(_ request: ReturnReceived) {
    returns.requested.append(request)
    if let order = request.orderID { openedOrders.insert(order) }
    if let shipment = request.shipmentID { spokenOf.insert(shipment) }
    for line in request.lines { if let sku = line.sku { keys.skus.insert(sku) } }
  }

  /// Where something comes back, and perhaps never was before. Which product an order's line is of is read.
  func expectPlacesOfReturns(on database: Connection) throws {
    for line in returns.requested.flatMap(\.lines) {
      if let sku = line.sku { keys.places.insert(.init(sku, line.locationID, lot: line.lot)) }
    }
    try expectLotsOfReturns(on: database)
    let unnamed = returns.requested.filter { $0.lines.contains { $0.sku == nil } }
    guard !unnamed.isEmpty else { return }
    let found = try database.query(
      ReturnStatements.lines,
      [.texts(unnamed.map(\.orderID?.value)), .texts(unnamed.map(\.shipmentID?.value))])
    for row in 0..<found.count {
      let lines = unnamed[Int(found.int(row, 0)) - 1].lines
      for line in lines where line.sku == nil && line.line == found.int4(row, 1) {
        keys.places.insert(.init(SKU(trusted: found.text(row, 2)), line.locationID, lot: line.lot))
      }
    }
  }

  /// Whether the batch has to know what came back before: no unit comes back twice, from its customer and from its
  /// carrier.
  private var countsReturned: Bool {
    !returns.requested.isEmpty || requestedStatuses.contains { $0.status == .failed }
  }

  func sendReturnLookup(on database: Connection) throws {
    if !returns.requested.isEmpty {
      try database.send(ReturnStatements.lookup, [.texts(returns.requested) { $0.returnID.value }])
      try database.send(ShipmentStatements.ofOrders, [.texts(Array(openedOrders)) { $0.value }])
    }
    if countsReturned { try database.send(ReturnStatements.returned, [.texts(Array(openedOrders)) { $0.value }]) }
  }

  func receiveReturnLookup(on database: Connection) throws {
    if !returns.requested.isEmpty {
      loadReturns(try database.receive())
      loadShipments(try database.receive())
    }
    if countsReturned { loadReturned(try database.receive()) }
  }

  private func loadReturns(_ rows: Rows) {
    for row in 0..<rows.count {
      let id = ReturnID(trusted: rows.text(row, 0))
      let part = Returns.Part(
        line: rows.optionalInt4(row, 4), sku: SKU(trusted: rows.text(row, 5)),
        location: LocationID(trusted: rows.text(row, 6)), quantity: rows.int(row, 7),
        disposal: Disposal(rawValue: rows.text(row, 8)) ?? .qualityControl)
      let record = Returns.Record(
        id: id, order: rows.optionalText(row, 1).map(OrderID.init(trusted:)),
        shipment: rows.optionalText(row, 2).map(ShipmentID.init(trusted:)), reason: rows.optionalText(row, 3),
        parts: [])
      returns.known[id, default: record].parts.append(part)
    }
  }

  private func loadReturned(_ sums: Rows) {
    for row in 0..<sums.count {
      guard let line = sums.optionalInt4(row, 2) else { continue }
      returns.count(
        sums.int(row, 3), of: line, OrderID(trusted: sums.text(row, 0)),
        with: sums.optionalText(row, 1).map(ShipmentID.init(trusted:)))
    }
  }

  func sendReturns(to writes: inout WriteSet) throws {
    guard !returns.new.isEmpty else { return }
    let new = returns.new.sorted { $0.id < $1.id }
    try writes.send(
      ReturnStatements.insert,
      [
        .texts(new) { $0.id.value }, .texts(optional: new) { $0.order?.value },
        .texts(optional: new) { $0.shipment?.value }, .texts(optional: new) { $0.reason },
        .timestamp(stock.now.microseconds),
      ])
    let parts = new.flatMap { record in
      record.parts.enumerated().map { (id: record.id, number: Int32($0.offset + 1), part: $0.element) }
    }
    try writes.send(
      ReturnStatements.insertLines,
      [
        .texts(parts) { $0.id.value }, .int4s(parts) { $0.number }, .int4s(optional: parts) { $0.part.line },
        .texts(parts) { $0.part.sku.value }, .texts(parts) { $0.part.location.value },
        .ints(parts) { $0.part.quantity }, .texts(parts) { $0.part.disposal.rawValue },
      ])
  }
}
