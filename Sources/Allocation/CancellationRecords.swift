import Contracts
import Postgres
import Stock

// What a cancellation's id is checked against: one that takes a number of units off is applied once.

/// Names a cancellation: ids are unique within an order.
struct CancellationKey: Hashable, Comparable {
  let order: OrderID
  let id: CancellationID

  static func < (one: CancellationKey, other: CancellationKey) -> Bool {
    (one.order, one.id.value) < (other.order, other.id.value)
  }
}

private enum CancellationStatements {
  static let lookup = Statement(
    name: "cancellations",
    sql: """
      select c.order_id, c.cancellation_id, c.lines
      from (select unnest($1::text[]) as order_id, unnest($2::text[]) as cancellation_id) as k
      join order_cancellations c using (order_id, cancellation_id)
      """)

  static let insert = Statement(
    name: "cancellations_insert",
    sql: """
      insert into order_cancellations (order_id, cancellation_id, lines, recorded_at)
      select unnest($1::text[]), unnest($2::text[]), unnest($3::text[]), $4
      """)
}

extension AllocationState {
  func sendCancellationLookup(on database: Connection) throws {
    guard !requestedCancellations.isEmpty else { return }
    try database.send(
      CancellationStatements.lookup,
      [
        .texts(requestedCancellations.map(\.orderID.value)),
        .texts(requestedCancellations.map { $0.cancellationID?.value ?? "" }),
      ])
  }

  func receiveCancellationLookup(on database: Connection) throws {
    guard !requestedCancellations.isEmpty else { return }
    let rows = try database.receive()
    for row in 0..<rows.count {
      let key = CancellationKey(
        order: OrderID(trusted: rows.text(row, 0)), id: CancellationID(trusted: rows.text(row, 1)))
      cancellations[key] = rows.text(row, 2)
    }
  }

  func sendCancellations(to writes: inout WriteSet) throws {
    guard !newCancellations.isEmpty else { return }
    let new = newCancellations.sorted()
    try writes.send(
      CancellationStatements.insert,
      [
        .texts(new.map(\.order.value)), .texts(new.map(\.id.value)), .texts(new.map { cancellations[$0] ?? "" }),
        .timestamp(stock.now.microseconds),
      ])
  }
}

extension OrderCancelled {
  /// Its lines in a form that two equal cancellations share: `1=2,3`.
  var linesText: String {
    (lines ?? []).sorted { $0.line < $1.line }.map { line in
      "\(line.line)" + (line.quantity.map { "=\($0)" } ?? "")
    }.joined(separator: ",")
  }
}
