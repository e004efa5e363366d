import Postgres

/// The database has not been migrated far enough for this build.
public struct SchemaTooOld: Error, CustomStringConvertible {
  /// What the database has.
  public let current: Int
  /// The least that this build works with.
  public let required: Int

  /// What is wrong and what to do.
  public var description: String {
    "the database's schema is at version \(current), this build needs at least \(required): run `tallyman migrate`"
  }

  /// Looks at a database.
  ///
  /// - Throws: ``SchemaTooOld``, or `PostgresError` when the database cannot be asked.
  public static func check(_ connection: Connection) throws {
    let current = try Migrator(connection).currentVersion()
    guard current < Migrations.required else { return }
    throw SchemaTooOld(current: current, required: Migrations.required)
  }
}
