import Logging
import Observability
import Postgres

/// What keeps the database ready for tomorrow, and rid of what nobody needs any more.
struct Housekeeping {
  let keepDays: Int
  let readiness: Readiness
  let logger: Logger

  private static let ensure = Statement(name: "ensure_partitions", sql: "select ensure_partitions()")
  private static let ahead = Statement(name: "partition_days_ahead", sql: "select partition_days_ahead()")
  private static let drop = Statement(name: "drop_inbox_partitions", sql: "select drop_inbox_partitions($1)")

  /// Makes the partitions of the coming days and drops those of days long past; every worker does, hourly, and the
  /// functions let one at a time.
  ///
  /// - Parameter isStopping: Is asked between two days; shows that the lane moves.
  /// - Returns: How long to wait for the next turn.
  func turn(on database: Connection, isStopping: () -> Bool) throws -> Duration {
    _ = try database.query(Housekeeping.ensure)
    let days = try database.query(Housekeeping.ahead).int4(0, 0)
    guard days >= 2 else {
      readiness.fail(.partitions, because: "the inbox has partitions for \(days) more days, at least 2 are needed")
      return .seconds(60)
    }
    readiness.ok(.partitions)
    // Dropping waits for a lock that all inserts need: not for long, and rather once more a minute later.
    return try dropOld(on: database, isStopping) ? .seconds(3600) : .seconds(60)
  }

  /// - Returns: Whether nothing is left to drop.
  private func dropOld(on database: Connection, _ isStopping: () -> Bool) throws -> Bool {
    while !isStopping() {
      switch try database.query(Housekeeping.drop, [.int4(Int32(clamping: keepDays))]).int4(0, 0) {
      case 0: return true
      case 1: logger.info("a day of the inbox was dropped", metadata: ["days_kept": .stringConvertible(keepDays)])
      default: return false
      }
    }
    return false
  }
}
