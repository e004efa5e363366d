import Postgres
import Schema

/// The database answers and cannot be worked with; it may be a moment later.
protocol UnfitDatabase: Error, CustomStringConvertible {}

extension SchemaTooOld: UnfitDatabase {}

/// The database takes no writes: a standby that was not promoted, or somebody has said so.
struct ReadOnlyDatabase: UnfitDatabase {
  let description = "the database is read-only: a standby, or default_transaction_read_only is on"

  private static let question = Statement(name: "read_only", sql: "select current_setting('transaction_read_only')")

  static func check(_ connection: Postgres.Connection) throws {
    if try connection.query(question).text(0, 0) == "on" { throw ReadOnlyDatabase() }
  }
}
