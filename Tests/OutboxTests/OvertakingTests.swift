import PipelineKit
import Postgres
import TestServers
import Testing

@testable import Outbox

/// A transaction that commits long after it drew its outbox ids, and then another of the same aggregate. The queue is
/// not told to look back: that would find the first one's row too, but perhaps behind the second one's.
@Suite("A transaction that takes long is not overtaken")
struct OvertakingTests {
  @Test("by what comes after it, although the relay had read everything there was, again and again")
  func atTheEnd() async throws {
    try await overtaking(around: 20, takes: 16_000) { queue in
      // For longer than the relay keeps reading behind.
      let end = ContinuousClock.now + .milliseconds(1200)
      var seen: [String] = []
      while ContinuousClock.now < end { seen += try OutboxTests.drain(queue, limit: 16_000).map(\.messageID) }
      return seen
    }
  }

  @Test("by what comes after it, although the relay is in the midst of a backlog")
  func inABacklog() async throws {
    try await overtaking(around: 400, takes: 16) { queue in
      let rows = try queue.take(16)
      for row in rows { queue.settle(row) }
      return rows.map(\.messageID)
    }
  }

  @Test("by what comes after it, although the relay is in the midst of a shard's backlog")
  func inAShardsBacklog() async throws {
    try await overtaking(around: 400, takes: 16) { queue in
      try queue.ask([Shard.of(hash: Shard.hash("a"))], perShard: 16)
      let rows = try queue.receive().messages
      for row in rows { queue.settle(row) }
      return rows.map(\.messageID)
    }
  }

  @Test("an answer that was asked for before what was held back is to be read again hands out nothing")
  func rewoundMeanwhile() async throws {
    try await withHouse { house in
      let desk = try await house.desk()
      try await desk.with { try OutboxTests.write((0..<4).map { OutboxTests.row("a", "\($0)") }, on: $0) }
      try await house.desk(user: "tallyman_relay").with { database in
        let queue = try OutboxQueue(database)
        _ = try queue.balance()
        let rows = try queue.take(100)
        for row in rows.dropFirst() { queue.release(row) }
        try queue.ask(queue.shards, perShard: 16)
        queue.settle(rows[0])
        queue.rewind(behind: rows[0])
        let (messages, isEnd) = try queue.receive()
        #expect(messages.isEmpty && !isEnd)
        #expect(try queue.take(100).map(\.messageID) == ["1", "2", "3"])
      }
    }
  }

  /// One transaction stays open, others commit behind it, the relay reads; then it commits, and so does a later one of
  /// its aggregate.
  private func overtaking(
    around count: Int, takes limit: Int, reading: @escaping @Sendable (OutboxQueue) throws -> [String]
  ) async throws {
    try await withHouse { house in
      let slow = try await house.desk()
      let quick = try await house.desk()
      let relay = try await house.desk(user: "tallyman_relay")
      try await quick.with { try OutboxTests.write([OutboxTests.row("a", "zeroth")], on: $0) }
      let queue = try await relay.with { database in
        let queue = Held(try OutboxQueue(database))
        _ = try queue.value.balance()
        #expect(try OutboxTests.drain(queue.value, limit: limit).count == 1)
        return queue
      }
      try await slow.with { try OutboxTests.write([OutboxTests.row("a", "first")], on: $0, commit: false) }
      try await quick.with { try OutboxTests.write((0..<count).map { OutboxTests.row("a", "other-\($0)") }, on: $0) }
      let before = try await relay.with { _ in try reading(queue.value) }
      #expect(!before.isEmpty && !before.contains("first"))
      try await slow.with { try $0.commit() }
      try await quick.with { try OutboxTests.write([OutboxTests.row("a", "second")], on: $0) }
      let after = try await relay.with { _ in try OutboxTests.drain(queue.value, limit: limit).map(\.messageID) }
      #expect(Set(before + after).count == count + 2, "each once")
      #expect(before.count + after.count == count + 2)
      let places = ["first", "second"].compactMap { after.firstIndex(of: $0) }
      #expect(places.count == 2 && places[0] < places[1])
    }
  }
}
