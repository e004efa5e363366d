import AMQP
import Lanes
import TestServers
import Testing

@testable import Outbox
@testable import OutboxRelay

@Suite("Messages that end the connection")
struct SuspicionTests {
  private static let closed = AMQPError.channelClosed(code: 406, text: "unacceptable")

  private static func message(_ id: Int64) -> WaitingMessage { WaitingMessage(shard: 1, id: id, aggregate: id) }

  @Test("of several all are suspects, the one alone when it happens again is held, ever longer, until it leaves")
  func alone() throws {
    let suspicion = Suspicion(backoff: Backoff(initial: .seconds(10), maximum: .seconds(20)))
    let now = ContinuousClock.now
    suspicion.note(Self.closed, underWay: [Self.message(1), Self.message(2)], at: now)
    #expect(suspicion.isSuspect(Self.message(1)) && suspicion.isSuspect(Self.message(2)))
    #expect(!suspicion.isSuspect(Self.message(3)))
    #expect(suspicion.verdict(on: Self.message(1), at: now) == nil)
    suspicion.clear(Self.message(1))
    #expect(!suspicion.isSuspect(Self.message(1)))
    suspicion.note(Self.closed, underWay: [Self.message(2)], at: now)
    let first = try #require(suspicion.verdict(on: Self.message(2), at: now))
    #expect(first.why.contains("406 unacceptable"))
    #expect(first.until <= now + .seconds(10))
    #expect(suspicion.verdict(on: Self.message(2), at: first.until) == nil)
    #expect(suspicion.isSuspect(Self.message(2)), "it is tried alone, as before")
    suspicion.note(Self.closed, underWay: [Self.message(2)], at: first.until)
    let second = try #require(suspicion.verdict(on: Self.message(2), at: first.until))
    #expect(second.until <= first.until + .seconds(20))
    suspicion.clear(Self.message(2))
    #expect(suspicion.isEmpty)
  }

  @Test("where an exchange is missing one message tries for all that go there, and all leave once it does")
  func missingExchange() throws {
    let suspicion = Suspicion(exchangeBackoff: Backoff(initial: .seconds(5), maximum: .seconds(60)))
    let closed = AMQPError.channelClosed(code: 404, text: "no exchange 'nowhere'")
    func lost(_ id: Int64) -> WaitingMessage { WaitingMessage(shard: 1, id: id, aggregate: id, exchange: "nowhere") }
    let now = ContinuousClock.now
    suspicion.note(closed, underWay: [Self.message(1), lost(2)], at: now)
    suspicion.note(closed, underWay: [lost(2)], at: now)
    let until = try #require(suspicion.verdict(on: lost(3), at: now)).until
    #expect(until <= now + .seconds(5))
    #expect(suspicion.verdict(on: lost(2), at: now)?.why.contains("404") == true)
    #expect(suspicion.verdict(on: Self.message(1), at: now) == nil && suspicion.isSuspect(Self.message(1)))
    #expect(suspicion.verdict(on: lost(3), at: until) == nil && suspicion.isSuspect(lost(3)), "it is tried alone")
    suspicion.note(closed, underWay: [lost(3)], at: until)
    #expect(suspicion.verdict(on: lost(2), at: until) != nil)
    suspicion.clear(lost(3))
    #expect(!suspicion.isSuspect(lost(2)))
  }

  @Test("a connection that ends for another reason makes nobody a suspect")
  func innocent() {
    let suspicion = Suspicion()
    for error in [
      AMQPError.connectionLost(detail: "gone"), .connectionClosed(code: 320, text: "shutdown"),
      .timedOut(operation: "waiting"),
    ] {
      suspicion.note(error, underWay: [Self.message(1)])
      #expect(suspicion.isEmpty)
    }
    suspicion.note(.connectionClosed(code: 541, text: "INTERNAL_ERROR"), underWay: [Self.message(1)])
    #expect(suspicion.isSuspect(Self.message(1)))
  }
}

extension RelayTests {
  @Test("headers that order copies are left behind, whoever wrote them into the row")
  func copies() async throws {
    let site = try await RelaySite()
    try await site.subscribe("all", to: "order.reserved")
    try await site.subscribe("copies", to: "copy")
    try await site.script(
      """
      insert into outbox (shard, aggregate, exchange, routing_key, message_id, content_type, headers, body)
      values (1, 1, 'supply.events', 'order.reserved', 'm', '', '{"BCC":"copy","CC":"[copy]","kept":"yes"}', '1:1')
      """)
    try await site.fill(aggregates: 1...1, numbers: 2...3)
    let relay = RunningRelay(site)
    let heard = try await site.receive(3, from: "all")
    try await eventually("everything is settled") { try await site.waiting() == 0 }
    await relay.stop()
    #expect(Heard(heard).first == [1: [1, 2, 3]])
    #expect(heard[0].properties.headers == ["kept": .string("yes")])
    #expect(relay.now.errors.isEmpty)
    #expect(try await site.depth(of: "copies") == 0)
  }

  @Test("rows for which the broker closes the channel are found and held; all others leave, and they too in the end")
  func closedChannel() async throws {
    let site = try await RelaySite()
    try await site.subscribe("all", to: "#")
    try await site.fill(aggregates: 1...200, numbers: 1...2)
    try await site.script(
      """
      insert into outbox (shard, aggregate, exchange, routing_key, message_id, content_type, body)
      values (1, 17, 'nowhere', 'order.reserved', 'm-17-3', '', '17:3'),
             (5, 5, 'nowhere', 'order.reserved', 'm-5-3', '', '5:3')
      """)
    try await site.fill(aggregates: 1...200, numbers: 4...4)
    let relay = RunningRelay(site, held: Backoff(initial: .seconds(2), maximum: .seconds(4)))
    try await eventually("only two and what is behind them waits", or: { " \(relay.now)" }) {
      try await site.waiting() == 4
    }
    #expect(relay.now.errors.contains { $0.contains("404") && $0.contains("nowhere") })
    #expect(relay.now.failed >= 2)
    try await site.amqp { connection in
      try connection.declareExchange("nowhere", type: "fanout")
      try connection.bind(queue: "all", exchange: "nowhere", routingKey: "")
    }
    try await eventually("they leave", or: { " \(relay.now)" }) { try await site.waiting() == 0 }
    await relay.stop()
    let heard = try await site.receive(try await site.depth(of: "all"), from: "all")
    var numbers: [Int: [Int]] = [:]
    for delivery in heard {
      let parts = String(decoding: delivery.body, as: UTF8.self).split(separator: ":").compactMap { Int($0) }
      if !numbers[parts[0], default: []].contains(parts[1]) { numbers[parts[0], default: []].append(parts[1]) }
    }
    #expect(numbers.count == 200)
    for (aggregate, heard) in numbers { #expect(heard == ([5, 17].contains(aggregate) ? [1, 2, 3, 4] : [1, 2, 4])) }
  }
}
