import AMQP
import Foundation
import TestServers
import Testing

/// Connections that end in the middle of a frame.
@Suite struct CutTests {
  private static let seed = ProcessInfo.processInfo.environment["SEED"].flatMap { UInt64($0) } ?? 1
  /// `make fuzz` cuts ten times as often.
  private static let rounds = ProcessInfo.processInfo.environment["FUZZ_INPUTS"] == nil ? 20 : 200

  /// Everything a lane does with a broker, from the login to the farewell.
  private static func story(_ options: BrokerOptions, queue: String) throws {
    let connection = try Connection(options)
    defer { connection.close() }
    try connection.declareQueue(queue)
    let publisher = try Publisher(connection)
    for number in 1...20 { try publisher.publish(to: queue, String(repeating: "x", count: number * 40)) }
    var settled = 0
    while settled < 20 { settled += try publisher.settlements(waiting: .seconds(1)).count }
    let consumer = try Consumer(connection, queue: queue, prefetch: 50)
    var taken = 0
    while taken < 20 {
      let some = try consumer.take(upTo: 20, waiting: .seconds(1))
      taken += some.count
      if let last = some.last { try consumer.ack(last.tag, multiple: true) }
    }
    try connection.delete(queue: queue)
  }

  @Test("a connection cut after any number of bytes ends in a typed error, at once, or not at all")
  func cuts() async throws {
    let fixture = try await BrokerFixture()
    let proxy = try TCPProxy(to: fixture.server.port)
    let uri = fixture.uri.replacing(":\(fixture.server.port)/", with: ":\(proxy.port)/")
    let options = BrokerOptions(
      uri: uri, connectionName: "cut", connectTimeout: patience, requestTimeout: patience)
    try await fixture.lane.run { try Self.story(options, queue: "whole") }
    let bytes = proxy.bytesOfLast
    #expect(bytes > 10_000)
    var random = SeededGenerator(seed: Self.seed)
    var failures = 0
    for round in 1...Self.rounds {
      let offset = Int.random(in: 0..<bytes, using: &random)
      proxy.cutAfter(offset)
      do {
        try await fixture.lane.run {
          try atOnce("seed \(Self.seed), cut after \(offset) bytes") {
            try Self.story(options, queue: "cut-\(round)")
          }
        }
        // Only the farewell may be cut unheard.
        #expect(offset > bytes - 200, "seed \(Self.seed), cut after \(offset) of \(bytes) bytes: no error")
      } catch let error as AMQPError {
        #expect(error.needsReconnect, "seed \(Self.seed), cut after \(offset) bytes: \(error)")
        failures += 1
      }
    }
    #expect(failures > Self.rounds / 2)
    proxy.cutAfter(nil)
    try await fixture.lane.run { try Self.story(options, queue: "again") }
    print("AMQP: \(Self.rounds) connections cut at random among \(bytes) bytes, seed \(Self.seed)")
  }
}
