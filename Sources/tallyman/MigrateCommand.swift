import ArgumentParser
import Postgres
import Schema
import WorkerHost

/// `tallyman migrate`
struct MigrateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "migrate", abstract: "Brings the database's schema up to this build.",
    discussion: """
      Connects by TALLYMAN_DATABASE_URL, as the role that is to own the schema. Several may run at the same time: one \
      migrates, the others wait for it. Each migration is one transaction. Prints what was applied.

      Workers may go on meanwhile. A migration that cannot lock its tables within two seconds is rolled back, lets the \
      traffic that queued behind it pass, says who holds the locks, and begins anew, for five minutes at most. After \
      that, or if another process migrates for so long, exit code 69: try again later.
      """)

  @Flag(help: "Only list what would be applied; exit code 1 if there is anything.")
  var dryRun = false

  func run() async throws {
    let dryRun = dryRun
    let (version, migrations) = try await Database.with(OperatorSettings(), as: "migrate") { connection in
      let migrator = Migrator(connection) { StandardError.say($0) }
      let before = try migrator.currentVersion()
      if dryRun { return (before, Migrations.all.filter { $0.number > before }) }
      let applied = try migrator.migrate()
      return (try migrator.currentVersion(), applied)
    }
    for migration in migrations { print(dryRun ? "pending" : "applied", migration.title) }
    if migrations.isEmpty { print(MigrateCommand.nothingToDo(version)) }
    if dryRun, !migrations.isEmpty { throw Ending(.findings) }
  }

  static func nothingToDo(_ version: Int) -> String {
    version > Migrations.latest
      ? "the schema is at version \(version), newer than this build, which knows \(Migrations.latest): left as it is"
      : "the schema is up to date at version \(version)"
  }
}

extension Migration {
  /// As the file is called: `0001 roles and catalogue`.
  var title: String {
    let digits = "\(number)"
    return String(repeating: "0", count: max(0, 4 - digits.count)) + digits + " " + name.replacing("_", with: " ")
  }
}
