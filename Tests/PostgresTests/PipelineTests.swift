import TestServers
import Testing

@testable import Postgres

@Suite struct PipelineTests {
  static let echo = Statement(name: "echo", sql: "SELECT $1")

  @Test func answersComeInTheOrderOfTheStatements() async throws {
    try await connected { connection in
      for value in 0..<500 { try connection.send(Self.echo, [.int(Int64(value))]) }
      try connection.flush()
      for value in 0..<500 { #expect(try connection.receive().int(0, 0) == Int64(value)) }
      #expect(connection.isIdle)
      try connection.sync()
      try connection.receiveSync()
    }
  }

  @Test func statementsArePreparedOncePerConnection() async throws {
    try await connected { connection in
      for value: Int64 in 0..<3 { _ = try connection.query(Self.echo, [.int(value)]) }
      let rows = try connection.query(.once("SELECT name FROM pg_prepared_statements"))
      #expect((0..<rows.count).map { rows.text($0, 0) } == ["echo"])
    }
  }

  @Test func receivingWithoutAFlushFlushesByItself() async throws {
    try await connected { connection in
      try connection.send(Self.echo, [.int(7)])
      #expect(try connection.receive().int(0, 0) == 7)
      try connection.send(Self.echo, [.int(8)])
      #expect(try connection.receive().int(0, 0) == 8)
      try connection.recover()
    }
  }

  @Test func anErrorInTheMiddleSkipsTheRestAndRecoverRollsBack() async throws {
    try await connected { connection in
      try connection.script("CREATE TABLE t (n bigint PRIMARY KEY)")
      let insert = Statement(name: "insert", sql: "INSERT INTO t VALUES ($1)")
      let divide = Statement(name: "divide", sql: "SELECT 1 / $1")
      try connection.send(.begin)
      try connection.send(insert, [.int(1)])
      try connection.send(divide, [.int(0)])
      try connection.send(insert, [.int(2)])
      try connection.flush()
      _ = try connection.receive()
      #expect(try connection.receive().affected == 1)
      let first = try failure { _ = try connection.receive() }
      #expect(first.sqlState.code == "22012" && first.statement == "divide" && first.category == .data)
      let skipped = try failure { _ = try connection.receive() }
      #expect(skipped.sqlState.code == "22012")
      try connection.recover()
      #expect(connection.isUsable && connection.isIdle && !connection.isInTransaction)
      #expect(try connection.query(.once("SELECT count(*) FROM t")).int(0, 0) == 0)
      // Prepared before the error; the skipped preparations are made up for.
      #expect(try connection.query(insert, [.int(3)]).affected == 1)
    }
  }

  /// A Sync alone would commit the insert.
  @Test func recoverRollsBackAnImplicitTransactionToo() async throws {
    try await connected { connection in
      try connection.script("CREATE TABLE t (n bigint)")
      try connection.send(.once("INSERT INTO t VALUES (1)"))
      try connection.flush()
      _ = try connection.receive()
      try connection.recover()
      #expect(try connection.query(.once("SELECT count(*) FROM t")).int(0, 0) == 0)
    }
  }

  @Test func aStatementThatCannotBePreparedIsTriedAgainNextTime() async throws {
    try await connected { connection in
      let early = Statement(name: "early", sql: "SELECT count(*) FROM late")
      let error = try failure { _ = try connection.query(early) }
      #expect(error.sqlState == .undefinedTable && error.category == .bug && error.statement == "early")
      try connection.script("CREATE TABLE late ()")
      #expect(try connection.query(early).int(0, 0) == 0)
    }
  }

  @Test func aPreparationThatWasSkippedIsMadeUpFor() async throws {
    try await connected { connection in
      try connection.send(.once("SELECT 1 / 0"))
      try connection.send(Self.echo, [.int(1)])
      try connection.sync()
      #expect(throws: PostgresError.self) { try connection.receiveSync() }
      #expect(try connection.query(Self.echo, [.int(2)]).int(0, 0) == 2)
    }
  }

  /// More than both sockets' buffers hold, in both directions at once.
  @Test func twentyMegabytesEachWayDoNotDeadlock() async throws {
    try await connected { connection in
      let blob = [UInt8](repeating: 7, count: 100_000)
      let mirror = Statement(name: "mirror", sql: "SELECT $1")
      for _ in 0..<200 { try connection.send(mirror, [.bytea(blob)]) }
      try connection.send(mirror, [.bytea([UInt8](repeating: 9, count: 20_000_000))])
      try connection.sync()
      for _ in 0..<200 { #expect(try connection.receive().bytes(0, 0).count == blob.count) }
      #expect(try connection.receive().bytes(0, 0).count == 20_000_000)
      try connection.receiveSync()
    }
  }

  @Test func columnsOfThousandsOfElementsArriveWhole() async throws {
    try await connected { connection in
      let numbers = (0..<5000).map { Int64($0) }
      let rows = try connection.query(
        Statement(name: "columns", sql: "SELECT unnest($1), unnest($2)"),
        [.ints(numbers), .texts(numbers.map { "SKU-\($0)" })])
      #expect(rows.count == 5000 && rows.int(4999, 0) == 4999 && rows.text(4999, 1) == "SKU-4999")
    }
  }

  @Test func writesThatAffectAnotherNumberOfRowsAreTold() async throws {
    try await connected { connection in
      try connection.script("CREATE TABLE t (n bigint); INSERT INTO t VALUES (1), (2)")
      let update = Statement(
        name: "update", sql: WriteSet.guarded("UPDATE t SET n = n + 10 WHERE n = ANY($1)", by: 2))
      try connection.begin()
      var writes = WriteSet(on: connection)
      try writes.send(update, [.ints([1, 2])], changing: 2)
      try writes.send(update, [.ints([11, 99])], changing: 2)
      try writes.send(.once("INSERT INTO t VALUES (7)"))
      #expect(throws: WriteMismatch(statement: "update", expected: 2)) { try writes.commit() }
      try connection.recover()
      #expect(try connection.query(.once("SELECT sum(n)::bigint FROM t")).int(0, 0) == 3)
      try connection.begin()
      try writes.send(update, [.ints([1])], changing: 1)
      try writes.commit()
      #expect(!connection.isInTransaction && connection.isIdle)
      #expect(try connection.query(.once("SELECT sum(n)::bigint FROM t")).int(0, 0) == 13)
    }
  }

  @Test func aCallThatLibpqRefusesIsABugAndTheConnectionStays() async throws {
    try await connected { connection in
      let tooMany = [Parameter](repeating: .int(1), count: 65_536)
      let error = try failure { _ = try connection.query(.once("SELECT 1"), tooMany) }
      #expect(error.category == .bug && !error.isConnectionLost)
      #expect(try connection.query(Self.echo, [.int(1)]).int(0, 0) == 1)
    }
  }

  @Test func oneNameForTwoTextsStopsTheProgram() async throws {
    let conninfo = try freshSchema().conninfo
    await #expect(processExitsWith: .failure) { [conninfo = conninfo as String] in
      // An error would end the process with success: only the trap counts.
      try? await onLane {
        let connection = try Connection(testOptions(conninfo))
        _ = try connection.query(Statement(name: "same", sql: "SELECT 1"))
        _ = try connection.query(Statement(name: "same", sql: "SELECT 2"))
      }
    }
  }
}
