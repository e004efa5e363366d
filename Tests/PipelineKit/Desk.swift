import Lanes
import Postgres

/// A connection on a lane of its own, for SQL that a test runs beside the workers.
public final class Desk: Stoppable, @unchecked Sendable {
  // `@unchecked Sendable`: `connection` is touched on `lane` only.
  let lane: Lane
  private let connection: Connection

  init(_ options: ConnectionOptions) async throws {
    let lane = Lane(name: "desk")
    self.lane = lane
    connection = try await lane.run { Unchecked(try Connection(options)) }.value
  }

  /// Runs blocking code with the connection.
  public func with<Success: Sendable>(_ body: @escaping @Sendable (Connection) throws -> Success) async throws
    -> Success
  {
    try await lane.run { try body(self.connection) }
  }

  /// Rows of a query, columns joined by `|`, NULLs left out.
  public func rows(_ sql: String) async throws -> [String] {
    try await with { connection in
      let rows = try connection.query(
        .once(
          """
          select coalesce((select string_agg(value, '|' order by place)
                           from json_each_text(row_to_json(q)) with ordinality as c (name, value, place)), '')
          from (\(sql)) as q
          """))
      return (0..<rows.count).map { rows.text($0, 0) }
    }
  }

  /// Runs statements.
  public func script(_ sql: String) async throws { try await with { try $0.script(sql) } }

  func stop() async {
    try? await lane.run { self.connection.close() }
    lane.stop()
  }
}

/// Takes a value across a boundary that the compiler cannot follow: it is used on its lane only.
struct Unchecked<Value>: @unchecked Sendable {
  let value: Value
  init(_ value: Value) { self.value = value }
}
