import Postgres

/// Looks at the outbox as a whole, over a connection of its own: rows that were deleted and cannot be removed yet are
/// read over, and a relay's messages must not wait for that.
public struct OutboxWatch {
  private let database: Connection

  /// - Parameter database: Of a role that may read the outbox.
  public init(_ database: Connection) { self.database = database }

  /// How much waits, and for how long the oldest has.
  ///
  /// - Returns: Messages (of up to 100,000 rows) and milliseconds.
  /// - Throws: 57014 when it takes too long to look.
  public func backlog() throws -> (messages: Int64, oldestMilliseconds: Int64) {
    let rows = try database.query(OutboxStatements.backlog)
    return (rows.int(0, 0), rows.int(0, 1))
  }

  /// Which transaction of another session is the oldest, nil if there is none, and how many deleted rows of the outbox
  /// the server thinks are still there.
  ///
  /// - Throws: 57014 when it takes too long to look.
  public func oldestTransaction() throws -> (oldest: OldestTransaction?, deadRows: Int64) {
    let rows = try database.query(OutboxStatements.oldestTransaction)
    guard let pid = rows.optionalInt(0, 1) else { return (nil, rows.int(0, 0)) }
    let oldest = OldestTransaction(
      pid: pid, user: rows.text(0, 2), application: rows.text(0, 3), transaction: rows.text(0, 4))
    return (oldest, rows.int(0, 0))
  }
}
