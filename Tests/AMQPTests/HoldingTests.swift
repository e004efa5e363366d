import Lanes
import TestServers
import Testing

@testable import AMQP

/// How much memory deliveries may take before they are taken.
@Suite struct HoldingTests {
  private static func held(_ sizes: [Int]) -> HeldDeliveries {
    var held = HeldDeliveries()
    for (index, size) in sizes.enumerated() {
      held.append(
        Delivery(
          tag: UInt64(index + 1), exchange: "", routingKey: "q", redelivered: false, properties: Properties(),
          body: [UInt8](repeating: 0, count: size)))
    }
    return held
  }

  @Test(arguments: [
    ([10, 10, 10], 5, 100, [1, 2, 3]), ([10, 10, 10], 2, 100, [1, 2]), ([10, 10, 10], 5, 20, [1, 2]),
    ([10, 10, 10], 5, 29, [1, 2]), ([90, 10, 10], 5, 50, [1]), ([10, 90, 10], 5, 50, [1]), ([], 5, 50, []),
  ])
  func asManyAreTakenAsFitAndAtLeastOne(_ sizes: [Int], _ limit: Int, _ bytes: Int, _ expected: [UInt64]) {
    var held = Self.held(sizes)
    #expect(held.take(upTo: limit, bytes: bytes).map(\.tag) == expected)
    #expect(held.count == sizes.count - expected.count)
    #expect(held.bytes == sizes.dropFirst(expected.count).reduce(0, +))
  }

  private static let size = 900_000

  /// Publishes messages of 900 KB to a new queue.
  private static func publish(_ count: Int, to queue: String, _ connection: Connection) throws {
    try connection.declareQueue(queue, arguments: ["x-queue-type": .string("quorum")])
    let publisher = try Publisher(connection)
    for _ in 1...count {
      try publisher.publish(
        exchange: "", routingKey: queue, properties: Properties(persistent: true),
        body: [UInt8](repeating: 0x61, count: size))
    }
    _ = try publisher.allSettlements()
  }

  @Test func largeMessagesAreReadOnlyAsFarAsTheyFitAndTheRestIsGivenBackToOthers() async throws {
    let fixture = try await BrokerFixture()
    let (most, count) = (4 << 20, 30)
    let others = fixture.options(name: "another")
    try await fixture.connected { connection in
      try Self.publish(count, to: "q", connection)
      let consumer = try Consumer(connection, queue: "q", prefetch: 1_000)
      let taken = try consumer.take(upTo: 750, bytes: most, waiting: .seconds(10))
      #expect((1...4).contains(taken.count), "\(taken.count)")
      _ = try eventually { try consumer.serve(holding: most) ? nil : true }
      #expect(!(try consumer.serve(holding: most)))
      #expect(connection.deliveries.bytes < most + Self.size)
      try consumer.giveBack()
      #expect(connection.deliveries.bytes == 0 && consumer.hasGivenBack)
      #expect(try consumer.take(upTo: 10, waiting: .seconds(60)).isEmpty)

      // Others get them while this connection lives, which can still acknowledge what it took.
      let second = try Connection(others)
      defer { second.close() }
      let other = try Consumer(second, queue: "q", prefetch: 1_000)
      let rest = try other.receive(count - taken.count)
      #expect(rest.allSatisfy { $0.redelivered && $0.body.count == Self.size })
      try other.ack(try #require(rest.last).tag, multiple: true)
      try consumer.ack(try #require(taken.last).tag, multiple: true)
    }
    try await fixture.connected { connection in
      _ = try eventually { try connection.declareQueuePassively("q").messages == 0 ? true : nil }
      #expect(try Consumer(connection, queue: "q", prefetch: 1).take(upTo: 1, waiting: .milliseconds(300)).isEmpty)
    }
  }
}
