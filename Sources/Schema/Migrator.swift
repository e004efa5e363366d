import Postgres

/// Brings a database's schema up to what this binary holds.
///
/// Migrators may run at the same time, from several containers that start together: one migrates, the others wait for
/// its advisory lock and then find nothing to do. Each migration has a transaction of its own, so one that fails
/// leaves nothing behind. A database that is newer than the binary is left as it is: old workers run beside new ones.
///
/// Like its connection, a migrator belongs to one lane.
public struct Migrator {
  private let connection: Connection
  private let migrations: [Migration]
  private let patience: Duration
  private let report: (String) -> Void

  /// How long one attempt waits for one table lock. Whoever comes after it waits as long, readers too: what a migration
  /// asks for is refused to nobody else, but it is asked for exclusively.
  static let attempt: Duration = .seconds(2)
  /// Between two attempts, so that those who waited meanwhile get on.
  static let pause: Duration = .seconds(3)

  /// - Parameters:
  ///   - connection: Logged in as the schema's owner to migrate; any worker's role may read the version.
  ///   - patience: The longest wait for another migrator, and for the table locks of each migration: a migration that
  ///     cannot get one within two seconds is rolled back, lets traffic pass for three, and begins anew.
  ///   - report: Hears of each migration that is put off, and who holds the locks.
  public init(
    _ connection: Connection, patience: Duration = .seconds(300), report: @escaping (String) -> Void = { _ in }
  ) {
    self.init(connection, migrations: Migrations.all, patience: patience, report: report)
  }

  init(
    _ connection: Connection, migrations: [Migration], patience: Duration = .seconds(300),
    report: @escaping (String) -> Void = { _ in }
  ) {
    self.connection = connection
    self.migrations = migrations
    self.patience = patience
    self.report = report
  }

  /// The number of the newest migration that the database has, 0 for a database without any.
  ///
  /// - Throws: `PostgresError` when the database cannot be asked or the role may not read it.
  public func currentVersion() throws(PostgresError) -> Int {
    guard try connection.query(.schemaExists).bool(0, 0) else { return 0 }
    return Int(try connection.query(.schemaVersion).int4(0, 0))
  }

  /// Applies every migration that the database lacks, in order.
  ///
  /// - Returns: What was applied now; empty if the database was up to date or newer.
  /// - Throws: `MigrationError`; all migrations before the one it names are applied and stay.
  public func migrate() throws(MigrationError) -> [Migration] {
    try lock()
    defer { unlock() }
    try orDatabaseError { () throws(PostgresError) in try createHistory() }
    let applied = try orDatabaseError { () throws(PostgresError) in try readHistory() }
    let checksums = try orDatabaseError { () throws(PostgresError) in try computeChecksums() }
    try Self.verify(applied, against: migrations, checksums: checksums)

    let missing = migrations.filter { applied[$0.number] == nil }
    for migration in missing {
      try apply(migration, checksum: checksums[migration.number - 1])
    }
    return missing
  }

  // MARK: Steps

  /// Checks that what was applied is the beginning of `migrations`, or `migrations` and newer ones.
  static func verify(
    _ applied: [Int: String], against migrations: [Migration], checksums: [String]
  ) throws(MigrationError) {
    let newest = applied.keys.max() ?? 0
    for (migration, embedded) in zip(migrations, checksums) {
      guard let checksum = applied[migration.number] else {
        if migration.number < newest { throw .gap(missing: migration.number, applied: newest) }
        continue
      }
      guard checksum == embedded else {
        throw .changed(number: migration.number, name: migration.name, applied: checksum, embedded: embedded)
      }
    }
  }

  /// Begins anew, for as long as patience lasts, where the only obstacle is a lock that somebody else holds.
  private func apply(_ migration: Migration, checksum: String) throws(MigrationError) {
    let end = ContinuousClock.now + patience
    while true {
      let error: PostgresError
      do {
        try attempt(migration, checksum: checksum)
        return
      } catch let failure { error = failure }
      guard [.lockNotAvailable, .deadlockDetected].contains(error.sqlState), connection.isUsable else {
        throw .failed(number: migration.number, name: migration.name, error)
      }
      let holders = (try? lockHolders()) ?? []
      guard ContinuousClock.now + Migrator.pause < end else {
        throw .blocked(number: migration.number, name: migration.name, by: holders, error)
      }
      report(MigrationError.words(blocked: migration.number, migration.name, by: holders) + "; trying again")
      try orDatabaseError { () throws(PostgresError) in
        _ = try connection.query(.pauseMigrating, [.int(Migrator.milliseconds(Migrator.pause))])
      }
    }
  }

  private func attempt(_ migration: Migration, checksum: String) throws(PostgresError) {
    do {
      try connection.begin()
      try connection.script(SchemaHistory.beginning(waitingMilliseconds: Migrator.milliseconds(Migrator.attempt)))
      try connection.script(migration.sql, upTo: SchemaHistory.longestMigration)
      _ = try connection.query(
        .recordMigration, [.int4(Int32(migration.number)), .text(migration.name), .text(checksum)])
      try connection.commit()
    } catch {
      // If even the rollback fails the connection is lost, and the server rolls back by itself.
      try? connection.rollback()
      throw error
    }
  }

  /// Who has held a lock on our tables for as long as an attempt waits: nobody who came later can have been waited for.
  /// What `pg_blocking_pids` says ends with the wait.
  private func lockHolders() throws(PostgresError) -> [String] {
    let rows = try connection.query(.lockHolders, [.int(Migrator.milliseconds(Migrator.attempt))])
    return (0..<rows.count).map { rows.text($0, 0) }
  }

  /// The table of what was applied exists before the first migration, which grants others to read it.
  private func createHistory() throws(PostgresError) {
    if try connection.query(.schemaExists).bool(0, 0) { return }
    try connection.script(SchemaHistory.creation)
  }

  /// Checksums of what was applied, by number.
  private func readHistory() throws(PostgresError) -> [Int: String] {
    let rows = try connection.query(.schemaHistory)
    var applied: [Int: String] = [:]
    for row in 0..<rows.count {
      applied[Int(rows.int4(row, 0))] = rows.text(row, 1)
    }
    return applied
  }

  /// The database computes what it will compare, so the binary needs no hash function.
  private func computeChecksums() throws(PostgresError) -> [String] {
    let rows = try connection.query(.checksums, [.texts(migrations.map(\.sql))])
    return (0..<rows.count).map { rows.text($0, 0) }
  }

  // MARK: One migrator at a time

  /// Waits for other migrators. On failure the settings are undone too, as the script is one transaction.
  private func lock() throws(MigrationError) {
    do {
      try connection.script(
        SchemaHistory.lock(waitingMilliseconds: max(1, Migrator.milliseconds(patience))),
        upTo: patience + .seconds(30))
    } catch {
      if error.sqlState == .lockNotAvailable { throw .locked(error) }
      throw .database(error)
    }
  }

  private static func milliseconds(_ duration: Duration) -> Int64 { Int64(duration / .milliseconds(1)) }

  /// Needs no error of its own: the server releases a lost connection's lock.
  private func unlock() {
    guard connection.isUsable else { return }
    try? connection.script(SchemaHistory.unlock)
  }

  private func orDatabaseError<Success>(
    _ body: () throws(PostgresError) -> Success
  ) throws(MigrationError) -> Success {
    do { return try body() } catch { throw .database(error) }
  }
}
