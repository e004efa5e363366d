import Lanes

extension House {
  /// Waits until so many of the workers' sessions wait for a lock.
  ///
  /// - Throws: ``NeverHappened`` after 20 seconds.
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
  /// - Throws: ``NeverHappened`` after 20 seconds.
  public func until(_ what: String, _ sql: String) async throws {
    let clock = ContinuousClock()
    let end = clock.now + .seconds(20)
    while clock.now < end {
      if try await value("select (\(sql))::text") == "true" { return }
      try await clock.sleep(for: .milliseconds(5))
    }
    throw NeverHappened(description: "it never happened that \(what)")
  }
}

/// A test waited in vain.
public struct NeverHappened: Error, CustomStringConvertible {
  /// For what.
  public let description: String
}
