import Lanes

/// Time limits that differ from those with which the session began.
extension Connection {
  /// How long a statement may take, as the session began; zero if there is no limit.
  public var statementTimeout: Duration { options.statementTimeout }

  /// How long an answer may take before the connection is given up, as the session began.
  public var responseTimeout: Duration { options.effectiveResponseTimeout }

  /// Runs one statement like ``query(_:_:)``, with a time limit of its own in place of the session's.
  ///
  /// - Throws: 57014 when it takes longer.
  public func query(
    _ statement: Statement, _ parameters: [Parameter] = [], within limit: Duration
  ) throws(PostgresError) -> Rows {
    Lane.requireCurrent()
    precondition(isIdle && !isInTransaction, "a time limit of its own needs a transaction of its own")
    // It holds until the Sync, which ends the implicit transaction of both.
    try send(.localTimeLimit, [.text("\(limit.wholeMilliseconds)")])
    try send(statement, parameters)
    try sync()
    do throws(PostgresError) {
      _ = try receive()
      let rows = try receive()
      try receiveSync()
      return rows
    } catch {
      if !error.isConnectionLost, !isIdle { try receiveSync() }
      throw error
    }
  }

  /// Says how long a statement of this session may take from now on; zero for no limit.
  public func limitStatements(to limit: Duration) throws(PostgresError) {
    _ = try query(.sessionTimeLimit, [.text("\(limit.wholeMilliseconds)")])
  }
}

extension Statement {
  fileprivate static let localTimeLimit = Statement(
    name: "local_time_limit", sql: "SELECT set_config('statement_timeout', $1, true)")
  fileprivate static let sessionTimeLimit = Statement(
    name: "session_time_limit", sql: "SELECT set_config('statement_timeout', $1, false)")
}
