import Lanes
import OutboxRelay
import TestServers
import Testing

extension RelayTests {
  @Test("relays share the shards evenly; a third one gets its share, and what a dead one had is taken over")
  func sharing() async throws {
    let site = try await RelaySite()
    try await site.subscribe("all", to: "#")
    let first = RunningRelay(site, name: "first")
    try await eventually("the first owns everything") { first.now.shards == Array(0...15) }
    let second = RunningRelay(site, name: "second")
    try await eventually("two own eight each") { first.now.shards.count == 8 && second.now.shards.count == 8 }
    let third = RunningRelay(site, name: "third")
    let all = [first, second, third]
    try await eventually("three own all, none more than six") {
      all.flatMap { $0.now.shards }.sorted() == Array(0...15) && all.allSatisfy { $0.now.shards.count <= 6 }
    }
    try await site.fill(aggregates: 1...64, numbers: 1...10)
    #expect(Heard(try await site.receive(640, from: "all")).faults.isEmpty)
    #expect(all.allSatisfy { $0.now.published > 0 })

    await third.stop()
    try await eventually("two own all again") {
      (first.now.shards + second.now.shards).sorted() == Array(0...15)
    }
    await second.stop()
    await first.stop()
  }

  @Test("a relay that owns no shard has nothing to do, and sleeps")
  func withoutShards() async throws {
    let site = try await RelaySite()
    let lane = Lane(name: "standby")
    defer { lane.stop() }
    let isIdle = try await lane.run {
      let (relay, database, broker) = try site.relay(named: "standby")
      defer {
        database.close()
        broker.close()
      }
      return try relay.turn().isIdle
    }
    #expect(isIdle)
  }

  @Test(
    "a relay whose connections are cut in the middle repeats a suffix at most, and the other one takes over",
    arguments: RelaySite.Filling.allCases)
  func cutOff(filling: RelaySite.Filling) async throws {
    let site = try await RelaySite()
    try await site.subscribe("all", to: "#")
    let first = RunningRelay(site, name: "first")
    let second = RunningRelay(site, name: "second")
    try await eventually("they share") { first.now.shards.count == 8 && second.now.shards.count == 8 }
    try await site.fill(aggregates: 1...200, numbers: 1...50, as: filling)
    for _ in 1...3 {
      let before = first.now.connections
      let published = first.now.published
      try await eventually("it works, or has nothing left to do") {
        if first.now.published > published { return true }
        return try await site.waiting() == 0
      }
      try await site.script(
        """
        select pg_terminate_backend(pid) from pg_stat_activity
        where application_name = 'first' and datname = current_database()
        """)
      try await eventually("it is cut off and comes back") { first.now.connections > before }
      if try await site.waiting() == 0 { break }
    }
    try await eventually("everything is settled") { try await site.waiting() == 0 }
    await first.stop()
    await second.stop()
    let depth = try await site.depth(of: "all")
    let heard = Heard(try await site.receive(depth, from: "all"))
    print("relay: cut off, \(heard.count) messages, \(heard.repeats) repeated")
    #expect(heard.faults.isEmpty)
    #expect(heard.count == 10_000)
  }

  @Test("shards that change hands while rows wait: nothing is published twice", arguments: RelaySite.Filling.allCases)
  func handingOver(filling: RelaySite.Filling) async throws {
    let site = try await RelaySite()
    try await site.subscribe("all", to: "#")
    try await site.fill(aggregates: 1...500, numbers: 1...40, as: filling)
    let first = RunningRelay(site, name: "first")
    try await eventually("it works") { first.now.published > 500 }
    let second = RunningRelay(site, name: "second")
    try await eventually("everything is settled") { try await site.waiting() == 0 }
    await first.stop()
    await second.stop()
    let heard = Heard(try await site.receive(20_000, from: "all"))
    #expect(heard.faults.isEmpty)
    #expect(heard.count == 20_000)
    #expect(second.now.published > 0)
    #expect(try await site.depth(of: "all") == 0)
  }
}
