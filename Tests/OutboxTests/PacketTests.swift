import Lanes
import PipelineKit
import Postgres
import TestServers
import Testing

@testable import Outbox

@Suite("Many messages in one row")
struct PacketTests {
  private static func part(_ number: Int, _ body: String) -> Packet.Part {
    Packet.Part(
      aggregate: Int64(number % 2 == 0 ? number : -number), routingKey: "order.reserved", messageID: "m-\(number)",
      body: Array(body.utf8)[...])
  }

  private static func encode(_ parts: [Packet.Part]) -> [UInt8] {
    var packet = Packet.Writer()
    for part in parts {
      packet.add(part.body.span, aggregate: part.aggregate, routingKey: part.routingKey, messageID: part.messageID)
    }
    return packet.finish()
  }

  /// An event as most are: nothing keeps it out of a packet.
  static func event(_ aggregate: String, _ id: String, body: String? = nil) -> OutboxRow {
    OutboxRow(
      aggregate: aggregate, exchange: OutboxRow.eventExchange, routingKey: "order.reserved", messageID: id,
      body: Array((body ?? id).utf8))
  }

  /// A queue that owns all shards: the session of an earlier relay may still be ending.
  private static func owningAll(_ database: Connection) throws -> OutboxQueue {
    let queue = try OutboxQueue(database)
    let end = ContinuousClock.now + patience
    while try queue.balance() > 1 || queue.shards.count < Shard.count {
      guard ContinuousClock.now < end else { throw NeverHappened("all shards are free") }
      Lane.pause(for: .milliseconds(10))
    }
    return queue
  }

  private static func holds(_ what: String, _ house: House) async throws -> Bool {
    try await house.value("select (\(what))::text") == "true"
  }

  @Test("a packet is read as it was written", arguments: [2, 3, 32])
  func roundTrip(count: Int) throws {
    let parts = (0..<count).map { Self.part($0, String(repeating: "ä\n", count: $0)) }
    let bytes = Self.encode(parts)
    let read = try #require(Packet.decode(bytes, count: count))
    #expect(read.map(\.aggregate) == parts.map(\.aggregate))
    #expect(read.map(\.routingKey) == parts.map(\.routingKey))
    #expect(read.map(\.messageID) == parts.map(\.messageID))
    #expect(read.map { Array($0.body) } == parts.map { Array($0.body) })
    #expect(Packet.decode(bytes, count: count - 1) == nil)
    #expect(Packet.decode(bytes, count: count + 1) == nil)
  }

  @Test("what is no packet is said to be none, however it is damaged")
  func damaged() {
    let bytes = Self.encode((0..<5).map { Self.part($0, "body \($0)") })
    for end in 0..<bytes.count { #expect(Packet.decode(Array(bytes[..<end]), count: 5) == nil) }
    for length in ["-1", "9223372036854775807", "x", ""] {
      #expect(Packet.decode(Array("1 \(length) k m\n2 1 k m\n\nab".utf8), count: 2) == nil)
    }
    #expect(Packet.decode(Array("1 2 k m\n2 -1 k m\n\na".utf8), count: 2) == nil)
    // Sizes of which the sum is right only because it does not fit.
    let huge = "1 9223372036854775807 k m\n2 9223372036854775807 k m\n3 4 k m\n\nab"
    #expect(Packet.decode(Array(huge.utf8), count: 3) == nil)
    var random = SeededGenerator(seed: 7)
    for _ in 0..<2_000 {
      var copy = bytes
      for _ in 0..<3 {
        copy[Int.random(in: 0..<copy.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
      }
      // Whatever it gives must lie within it: a slice beyond would stop the program.
      #expect(Packet.decode(copy, count: 5).map { $0.reduce(0) { $0 + $1.body.count } } ?? 0 <= copy.count)
    }
  }

  @Test("only what needs no columns of its own lies in a packet")
  func mayHold() {
    let plain = Self.event("a", "m")
    #expect(Packet.mayHold(plain))
    var others: [OutboxRow] = Array(repeating: plain, count: 6)
    others[0].headers = "{}"
    others[1].exchange = ""
    others[2].contentType = "text/plain"
    others[3].messageID = "two words"
    others[4].messageID = ""
    others[5].routingKey = "line\nbreak"
    for other in others { #expect(!Packet.mayHold(other), "\(other.messageID) \(other.routingKey)") }
  }

  @Test("a large batch leaves in few rows, each aggregate's messages in their order, whatever lies between them")
  func largeBatch() async throws {
    try await withHouse { house in
      let rows = (0..<600).map { number in
        var row = Self.event("order/\(number % 97)", "m-\(number)", body: "{\"number\":\(number)}")
        if number % 50 == 7 { row.headers = #"{"a":1}"# }
        if number == 300 { row.body = [UInt8](repeating: 65, count: 30_000) }
        return row
      }
      try await house.desk().with { try OutboxTests.write(rows, on: $0) }
      #expect(try await Self.holds("select count(*) < 120 and sum(messages) = 600 from outbox", house))
      #expect(
        try await Self.holds("select count(*) = 600 and count(distinct message_id) = 600 from outbox_messages", house))
      #expect(
        try await Self.holds(
          "select count(*) = 0 from outbox_messages where exchange <> 'supply.events' or length(body) < 10", house))
      let taken = try await house.desk(user: "tallyman_relay").with { database in
        let queue = try PacketTests.owningAll(database)
        #expect(try OutboxWatch(database).backlog().messages == 600)
        return try OutboxTests.drain(queue, limit: 64)
      }
      #expect(taken.count == 600)
      let expected = Dictionary(grouping: rows, by: \.aggregate).mapValues { $0.map(\.messageID) }
      let found = Dictionary(grouping: taken, by: \.aggregate).mapValues { $0.map(\.messageID) }
      for (aggregate, ids) in expected { #expect(found[Shard.hash(aggregate)] == ids, "\(aggregate)") }
      let bodies = Dictionary(taken.map { ($0.messageID, Array($0.body)) }, uniquingKeysWith: { one, _ in one })
      for row in rows { #expect(bodies[row.messageID] == row.body) }
      #expect(taken.count { $0.headers != nil } == 12)
      #expect(try await Self.holds("select count(*) = 0 from outbox", house))
    }
  }

  @Test("what was not published of a packet stays under its id, and nothing else of it")
  func shrink() async throws {
    try await withHouse { house in
      // All in one shard.
      let names = (0..<2_000).map { "order/\($0)" }.filter { Shard.of(hash: Shard.hash($0)) == 3 }.prefix(64)
      try await house.desk().with { try OutboxTests.write(names.map { Self.event($0, $0) }, on: $0) }
      #expect(try await Self.holds("select count(*) = 2 and min(messages) = 32 from outbox", house))
      try await house.desk(user: "tallyman_relay").with { database in
        let queue = try PacketTests.owningAll(database)
        let all = try queue.take(1_000)
        let kept = Set([names[3], names[17], names[30], names[40]])
        for message in all where kept.contains(message.messageID) { queue.release(message) }
        queue.lookBack()
        #expect(try queue.take(1_000).isEmpty)
        for message in all where !kept.contains(message.messageID) { queue.settle(message) }
        try queue.flush()
        queue.lookBack()
        let rest = try queue.take(1_000)
        try #require(rest.map(\.messageID) == [names[3], names[17], names[30], names[40]])
        #expect(rest.map(\.id) == [all[0].id, all[0].id, all[0].id, all[63].id])
        #expect(rest.map { Array($0.body) } == rest.map { Array($0.messageID.utf8) })
        #expect(rest.map(\.aggregate) == rest.map { Shard.hash($0.messageID) })
        for message in rest.dropFirst() { queue.settle(message) }
        queue.release(rest[0])
        try queue.flush()
        queue.lookBack()
        let last = try queue.take(1_000)
        #expect(last.map(\.messageID) == [names[3]])
        #expect(last.map(\.routingKey) == ["order.reserved"])
        queue.release(last[0])
      }
      #expect(
        try await Self.holds(
          "select count(*) = 1 and min(messages) = 1 and min(exchange) = 'supply.events' from outbox", house))
      try await house.script("delete from outbox")
    }
  }

  @Test("a row that claims to hold several messages and cannot be read is handed out as what it is")
  func unreadable() async throws {
    try await withHouse { house in
      try await house.script(
        """
        insert into outbox (shard, aggregate, exchange, routing_key, message_id, content_type, body, messages)
        values (1, 1, '', 'tallyman.packet', '', '', 'nonsense', 3)
        """)
      let taken = try await house.desk(user: "tallyman_relay").with { database in
        let queue = try PacketTests.owningAll(database)
        return try queue.take(100)
      }
      #expect(taken.map(\.isUnreadable) == [true])
      #expect(try await Self.holds("select count(*) = 0 from outbox_messages", house))
      try await house.script("delete from outbox")
    }
  }
}
