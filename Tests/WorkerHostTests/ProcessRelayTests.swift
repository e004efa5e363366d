import AMQP
import Foundation
import TestServers
import Testing
import WorkerHost

extension ProcessTests {
  @Test("metrics say that the broker is lost, and count the connections that were made anew, not the attempts")
  func metricsOfAnOutage() async throws {
    let site = try await ProcessSite()
    let proxy = try TCPProxy(to: site.broker.port)
    let children = try [Executable.allocationWorker, .outboxRelay].map { executable in
      let environment = site.environment(executable).mapValues {
        $0.replacing(":\(site.broker.port)/", with: ":\(proxy.port)/")
      }
      return try ProcessChild(executable, environment.merging(["TALLYMAN_LANES": "1"]) { $1 })
    }
    for child in children { try await child.ready() }
    func metric(_ line: String, of child: Int) async throws {
      try await eventually("the metrics say \(line)", or: { children[child].output.suffix(500) }) {
        try await children[child].get("/metrics").text.contains(line + "\n")
      }
    }
    try await metric(#"tallyman_lane_paused{lane="lane-1"} 0"#, of: 0)
    try await metric("tallyman_relay_shards 16", of: 1)
    proxy.set(.refuse)
    proxy.cut()
    try await metric(#"tallyman_lane_paused{lane="lane-1"} 1"#, of: 0)
    try await metric("tallyman_relay_shards 0", of: 1)
    // Several attempts fail.
    for child in children {
      try await eventually("it tries again and again", or: { child.output.suffix(500) }) {
        child.output.split(separator: "\n").count { $0.contains("connects again") } >= 4
      }
    }
    proxy.set(.pass)
    for child in children { try await child.ready() }
    try await metric(#"tallyman_lane_paused{lane="lane-1"} 0"#, of: 0)
    try await metric(#"tallyman_lane_reconnects_total{kind="broker"} 1"#, of: 0)
    try await metric(#"tallyman_lane_reconnects_total{kind="relay"} 1"#, of: 1)
    try await metric("tallyman_relay_shards 16", of: 1)
    for child in children { child.signal(SIGTERM) }
    for child in children { #expect(try await child.end() == 0) }
  }

  @Test("dead rows that take longer to read over than a statement may take delay a relay, and end nothing")
  func deadRows() async throws {
    let site = try await ProcessSite()
    try await site.lock("begin isolation level repeatable read; select count(*) from outbox")
    let insert = """
      insert into outbox (shard, aggregate, exchange, routing_key, message_id, content_type, body)
      select n % 16, n, 'supply.events', 'order.fulfilled', n::text, 'text/plain', '' from generate_series
      """
    try await site.script("\(insert)(1, 700000) n")
    try await site.script("delete from outbox")
    try await site.script("\(insert)(1, 20) n")
    let limits = ["TALLYMAN_STATEMENT_TIMEOUT_MS": "100", "TALLYMAN_LOCK_TIMEOUT_MS": "100"]
    let relay = try site.start(.outboxRelay, limits)
    try await site.until("what is alive is published", "select count(*) from outbox", is: 0)
    try await relay.ready()
    #expect(try await site.drain("all").count == 20)
    #expect(relay.output.contains("how much waits cannot be counted in time"))
    #expect(!relay.output.contains("outbox_take") && !relay.output.contains("outbox_backlog"), "a session ended by it")
    relay.signal(SIGTERM)
    #expect(try await relay.end() == 0)
    try await site.lock("rollback")
  }

  @Test("one of two relays is killed in the middle of 20,000 rows: a subscriber hears every aggregate in order, no gap")
  func killedRelay() async throws {
    let site = try await ProcessSite()
    let relays = [try site.start(.outboxRelay), try site.start(.outboxRelay)]
    for relay in relays { try await relay.ready() }
    let owners = """
      select count(distinct pid) from pg_locks
      where locktype = 'advisory' and classid = 7046029
        and database = (select oid from pg_database where datname = current_database())
      """
    try await site.until("they share the shards", owners, is: 2)
    try await site.script(
      """
      insert into outbox (shard, aggregate, exchange, routing_key, message_id, content_type, body)
      select a % 16, a, 'supply.events', 'order.fulfilled', a || '-' || n, 'text/plain',
             convert_to(a || ':' || n, 'UTF8')
      from generate_series(1, 40) n, generate_series(1, 500) a order by n, a
      """)
    try await eventually("they are in the middle of it") {
      try await site.number("select count(*) from outbox") < 16_000
    }
    relays[0].signal(SIGKILL)
    let left = try await site.number("select count(*) from outbox")
    #expect(try await relays[0].end() == -Int(SIGKILL))
    #expect(left > 0, "the relays were done before one of them was killed")
    try await site.until("the other one has taken over and published the rest", "select count(*) from outbox", is: 0)

    var last: [Int: Int] = [:]
    var repeats = 0
    for delivery in try await site.drain("all") {
      let parts = String(decoding: delivery.body, as: UTF8.self).split(separator: ":").compactMap { Int($0) }
      guard parts.count == 2 else {
        Issue.record("not ours: \(delivery.routingKey)")
        continue
      }
      if parts[1] <= last[parts[0], default: 0] {
        repeats += 1
      } else {
        #expect(parts[1] == last[parts[0], default: 0] + 1, "aggregate \(parts[0])")
        last[parts[0]] = parts[1]
      }
    }
    print("process: a relay killed with \(left) of 20,000 rows left: \(repeats) repeated")
    #expect(last.count == 500)
    #expect(last.values.allSatisfy { $0 == 40 })
    relays[1].signal(SIGTERM)
    #expect(try await relays[1].end() == 0)
  }
}
