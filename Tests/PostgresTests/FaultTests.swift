import Lanes
import TestServers
import Testing

@testable import Postgres

/// Servers that die, stand still or refuse; each test harms a server of its own.
@Suite struct FaultTests {
  @Test func databasesOfTheTestServerAreSeparateAndCanBeCopied() async throws {
    let server = try PostgresServer.shared()
    let original = try server.makeDatabase()
    let name = try #require(original.split(separator: "/").last.map(String.init))
    try server.execute("CREATE TABLE t (n bigint)", database: name)
    let copy = try server.makeDatabase(from: name)
    #expect(copy != original)
    let rows = try await onLane { try Connection(testOptions(copy)).query(.once("SELECT n FROM t")).count }
    #expect(rows == 0)
  }

  @Test func aServerKilledMidQueryIsInfrastructureAndTheConnectionIsOver() async throws {
    let server = try PostgresServer()
    let options = testOptions(server.conninfo())
    let (lane, observer) = (Lane(name: "victim"), Lane(name: "observer"))
    defer {
      lane.stop()
      observer.stop()
    }
    async let outcome = lane.run {
      let connection = try Connection(options)
      let error = try failure { _ = try connection.query(LimitTests.sleep) }
      #expect(!connection.isUsable)
      #expect(throws: PostgresError.self) { try connection.recover() }
      #expect(try failure { _ = try connection.query(.once("SELECT 1")) }.isConnectionLost)
      return error
    }
    try await observer.run { try untilSleeping(Connection(options)) }
    try server.kill()
    let error = try await outcome
    #expect(error.category == .infrastructure && error.isConnectionLost)

    let refused = try await onLane { try failure { _ = try Connection(options) } }
    #expect(refused.category == .infrastructure && refused.sqlState == .cannotConnect)
    try server.start()
    let answer = try await onLane { try Connection(options).query(.once("SELECT 1::int8")).int(0, 0) }
    #expect(answer == 1)
  }

  @Test func aServerThatStandsStillDoesNotHoldTheLane() async throws {
    let server = try PostgresServer()
    var options = testOptions(server.conninfo())
    options.responseTimeout = .milliseconds(300)
    options.connectTimeout = .milliseconds(300)
    defer { try? server.resume() }
    try await onLane { [options] in
      let connection = try Connection(options)
      try connection.begin()
      try server.pause()
      let error = try failure { _ = try connection.query(.once("SELECT 1")) }
      #expect(error.category == .infrastructure && error.isConnectionLost && !connection.isUsable)
      #expect(error.message.contains("no answer"))
      let refused = try failure { _ = try Connection(options) }
      #expect(refused.category == .infrastructure && refused.message.contains("no connection within"))
    }
  }

  @Test func aSessionEndedByAnOperatorIsInfrastructure() async throws {
    let options = try freshSchema()
    try await onLane {
      let (victim, operatorsOwn) = (try Connection(options), try Connection(options))
      let pid = try victim.query(.once("SELECT pg_backend_pid()")).int4(0, 0)
      _ = try operatorsOwn.query(.once("SELECT pg_terminate_backend($1, 5000)"), [.int4(pid)])
      let error = try failure { _ = try victim.query(.once("SELECT 1")) }
      #expect(error.category == .infrastructure && error.isConnectionLost && !victim.isUsable)
    }
  }

  @Test func aStalePlanAfterAMigrationEndsTheConnection() async throws {
    try await connected { connection in
      try connection.script("CREATE TABLE t (n bigint)")
      let star = Statement(name: "star", sql: "SELECT * FROM t")
      _ = try connection.query(star)
      try connection.script("ALTER TABLE t ADD COLUMN m bigint")
      let error = try failure { _ = try connection.query(star) }
      #expect(error.category == .infrastructure && !connection.isUsable)
    }
  }

  /// Cancelling the wait "succeeds" with a warning; nobody knows then whether the standby has it.
  @Test func aCommitThatNoStandbyConfirmedHasNoKnownOutcome() async throws {
    let server = try PostgresServer()
    let options = testOptions(server.conninfo())
    try server.execute("CREATE TABLE t (n bigint)")
    try server.execute("ALTER SYSTEM SET synchronous_standby_names = 'nobody'")
    try server.reload()
    let (lane, observer) = (Lane(name: "committer"), Lane(name: "observer"))
    defer {
      lane.stop()
      observer.stop()
    }
    async let outcome = lane.run {
      let connection = try Connection(options)
      try connection.begin()
      _ = try connection.query(.once("INSERT INTO t VALUES (1)"))
      let error = try failure { try connection.commit() }
      return (error, connection.isUsable)
    }
    try await observer.run {
      let connection = try Connection(options)
      let cancel = Statement(
        name: "cancel",
        sql: "SELECT count(*) FILTER (WHERE pg_cancel_backend(pid)) FROM pg_stat_activity WHERE wait_event = 'SyncRep'")
      while try connection.query(cancel).int(0, 0) == 0 {}
    }
    let (error, usable) = try await outcome
    #expect(error.sqlState == .outcomeUnknown && error.category == .infrastructure && !usable)
  }

  @Test func passwordsStayOutOfErrors() async throws {
    let server = try PostgresServer.shared()
    let texts = try await onLane {
      var texts: [String] = []
      for conninfo in [
        "postgres://nobody:s3cr3t@127.0.0.1:\(server.port)/none", "postgres://nobody:s3cr3t@127.0.0.1:1/none",
        "postgres://nobody:s3cr3t@[::1/none", "host=127.0.0.1 password=s3cr3t user", "s3cr3t",
        "postgres://u@127.0.0.1:\(server.port)/s3cr3t",
      ] {
        let options = ConnectionOptions(conninfo: conninfo, password: conninfo.contains("u@") ? "s3cr3t" : nil)
        let error = try failure { _ = try Connection(options) }
        texts += ["\(error)", String(reflecting: error), "\(options)", String(reflecting: options)]
      }
      return texts
    }
    #expect(texts.count == 24)
    for text in texts { #expect(!text.contains("s3cr3t")) }
  }
}
