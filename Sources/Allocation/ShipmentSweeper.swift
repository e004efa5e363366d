import Contracts
import Messaging
import Postgres

/// Looks for shipments under way of which nothing was heard for long, and sends each a message through the same way as
/// any other, where what has happened meanwhile is seen under the lock.
///
/// Several sweepers may run: they take turns, and a shipment that was found twice is announced once.
public enum ShipmentSweeper {
  /// Most shipments of one turn.
  public static let limit = 100

  /// The clock is asked once, as a query of its own: compared row by row it could not bound the index.
  private static let silent = Statement(
    name: "shipments_silent",
    sql: """
      select shipment_id, heard_at from shipments
      where state in ('dispatched', 'in_transit') and overdue_at is null
        and heard_at < (select clock_timestamp()) - make_interval(secs => $1::int8)
      order by heard_at limit $2
      """)

  /// One sweep; does nothing while another worker's is running.
  ///
  /// - Parameters:
  ///   - silence: How long nothing was heard of a shipment that is overdue.
  ///   - memory: The sweeper's.
  /// - Returns: How many shipments were found, up to ``limit``.
  @discardableResult
  public static func sweep(
    after silence: Duration, remembering memory: SweepMemory? = nil, on database: Connection
  ) throws -> Int {
    try Sweep.shipments.run(by: .allocation, remembering: memory, on: database) {
      let rows = try database.query(silent, [.int(silence.components.seconds), .int(Int64(limit))])
      return (0..<rows.count).map { row in
        let due = ShipmentStatusDue(
          shipmentID: ShipmentID(trusted: rows.text(row, 0)),
          silentSince: Timestamp(microseconds: rows.timestamp(row, 1)))
        return Sweep.Finding(due.shipmentID.value, .shipmentStatusDue(due))
      }
    }
  }
}
