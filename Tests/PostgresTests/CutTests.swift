import Foundation
import TestServers
import Testing

@testable import Postgres

/// Connections that end in the middle of a message.
@Suite struct CutTests {
  private static let seed = ProcessInfo.processInfo.environment["SEED"].flatMap { UInt64($0) } ?? 1
  /// `make fuzz` cuts ten times as often.
  private static let rounds = ProcessInfo.processInfo.environment["FUZZ_INPUTS"] == nil ? 30 : 300
  private static let insert = Statement(
    name: "insert", sql: "INSERT INTO cuts SELECT $1, g FROM generate_series(1, $2) g")
  private static let read = Statement(name: "read", sql: "SELECT round, repeat('x', 200) FROM cuts LIMIT 50")

  /// Everything a lane does with a database: statements prepared, pipelined, failed, repeated, committed.
  private static func story(_ options: ConnectionOptions, round: Int32) throws {
    let connection = try Connection(options)
    defer { connection.close() }
    try connection.begin()
    try connection.send(insert, [.int4(round), .int4(30)])
    try connection.send(read)
    try connection.flush()
    _ = try connection.receive()
    _ = try connection.receive()
    var writes = WriteSet(on: connection)
    for _ in 1...3 { try writes.send(insert, [.int4(round), .int4(30)]) }
    try writes.commit()
    try connection.send(.once("SELECT 1 / 0"))
    #expect(throws: PostgresError.self) { _ = try connection.receive() }
    try connection.recover()
    _ = try connection.query(read)
  }

  @Test("a connection cut after any number of bytes is an infrastructure error, at once, and never half a transaction")
  func cuts() async throws {
    let server = try PostgresServer.shared()
    let direct = try freshSchema()
    let proxy = try TCPProxy(to: server.port)
    var cutting = direct
    cutting.conninfo = direct.conninfo.replacing(":\(server.port)/", with: ":\(proxy.port)/")
    cutting.connectTimeout = patience
    cutting.responseTimeout = patience
    let options = cutting
    try await onLane { try Connection(direct).script("CREATE TABLE cuts (round int4, number int4)") }
    try await onLane { try Self.story(options, round: 0) }
    let bytes = proxy.bytesOfLast
    #expect(bytes > 10_000)
    var random = SeededGenerator(seed: Self.seed)
    var failures = 0
    for round in 1...Self.rounds {
      let offset = Int.random(in: 0..<bytes, using: &random)
      proxy.cutAfter(offset)
      do {
        try await onLane {
          try atOnce("seed \(Self.seed), cut after \(offset) bytes") { try Self.story(options, round: Int32(round)) }
        }
        // Only the farewell may be cut unheard.
        #expect(offset > bytes - 50, "seed \(Self.seed), cut after \(offset) of \(bytes) bytes: no error")
      } catch let error as PostgresError {
        #expect(error.category == .infrastructure, "seed \(Self.seed), cut after \(offset) bytes: \(error)")
        #expect(error.isConnectionLost, "seed \(Self.seed), cut after \(offset) bytes: \(error)")
        failures += 1
      }
    }
    #expect(failures > Self.rounds / 2)
    let halves = try await onLane {
      try Connection(direct).query(
        .once("SELECT count(*) FROM (SELECT round FROM cuts GROUP BY round HAVING count(*) <> 120) AS halves")
      ).int(0, 0)
    }
    #expect(halves == 0)
    print("PostgreSQL: \(Self.rounds) connections cut at random among \(bytes) bytes, seed \(Self.seed)")
  }
}
