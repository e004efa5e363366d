import Contracts
import Postgres

/// Units promised to an order line at one location.
public struct ReservationLine: Encodable, Sendable {
  /// What.
  public let sku: String
  /// Where.
  public let locationID: String
  /// Which lot; empty where there is none.
  public let lot: String
  /// The order.
  public let orderID: String
  /// The line.
  public let line: Int32
  /// Counts the line's reservations from 1.
  public let number: Int32
  /// What was promised.
  public let quantity: Int64
  /// What is still promised.
  public let openQuantity: Int64
  /// What has left.
  public let consumed: Int64
  /// What was given back.
  public let released: Int64
  /// `active`, `consumed`, `released`, `expired` or `bumped`.
  public let state: String
  /// The location policy that chose the place.
  public let policy: String
  /// When.
  public let since: Timestamp
}

/// Promises, and how many there are.
public struct ReservationView: Encodable, Sendable {
  /// The promises.
  public let reservations: [ReservationLine]
  /// How many there are.
  public let total: Int64
  /// Units that are still promised by all of them.
  public let openQuantity: Int64
}

extension ViewDesk {
  /// Promises by SKU, location and age: those that are still open, or all of one order.
  ///
  /// - Parameters:
  ///   - sku: Only of this one.
  ///   - order: Only of this one, with those that ended.
  ///   - limit: How many at most.
  public func reservations(sku: String?, order: String?, limit: Int) throws -> ReservationView {
    try database.snapshot {
      let sql = order == nil ? ViewStatements.openReservations : ViewStatements.reservationsOfOrder
      let parameters: [Parameter] = [.text(sku), .int(Int64(limit))] + (order.map { [.text($0)] } ?? [])
      let found = try read(sql, parameters) { rows, row in
        (line: reservationLine(rows, row), total: rows.int(row, 13), open: rows.int(row, 14))
      }
      return ReservationView(
        reservations: found.map(\.line), total: found.first?.total ?? 0, openQuantity: found.first?.open ?? 0)
    }
  }

  func reservationLine(_ rows: Rows, _ row: Int) -> ReservationLine {
    ReservationLine(
      sku: rows.text(row, 0), locationID: rows.text(row, 1), lot: rows.text(row, 2), orderID: rows.text(row, 3),
      line: rows.int4(row, 4), number: rows.int4(row, 5), quantity: rows.int(row, 6), openQuantity: rows.int(row, 7),
      consumed: rows.int(row, 8), released: rows.int(row, 9), state: rows.text(row, 10), policy: rows.text(row, 11),
      since: rows.time(row, 12))
  }
}
