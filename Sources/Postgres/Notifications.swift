import CPostgres
import Lanes

extension Connection {
  /// Subscribes to a channel; it takes effect at once, or at the commit of an open transaction.
  ///
  /// - Parameter channel: The channel's name, exactly as in NOTIFY's quoted form.
  public func listen(_ channel: String) throws(PostgresError) {
    Lane.requireCurrent()
    // Within a quoted identifier a quote is written twice.
    let quoted = channel.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"")
    _ = try query(.once("LISTEN \"\(quoted)\""))
  }

  /// Waits for a notification on any subscribed channel. Several that have come are taken together: read what they
  /// announce from the tables, and poll now and then without them.
  ///
  /// - Parameter limit: Longest time to wait.
  /// - Returns: Whether one came.
  /// - Throws: An error if the connection is lost.
  public func waitForNotification(upTo limit: Duration) throws(PostgresError) -> Bool {
    Lane.requireCurrent()
    precondition(isIdle, "waiting for a notification while statements wait for their answers")
    return try handle.takeNotifications(until: Deadline(after: limit))
  }
}
