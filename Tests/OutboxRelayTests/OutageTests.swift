import AMQP
import Lanes
import Outbox
import OutboxRelay
import TestServers
import Testing

extension RelayTests {
  @Test("broker killed, database killed and memory alarm in the middle of the work: nothing is lost, all goes on")
  func outages() async throws {
    let broker = try await RabbitMQServer.start()
    defer { broker.remove() }
    let postgres = try PostgresServer()
    let site = try await RelaySite(postgres: postgres, broker: broker)
    // A classic queue: RabbitMQ loses a quorum queue that was declared in the last half second before its death.
    try await site.subscribe("all", to: "#")
    let relay = RunningRelay(site)

    // The broker dies and comes back.
    try await site.fill(aggregates: 1...500, numbers: 1...50)
    try await eventually("it works") { relay.now.published > 100 }
    try await broker.kill()
    #expect(try await site.waiting() > 0)
    try await eventually("the relay notices") { !relay.now.errors.isEmpty }
    try await broker.startAgain()
    try await eventually("everything is settled after the broker died", or: { " \(relay.now)" }) {
      try await site.waiting() == 0
    }

    // The database dies and comes back.
    let before = relay.now.published
    try await site.fill(aggregates: 501...600, numbers: 1...50)
    try await eventually("it works") { relay.now.published > before + 100 }
    try postgres.kill()
    try postgres.start()
    try await eventually("everything is settled after the database died", or: { " \(relay.now)" }) {
      try await site.waiting() == 0
    }

    // The broker raises an alarm.
    let connections = relay.now.connections
    try await broker.control("set_vm_memory_high_watermark", "0.00001")
    try await site.fill(aggregates: 601...700, numbers: 1...5)
    try await eventually("the relay is blocked") { relay.now.isBlocked }
    #expect(try await site.waiting() == 500)
    try await broker.control("set_vm_memory_high_watermark", "0.9")
    try await eventually("everything is settled after the alarm", or: { " \(relay.now)" }) {
      try await site.waiting() == 0
    }
    #expect(relay.now.connections == connections)

    await relay.stop()
    let heard = Heard(try await site.receive(try await site.depth(of: "all"), from: "all"))
    print("relay: outages, \(heard.count) messages, \(heard.repeats) repeated, \(relay.now.errors.count) reconnects")
    #expect(heard.faults.isEmpty)
    #expect(heard.count == 30_500)
    try await startDuringAnAlarm(broker, site)
    try await keepShardsDuringAnAlarm(broker, site)
  }

  /// Another relay comes while the broker answers for nothing: the first one keeps its shards for now, and what it has
  /// in hand of them stays in front of what it has not read.
  private func keepShardsDuringAnAlarm(_ broker: RabbitMQServer, _ site: RelaySite) async throws {
    try await site.subscribe("kept", to: "kept.event")
    try await site.fill(aggregates: 20_001...20_016, numbers: 1...100, key: "kept.event")
    try await broker.control("set_vm_memory_high_watermark", "0.00001")
    let lane = Lane(name: "keeping")
    defer { lane.stop() }
    let kept = try await lane.run {
      var limits = RelayLimits()
      limits.lookBackInterval = .seconds(600)
      let (relay, _, connection) = try site.relay(named: "keeping", limits: limits)
      #expect(try relay.balance() == 1)
      for _ in 1...5 { _ = try relay.turn() }
      let other = try Desk(site.conninfo).connection()
      _ = try OutboxQueue(other)
      #expect(try relay.balance() == 2)
      #expect(relay.shards.count == 16)
      other.close()
      return Kept(relay, connection)
    }
    try await broker.control("set_vm_memory_high_watermark", "0.9")
    try await eventually("everything is settled that was kept") {
      try await lane.run { for _ in 1...20 where try kept.relay.turn().isIdle { break } }
      return try await site.waiting() == 0
    }
    try await lane.run { kept.connection.close() }
    let heard = Heard(try await site.receive(1600, from: "kept"))
    #expect(heard.faults.isEmpty)
    #expect(heard.count == 1600)
  }

  /// A relay that starts while the broker takes nothing keeps its connection, however much waits and however long that
  /// lasts, and sends nothing twice.
  private func startDuringAnAlarm(_ broker: RabbitMQServer, _ site: RelaySite) async throws {
    try await site.subscribe("late", to: "late.event")
    try await broker.control("set_vm_memory_high_watermark", "0.00001")
    try await site.script(
      """
      insert into outbox (shard, aggregate, exchange, routing_key, message_id, content_type, body)
      select a % 16, a, 'supply.events', 'late.event', 'late-' || a, 'text/plain',
             convert_to(repeat('x', 6000), 'UTF8')
      from generate_series(10001, 11500) a
      """)
    let relay = RunningRelay(site, name: "late", tcpUserTimeout: .seconds(1))
    try await eventually("the late relay is blocked") { relay.now.isBlocked }
    let blocked = ContinuousClock.now
    try await eventually("that lasts for longer than TCP waits") { blocked.duration(to: .now) > .seconds(3) }
    try await broker.control("set_vm_memory_high_watermark", "0.9")
    try await eventually("everything is settled after the late relay's alarm", or: { " \(relay.now)" }) {
      try await site.waiting() == 0
    }
    #expect(relay.now.connections == 1)
    #expect(relay.now.errors.isEmpty)
    await relay.stop()
    #expect(try await site.depth(of: "late") == 1500)
  }
}

/// A relay that a test drives by hand, on one lane.
private final class Kept: @unchecked Sendable {
  // `@unchecked Sendable`: used on one lane only.
  let relay: Relay
  let connection: AMQP.Connection

  init(_ relay: Relay, _ connection: AMQP.Connection) { (self.relay, self.connection) = (relay, connection) }
}
