import Lanes
import TestServers
import Testing

@testable import AMQP

@Suite struct PublisherTests {
  @Test func anUnroutableMessageComesBackAmongConfirmedOnes() async throws {
    let fixture = try await BrokerFixture()
    let outcomes = try await fixture.connected { connection in
      try connection.declareQueue("q")
      let publisher = try Publisher(connection)
      try publisher.publish(to: "q", "1", id: "1")
      try publisher.publish(to: "nowhere", "2", id: "2")
      try publisher.publish(to: "q", "3", id: "3")
      return try publisher.allSettlements().sorted { $0.sequence < $1.sequence }.map(\.outcome)
    }
    #expect(outcomes == [.confirmed, .returned(code: 312, text: "NO_ROUTE"), .confirmed])
  }

  @Test func aMessageThatIsNotMandatoryIsConfirmedWithoutAQueue() async throws {
    let fixture = try await BrokerFixture()
    let outcomes = try await fixture.connected { connection in
      let publisher = try Publisher(connection)
      try publisher.publish(
        exchange: "", routingKey: "nowhere", properties: Properties(), body: [], mandatory: false)
      return try publisher.allSettlements().map(\.outcome)
    }
    #expect(outcomes == [.confirmed])
  }

  @Test func aFullQueueNacks() async throws {
    let fixture = try await BrokerFixture()
    let outcomes = try await fixture.connected { connection in
      try connection.declareQueue("q", arguments: ["x-max-length": .int(1), "x-overflow": .string("reject-publish")])
      let publisher = try Publisher(connection)
      var outcomes: [Settlement.Outcome] = []
      for number in 1...3 {
        try publisher.publish(to: "q", "\(number)")
        outcomes += try publisher.allSettlements().map(\.outcome)
      }
      return outcomes
    }
    #expect(outcomes.first == .confirmed)
    #expect(outcomes.last == .nacked)
  }

  @Test func thousandsInFlightAreEachSettledOnce() async throws {
    let fixture = try await BrokerFixture()
    let sequences = try await fixture.connected { connection in
      try connection.declareQueue("q", arguments: ["x-queue-type": .string("quorum")])
      let publisher = try Publisher(connection)
      for number in 1...5000 { try publisher.publish(to: "q", "\(number)") }
      let settlements = try publisher.allSettlements()
      #expect(settlements.allSatisfy { $0.outcome == .confirmed })
      return settlements.map(\.sequence).sorted()
    }
    #expect(sequences == Array(1...5000))
  }

  @Test func aTextTooLongForAMQPIsRefusedBeforeAnythingIsWritten() async throws {
    let fixture = try await BrokerFixture()
    try await fixture.connected { connection in
      try connection.declareQueue("q")
      let publisher = try Publisher(connection)
      let long = String(repeating: "k", count: 256)
      expectInvalid { try publisher.publish(to: long, "x") }
      expectInvalid { try publisher.publish(to: "q", "x", id: long) }
      #expect(publisher.unsettled == 0)
      try publisher.publish(to: "q", "fits")
      #expect(try publisher.allSettlements().map(\.outcome) == [.confirmed])
    }
  }

  @Test func anAnswerThatWasReadWhileNobodyAskedForItIsStillAwaited() async throws {
    let fixture = try await BrokerFixture()
    try await fixture.connected { connection in
      try connection.declareQueue("q")
      let publisher = try Publisher(connection)
      #expect(!publisher.isAwaited)
      try publisher.publish(to: "q", "m")
      // As publishing does now and then, also a message that turns out to be impossible.
      _ = try eventually {
        try connection.service()
        return publisher.unsettled == 0 ? true : nil
      }
      #expect(publisher.isAwaited)
      #expect(try publisher.settlements(waiting: .zero).map(\.outcome) == [.confirmed])
      #expect(!publisher.isAwaited)
    }
  }

  @Test func answersThatWereReadAreToldAlthoughTheNextMessageCannotBeWritten() async throws {
    let fixture = try await BrokerFixture()
    try await fixture.connected { try Self.loseTheConnectionBetweenTwoMessages($0) }
  }

  private static func loseTheConnectionBetweenTwoMessages(_ connection: Connection) throws {
    try connection.declareQueue("q")
    let publisher = try Publisher(connection)
    let first = try publisher.publish(to: "q", "first")
    _ = try eventually {
      try connection.service()
      return publisher.unsettled == 0 ? true : nil
    }
    let cut = AMQPError.connectionLost(detail: "cut")
    let told = try publisher.together {
      try publisher.publish(to: "q", "second")
      _ = connection.fail(cut)
      return try publisher.settlements(waiting: .zero)
    }
    #expect(told.map(\.sequence) == [first])
    #expect(failure { _ = try publisher.settlements(waiting: .zero) } == cut)
    #expect(publisher.unsettled == 1)
  }

  @Test func publishingToAMissingExchangeEndsTheChannelWithItsReason() async throws {
    let fixture = try await BrokerFixture()
    let error = try await fixture.connected { connection in
      let publisher = try Publisher(connection)
      try publisher.publish(exchange: "missing", routingKey: "k", properties: Properties(), body: [])
      let error = failure { _ = try publisher.allSettlements() }
      #expect(publisher.unsettled == 1)
      return error
    }
    guard case .channelClosed(404, let text) = error else {
      Issue.record("expected channelClosed 404, got \(String(describing: error))")
      return
    }
    #expect(text.contains("missing"))
  }
}
