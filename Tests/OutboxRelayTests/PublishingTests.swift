import AMQP
import Lanes
import OutboxRelay
import Postgres
import TestServers
import Testing

extension RelayTests {
  @Test("rows leave in order, persistent, with their id, content type and headers, and are deleted once confirmed")
  func publishing() async throws {
    let site = try await RelaySite()
    try await site.subscribe("all", to: "#")
    try await site.script(
      """
      insert into outbox (shard, aggregate, exchange, routing_key, message_id, content_type, headers, body)
      select 3, 3, 'supply.events', 'order.reserved', 'm-' || n, 'application/cloudevents+json',
             case when n % 2 = 0 then '{"x-tallyman-attempt":2,"x-tallyman-reason":"a \\"quoted\\" word"}' end,
             convert_to('3:' || n, 'UTF8')
      from generate_series(1, 40) n order by n
      """)
    let relay = RunningRelay(site)
    let heard = try await site.receive(40, from: "all")
    try await eventually("the outbox is empty") { try await site.waiting() == 0 }
    await relay.stop()

    #expect(heard.map(\.properties.messageID) == (1...40).map { "m-\($0)" })
    #expect(Heard(heard).faults.isEmpty)
    for delivery in heard {
      #expect(delivery.properties.persistent)
      #expect(delivery.properties.contentType == "application/cloudevents+json")
      #expect(delivery.routingKey == "order.reserved")
      #expect(delivery.exchange == "supply.events")
    }
    #expect(heard[0].properties.headers.isEmpty)
    #expect(heard[1].properties.headers["x-tallyman-attempt"] == .int(2))
    #expect(heard[1].properties.headers["x-tallyman-reason"] == .string(#"a "quoted" word"#))
    #expect(relay.now.published == 40)
  }

  @Test(
    "what nobody listens to stays, holds back its own aggregate only, and leaves in order once somebody does",
    arguments: RelaySite.Filling.allCases)
  func unroutable(filling: RelaySite.Filling) async throws {
    let site = try await RelaySite()
    try await site.subscribe("reserved", to: "order.reserved")
    // The first message of aggregate 1 finds nobody, the hundreds behind it would.
    try await site.fill(aggregates: 1...1, numbers: 1...1, key: "order.rejected")
    try await site.fill(aggregates: 1...1, numbers: 2...300, as: filling)
    try await site.fill(aggregates: 17...18, numbers: 1...200, as: filling)
    var limits = RelayLimits(batch: 256, pollInterval: .milliseconds(5))
    limits.holdBackoff = Backoff(initial: .milliseconds(2), maximum: .milliseconds(20))
    let relay = RunningRelay(site, limits: limits)
    let others = Heard(try await site.receive(400, from: "reserved"))
    #expect(others.faults.isEmpty)
    #expect(Set(others.first.keys) == [17, 18])
    try await eventually("it was tried several times") { relay.now.failed >= 10 }
    #expect(try await site.waiting() == 300)
    #expect(try await site.depth(of: "reserved") == 0)

    try await site.subscribe("reserved", to: "order.rejected")
    let later = Heard(try await site.receive(300, from: "reserved"))
    await relay.stop()
    #expect(later.faults.isEmpty)
    #expect(later.first[1] == Array(1...300))
    #expect(try await site.waiting() == 0)
  }

  @Test("thousands that nobody listens to do not keep the relay from the one behind them")
  func manyUnroutable() async throws {
    let site = try await RelaySite()
    try await site.subscribe("reserved", to: "order.reserved")
    try await site.script(
      """
      insert into outbox (shard, aggregate, exchange, routing_key, message_id, content_type, body)
      select 5, 5 + 16 * n, 'supply.events', 'nobody.listens', 'm-' || n, '', '' from generate_series(1, 20000) n
      """)
    let limits = RelayLimits(batch: 1000, pollInterval: .milliseconds(500))
    let relay = RunningRelay(site, limits: limits)
    try await eventually("many were returned") { relay.now.failed > 1000 }
    try await site.fill(aggregates: 5...5, numbers: 1...1)
    let start = ContinuousClock.now
    _ = try await site.receive(1, from: "reserved")
    let took = start.duration(to: .now)
    print("relay: an event behind 20,000 unroutable ones of its shard took", took)
    // One pass over the shard takes about two seconds; a relay that begins again and again takes ten times that.
    #expect(took < .seconds(15))
    await relay.stop()
    #expect(try await site.waiting() == 20_000)
  }

  @Test("with an alternate exchange, what nobody listens to ends in the queue unrouted and is settled")
  func alternateExchange() async throws {
    let site = try await RelaySite(alternate: true)
    try await site.fill(aggregates: 1...5, numbers: 1...4)
    let relay = RunningRelay(site)
    let heard = Heard(try await site.receive(20, from: "unrouted"))
    try await eventually("the outbox is empty") { try await site.waiting() == 0 }
    await relay.stop()
    #expect(heard.faults.isEmpty)
    #expect(relay.now.failed == 0)
  }

  @Test(
    "what a full queue refuses holds back the later ones of its aggregate, and order is kept when there is room",
    arguments: RelaySite.Filling.allCases)
  func refusedByFullQueue(filling: RelaySite.Filling) async throws {
    let site = try await RelaySite()
    try await site.subscribe(
      "small", to: "#", arguments: ["x-max-length": .int(5), "x-overflow": .string("reject-publish")])
    try await site.fill(aggregates: 1...4, numbers: 1...100, as: filling)
    var limits = RelayLimits(batch: 256, pollInterval: .milliseconds(5))
    limits.holdBackoff = Backoff(initial: .milliseconds(2), maximum: .milliseconds(20))
    let relay = RunningRelay(site, limits: limits)
    try await eventually("the queue refuses") { relay.now.failed >= 4 }
    #expect(try await site.waiting() >= 390)
    let heard = Heard(try await site.receive(400, from: "small"))
    await relay.stop()
    #expect(heard.faults.isEmpty)
    #expect(heard.count == 400)
    #expect(try await site.waiting() == 0)
  }

  @Test("of a packet only what is returned stays, and what it was sent with is not sent again")
  func partlyUnroutable() async throws {
    let site = try await RelaySite()
    try await site.subscribe("reserved", to: "order.reserved")
    let body =
      "1 3 order.reserved m-1-1\n17 4 order.rejected m-17-1\n33 4 order.reserved m-33-1\n"
      + "17 4 order.reserved m-17-2\n\n1:117:133:117:2"
    try await site.script(
      """
      insert into outbox (shard, aggregate, exchange, routing_key, message_id, content_type, messages, body)
      values (1, 0, '', 'tallyman.packet', '', 'application/cloudevents+json', 4, '\(body)')
      """)
    var limits = RelayLimits(batch: 256, pollInterval: .milliseconds(5))
    limits.holdBackoff = Backoff(initial: .milliseconds(2), maximum: .milliseconds(20))
    let relay = RunningRelay(site, limits: limits)
    #expect(Heard(try await site.receive(2, from: "reserved")).first == [1: [1], 33: [1]])
    try await eventually("what was confirmed is taken out of the row") { try await site.waiting() == 2 }
    try await eventually("the rest is tried again") { relay.now.failed >= 3 }
    #expect(try await site.number("select count(*) from outbox_messages where aggregate = 17") == 2)
    try await site.subscribe("reserved", to: "order.rejected")
    #expect(Heard(try await site.receive(2, from: "reserved")).first == [17: [1, 2]])
    try await eventually("nothing is left") { try await site.waiting() == 0 }
    await relay.stop()
    #expect(try await site.depth(of: "reserved") == 0)
  }

  @Test("a row that cannot be published at all stays, is reported, and nothing else waits for it")
  func impossibleRows() async throws {
    let site = try await RelaySite()
    try await site.subscribe("all", to: "#")
    try await site.script(
      """
      insert into outbox (shard, aggregate, exchange, routing_key, message_id, content_type, headers, body) values
        (1, 1, 'supply.events', 'order.reserved', repeat('i', 300), '', null, '1:1'),
        (1, 17, 'supply.events', repeat('k', 300), 'm', '', null, '17:1'),
        (1, 33, 'supply.events', 'order.reserved', 'm', repeat('c', 300), null, '33:1'),
        (1, 49, 'supply.events', 'order.reserved', 'm', '', '{"x":', '49:1'),
        (1, 65, 'supply.events', 'order.reserved', 'm', '', '{"x":"' || repeat('h', 200000) || '"}', '65:1');
      insert into outbox (shard, aggregate, exchange, routing_key, message_id, content_type, messages, body)
      values (1, 97, '', 'tallyman.packet', '', '', 2, 'no packet')
      """)
    try await site.fill(aggregates: 1...1, numbers: 2...5)
    try await site.fill(aggregates: 81...81, numbers: 1...50)
    let relay = RunningRelay(site)
    let heard = Heard(try await site.receive(50, from: "all"))
    try await eventually("the others are settled") { try await site.waiting() == 11 }
    let record = relay.now
    await relay.stop()
    #expect(Set(heard.first.keys) == [81])
    #expect(heard.faults.isEmpty)
    #expect(record.failed >= 6)
    #expect(record.connections == 1)
  }
}
