import Contracts
import Postgres

/// The SQL of shipments: the records that a shipment's id is checked against.
enum ShipmentStatements {
  static let lookup = Statement(
    name: "shipments",
    sql: """
      select s.shipment_id, s.order_id, l.line_no, l.location_id, l.quantity
      from shipments s join shipment_lines l using (shipment_id) where s.shipment_id = any($1::text[])
      """)

  static let insert = Statement(
    name: "shipments_insert",
    sql: """
      insert into shipments (shipment_id, order_id, carrier, tracking_number, dispatched_at, recorded_at)
      select unnest($1::text[]), unnest($2::text[]), unnest($3::text[]), unnest($4::text[]),
             unnest($5::timestamptz[]), $6
      """)

  static let insertLines = Statement(
    name: "shipment_lines_insert",
    sql: """
      insert into shipment_lines (shipment_id, line_no, location_id, quantity)
      select unnest($1::text[]), unnest($2::int4[]), unnest($3::text[]), unnest($4::int8[])
      """)
}

extension AllocationState {
  func sendShipmentLookup(on database: Connection) throws {
    guard !requestedShipments.isEmpty else { return }
    try database.send(ShipmentStatements.lookup, [.texts(requestedShipments.map(\.value))])
  }

  func receiveShipmentLookup(on database: Connection) throws {
    guard !requestedShipments.isEmpty else { return }
    let rows = try database.receive()
    for row in 0..<rows.count {
      let id = ShipmentID(trusted: rows.text(row, 0))
      let line = ShipmentDispatched.Line(
        line: rows.int4(row, 2), sku: nil, locationID: LocationID(trusted: rows.text(row, 3)),
        quantity: rows.int(row, 4))
      let known = shipments[id]?.lines ?? []
      shipments[id] = ShipmentDispatched(
        shipmentID: id, orderID: OrderID(trusted: rows.text(row, 1)), lines: known + [line])
    }
  }

  func sendShipments(to writes: inout WriteSet) throws {
    guard !newShipments.isEmpty else { return }
    let new = newShipments.sorted { $0.shipment.shipmentID < $1.shipment.shipmentID }
    try writes.send(
      ShipmentStatements.insert,
      [
        .texts(new.map(\.shipment.shipmentID.value)), .texts(new.map(\.shipment.orderID.value)),
        .texts(new.map(\.shipment.carrier)), .texts(new.map(\.shipment.trackingNumber)),
        .timestamps(new.map(\.at.microseconds)), .timestamp(stock.now.microseconds),
      ])
    let lines = new.flatMap { entry in entry.shipment.total.map { (id: entry.shipment.shipmentID, line: $0) } }
    try writes.send(
      ShipmentStatements.insertLines,
      [
        .texts(lines.map(\.id.value)), .int4s(lines.map(\.line.line)), .texts(lines.map(\.line.locationID.value)),
        .ints(lines.map(\.line.quantity)),
      ])
  }
}

extension ShipmentDispatched {
  /// Its lines, one per order line and location.
  fileprivate var total: [Line] {
    var sums: [Line] = []
    for line in lines {
      if let index = sums.firstIndex(where: { $0.line == line.line && $0.locationID == line.locationID }) {
        sums[index].quantity += line.quantity
      } else {
        sums.append(line)
      }
    }
    return sums
  }
}
