import AMQP
import Lanes
import TestServers
import Testing

@testable import WorkerHost

/// With a prefetch of four the broker delivers a fifth message only when one is acknowledged: that shows what it knows.
@Suite("Acknowledgements that wait for a moment")
struct LateAcknowledgementTests {
  @Test("what a lane held back when it died is delivered again, and only that")
  func heldBack() async throws {
    let site = try await Site()
    try await site.consuming(3) { late, _ in
      for _ in 1...2 { try late.acknowledge(through: try site.takeOne(late)) }
      #expect(late.settledThrough == 2)
    }
    try await eventually("two of three are back") { try await site.waiting() == 2 }
  }

  @Test("it is sent when nothing comes for the moment, however long the lane would wait")
  func nothingComes() async throws {
    let site = try await Site()
    try await site.consuming(1) { late, consumer in
      try late.acknowledge(through: try site.takeOne(late))
      #expect(try late.take(upTo: 9, bytes: .max, waiting: .milliseconds(20)).isEmpty)
      try site.publish(4)
      #expect(try site.count(upTo: 4, consumer) == 4)
    }
  }

  @Test("it is sent when the next message is there")
  func nextComes() async throws {
    let site = try await Site()
    try await site.consuming(5) { late, consumer in
      try late.acknowledge(through: try site.takeOne(late))
      #expect(try site.takeOne(late) == 2)
      #expect(try site.count(upTo: 3, consumer) == 3)
    }
  }

  @Test("nothing is held back of a batch that has more in hand, nor of a large one", arguments: [1, 2])
  func atOnce(settled: UInt64) async throws {
    let site = try await Site()
    try await site.consuming(4 + Int(settled)) { late, consumer in
      #expect(try site.takeOne(late) == 1)
      #expect(try site.takeOne(late) == 2)
      try late.acknowledge(through: settled)
      #expect(try site.count(upTo: 2 + Int(settled), consumer) == 2 + Int(settled))
    }
  }

  @Test("a rejection comes behind what was acknowledged before, and takes it along")
  func rejected() async throws {
    let site = try await Site()
    try await site.consuming(6) { late, consumer in
      try late.acknowledge(through: try site.takeOne(late))
      #expect(try consumer.take(upTo: 1, waiting: patience).first?.tag == 2)
      try late.reject(2)
      #expect(try site.count(upTo: 4, consumer) == 4)
    }
  }
}

/// A queue on a vhost of its own.
private struct Site: Sendable {
  private static let queue = "work"
  private let options: BrokerOptions
  private let lane = Lane(name: "test")

  init() async throws {
    let server = try await RabbitMQServer.shared()
    options = BrokerOptions(uri: server.uri(vhost: try await server.makeVirtualHostNamed()), connectionName: "test")
    _ = try await connected { try $0.declareQueue(Site.queue, arguments: ["x-queue-type": .string("quorum")]) }
  }

  /// Runs a test's blocking part with a consumer and so many messages; the connection is closed without more ado.
  func consuming(
    _ messages: Int, _ body: @escaping @Sendable (LateAcknowledgement, Consumer) throws -> Void
  ) async throws {
    try await connected { connection in
      try publish(messages)
      let consumer = try Consumer(connection, queue: Site.queue, prefetch: 4)
      try body(LateAcknowledgement(consumer), consumer)
    }
  }

  func waiting() async throws -> Int { try await connected { try $0.declareQueuePassively(Site.queue).messages } }

  private func connected<Result: Sendable>(
    _ body: @escaping @Sendable (AMQP.Connection) throws -> Result
  ) async throws -> Result {
    try await lane.run {
      let connection = try AMQP.Connection(options)
      defer { connection.close() }
      return try body(connection)
    }
  }

  // MARK: On the lane

  func publish(_ messages: Int) throws {
    let connection = try AMQP.Connection(options)
    defer { connection.close() }
    let publisher = try Publisher(connection)
    for _ in 1...messages {
      _ = try publisher.publish(exchange: "", routingKey: Site.queue, properties: Properties(), body: [1])
    }
    while publisher.isAwaited { _ = try publisher.settlements(waiting: patience) }
  }

  /// The tag of the next delivery.
  func takeOne(_ late: LateAcknowledgement) throws -> UInt64 {
    try #require(late.take(upTo: 1, bytes: .max, waiting: patience).first).tag
  }

  /// How many more are delivered, which the broker does only up to the prefetch.
  func count(upTo most: Int, _ consumer: Consumer) throws -> Int {
    var count = 0
    while count < most {
      let more = try consumer.take(upTo: most - count, waiting: patience).count
      if more == 0 { return count }
      count += more
    }
    return count
  }
}
