import Lanes
import TestServers
import Testing

@testable import OutboxRelay

extension RelayTests {
  @Test("100,000 rows wait while new ones arrive: all leave, each aggregate's in order")
  func largeBacklog() async throws {
    let site = try await RelaySite()
    try await site.subscribe("all", to: "#")
    try await site.fill(aggregates: 1...1000, numbers: 1...100)
    let start = ContinuousClock.now
    let relay = RunningRelay(site)
    // Others write on, and a little later a last one closes every aggregate.
    for number in 101...110 {
      try await site.fill(aggregates: 1...1000, numbers: number...number)
    }
    var marks: [Duration] = []
    for tenth in 1...10 {
      try await eventually("\(tenth) tenths are published") { relay.now.published >= tenth * 11_000 }
      marks.append(start.duration(to: .now))
    }
    try await eventually("everything is settled") { try await site.waiting() == 0 }
    await relay.stop()
    print("relay: 110,000 rows in \(start.duration(to: .now)); first tenth \(marks[0]), last \(marks[9] - marks[8])")
    let heard = Heard(try await site.receive(110_000, from: "all"))
    #expect(heard.faults.isEmpty)
    #expect(heard.count == 110_000)
    #expect(heard.repeats == 0)
  }

  @Test("rows of 200 kB: what a relay has in hand keeps to its bound, and all leave")
  func largeRows() async throws {
    let site = try await RelaySite()
    try await site.subscribe("all", to: "#")
    try await site.script(
      """
      insert into outbox (shard, aggregate, exchange, routing_key, message_id, content_type, body)
      select n % 16, n % 40, 'supply.events', 'order.reserved', n::text, '', convert_to(repeat('x', 200000), 'UTF8')
      from generate_series(1, 300) n
      """)
    let lane = Lane(name: "large")
    defer { lane.stop() }
    let most = try await lane.run {
      var limits = RelayLimits()
      limits.bytes = 1_000_000
      let (relay, database, connection) = try site.relay(named: "large", limits: limits)
      defer {
        database.close()
        connection.close()
      }
      _ = try relay.balance()
      var (most, published) = (0, 0)
      let end = ContinuousClock.now + patience
      while published < 300, ContinuousClock.now < end {
        published += try relay.turn().published
        most = max(most, relay.bytesInHand)
      }
      try relay.finish()
      return most
    }
    #expect(most >= 1_000_000 && most <= 2_200_000)
    #expect(try await site.waiting() == 0)
    #expect(try await site.depth(of: "all") == 300)
  }

  @Test("what is confirmed while the relay ends is counted as well")
  func endCounts() async throws {
    let site = try await RelaySite()
    try await site.subscribe("all", to: "#")
    try await site.fill(aggregates: 1...500, numbers: 1...4)
    let lane = Lane(name: "ending")
    defer { lane.stop() }
    let published = try await lane.run {
      let (relay, database, connection) = try site.relay(named: "ending")
      defer {
        database.close()
        connection.close()
      }
      _ = try relay.balance()
      var published = 0
      let end = ContinuousClock.now + patience
      while published == 0, ContinuousClock.now < end { published += try relay.turn().published }
      // A window full is published, and few are answered for yet.
      published += try relay.turn().published
      return try published + relay.finish().published
    }
    #expect(try await site.waiting() == 2_000 - Int64(published))
  }

  @Test("a row that commits late, with a lower id than those already published, is found")
  func lateCommit() async throws {
    let site = try await RelaySite()
    try await site.subscribe("all", to: "#")
    let writer = RelaySite.Writer(site.conninfo)
    try await writer.script("begin; " + RelaySite.filling(aggregates: 7...7, numbers: 1...1, key: "order.reserved"))
    let relay = RunningRelay(site)
    // More than a fetch takes, so that the relay has moved on when the early id commits.
    try await site.fill(aggregates: 17...216, numbers: 1...20)
    #expect(Heard(try await site.receive(4000, from: "all")).count == 4000)
    try await writer.script("commit")
    let late = Heard(try await site.receive(1, from: "all"))
    #expect(late.first == [7: [1]])
    try await eventually("everything is settled") { try await site.waiting() == 0 }
    await relay.stop()
    await writer.close()
  }
}
