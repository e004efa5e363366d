/// One numbered step of the database schema, as it is built into this binary.
public struct Migration: Sendable, Hashable {
  /// Its place in the sequence, from 1, without a gap.
  public let number: Int
  /// What it does, in words: the file's name without number and ending.
  public let name: String
  /// Its statements: one script, run inside one transaction.
  public let sql: String
}

/// The schema's whole history: the files of the folder Migrations, in order.
///
/// A published migration is never edited, since databases exist that have applied it: a change is a new file.
public enum Migrations {
  /// Every migration, by number.
  public static let all: [Migration] = parse(EmbeddedSQL.files)

  /// The number of the newest migration that this binary knows.
  public static var latest: Int { all.last?.number ?? 0 }

  /// Reads names like `0001_roles_and_catalogue`.
  ///
  /// The files are part of this source, so a wrong name is a mistake of ours that any test finds at once.
  static func parse(_ files: [(name: String, text: String)]) -> [Migration] {
    let migrations = files.map { file in
      let parts = file.name.split(separator: "_", maxSplits: 1)
      guard parts.count == 2, parts[0].utf8.count == 4, let number = Int(parts[0]) else {
        preconditionFailure("the migration \(file.name).sql is not named like 0001_what_it_does.sql")
      }
      return Migration(number: number, name: String(parts[1]), sql: file.text)
    }
    precondition(migrations.map(\.number) == migrations.indices.map { $0 + 1 }, "migration numbers have a gap")
    return migrations
  }
}

extension Migrations {
  /// The version that this build's workers need at least. Older than ``latest`` where a migration only adds what old
  /// workers do not miss, so that old and new can run side by side.
  public static let required = 31
}
