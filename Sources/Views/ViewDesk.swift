import Contracts
import Postgres

/// Where people look at stock and orders. Reads only: each view is one snapshot, takes no lock that a worker would wait
/// for, and is bounded.
///
/// Lane only; the connection is idle before and after each call.
public struct ViewDesk {
  let database: Connection

  /// - Parameter database: The role tallyman_operator may read all of it.
  public init(_ database: Connection) { self.database = database }

  /// Each row of a query, read by the body.
  func read<Row>(
    _ sql: String, _ parameters: [Parameter], _ row: (Rows, Int) throws -> Row
  ) throws -> [Row] {
    let rows = try database.query(.once(sql), parameters)
    return try (0..<rows.count).map { try row(rows, $0) }
  }
}

extension Rows {
  func time(_ row: Int, _ column: Int) -> Timestamp { Timestamp(microseconds: timestamp(row, column)) }
  func optionalTime(_ row: Int, _ column: Int) -> Timestamp? {
    optionalTimestamp(row, column).map(Timestamp.init(microseconds:))
  }
}

/// Rows of a view, and whether there are more than were asked for.
public struct Page<Row: Encodable & Sendable>: Sendable {
  /// At most as many as were asked for.
  public let rows: [Row]
  /// Whether there are more.
  public let hasMore: Bool

  /// - Parameters:
  ///   - found: Up to one more than the limit.
  ///   - limit: How many were asked for.
  init(_ found: [Row], limit: Int) {
    rows = Array(found.prefix(limit))
    hasMore = found.count > limit
  }
}
