import Glibc
import Lanes
import TestServers
import Testing

@testable import Postgres

@Suite struct LimitTests {
  static let sleep = Statement(name: "sleep", sql: "SELECT pg_sleep(60)")

  @Test func theServerKnowsAllLimits() async throws {
    var options = try freshSchema()
    options.lockTimeout = .milliseconds(1500)
    options.applicationName = "a worker"
    options.settings = ["search_path": "tallyman, public", "plan_cache_mode": "force_generic_plan"]
    try await onLane { [options] in
      let connection = try Connection(options)
      for (name, expected) in [
        ("statement_timeout", "20s"), ("lock_timeout", "1500ms"), ("idle_in_transaction_session_timeout", "15s"),
        ("client_connection_check_interval", "2s"), ("application_name", "a worker"),
        ("search_path", "tallyman, public"), ("plan_cache_mode", "force_generic_plan"), ("client_encoding", "UTF8"),
        ("tcp_keepalives_idle", "10"), ("tcp_keepalives_interval", "5"), ("tcp_keepalives_count", "3"),
        ("tcp_user_timeout", "20000"), ("TimeZone", "UTC"),
      ] {
        #expect(try connection.query(.once("SELECT current_setting($1)"), [.text(name)]).text(0, 0) == expected)
      }
      #expect(try connection.query(.once("SELECT current_setting('DateStyle')")).text(0, 0).hasPrefix("ISO, "))
    }
  }

  @Test func whatIsAskedOfTCPDoesNoHarmToASocketOfTheSameMachine() async throws {
    let server = try PostgresServer.shared()
    let options = testOptions("host=\(server.directory)/socket port=\(server.port) user=postgres dbname=postgres")
    try await onLane {
      let connection = try Connection(options)
      for name in ["tcp_keepalives_idle", "tcp_keepalives_interval", "tcp_keepalives_count", "tcp_user_timeout"] {
        #expect(try connection.query(.once("SELECT current_setting($1)"), [.text(name)]).text(0, 0) == "0")
      }
    }
  }

  @Test func aStatementThatTakesTooLongIsCancelledAndTheConnectionStays() async throws {
    var options = try freshSchema()
    options.statementTimeout = .milliseconds(200)
    try await onLane { [options] in
      let connection = try Connection(options)
      let error = try failure { _ = try connection.query(Self.sleep) }
      #expect(error.sqlState == .queryCanceled && error.category == .cancelled && !error.isConnectionLost)
      #expect(try connection.query(.once("SELECT 1::int8")).int(0, 0) == 1)
    }
  }

  @Test func anotherThreadCancelsABlockedLane() async throws {
    let options = try freshSchema()
    let (lane, observer) = (Lane(name: "blocked"), Lane(name: "observer"))
    defer {
      lane.stop()
      observer.stop()
    }
    let (cancellers, continuation) = AsyncStream.makeStream(of: Canceller.self)
    async let outcome = lane.run {
      let connection = try Connection(options)
      continuation.yield(connection.canceller())
      let error = try failure { _ = try connection.query(Self.sleep) }
      return (error, connection.isUsable)
    }
    var iterator = cancellers.makeAsyncIterator()
    let canceller = try #require(await iterator.next())
    try await observer.run { try untilSleeping(Connection(options)) }
    canceller.cancel()
    let (error, usable) = try await outcome
    #expect(error.sqlState == .queryCanceled && error.category == .cancelled && usable)
  }

  @Test func anIdleTransactionEndsTheSession() async throws {
    var options = try freshSchema()
    options.idleInTransactionTimeout = .milliseconds(100)
    try await onLane { [options] in
      let connection = try Connection(options)
      try connection.begin()
      // Returns when the server has closed the connection: there is nobody to notify us.
      let error = try failure { _ = try connection.waitForNotification(upTo: .seconds(10)) }
      #expect(error.category == .infrastructure && error.isConnectionLost && !connection.isUsable)
    }
  }

  @Test func aNotificationWakesTheWaiter() async throws {
    let options = try freshSchema()
    try await onLane {
      let (listener, speaker) = (try Connection(options), try Connection(options))
      try listener.listen("outbox \"new\"")
      #expect(try !listener.waitForNotification(upTo: .milliseconds(50)))
      for _ in 0..<3 { _ = try speaker.query(.once(#"NOTIFY "outbox ""new""""#)) }
      #expect(try listener.waitForNotification(upTo: .seconds(10)))
      try listener.script("UNLISTEN *")
    }
  }

  @Test func aBlockingCallOffALaneStopsTheProgram() async {
    await #expect(processExitsWith: .failure) {
      // The error of an attempt to connect would end the process with success: only the trap counts.
      _ = try? Connection(ConnectionOptions(conninfo: "postgres://127.0.0.1:1/none"))
    }
  }
}

/// Returns once a connection of the same application runs `pg_sleep`; asks the server until it says so.
func untilSleeping(_ connection: Connection) throws {
  let look = Statement(
    name: "look",
    sql: """
      SELECT count(*) FROM pg_stat_activity
      WHERE application_name = current_setting('application_name') AND wait_event = 'PgSleep'
        AND pid <> pg_backend_pid()
      """)
  while try connection.query(look).int(0, 0) == 0 { sched_yield() }
}
