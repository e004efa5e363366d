import PipelineKit
import Postgres
import TestServers
import Testing

@testable import Outbox

/// An outbox that is sent in portions.
@Suite("portions of a transaction's messages")
struct PortionTests {
  @Test(
    "each message is written once, as it was given, and each aggregate's in their order",
    arguments: [
      (1, 100), (63, 100), (64, 100), (65, 100), (63, 9_000), (64, 9_000), (65, 9_000), (700, 2_000), (80, 60_000),
      (66, 300_000),
    ])
  func once(count: Int, size: Int) async throws {
    try await withHouse { house in
      var dice = SeededGenerator(seed: UInt64(count * size))
      let rows = (0..<count).map { number in
        let aggregate = "order/\(Int.random(in: 0..<max(2, count / 6), using: &dice))"
        // Now and then a retry or a dead letter, which no packet holds, with an odd body.
        let isOdd = Int.random(in: 0..<7, using: &dice) == 0
        let body = [UInt8](repeating: UInt8(number % 251), count: Int.random(in: 0...size, using: &dice))
        return OutboxRow(
          aggregate: aggregate, exchange: isOdd ? "" : OutboxRow.eventExchange,
          routingKey: isOdd ? "tallyman.retry" : "order.reserved", messageID: "m-\(number)",
          headers: isOdd ? #"{"x-attempt":2}"# : nil, body: body)
      }
      let given = rows
      try await house.desk().with { try OutboxTests.write(given, on: $0) }
      let written = try await house.outbox()
      #expect(written.count == count)
      let byID = Dictionary(grouping: written, by: \.messageID)
      #expect(byID.count == count)
      for row in rows {
        let found = byID[row.messageID]?.first
        #expect(found?.body == row.body && found?.exchange == row.exchange && found?.routingKey == row.routingKey)
      }
      let place = Dictionary(written.enumerated().map { ($0.element.messageID, $0.offset) }) { one, _ in one }
      for (_, mine) in Dictionary(grouping: rows, by: \.aggregate) {
        let places = mine.compactMap { place[$0.messageID] }
        #expect(places == places.sorted())
      }
      // Its bodies are no events, which the house would look into at the end.
      try await house.script("delete from outbox")
    }
  }
}
