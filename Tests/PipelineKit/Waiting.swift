import TestServers

extension House {
  /// Waits until so many of the workers' sessions wait for a lock.
  ///
  /// - Throws: ``NeverHappened``.
  public func untilBlocked(_ sessions: Int) async throws {
    try await until(
      "\(sessions) sessions wait for a lock",
      """
      select count(*) >= \(sessions) from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock' and application_name like 'tallyman_%'
      """)
  }

  /// Waits until a query answers true.
  ///
  /// - Throws: ``NeverHappened``.
  public func until(_ what: String, _ sql: String) async throws {
    try await eventually(what) { try await value("select (\(sql))::text") == "true" }
  }
}
