import Postgres

/// The transaction of another session that has been open for longest.
///
/// As long as it is open, no row that was deleted since it began can be removed from any table: the outbox grows,
/// although everything is published.
public struct OldestTransaction: Equatable, Sendable {
  /// The server's process.
  public let pid: Int64
  /// Its role.
  public let user: String
  /// What its session calls itself.
  public let application: String
  /// Tells it from the next transaction of the same session.
  public let transaction: String

  /// - Parameters:
  ///   - pid: The server's process.
  ///   - user: Its role.
  ///   - application: What its session calls itself.
  ///   - transaction: Tells it from the next one of the same session.
  public init(pid: Int64, user: String, application: String, transaction: String) {
    self.pid = pid
    self.user = user
    self.application = application
    self.transaction = transaction
  }
}

extension OutboxQueue {
  /// Which transaction of another session is the oldest, nil if there is none, and how many deleted rows of the outbox
  /// the server thinks are still there.
  public func oldestTransaction() throws -> (oldest: OldestTransaction?, deadRows: Int64) {
    try settleDown()
    let rows = try database.query(OutboxStatements.oldestTransaction)
    guard let pid = rows.optionalInt(0, 1) else { return (nil, rows.int(0, 0)) }
    let oldest = OldestTransaction(
      pid: pid, user: rows.text(0, 2), application: rows.text(0, 3), transaction: rows.text(0, 4))
    return (oldest, rows.int(0, 0))
  }
}
