import AMQP
import Lanes
import TestServers
import Testing

/// A publisher with several channels, and what is written together.
@Suite struct ChannelTests {
  @Test func eachMessageOfTwoChannelsIsSettledByItsOwnSequence() async throws {
    let fixture = try await BrokerFixture()
    try await fixture.connected { connection in
      try connection.declareQueue("q", arguments: ["x-queue-type": .string("quorum")])
      let publisher = try Publisher(connection, channels: 2)
      let sequences = try publisher.together {
        try (1...3000).map { try publisher.publish(to: $0.isMultiple(of: 3) ? "nowhere" : "q", "m", id: "\($0)") }
      }
      // Odd ones are the first channel's, even ones the second's.
      #expect(sequences.count { $0.isMultiple(of: 2) } > 1000 && sequences.count { !$0.isMultiple(of: 2) } > 1000)
      let settlements = try publisher.allSettlements()
      let outcomes = Dictionary(uniqueKeysWithValues: settlements.map { ($0.sequence, $0.outcome) })
      let returned = Settlement.Outcome.returned(code: 312, text: "NO_ROUTE")
      let expected = (1...3000).map { $0.isMultiple(of: 3) ? returned : .confirmed }
      #expect(sequences.map { outcomes[$0] } == expected)
    }
  }

  @Test func singleMessagesLeaveTheSecondChannelAlone() async throws {
    let fixture = try await BrokerFixture()
    try await fixture.connected { connection in
      try connection.declareQueue("q")
      let publisher = try Publisher(connection, channels: 2)
      let sequences = try (1...20).map { _ in
        let sequence = try publisher.publish(to: "q", "m")
        #expect(try publisher.allSettlements().map(\.sequence) == [sequence])
        return sequence
      }
      #expect(sequences.allSatisfy { !$0.isMultiple(of: 2) })
    }
  }

  @Test func bodiesOfEverySizeAroundAFrameArriveWhole() async throws {
    let fixture = try await BrokerFixture()
    // 131,072 bytes are agreed on for a frame, eight of them are not content.
    let sizes = [0, 1, 65_000, 65_536, 131_063, 131_064, 131_065, 262_127, 262_128, 262_129, 700_000, 3, 0]
    let bodies = sizes.enumerated().map { index, size in
      (0..<size).map { UInt8(truncatingIfNeeded: ($0 &* 31) &+ index) }
    }
    let received = try await fixture.connected { connection in
      try connection.declareQueue("q")
      let publisher = try Publisher(connection)
      try publisher.together {
        for body in bodies {
          try publisher.publish(exchange: "", routingKey: "q", properties: Properties(), body: body)
        }
      }
      #expect(try publisher.allSettlements().allSatisfy { $0.outcome == .confirmed })
      return try Consumer(connection, queue: "q", prefetch: 100).receive(bodies.count).map(\.body)
    }
    #expect(received == bodies)
  }

  @Test func headersTooLongForAFrameCostNothingButTheirMessage() async throws {
    let fixture = try await BrokerFixture()
    try await fixture.connected { connection in
      try connection.declareQueue("q")
      let publisher = try Publisher(connection, channels: 2)
      try publisher.together {
        try publisher.publish(to: "q", "before")
        expectInvalid { try publisher.publishTooLong(to: "q") }
        try publisher.publish(to: "q", "after")
      }
      #expect(try publisher.allSettlements().map(\.outcome) == [.confirmed, .confirmed])
      let received = try Consumer(connection, queue: "q", prefetch: 10).receive(2)
      #expect(received.map(\.text).sorted() == ["after", "before"])
    }
  }

  @Test func whoAsksForAnswersHasWrittenWhatTheyAreTo() async throws {
    let fixture = try await BrokerFixture()
    try await fixture.connected { connection in
      try connection.declareQueue("q")
      let publisher = try Publisher(connection)
      try publisher.together {
        try publisher.publish(to: "q", "m")
        #expect(try publisher.allSettlements().map(\.outcome) == [.confirmed])
      }
    }
  }

  @Test func whatWasPublishedBeforeAnErrorLeavesAllTheSame() async throws {
    struct Interruption: Error {}
    let fixture = try await BrokerFixture()
    try await fixture.connected { connection in
      try connection.declareQueue("q")
      let publisher = try Publisher(connection)
      #expect(throws: Interruption.self) {
        try publisher.together {
          try publisher.publish(to: "q", "m")
          throw Interruption()
        }
      }
      #expect(try publisher.allSettlements().map(\.outcome) == [.confirmed])
      // And what is published by itself does not wait for more.
      try publisher.publish(to: "q", "n")
      #expect(try publisher.allSettlements().map(\.outcome) == [.confirmed])
    }
  }

  @Test func aChannelThatTheBrokerClosesEndsTheConnection() async throws {
    let fixture = try await BrokerFixture()
    try await fixture.connected { connection in
      try connection.declareQueue("q")
      let publisher = try Publisher(connection, channels: 2)
      try publisher.together {
        for _ in 1...16 { try publisher.publish(to: "q", "on the first channel") }
        let last = try publisher.publish(exchange: "missing", routingKey: "k", properties: Properties(), body: [])
        #expect(last == 2, "not on the second channel")
      }
      let error = failure { _ = try publisher.allSettlements() }
      guard case .channelClosed(404, _) = error else {
        Issue.record("expected channelClosed 404, got \(String(describing: error))")
        return
      }
      #expect(failure { try publisher.publish(to: "q", "later") } == error)
      #expect(publisher.unsettled >= 1)
    }
  }
}
