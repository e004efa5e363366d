import Lanes

/// Time limits that differ from those with which the session began.
extension Connection {
  /// How long a statement may take, as the session began; zero if there is no limit.
  public var statementTimeout: Duration { options.statementTimeout }

  /// How long an answer may take before the connection is given up, as the session began.
  public var responseTimeout: Duration { options.effectiveResponseTimeout }

  /// Says how long a statement of this session may take from now on; zero for no limit.
  public func limitStatements(to limit: Duration) throws(PostgresError) {
    _ = try query(.sessionTimeLimit, [.text("\(limit.wholeMilliseconds)")])
  }
}

extension Statement {
  fileprivate static let sessionTimeLimit = Statement(
    name: "session_time_limit", sql: "SELECT set_config('statement_timeout', $1, false)")
}
