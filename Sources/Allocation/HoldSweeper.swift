import Contracts
import Messaging
import Postgres

/// Looks for holds whose time has come and sends each a message through the same way as any other: however many
/// sweepers find a hold, its units are given back once, under the order's lock.
public enum HoldSweeper {
  /// How many holds one sweep finds at most.
  public static let limit = 500

  /// The clock is asked once, as a query of its own: compared row by row it could not bound the index.
  private static let due = Statement(
    name: "holds_due",
    sql: """
      select order_id from orders where hold_until is not null and hold_until <= (select clock_timestamp())
      order by hold_until, order_id limit $1
      """)

  /// One sweep; does nothing while another worker's is running.
  ///
  /// - Parameter memory: The sweeper's.
  /// - Returns: How many holds were found.
  @discardableResult
  public static func sweep(remembering memory: SweepMemory? = nil, on database: Connection) throws -> Int {
    try Sweep.holds.run(by: .allocation, remembering: memory, on: database) {
      let rows = try database.query(due, [.int(Int64(limit))])
      return (0..<rows.count).map { row in
        let order = OrderID(trusted: rows.text(row, 0))
        return Sweep.Finding(order.value, correlationID: order.value, .holdDue(HoldDue(orderID: order)))
      }
    }
  }
}
