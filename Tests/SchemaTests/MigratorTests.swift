import Lanes
import Postgres
import Synchronization
import TestServers
import Testing

@testable import Schema

@Suite("Migrations")
struct MigratorTests {
  @Test("A fresh database gets every migration, and a second run does nothing")
  func freshThenNothing() async throws {
    try await withDatabase { database in
      let migrator = Migrator(try database.connect())
      #expect(try migrator.currentVersion() == 0)
      #expect(try migrator.migrate() == Migrations.all)
      #expect(try migrator.currentVersion() == Migrations.latest)
      #expect(try migrator.migrate() == [])
    }
  }

  @Test("Of two migrators at the same time one migrates and the other waits, then finds nothing to do")
  func concurrent() async throws {
    let address = try PostgresServer.shared().makeDatabase()
    let (gate, one, other) = (Lane(name: "gate"), Lane(name: "one"), Lane(name: "other"))
    defer { for lane in [gate, one, other] { lane.stop() } }
    let database = TestDatabase(address: address)
    let holder = Held<Connection>()
    try await gate.run {
      holder.value = try database.connect()
      try holder.value?.script(SchemaHistory.lock(waitingMilliseconds: 1000))
    }
    async let first = one.run { try Migrator(try database.connect()).migrate().count }
    async let second = other.run { try Migrator(try database.connect()).migrate().count }
    try await gate.run {
      let connection = try #require(holder.value)
      try database.waitForWaitingMigrators(2, connection)
      try connection.script(SchemaHistory.unlock)
      holder.value = nil
    }
    #expect(try await [first, second].sorted() == [0, Migrations.latest])
    #expect(try await gate.run { try Migrator(try database.connect()).currentVersion() } == Migrations.latest)
  }

  @Test("Waiting for another migrator is bounded, and the connection's time-outs are as before")
  func lockIsBounded() async throws {
    try await withDatabase { database in
      let holder = try database.connect()
      try holder.script(SchemaHistory.lock(waitingMilliseconds: 1000))
      let connection = try database.connect()
      let before = try timeouts(of: connection)
      let error = #expect(throws: MigrationError.self) {
        try Migrator(connection, patience: .milliseconds(20)).migrate()
      }
      guard case .locked = error else { throw Unexpected(error) }
      #expect(try timeouts(of: connection) == before)

      try holder.script(SchemaHistory.unlock)
      #expect(try Migrator(connection).migrate().count == Migrations.latest)
      #expect(try timeouts(of: connection) == before)
    }
  }

  @Test("A migration that was edited after it was applied is refused, with both checksums")
  func changedText() async throws {
    try await withDatabase { database in
      let connection = try database.connect()
      let released = steps("create table a (x int)", "create table b (x int)")
      _ = try Migrator(connection, migrations: released).migrate()
      let edited = steps("create table a (x int)", "create table b (x bigint)", "create table c (x int)")
      let error = #expect(throws: MigrationError.self) { try Migrator(connection, migrations: edited).migrate() }
      guard case .changed(number: 2, name: "step2", let applied, let embedded) = error else { throw Unexpected(error) }
      #expect(applied != embedded)
      #expect(applied.utf8.count == 64 && embedded.utf8.count == 64)
      #expect(error.map { "\($0)".contains(applied) && "\($0)".contains(embedded) } == true)
      #expect(try exists("c", connection) == false, "nothing was applied")
    }
  }

  @Test("The checksum in the table is compared too: a tampered row is refused")
  func tamperedRow() async throws {
    try await withDatabase { database in
      let connection = try database.connect()
      _ = try Migrator(connection).migrate()
      try connection.script("update tallyman.schema_migrations set checksum = repeat('0', 64) where number = 2")
      let error = #expect(throws: MigrationError.self) { try Migrator(connection).migrate() }
      guard case .changed(number: 2, _, _, _) = error else { throw Unexpected(error) }
    }
  }

  @Test("A gap in what was applied is refused")
  func gap() async throws {
    try await withDatabase { database in
      let connection = try database.connect()
      let migrations = steps("create table a (x int)", "create table b (x int)", "create table c (x int)")
      _ = try Migrator(connection, migrations: migrations).migrate()
      try connection.script("delete from tallyman.schema_migrations where number = 2")
      let error = #expect(throws: MigrationError.self) { try Migrator(connection, migrations: migrations).migrate() }
      guard case .gap(missing: 2, applied: 3) = error else { throw Unexpected(error) }
    }
  }

  @Test("A database newer than the binary is left alone, and its version is told")
  func newerDatabase() async throws {
    try await withDatabase { database in
      let connection = try database.connect()
      let newer = steps("create table a (x int)", "create table b (x int)")
      _ = try Migrator(connection, migrations: newer).migrate()
      let old = Migrator(connection, migrations: Array(newer.prefix(1)))
      #expect(try old.migrate() == [])
      #expect(try old.currentVersion() == 2)
    }
  }

  @Test("Where a right is missing the error says which rights the owner needs; elsewhere it does not")
  func rights() {
    func words(_ state: String) -> String {
      MigrationError.failed(number: 1, name: "one", PostgresError(sqlState: SQLState(state), message: "no")).description
    }
    #expect(words("42501").contains("alter role NAME createrole"))
    #expect(!words("22012").contains("createrole"))
  }

  @Test("A migration that fails leaves nothing behind; those before it stay, and the next run goes on from there")
  func failureIsRolledBack() async throws {
    try await withDatabase { database in
      let connection = try database.connect()
      let broken = steps("create table a (x int)", "create table b (x int); insert into b values (1 / 0)")
      let error = #expect(throws: MigrationError.self) { try Migrator(connection, migrations: broken).migrate() }
      guard case .failed(number: 2, name: "step2", let cause) = error else { throw Unexpected(error) }
      #expect(cause.sqlState.code == "22012")
      #expect(try Migrator(connection).currentVersion() == 1)
      #expect(try exists("a", connection))
      #expect(try exists("b", connection) == false)

      let mended = steps("create table a (x int)", "create table b (x int)")
      #expect(try Migrator(connection, migrations: mended).migrate().map(\.number) == [2])
    }
  }

  @Test("A migration whose table somebody reads lets others pass, says who it is, and goes on when they are gone")
  func tableInUse() async throws {
    let database = TestDatabase(address: try PostgresServer.shared().makeDatabase())
    let (migrating, working) = (Lane(name: "migrating"), Lane(name: "working"))
    defer { for lane in [migrating, working] { lane.stop() } }
    let first = steps("create table a (x int)")
    try await migrating.run { _ = try Migrator(try database.connect(), migrations: first).migrate() }
    let reader = Held<Connection>()
    try await working.run {
      var options = ConnectionOptions(conninfo: database.address, applicationName: "report")
      // Between two steps a test waits for its turn on the runner's threads, behind all others.
      options.idleInTransactionTimeout = .zero
      let connection = try Connection(options)
      reader.value = connection
      try connection.begin()
      try connection.script("lock table tallyman.a in access share mode")
    }
    let said = Mutex<[String]>([])
    async let applied = migrating.run {
      let migrations = first + [Migration(number: 2, name: "step2", sql: "alter table a add y int")]
      return try Migrator(try database.connect(), migrations: migrations) { line in said.withLock { $0.append(line) } }
        .migrate().map(\.number)
    }
    try await working.run {
      let (other, watch) = (try database.connect(), try database.connect())
      try database.wait("the migration waits for its table") {
        let rows = try watch.query(
          .once(
            """
            select exists (select from pg_locks join pg_database d on d.oid = database
                           where not granted and mode = 'AccessExclusiveLock' and d.datname = current_database())
            """))
        return rows.bool(0, 0)
      }
      let start = ContinuousClock.now
      try other.script("insert into tallyman.a (x) values (1)")
      #expect(ContinuousClock.now - start < .seconds(10))
      try database.wait("it is said who is in the way") { !said.withLock(\.isEmpty) }
      try reader.value?.rollback()
      reader.value = nil
    }
    #expect(try await applied == [2])
    let line = said.withLock { $0.first ?? "" }
    #expect(line.hasPrefix("migration 2 (step2) cannot lock its tables, which are held by pid "))
    #expect(line.contains("(report, idle in transaction, since ") && line.hasSuffix("; trying again"), "\(line)")
  }

  @Test("A migration that never gets its table gives up, and leaves nothing behind")
  func tableNeverFree() async throws {
    try await withDatabase { database in
      let (connection, reader) = (try database.connect(), try database.connect())
      let migrations = steps("create table a (x int)", "create table b (x int); alter table a add y int")
      _ = try Migrator(connection, migrations: Array(migrations.prefix(1))).migrate()
      try reader.begin()
      try reader.script("lock table tallyman.a in access share mode")
      let error = #expect(throws: MigrationError.self) {
        try Migrator(connection, migrations: migrations, patience: .seconds(1)).migrate()
      }
      guard case .blocked(number: 2, name: "step2", by: let holders, _) = error else { throw Unexpected(error) }
      #expect(holders.count == 1 && "\(error!)".contains(holders[0]))
      #expect(try exists("b", connection) == false)
      try reader.rollback()
    }
  }

  @Test("Whoever used in-transit by hand empties it before it belongs to transfers")
  func inTransitByHand() async throws {
    try await withDatabase { database in
      let connection = try database.connect()
      _ = try Migrator(connection, migrations: Array(Migrations.all.prefix(15))).migrate()
      try connection.script(
        "insert into tallyman.balances (sku, location_id, on_hand, seq) values ('A', 'in-transit', 3, 1)")
      let error = #expect(throws: MigrationError.self) { try Migrator(connection).migrate() }
      guard case .failed(number: 16, name: _, let cause) = error else { throw Unexpected(error) }
      #expect("\(cause)".contains("in-transit holds 3 units"))
      try connection.script("update tallyman.balances set on_hand = 0")
      #expect(try Migrator(connection).migrate().first?.number == 16)
      let rows = try connection.query(.once("select sellable from tallyman.balances"))
      #expect(rows.count == 1 && !rows.bool(0, 0))
    }
  }

  @Test("Empty balances that nothing was booked to go, unless a policy of their own set their levels")
  func unusedBalances() async throws {
    try await withDatabase { database in
      let connection = try database.connect()
      _ = try Migrator(connection, migrations: Array(Migrations.all.prefix(26))).migrate()
      try connection.script(
        """
        insert into tallyman.stock_items (sku) values ('A');
        insert into tallyman.balances (sku, location_id, lot, on_hand, seq) values
          ('A', 'booked', '', 0, 2), ('A', 'lots', '', 0, 0), ('A', 'lots', 'l-1', 3, 1), ('A', 'never', '', 0, 0),
          ('A', 'never', 'l-1', 0, 0), ('A', 'policy', '', 0, 0), ('A', 'waits', '', 0, 0);
        insert into tallyman.policies_set (sku, location_id, set_at) values ('A', 'policy', now());
        insert into tallyman.transfers values ('t-1', 'booked', 'waits', 'open', null, null, 's', 'm', now());
        insert into tallyman.transfer_lines values ('t-1', 1, 'A', '', 2);
        """)
      _ = try Migrator(connection).migrate()
      let rows = try connection.query(
        .once("select string_agg(location_id || lot, ' ' order by location_id, lot) from tallyman.balances"))
      #expect(rows.text(0, 0) == "booked lots lotsl-1 policy waits")
    }
  }

  @Test("What counts took from quality control, the oldest holds of the place lose, after what no hold had")
  func countedHolds() async throws {
    try await withDatabase { database in
      let connection = try database.connect()
      _ = try Migrator(connection, migrations: Array(Migrations.all.prefix(28))).migrate()
      try connection.script(
        """
        insert into tallyman.stock_items (sku) values ('A');
        insert into tallyman.balances (sku, location_id, lot, on_hand, quality_control, seq) values
          ('A', 'w', '', 6, 6, 1), ('A', 'w', 'l', 9, 9, 1);
        insert into tallyman.quality_holds (hold_id, sku, location_id, lot, quantity, released, bumped, source,
          message_id, recorded_at) values
          ('3', 'A', 'w', '', 4, 0, 0, 's', '3', now()), ('1', 'A', 'w', '', 5, 5, 0, 's', '1', now() - interval '9 s'),
          ('4', 'A', 'w', '', 5, 2, 0, 's', '4', now() - interval '8 s'), ('2', 'A', 'w', '', 4, 0, 0, 's', '2', now()),
          ('5', 'A', 'w', 'l', 8, 0, 0, 's', '5', now()), ('6', 'A', 'gone', '', 3, 1, 0, 's', '6', now());
        """)
      _ = try Migrator(connection).migrate()
      let rows = try connection.query(
        .once("select string_agg(given_up::text, ' ' order by hold_id) from tallyman.quality_holds"))
      #expect(rows.text(0, 0) == "0 2 0 3 0 2")
    }
  }

  @Test(
    "Every worker's role may read the version and may not write it",
    arguments: [
      "tallyman_inventory", "tallyman_allocation", "tallyman_notification", "tallyman_relay", "tallyman_operator",
    ])
  func rolesReadTheVersion(role: String) async throws {
    try await withDatabase { database in
      _ = try Migrator(try database.connect()).migrate()
      let worker = try database.connect()
      try worker.script("set role \(role)")
      #expect(try Migrator(worker).currentVersion() == Migrations.latest)
      let error = #expect(throws: PostgresError.self) { try worker.script("delete from tallyman.schema_migrations") }
      #expect(error?.sqlState.code == "42501")
    }
  }
}

// MARK: Databases of these tests

/// An address whose connections the tests open on whatever lane they are.
private struct TestDatabase: Sendable {
  let address: String

  func connect() throws -> Connection { try Connection(ConnectionOptions(conninfo: address)) }

  /// Asks until it is so.
  func wait(_ what: String, _ condition: () throws -> Bool) throws {
    let deadline = ContinuousClock.now + patience
    while try !condition() {
      guard ContinuousClock.now < deadline else { throw Unexpected(what) }
    }
  }

  /// Asks until so many sessions wait for an advisory lock of this database; each round is a round trip.
  func waitForWaitingMigrators(_ expected: Int64, _ connection: Connection) throws {
    try wait("\(expected) waiting migrators") { try waitingMigrators(connection) == expected }
  }

  private func waitingMigrators(_ connection: Connection) throws -> Int64 {
    try connection.query(
      .once(
        """
        select count(*) from pg_locks join pg_database on pg_database.oid = pg_locks.database
        where locktype = 'advisory' and not granted and datname = current_database()
        """)
    ).int(0, 0)
  }
}

private struct Unexpected: Error {
  let what: String

  init(_ what: Any?) { self.what = String(describing: what) }
}

/// Keeps a connection between two visits of the same lane.
private final class Held<Value>: @unchecked Sendable {
  // `@unchecked Sendable`: only ever touched on one lane.
  var value: Value?
}

private func withDatabase(_ body: @escaping @Sendable (TestDatabase) throws -> Void) async throws {
  let lane = Lane(name: "schema-test")
  defer { lane.stop() }
  let database = TestDatabase(address: try PostgresServer.shared().makeDatabase())
  try await lane.run { try body(database) }
}

private func steps(_ texts: String...) -> [Migration] {
  texts.enumerated().map { Migration(number: $0.offset + 1, name: "step\($0.offset + 1)", sql: $0.element) }
}

private func timeouts(of connection: Connection) throws -> String {
  try connection.query(
    .once("select current_setting('statement_timeout') || ' ' || current_setting('lock_timeout')")
  ).text(0, 0)
}

private func exists(_ table: String, _ connection: Connection) throws -> Bool {
  try connection.query(.once("select to_regclass($1::text) is not null"), [.text("tallyman.\(table)")]).bool(0, 0)
}
