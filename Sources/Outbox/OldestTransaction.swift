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
