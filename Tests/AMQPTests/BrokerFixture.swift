import AMQP
import Lanes
import TestServers
import Testing

/// A fresh vhost on the shared broker, and a lane to use it from.
struct BrokerFixture {
  let server: RabbitMQServer
  let vhost: String
  let lane = Lane(name: "test")

  init(_ server: RabbitMQServer? = nil) async throws {
    if let server { self.server = server } else { self.server = try await .shared() }
    vhost = try await self.server.makeVirtualHostNamed()
  }

  var uri: String { server.uri(vhost: vhost) }

  func options(name: String = "test", heartbeat: Duration = .seconds(20)) -> BrokerOptions {
    BrokerOptions(uri: uri, connectionName: name, heartbeat: heartbeat)
  }

  /// Runs one test's blocking part on the lane, with a connection that is closed afterwards.
  func connected<Result: Sendable>(
    name: String = "test", heartbeat: Duration = .seconds(20),
    _ body: @escaping @Sendable (Connection) throws -> Result
  ) async throws -> Result {
    let options = options(name: name, heartbeat: heartbeat)
    return try await lane.run {
      let connection = try Connection(options)
      defer { connection.close() }
      return try body(connection)
    }
  }
}

/// Repeats `attempt` until it returns something, at most for `patience`. `attempt` itself waits for its event.
func eventually<Result>(_ attempt: () throws -> Result?) throws -> Result {
  let deadline = ContinuousClock.now + patience
  while ContinuousClock.now < deadline {
    if let result = try attempt() { return result }
  }
  throw NeverHappened("what was attempted")
}

/// The typed error that `body` ends with, or nil.
func failure(_ body: () throws -> Void) -> AMQPError? {
  do {
    try body()
    return nil
  } catch { return error as? AMQPError }
}

/// Expects that `body` is refused as a message that AMQP cannot carry.
func expectInvalid(_ body: () throws -> Void, sourceLocation: SourceLocation = #_sourceLocation) {
  let error = failure(body)
  guard case .invalidMessage = error else {
    Issue.record("expected invalidMessage, got \(String(describing: error))", sourceLocation: sourceLocation)
    return
  }
}

extension Publisher {
  /// Publishes what has more headers than a frame has room for.
  func publishTooLong(to queue: String) throws(AMQPError) {
    var long = Properties()
    long.headers = ["note": .string(String(repeating: "n", count: 140_000))]
    try publish(exchange: "", routingKey: queue, properties: long, body: [])
  }

  /// Publishes to a queue by the default exchange.
  @discardableResult
  func publish(to queue: String, _ text: String, id: String? = nil) throws(AMQPError) -> UInt64 {
    try publish(
      exchange: "", routingKey: queue, properties: Properties(messageID: id, contentType: "text/plain"),
      body: Array(text.utf8))
  }

  /// Waits until nothing is unsettled.
  func allSettlements() throws -> [Settlement] {
    var all: [Settlement] = []
    return try eventually {
      all += try self.settlements(waiting: .seconds(1))
      return self.unsettled == 0 ? all : nil
    }
  }
}

extension Consumer {
  /// Waits for that many deliveries.
  func receive(_ count: Int) throws -> [Delivery] {
    var all: [Delivery] = []
    return try eventually {
      all += try self.take(upTo: count - all.count, waiting: .seconds(1))
      return all.count == count ? all : nil
    }
  }
}

extension Delivery {
  var text: String { String(decoding: body, as: UTF8.self) }
}
