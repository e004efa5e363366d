import Contracts
import Messaging
import Outbox
import Postgres

/// Looks for shipments under way of which nothing was heard for long, and sends each a message through the same way as
/// any other, where what has happened meanwhile is seen under the lock.
///
/// Several sweepers may run: they take turns, and a shipment that was found twice is announced once.
public enum ShipmentSweeper {
  /// Most shipments of one turn.
  public static let limit = 100

  private static let lock = Statement(
    name: "shipment_sweep_lock", sql: "select pg_try_advisory_xact_lock(7046032)")
  private static let silent = Statement(
    name: "shipments_silent",
    sql: """
      select shipment_id, heard_at from shipments
      where state in ('dispatched', 'in_transit') and overdue_at is null
        and heard_at < clock_timestamp() - make_interval(secs => $1::int8)
      order by heard_at limit $2
      """)

  /// One sweep; does nothing while another worker's is running.
  ///
  /// - Parameter silence: How long nothing was heard of a shipment that is overdue.
  /// - Returns: How many shipments were found, up to ``limit``.
  @discardableResult
  public static func sweep(after silence: Duration, on database: Connection) throws -> Int {
    try database.transaction {
      guard try database.query(lock).bool(0, 0) else { return 0 }
      let rows = try database.query(silent, [.int(silence.components.seconds), .int(Int64(limit))])
      guard rows.count > 0 else { return 0 }
      let now = try DatabaseClock.read(on: database)
      var outbox = OutboxWriter()
      for row in 0..<rows.count {
        let shipment = ShipmentID(trusted: rows.text(row, 0))
        let due = ShipmentStatusDue(
          shipmentID: shipment, silentSince: Timestamp(microseconds: rows.timestamp(row, 1)))
        outbox.append(OutboxRow(event(due, at: now)))
      }
      var writes = WriteSet(on: database)
      try outbox.send(to: &writes)
      try writes.finish()
      return rows.count
    }
  }

  /// A finding has no history: each is an aggregate of its own.
  private static func event(_ due: ShipmentStatusDue, at now: Timestamp) -> OutgoingEvent {
    let id = EventID.next(at: now)
    return OutgoingEvent(
      id: id, source: "\(WorkerManifest.allocation.source):sweeper", time: now, aggregate: "sweep/\(id)",
      sequence: 1, subject: due.shipmentID.value, event: .shipmentStatusDue(due))
  }
}
