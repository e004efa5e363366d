import Contracts
import Messaging
import Outbox
import Postgres
import Stock

/// Looks for SKUs that rest with backorders and stock that could fill them, and for orders that wait as a whole while
/// all of it is there, and sends each a message through the same way as any other: it never changes stock itself.
///
/// Normally the event that brings the stock also brings the filling. What it cannot bring: a lowered safety stock, or
/// an order that began to wait, or fell behind too many others, while its stock came.
public enum BackorderSweeper {
  private static let lock = Statement(
    name: "sweep_lock", sql: "select pg_try_advisory_xact_lock(7046031)")

  /// One sweep; does nothing while another worker's is running.
  ///
  /// - Returns: How many SKUs and orders were found.
  @discardableResult
  public static func sweep(on database: Connection) throws -> Int {
    try database.transaction {
      guard try database.query(lock).bool(0, 0) else { return 0 }
      var found = try WorkingSet.fillableSKUs(on: database).map { BackordersDue(sku: $0) }
      found += try WorkingSet.fillableOrders(on: database).map { BackordersDue(sku: $0.sku, orderID: $0.order) }
      guard !found.isEmpty else { return 0 }
      let now = try DatabaseClock.read(on: database)
      var outbox = OutboxWriter()
      for due in found {
        // A finding has no history: each is an aggregate of its own.
        let id = EventID.next(at: now)
        let event = OutgoingEvent(
          id: id, source: "\(WorkerManifest.allocation.source):sweeper", time: now, aggregate: "sweep/\(id)",
          sequence: 1, subject: due.sku.value, event: .backordersDue(due))
        outbox.append(OutboxRow(event))
      }
      var writes = WriteSet(on: database)
      try outbox.send(to: &writes)
      try writes.finish()
      return found.count
    }
  }
}
