import Postgres

/// Why the schema could not be brought up to date. Nothing of the migration that failed remains.
public enum MigrationError: Error {
  /// The text of an applied migration is not the one in this binary: one of the two was edited after release.
  case changed(number: Int, name: String, applied: String, embedded: String)
  /// A migration is missing although a later one was applied: the table was edited, or two branches numbered alike.
  case gap(missing: Int, applied: Int)
  /// Another process is migrating and did not finish in time.
  case locked(PostgresError)
  /// Others held a migration's tables for longer than it was to wait, from the beginning of each attempt to its end.
  case blocked(number: Int, name: String, by: [String], PostgresError)
  /// A migration's own statement failed. It was rolled back; those before it stay.
  case failed(number: Int, name: String, PostgresError)
  /// The database could not be asked.
  case database(PostgresError)
}

extension MigrationError: CustomStringConvertible {
  /// What went wrong and what to do about it.
  public var description: String {
    switch self {
    case .changed(let number, let name, let applied, let embedded):
      """
      migration \(number) (\(name)) was applied with checksum \(applied), but this binary holds \(embedded): \
      use the binary it was applied with, or undo the edit and put the change into a new migration
      """
    case .gap(let missing, let applied):
      """
      migration \(applied) is applied but \(missing) is not: tallyman.schema_migrations was edited or belongs to \
      another history; restore the database, or use the binary that made it
      """
    case .locked(let error):
      "another process is migrating this database and did not finish in time; try again later (\(error))"
    case .blocked(let number, let name, let holders, let error):
      """
      \(MigrationError.words(blocked: number, name, by: holders)), and was rolled back: end what holds the locks, or \
      try again later (\(error))
      """
    case .failed(let number, let name, let error):
      "migration \(number) (\(name)) failed and was rolled back: \(error)" + MigrationError.hint(error)
    case .database(let error):
      "the schema's version could not be read or written: \(error)"
    }
  }

  private static func hint(_ error: PostgresError) -> String {
    guard error.sqlState.code == "42501" else { return "" }
    return """
      ; the role that migrates must own the schema, and may create roles (alter role NAME createrole) unless the five \
      of the programs were made before: see "Passwords" in topology/README.md
      """
  }

  /// Who keeps a migration waiting, in words.
  static func words(blocked number: Int, _ name: String, by holders: [String]) -> String {
    "migration \(number) (\(name)) cannot lock its tables"
      + (holders.isEmpty ? "" : ", which are held by \(holders.joined(separator: ", "))")
  }
}
