import AMQP
import Lanes
import TestServers
import Testing

@Suite struct RoundTripTests {
  @Test func everyPropertyAndHeaderComesBackAsItWasPublished() async throws {
    let fixture = try await BrokerFixture()
    let properties = Properties(
      messageID: "id-1", contentType: "application/cloudevents+json", contentEncoding: "identity",
      correlationID: "order-7", replyTo: "nobody", type: "order.created", appID: "tests", timestamp: 1_700_000_000,
      headers: [
        "text": .string("grün"), "number": .int(-5), "yes": .bool(true), "real": .double(1.5),
        "time": .timestamp(1_700_000_001), "raw": .bytes([0, 255]), "nothing": .null,
        "list": .array([.int(1), .string("two")]), "nested": .table(["a": .table(["b": .int(2)])]),
      ])
    let delivery = try await fixture.connected { connection in
      try connection.declareExchange("e", type: "topic")
      try connection.declareQueue("q", arguments: ["x-queue-type": .string("quorum")])
      try connection.bind(queue: "q", exchange: "e", routingKey: "order.#")
      let publisher = try Publisher(connection)
      let sequence = try publisher.publish(
        exchange: "e", routingKey: "order.created", properties: properties, body: Array("{}".utf8))
      #expect(try publisher.allSettlements() == [Settlement(sequence: sequence, outcome: .confirmed)])
      let consumer = try Consumer(connection, queue: "q", prefetch: 10)
      let delivery = try consumer.receive(1)[0]
      try consumer.ack(delivery.tag, multiple: false)
      return delivery
    }
    #expect(delivery.properties == properties)
    #expect(delivery.exchange == "e")
    #expect(delivery.routingKey == "order.created")
    #expect(delivery.text == "{}")
    #expect(!delivery.redelivered)
    #expect(delivery.deliveryCount == 0)
  }

  @Test func acknowledgingAPrefixLeavesExactlyTheRest() async throws {
    let fixture = try await BrokerFixture()
    try await fixture.connected { connection in
      try connection.declareQueue("q")
      let publisher = try Publisher(connection)
      for number in 1...10 { try publisher.publish(to: "q", "\(number)") }
      #expect(try publisher.allSettlements().count == 10)
      let consumer = try Consumer(connection, queue: "q", prefetch: 100)
      let deliveries = try consumer.receive(10)
      #expect(deliveries.map(\.text) == (1...10).map(String.init))
      try consumer.ack(deliveries[6].tag, multiple: true)
    }
    let rest = try await fixture.connected { connection in
      try Consumer(connection, queue: "q", prefetch: 100).receive(3)
    }
    #expect(rest.map(\.text) == ["8", "9", "10"])
    #expect(rest.map(\.redelivered) == [true, true, true])
  }

  @Test func aConsumerOfLowerPriorityGetsWhatTheOtherHasNoRoomFor() async throws {
    let fixture = try await BrokerFixture()
    let options = fixture.options(name: "reserve", heartbeat: .seconds(20))
    try await fixture.connected { first in
      try first.declareQueue("q")
      let preferred = try Consumer(first, queue: "q", prefetch: 3)
      let second = try Connection(options)
      defer { second.close() }
      let reserve = try Consumer(second, queue: "q", prefetch: 10, priority: -1)
      let publisher = try Publisher(first)
      for number in 1...5 { try publisher.publish(to: "q", "\(number)") }
      #expect(try preferred.receive(3).map(\.text) == ["1", "2", "3"])
      #expect(try reserve.receive(2).map(\.text) == ["4", "5"])
    }
  }

  @Test func noMoreThanThePrefetchIsDeliveredBeforeAnAck() async throws {
    let fixture = try await BrokerFixture()
    try await fixture.connected { connection in
      try connection.declareQueue("q")
      let publisher = try Publisher(connection)
      for number in 1...8 { try publisher.publish(to: "q", "\(number)") }
      _ = try publisher.allSettlements()
      let consumer = try Consumer(connection, queue: "q", prefetch: 3)
      let first = try consumer.receive(3)
      #expect(try consumer.take(upTo: 10, waiting: .milliseconds(500)).isEmpty)
      try consumer.ack(first[2].tag, multiple: true)
      #expect(try consumer.receive(3).map(\.text) == ["4", "5", "6"])
    }
  }

  @Test func rejectRequeuesOrDrops() async throws {
    let fixture = try await BrokerFixture()
    try await fixture.connected { connection in
      try connection.declareQueue("q", arguments: ["x-queue-type": .string("quorum")])
      let publisher = try Publisher(connection)
      try publisher.publish(to: "q", "a")
      _ = try publisher.allSettlements()
      let consumer = try Consumer(connection, queue: "q", prefetch: 3)
      try consumer.reject(try consumer.receive(1)[0].tag, requeue: true)
      let again = try consumer.receive(1)[0]
      #expect(again.redelivered)
      #expect(again.deliveryCount == 1)
      try consumer.reject(again.tag, requeue: false)
      #expect(try consumer.take(upTo: 1, waiting: .milliseconds(300)).isEmpty)
    }
  }

  @Test func aBodyOfTenMegabytesArrivesWhole() async throws {
    let fixture = try await BrokerFixture()
    let body = (0..<10_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    let received = try await fixture.connected { connection in
      try connection.declareQueue("q")
      let publisher = try Publisher(connection)
      try publisher.publish(exchange: "", routingKey: "q", properties: Properties(), body: body)
      try publisher.publish(to: "q", "behind it")
      try publisher.publish(exchange: "", routingKey: "q", properties: Properties(), body: [])
      _ = try publisher.allSettlements()
      return try Consumer(connection, queue: "q", prefetch: 10).receive(3)
    }
    #expect(received[0].body == body)
    #expect(received[1].text == "behind it")
    #expect(received[2].body.isEmpty)
  }

  @Test func takeReturnsAtMostTheLimitAndKeepsTheRest() async throws {
    let fixture = try await BrokerFixture()
    try await fixture.connected { connection in
      try connection.declareQueue("q")
      let publisher = try Publisher(connection)
      for number in 1...50 { try publisher.publish(to: "q", "\(number)") }
      _ = try publisher.allSettlements()
      let consumer = try Consumer(connection, queue: "q", prefetch: 100)
      var seen: [String] = []
      _ = try eventually {
        let some = try consumer.take(upTo: 7, waiting: .seconds(1))
        #expect(some.count <= 7)
        seen += some.map(\.text)
        return seen.count == 50 ? true : nil
      }
      #expect(seen == (1...50).map(String.init))
    }
  }

  @Test func deliveriesThatArriveDuringServiceAreKept() async throws {
    let fixture = try await BrokerFixture()
    try await fixture.connected { connection in
      try connection.declareQueue("q")
      let consumer = try Consumer(connection, queue: "q", prefetch: 100)
      let publisher = try Publisher(connection)
      for number in 1...20 { try publisher.publish(to: "q", "\(number)") }
      // Reading the confirms meets the deliveries; so do the passive declarations' answers.
      _ = try publisher.allSettlements()
      _ = try eventually { try connection.declareQueuePassively("q").messages == 0 ? true : nil }
      for _ in 1...100 { try connection.service() }
      #expect(try consumer.receive(20).map(\.text) == (1...20).map(String.init))
    }
  }

  @Test func whatIsAbandonedIsKeptByNobodyAndReturns() async throws {
    let fixture = try await BrokerFixture()
    try await fixture.connected { connection in
      try connection.declareQueue("q", arguments: ["x-queue-type": .string("quorum")])
      let publisher = try Publisher(connection)
      for number in 1...2_000 { try publisher.publish(to: "q", "\(number)") }
      _ = try publisher.allSettlements()
    }
    try await fixture.connected { connection in
      let consumer = try Consumer(connection, queue: "q", prefetch: 10_000)
      let taken = try consumer.take(upTo: 10, waiting: .seconds(10))
      try consumer.ack(try #require(taken.first).tag, multiple: false)
      try consumer.abandon()
      #expect(try consumer.take(upTo: 10, waiting: .zero).isEmpty)
    }
    try await fixture.connected { connection in
      _ = try eventually { try connection.declareQueuePassively("q").messages == 1_999 ? true : nil }
      let again = try Consumer(connection, queue: "q", prefetch: 1).take(upTo: 1, waiting: .seconds(10))
      #expect(again.map(\.text) == ["2"])
    }
  }

  @Test func afterCancelWhatArrivedCanStillBeTakenAndAcknowledged() async throws {
    let fixture = try await BrokerFixture()
    try await fixture.connected { connection in
      try connection.declareQueue("q")
      let publisher = try Publisher(connection)
      for number in 1...3 { try publisher.publish(to: "q", "\(number)") }
      _ = try publisher.allSettlements()
      let consumer = try Consumer(connection, queue: "q", prefetch: 2)
      _ = try eventually { try connection.declareQueuePassively("q").messages == 1 ? true : nil }
      try consumer.cancel()
      let taken = try consumer.take(upTo: 10, waiting: .zero)
      #expect(taken.map(\.text) == ["1", "2"])
      try consumer.ack(taken[1].tag, multiple: true)
      #expect(try consumer.take(upTo: 10, waiting: .seconds(60)).isEmpty)
      #expect(try connection.declareQueuePassively("q").messages == 1)
    }
  }
}
