import Observability
import Postgres

/// What keeps the database ready for tomorrow.
enum Housekeeping {
  private static let ensure = Statement(name: "ensure_partitions", sql: "select ensure_partitions()")
  private static let ahead = Statement(name: "partition_days_ahead", sql: "select partition_days_ahead()")

  /// Makes the partitions of the coming days; every worker does, hourly, and the function lets one at a time.
  static func turn(on database: Connection, _ readiness: Readiness) throws -> Duration {
    _ = try database.query(ensure)
    let days = try database.query(ahead).int4(0, 0)
    if days >= 2 {
      readiness.ok(.partitions)
      return .seconds(3600)
    }
    readiness.fail(.partitions, because: "the inbox has partitions for \(days) more days, at least 2 are needed")
    return .seconds(60)
  }
}
