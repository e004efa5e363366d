import Glibc
import Lanes
import TestServers
import Testing

@testable import Postgres

@Suite struct TransactionTests {
  @Test func aTransactionThatThrowsLeavesNothing() async throws {
    struct Refused: Error {}
    try await connected { connection in
      try connection.script("CREATE TABLE t (n bigint)")
      let insert = Statement(name: "insert", sql: "INSERT INTO t VALUES ($1)")
      #expect(throws: Refused.self) {
        try connection.transaction {
          _ = try connection.query(insert, [.int(1)])
          throw Refused()
        }
      }
      #expect(!connection.isInTransaction)
      let affected = try connection.transaction { try connection.query(insert, [.int(2)]).affected }
      #expect(affected == 1)
      let rows = try connection.query(.once("SELECT n FROM t"))
      #expect(rows.count == 1 && rows.int(0, 0) == 2)
    }
  }

  @Test func aCommitThatRollsBackIsAnError() async throws {
    try await connected { connection in
      try connection.begin()
      _ = try failure { _ = try connection.query(.once("SELECT 1 / 0")) }
      let error = try failure { try connection.commit() }
      #expect(error.sqlState == .inFailedTransaction)
      #expect(connection.isUsable && !connection.isInTransaction)
    }
  }

  @Test func aUniqueViolationNamesItsConstraint() async throws {
    try await connected { connection in
      try connection.script("CREATE TABLE t (n bigint CONSTRAINT t_is_unique UNIQUE); INSERT INTO t VALUES (1)")
      let error = try failure { _ = try connection.query(.once("INSERT INTO t VALUES (1)")) }
      #expect(error.sqlState == .uniqueViolation && error.category == .conflict)
      #expect(error.constraint == "t_is_unique" && error.table == "t" && error.detail?.contains("(1)") == true)
    }
  }

  @Test func aRowWithoutItsPartitionIsInfrastructureAndAFailedCheckIsData() async throws {
    try await connected { connection in
      try connection.script(
        """
        CREATE TABLE p (n bigint CHECK (n > 0)) PARTITION BY RANGE (n);
        CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (-10) TO (10)
        """)
      let insert = Statement(name: "insert", sql: "INSERT INTO p VALUES ($1)")
      #expect(try failure { _ = try connection.query(insert, [.int(11)]) }.category == .infrastructure)
      #expect(try failure { _ = try connection.query(insert, [.int(-1)]) }.category == .data)
    }
  }

  @Test func aScriptIsOneTransactionAndTellsItsFirstError() async throws {
    try await connected { connection in
      let error = try failure { try connection.script("CREATE TABLE t (n bigint); SELECT 1 / 0; CREATE TABLE u ()") }
      #expect(error.sqlState.code == "22012")
      #expect(try connection.query(.once("SELECT to_regclass('t') IS NULL")).bool(0, 0))
    }
  }

  @Test func aDeadlockIsRetryable() async throws {
    let options = try freshSchema()
    try await onLane { try Connection(options).script("CREATE TABLE t AS SELECT n FROM generate_series(1, 2) n") }
    let lock = Statement(name: "lock", sql: "SELECT n FROM t WHERE n = $1 FOR UPDATE")
    let (lanes, meeting) = ([Lane(name: "one"), Lane(name: "two")], Meeting(of: 2))
    defer { for lane in lanes { lane.stop() } }
    let outcomes = try await withThrowingTaskGroup(of: SQLState?.self) { group in
      for (index, lane) in lanes.enumerated() {
        group.addTask {
          try await lane.run {
            let connection = try Connection(options)
            try connection.begin()
            _ = try connection.query(lock, [.int4(Int32(index + 1))])
            meeting.arriveAndWait()
            do {
              _ = try connection.query(lock, [.int4(Int32(2 - index))])
              try connection.commit()
              return nil
            } catch let error as PostgresError {
              #expect(error.category == .retryable)
              try connection.recover()
              return error.sqlState
            }
          }
        }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(Set(outcomes) == [nil, .deadlockDetected])
  }

  @Test func aLockThatIsNotFreeInTimeIsRetryable() async throws {
    var options = try freshSchema()
    options.lockTimeout = .milliseconds(200)
    try await onLane { [options] in
      let (holder, waiter) = (try Connection(options), try Connection(options))
      try holder.script("CREATE TABLE t (n bigint)")
      try holder.begin()
      _ = try holder.query(.once("LOCK TABLE t"))
      try waiter.begin()
      let error = try failure { _ = try waiter.query(.once("SELECT count(*) FROM t")) }
      #expect(error.sqlState == .lockNotAvailable && error.category == .retryable && waiter.isUsable)
      try waiter.recover()
      try holder.rollback()
    }
  }
}

/// Threads wait here for each other.
final class Meeting: @unchecked Sendable {
  private let barrier = UnsafeMutablePointer<pthread_barrier_t>.allocate(capacity: 1)
  init(of number: UInt32) { pthread_barrier_init(barrier, nil, number) }
  deinit {
    pthread_barrier_destroy(barrier)
    barrier.deallocate()
  }
  func arriveAndWait() { pthread_barrier_wait(barrier) }
}
