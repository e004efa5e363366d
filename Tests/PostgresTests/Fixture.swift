import Synchronization
import TestServers

@testable import Postgres

private let schemas = Atomic<Int>(0)

/// Options for the shared server with a schema of the test's own, which is much quicker to make than a database. The
/// application is called like the schema.
func freshSchema() throws -> ConnectionOptions {
  let server = try PostgresServer.shared()
  let name = "test_\(schemas.wrappingAdd(1, ordering: .relaxed).newValue)"
  try server.execute("CREATE SCHEMA \(name)")
  var options = testOptions(server.conninfo())
  options.applicationName = name
  options.settings["search_path"] = name
  return options
}

/// Short limits: a test that has to wait for one of them waits a second.
func testOptions(_ conninfo: String) -> ConnectionOptions {
  var options = ConnectionOptions(conninfo: conninfo, applicationName: "postgres-tests")
  options.statementTimeout = .seconds(20)
  return options
}

/// Connects to a fresh schema and runs blocking code with the connection.
func connected<Success: Sendable>(
  _ body: @escaping @Sendable (Connection) throws -> Success
) async throws -> Success {
  let options = try freshSchema()
  return try await onLane { try body(Connection(options)) }
}

/// The error that `body` throws.
func failure(of body: () throws -> Void) throws -> PostgresError {
  do {
    try body()
  } catch let error as PostgresError {
    return error
  }
  throw NoFailure()
}

/// Thrown where an error was promised and none came.
struct NoFailure: Error {}
