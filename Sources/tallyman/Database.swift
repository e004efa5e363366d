import Lanes
import Postgres
import Schema
import WorkerHost

/// The database as a subcommand uses it: one connection on a lane of its own, for one piece of work.
enum Database {
  /// Connects as the settings say, works and closes.
  ///
  /// Unlike a worker, a subcommand reads whole tables and may take long: no statement time-out, the planner decides.
  ///
  /// - Throws: `SettingsError`, `PostgresError`, or what the body throws.
  static func with<Success: Sendable>(
    _ settings: OperatorSettings, as name: String, _ body: @escaping @Sendable (Connection) throws -> Success
  ) async throws -> Success {
    let database = try settings.database()
    if let warning = database.protectionWarning { StandardError.say(warning) }
    let lane = Lane(name: name)
    defer { lane.stop() }
    return try await lane.run {
      let connection = try Connection(options(database, name: name))
      defer { connection.close() }
      return try body(connection)
    }
  }

  /// The same, on a database that has the schema of this build.
  ///
  /// - Throws: `SchemaTooOld` if it has not: a query about a table that does not exist yet would say less.
  static func withSchema<Success: Sendable>(
    _ settings: OperatorSettings, as name: String, _ body: @escaping @Sendable (Connection) throws -> Success
  ) async throws -> Success {
    try await with(settings, as: name) { connection in
      try SchemaTooOld.check(connection)
      return try body(connection)
    }
  }

  private static func options(_ settings: DatabaseSettings, name: String) -> ConnectionOptions {
    var options = settings.options(name: "tallyman/\(name)")
    options.settings = ["search_path": "tallyman"]
    options.statementTimeout = .zero
    // A command that is suspended, or cut off, must not keep what workers wait for.
    options.idleInTransactionTimeout = .seconds(60)
    options.responseTimeout = .seconds(24 * 3600)
    return options
  }
}
