import AMQP
import Foundation
import Lanes
import TestServers
import Testing

/// What the broker does to a connection, as typed errors.
@Suite struct FailureTests {
  private struct ListedConnection: Decodable {
    struct Properties: Decodable {
      let product: String?
      let connectionName: String?
      enum CodingKeys: String, CodingKey {
        case product
        case connectionName = "connection_name"
      }
    }
    let name: String
    let clientProperties: Properties?
    enum CodingKeys: String, CodingKey {
      case name
      case clientProperties = "client_properties"
    }
  }

  /// The management API lists a connection only after its next statistics tick.
  private func listed(_ connectionName: String, on server: RabbitMQServer) async throws -> ListedConnection {
    var found: ListedConnection?
    try await eventually("\(connectionName) is listed") {
      let all = try await server.read([ListedConnection].self, "connections")
      found = all.first { $0.clientProperties?.connectionName == connectionName }
      return found != nil
    }
    return try #require(found)
  }

  @Test func acknowledgingTwiceClosesTheChannelWith406() async throws {
    let fixture = try await BrokerFixture()
    let error = try await fixture.connected { connection in
      try connection.declareQueue("q")
      let publisher = try Publisher(connection)
      try publisher.publish(to: "q", "once")
      let consumer = try Consumer(connection, queue: "q", prefetch: 1)
      let delivery = try consumer.receive(1)[0]
      try consumer.ack(delivery.tag, multiple: false)
      try consumer.ack(delivery.tag, multiple: false)
      return failure { _ = try consumer.receive(1) }
    }
    guard case .channelClosed(406, let text) = error else {
      Issue.record("expected channelClosed 406, got \(String(describing: error))")
      return
    }
    #expect(text.contains("unknown delivery tag"))
    #expect(error?.needsReconnect == true)
  }

  @Test func aContradictingDeclarationSaysSoAndEndsTheConnection() async throws {
    let fixture = try await BrokerFixture()
    try await fixture.connected { connection in
      try connection.declareQueue("q")
      let first = failure { try connection.declareQueue("q", arguments: ["x-max-length": .int(5)]) }
      guard case .channelClosed(406, _) = first else {
        Issue.record("expected channelClosed 406, got \(String(describing: first))")
        return
      }
      #expect(first?.isInfrastructure == false)
      #expect(failure { try connection.service() } == first)
      #expect(!connection.isUsable)
    }
  }

  @Test func aMissingQueueIsChannelClosed404() async throws {
    let fixture = try await BrokerFixture()
    let error = try await fixture.connected { connection in
      failure { _ = try connection.declareQueuePassively("missing") }
    }
    guard case .channelClosed(404, _) = error else {
      Issue.record("expected channelClosed 404, got \(String(describing: error))")
      return
    }
  }

  @Test func deletingTheQueueCancelsTheConsumerAfterWhatWasDelivered() async throws {
    let fixture = try await BrokerFixture()
    try await fixture.connected { connection in
      try connection.declareQueue("q")
      let publisher = try Publisher(connection)
      try publisher.publish(to: "q", "last")
      _ = try publisher.allSettlements()
      let consumer = try Consumer(connection, queue: "q", prefetch: 5)
      _ = try eventually { try connection.declareQueuePassively("q").messages == 0 ? true : nil }
      try connection.delete(queue: "q")
      let last = try consumer.receive(1)[0]
      #expect(last.text == "last")
      let error = failure { _ = try consumer.receive(1) }
      #expect(error == .consumerCancelled(queue: "q"))
      // The channel still stands.
      try connection.declareQueue("other")
    }
  }

  @Test func anOperatorSeesTheConnectionByNameAndCanCloseIt() async throws {
    let fixture = try await BrokerFixture()
    let name = "worker \(UUID().uuidString)"
    let options = fixture.options(name: name)
    async let ended = fixture.lane.run { () -> AMQPError? in
      let connection = try Connection(options)
      try connection.declareQueue("q")
      let consumer = try Consumer(connection, queue: "q", prefetch: 1)
      let error = failure { _ = try consumer.receive(1) }
      #expect(failure { try connection.service() } == error)
      return error
    }
    let connection = try await listed(name, on: fixture.server)
    #expect(connection.clientProperties?.product == "Tallyman")
    try await fixture.server.management("DELETE", "connections/\(RabbitMQServer.encoded(connection.name))")
    guard case .connectionClosed(320, let text) = try await ended else {
      Issue.record("expected connectionClosed 320")
      return
    }
    #expect(text.contains("CONNECTION_FORCED"))
  }

  @Test func heartbeatsAreKeptByServiceAlone() async throws {
    let fixture = try await BrokerFixture()
    // The broker cuts a connection off after two silent heartbeats; this is silent for six but for service().
    try await fixture.connected(heartbeat: .seconds(1)) { connection in
      try connection.declareQueue("q")
      let end = ContinuousClock.now + .seconds(6)
      while ContinuousClock.now < end {
        try connection.service()
        Lane.pause(for: .milliseconds(300))
      }
      let publisher = try Publisher(connection)
      try publisher.publish(to: "q", "alive")
      #expect(try publisher.allSettlements().map(\.outcome) == [.confirmed])
    }
  }

  @Test func withoutServiceTheBrokerGivesUpOnTheConnection() async throws {
    let fixture = try await BrokerFixture()
    try await fixture.connected(heartbeat: .seconds(1)) { connection in
      try connection.declareQueue("q")
      Lane.pause(for: .seconds(6))
      let error = failure {
        _ = try eventually {
          try connection.service()
          return nil as Bool?
        }
      }
      guard case .connectionLost = error else {
        Issue.record("expected connectionLost, got \(String(describing: error))")
        return
      }
    }
  }
}
