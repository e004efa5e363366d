import Postgres
import Schema
import TestServers

/// A migrated database of its own, and what a test asks it beside the connection under test.
struct NotificationDatabase {
  let name: String
  let server: PostgresServer

  init() async throws {
    server = try PostgresServer.shared()
    name = Self.name(of: try server.makeDatabase(from: try await Self.template.value))
  }

  /// Migrated once; every test gets a copy.
  private static let template = Task<String, any Error> {
    let server = try PostgresServer.shared()
    let conninfo = try server.makeDatabase()
    try await onLane {
      let connection = try Connection(ConnectionOptions(conninfo: conninfo))
      defer { connection.close() }
      _ = try Migrator(connection).migrate()
    }
    return name(of: conninfo)
  }

  /// With the worker's own role: what it may not do fails here too.
  func options(applicationName: String = "sender") -> ConnectionOptions {
    var options = ConnectionOptions(
      conninfo: server.conninfo(database: name, user: "tallyman_notification"), applicationName: applicationName)
    options.settings["search_path"] = "tallyman"
    return options
  }

  /// Runs SQL by psql, as superuser; one line per row, columns separated by `|`.
  @discardableResult
  func sql(_ text: String) throws -> String {
    try server.execute("set search_path = tallyman; " + text, database: name).trimmingNewlines()
  }

  private static func name(of conninfo: String) -> String {
    conninfo.split(separator: "/").last.map { String($0.prefix { $0 != "?" }) } ?? ""
  }

  /// Makes a delivery as the handler does; due at once.
  func add(_ id: Int, channel: String, recipient: String, body: String = "{}") throws {
    try sql(
      """
      insert into notification_deliveries (notification_id, event_id, event_source, event_type, channel, recipient,
        subject, body, correlation_id, causation_traceparent, created_at, next_attempt_at)
      values ('00000000-0000-0000-0000-\(String(1_000_000_000_000 + id).suffix(12))', 'ev-\(id)', 'urn:example',
        'stock.low', '\(channel)', '\(recipient)', 'Subject \(id)', convert_to('\(body)', 'UTF8'), 'corr-\(id)',
        'trace',
        now() - interval '1 hour', now() - interval '1 hour' + interval '\(id) seconds')
      """)
  }

  /// As if the waits and leases of all rows had passed.
  func passTime() throws {
    try sql(
      """
      update notification_deliveries set next_attempt_at = least(next_attempt_at, now() - interval '1 second'),
        leased_until = least(leased_until, now() - interval '1 second') where state = 'waiting'
      """)
  }
}

extension String {
  fileprivate func trimmingNewlines() -> String {
    var text = self[...]
    while text.last?.isNewline == true { text.removeLast() }
    return String(text)
  }
}
