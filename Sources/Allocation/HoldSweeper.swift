import Contracts
import Messaging
import Outbox
import Postgres

/// Looks for holds whose time has come and sends each a message through the same way as any other: however many
/// sweepers find a hold, its units are given back once, under the order's lock.
public enum HoldSweeper {
  /// How many holds one sweep finds at most.
  public static let limit = 500

  private static let lock = Statement(
    name: "hold_sweep_lock", sql: "select pg_try_advisory_xact_lock(7046032)")

  private static let due = Statement(
    name: "holds_due",
    sql: """
      select order_id from orders where hold_until is not null and hold_until <= clock_timestamp()
      order by hold_until, order_id limit $1
      """)

  /// One sweep; does nothing while another worker's is running.
  ///
  /// - Returns: How many holds were found.
  @discardableResult
  public static func sweep(on database: Connection) throws -> Int {
    try database.transaction {
      guard try database.query(lock).bool(0, 0) else { return 0 }
      let rows = try database.query(due, [.int(Int64(limit))])
      guard rows.count > 0 else { return 0 }
      let now = try DatabaseClock.read(on: database)
      var outbox = OutboxWriter()
      for row in 0..<rows.count {
        // A finding has no history: each is an aggregate of its own.
        let id = EventID.next(at: now)
        let order = OrderID(trusted: rows.text(row, 0))
        outbox.append(
          OutboxRow(
            OutgoingEvent(
              id: id, source: "\(WorkerManifest.allocation.source):sweeper", time: now, correlationID: order.value,
              aggregate: "sweep/\(id)", sequence: 1, subject: order.value, event: .holdDue(HoldDue(orderID: order)))))
      }
      var writes = WriteSet(on: database)
      try outbox.send(to: &writes)
      try writes.finish()
      return rows.count
    }
  }
}
