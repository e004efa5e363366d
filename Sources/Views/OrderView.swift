import Contracts
import Postgres

/// An order with all that hangs on it. Quantities are base units.
public struct OrderView: Encodable, Sendable {
  /// The order.
  public let orderID: String
  /// Absent of a cancellation that came before its order.
  public let customerID: String?
  /// Where it is in its life, such as `partially_reserved`.
  public let state: String
  /// How it is served when it is short.
  public let policy: String
  /// `allow` or `deny`: whether what is short may wait.
  public let backorder: String
  /// Higher is served first.
  public let priority: Int32
  /// When the customer needs it.
  public let needBy: Timestamp?
  /// The location policy that it asked for; absent for the workers' default.
  public let locationPolicy: String?
  /// Until when it may be confirmed, while it is on hold.
  public let holdUntil: Timestamp?
  /// Units of it that have arrived.
  public let delivered: Int64
  /// Why it was closed.
  public let closedReason: String?
  /// The publisher's clock.
  public let orderedAt: Timestamp
  /// When anything about it last changed, by the database's clock.
  public let updatedAt: Timestamp
  /// The number of the last event about it.
  public let sequence: Int64
  /// Its lines, by number.
  public let lines: [Line]
  /// What was promised to it, with what ended.
  public let reservations: [ReservationLine]
  /// What waited for stock, with what ended.
  public let backorders: [Backorder]
  /// What left.
  public let shipments: [Shipment]

  /// A line; `ordered = reserved + backordered + shipped + cancelled`.
  public struct Line: Encodable, Sendable {
    /// Its number.
    public let line: Int32
    /// What was ordered.
    public let sku: String
    /// How much.
    public let ordered: Int64
    /// Promised, and still here.
    public let reserved: Int64
    /// Waiting for stock.
    public let backordered: Int64
    /// Gone.
    public let shipped: Int64
    /// Not wanted any more, or never promised.
    public let cancelled: Int64
  }

  /// A line that waited, or still does.
  public struct Backorder: Encodable, Sendable {
    /// The line.
    public let line: Int32
    /// What it waits for.
    public let sku: String
    /// What waited at first, or was added since.
    public let quantity: Int64
    /// What still waits.
    public let openQuantity: Int64
    /// What was promised since.
    public let filled: Int64
    /// What is not wanted any more.
    public let cancelled: Int64
    /// `open`, `partially_filled`, `filled` or `cancelled`.
    public let state: String
    /// Whether stock could fill it now.
    public let fillable: Bool
    /// Since when.
    public let since: Timestamp
  }

  /// What left together.
  public struct Shipment: Encodable, Sendable {
    /// The shipment.
    public let shipmentID: String
    /// Where it is on its way.
    public let state: String
    /// Who carries it.
    public let carrier: String?
    /// The carrier's number.
    public let trackingNumber: String?
    /// The publisher's clock.
    public let dispatchedAt: Timestamp
    /// The carrier's clock, of the newest status.
    public let statusAt: Timestamp?
    /// When it was announced that nothing had been heard of it.
    public let overdueAt: Timestamp?
    /// What is in it.
    public let lines: [Part]
  }

  /// Units of one line from one location.
  public struct Part: Encodable, Sendable {
    /// The line.
    public let line: Int32
    /// From where.
    public let locationID: String
    /// How much.
    public let quantity: Int64
  }
}

extension ViewDesk {
  /// An order with all that hangs on it; nil where there is none of this id.
  public func order(_ id: String) throws -> OrderView? { try database.snapshot { try readOrder(id) } }

  /// The numbers of open dead letters that speak of an order, the newest first, ten at most.
  public func openDeadLetters(of order: String) throws -> [Int64] {
    try database.snapshot { try read(ViewStatements.deadLettersOfOrder, [.bytea(quoted(order))]) { $0.int($1, 0) } }
  }

  /// An id as it stands in a message's body.
  func quoted(_ id: String) -> [UInt8] {
    var json = JSONWriter()
    json.string(id)
    return json.bytes
  }

  func readOrder(_ id: String) throws -> OrderView? {
    let orders = try database.query(.once(ViewStatements.order), [.text(id)])
    guard orders.count == 1 else { return nil }
    let key = [Parameter.text(id)]
    let lines = try read(ViewStatements.orderLines, key) { rows, row in
      OrderView.Line(
        line: rows.int4(row, 0), sku: rows.text(row, 1), ordered: rows.int(row, 2), reserved: rows.int(row, 3),
        backordered: rows.int(row, 4), shipped: rows.int(row, 5), cancelled: rows.int(row, 6))
    }
    let backorders = try read(ViewStatements.orderBackorders, key) { rows, row in
      OrderView.Backorder(
        line: rows.int4(row, 0), sku: rows.text(row, 1), quantity: rows.int(row, 2), openQuantity: rows.int(row, 3),
        filled: rows.int(row, 4), cancelled: rows.int(row, 5), state: rows.text(row, 6), fillable: rows.bool(row, 7),
        since: rows.time(row, 8))
    }
    return OrderView(
      orderID: orders.text(0, 0), customerID: orders.optionalText(0, 1), state: orders.text(0, 2),
      policy: orders.text(0, 3), backorder: orders.text(0, 4), priority: orders.int4(0, 5),
      needBy: orders.optionalTime(0, 6), locationPolicy: orders.optionalText(0, 11),
      holdUntil: orders.optionalTime(0, 12), delivered: orders.optionalInt(0, 13) ?? 0,
      closedReason: orders.optionalText(0, 7), orderedAt: orders.time(0, 9),
      updatedAt: orders.time(0, 10), sequence: orders.int(0, 8), lines: lines,
      reservations: try read(ViewStatements.orderReservations, key, reservationLine), backorders: backorders,
      shipments: try shipments(of: id))
  }

  private func shipments(of order: String) throws -> [OrderView.Shipment] {
    let rows = try database.query(.once(ViewStatements.orderShipments), [.text(order)])
    var shipments: [OrderView.Shipment] = []
    for row in 0..<rows.count {
      let part = OrderView.Part(
        line: rows.int4(row, 5), locationID: rows.text(row, 6), quantity: rows.int(row, 7))
      let known = shipments.last?.shipmentID == rows.text(row, 0) ? shipments.removeLast().lines : []
      shipments.append(
        OrderView.Shipment(
          shipmentID: rows.text(row, 0), state: rows.text(row, 1), carrier: rows.optionalText(row, 2),
          trackingNumber: rows.optionalText(row, 3), dispatchedAt: rows.time(row, 4),
          statusAt: rows.optionalTime(row, 8), overdueAt: rows.optionalTime(row, 9), lines: known + [part]))
    }
    return shipments
  }
}
