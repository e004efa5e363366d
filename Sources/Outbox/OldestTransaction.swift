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
  /// What is only looked at must not keep the relay from its work for long: many dead rows do.
  private static let observationTime = Duration.seconds(2)

  private func observe(_ statement: Statement) throws -> Rows {
    try settleDown()
    let limit = database.statementTimeout
    return try database.query(
      statement, within: limit == .zero ? OutboxQueue.observationTime : min(limit, OutboxQueue.observationTime))
  }

  /// How much waits, and for how long the oldest has.
  ///
  /// - Returns: Messages (of up to 100,000 rows) and milliseconds.
  /// - Throws: 57014 when it takes too long to look.
  public func backlog() throws -> (messages: Int64, oldestMilliseconds: Int64) {
    let rows = try observe(OutboxStatements.backlog)
    return (rows.int(0, 0), rows.int(0, 1))
  }

  /// Which transaction of another session is the oldest, nil if there is none, and how many deleted rows of the outbox
  /// the server thinks are still there.
  ///
  /// - Throws: 57014 when it takes too long to look.
  public func oldestTransaction() throws -> (oldest: OldestTransaction?, deadRows: Int64) {
    let rows = try observe(OutboxStatements.oldestTransaction)
    guard let pid = rows.optionalInt(0, 1) else { return (nil, rows.int(0, 0)) }
    let oldest = OldestTransaction(
      pid: pid, user: rows.text(0, 2), application: rows.text(0, 3), transaction: rows.text(0, 4))
    return (oldest, rows.int(0, 0))
  }
}
