import AMQP
import Foundation
import TestServers
import Testing
import WorkerHost

extension ProcessTests {
  /// Orders for a few products, too many of them for the stock.
  static func orders(_ range: ClosedRange<Int>) -> [Parcel] {
    range.map { .order("ord-\($0)", "SKU-\($0 % 5 + 1)", $0 % 3 + 1, message: "order-\($0)") }
  }

  /// Every order answered once, and the books balanced.
  static func checkBooks(_ site: ProcessSite, orders: Int, stock: Int64) async throws {
    try await site.until("every order is answered", "select count(*) from orders where answered", is: Int64(orders))
    try await eventually("the queue is empty and nothing is in hand") { try await site.depth(of: "allocation") == 0 }
    let twice = try await site.rows(
      """
      select message_id from inbox where consumer = 'allocation' and outcome = 'applied'
      group by 1 having count(*) > 1
      """)
    #expect(twice.isEmpty, "applied twice: \(twice.prefix(3))")
    #expect(
      try await site.number(
        """
        select count(*) from inbox
        where consumer = 'allocation' and message_id like 'order-%' and outcome = 'applied' and attempt = 0
        """) == Int64(orders))
    let unbalanced = try await site.rows(
      """
      select b.sku, k.bucket from balances b
      cross join lateral (values ('on_hand', b.on_hand), ('reserved', b.reserved)) as k (bucket, quantity)
      left join stock_ledger l on l.balance_id = b.balance_id and l.bucket = k.bucket
      group by 1, 2, k.quantity having k.quantity <> coalesce(sum(l.delta), 0)
      """)
    #expect(unbalanced.isEmpty, "\(unbalanced)")
    #expect(try await site.number("select sum(on_hand) from balances") == stock)
    let oversold = try await site.rows(
      """
      select b.sku from balances b left join reservations r using (sku, location_id, lot)
      group by 1, b.reserved, b.on_hand
      having b.reserved <> coalesce(sum(r.open_quantity), 0) or b.reserved > b.on_hand
      """)
    #expect(oversold.isEmpty, "\(oversold)")
    #expect(try await site.number("select count(*) from dead_letters") == 0)
  }

  @Test("a worker killed under load, with another one running: nothing is lost and nothing is applied twice")
  func killedWorker() async throws {
    let site = try await ProcessSite()
    let setup = try await site.startReady(.inventoryWorker, .allocationWorker, .outboxRelay)
    try await site.stock(skus: 5, each: 300)
    let victims = [
      try site.start(.allocationWorker, ["TALLYMAN_BATCH": "20", "TALLYMAN_PREFETCH": "100"]),
      try site.start(.allocationWorker, ["TALLYMAN_BATCH": "20", "TALLYMAN_PREFETCH": "100"]),
    ]
    for victim in victims { try await victim.ready() }
    var published = 0
    for victim in victims {
      try await site.publish(Self.orders(published + 1...published + 1_500))
      published += 1_500
      try await eventually("it is at work") { try await victim.get("/metrics").text.contains("order.created") }
      victim.signal(SIGKILL)
      #expect(try await victim.end() == -Int(SIGKILL))
    }
    try await Self.checkBooks(site, orders: published, stock: 1_500)
    try await site.until("everything is published", "select count(*) from outbox", is: 0)
    let heard = try await site.drain("all")
    let answers = heard.filter {
      ["order.reserved", "order.partially_reserved", "order.backordered", "order.rejected"].contains($0.routingKey)
    }
    #expect(answers.count == published)
    for child in setup { child.signal(SIGTERM) }
    for child in setup { #expect(try await child.end() == 0) }
  }

  @Test("SIGTERM under load: the work in hand is finished or given back, and the process ends with 0 in time")
  func terminated() async throws {
    let site = try await ProcessSite()
    let setup = try await site.startReady(.inventoryWorker, .outboxRelay)
    try await site.stock(skus: 5, each: 300)
    var published = 0
    for _ in 1...3 {
      let worker = try site.start(.allocationWorker, ["TALLYMAN_BATCH": "50", "TALLYMAN_PREFETCH": "200"])
      try await worker.ready()
      try await site.publish(Self.orders(published + 1...published + 700))
      published += 700
      worker.signal(SIGTERM)
      let start = ContinuousClock.now
      #expect(try await worker.end() == 0)
      #expect(start.duration(to: .now) < .seconds(20))
      #expect(worker.output.contains("stopping: finishing the work in hand"))
    }
    let last = try await site.startReady(.allocationWorker)
    try await Self.checkBooks(site, orders: published, stock: 1_500)
    for child in setup + last { child.signal(SIGTERM) }
    for child in setup + last { #expect(try await child.end() == 0) }
  }

  @Test("whoever reads the logs may go: no executable dies of it")
  func logReaderGone() async throws {
    let site = try await ProcessSite()
    let children = try await site.startReady(.inventoryWorker, .outboxRelay)
    for child in children {
      let status = try String(contentsOfFile: "/proc/\(child.pid)/status", encoding: .utf8)
      let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("SigIgn:") })
      let ignored = try #require(UInt64(line.split(whereSeparator: \.isWhitespace)[1], radix: 16))
      #expect(ignored & 1 << UInt64(SIGPIPE - 1) != 0, "\(line)")
      child.signal(SIGTERM)
      #expect(try await child.end() == 0)
    }
  }

  @Test("a second SIGTERM ends at once what a lock keeps from finishing; the deadline does too; nothing is lost")
  func terminatedTwice() async throws {
    let site = try await ProcessSite()
    let setup = try await site.startReady(.inventoryWorker, .outboxRelay)
    try await site.stock(skus: 1, each: 10)
    try await site.lock("begin; select * from stock_items for update")
    let more = ["TALLYMAN_LANES": "1", "TALLYMAN_LOCK_TIMEOUT_MS": "10000", "TALLYMAN_SHUTDOWN_SECONDS": "1"]
    let waiting = """
      select count(*) from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock' and application_name like 'allocation%'
      """
    try await site.publish(.order("ord-1", "SKU-1", 1, message: "order-1"))

    // Told once, it keeps its deadline of a second.
    let patient = try site.start(.allocationWorker, more)
    try await patient.ready()
    try await site.until("it waits for the lock", waiting, is: 1)
    patient.signal(SIGTERM)
    #expect(try await patient.end() == 1)
    // What it held in the database ends when the server looks for its client; here, at once.
    try await site.script(
      """
      select pg_terminate_backend(pid) from pg_stat_activity
      where application_name like 'allocation%' and datname = current_database()
      """)

    // Told twice, it does not wait for the deadline of five minutes.
    let second = try site.start(.allocationWorker, more.merging(["TALLYMAN_SHUTDOWN_SECONDS": "300"]) { $1 })
    try await second.ready()
    try await site.until("it waits for the lock", waiting, is: 1)
    second.signal(SIGTERM)
    try await second.says("stopping: finishing the work in hand")
    try await eventually("the second signal is heard") {
      second.signal(SIGTERM)
      return second.hasEnded
    }
    #expect(try await second.end() == 128 + Int(SIGTERM))

    try await site.lock("rollback")
    let last = try await site.startReady(.allocationWorker)
    try await Self.checkBooks(site, orders: 1, stock: 10)
    for child in setup + last { child.signal(SIGTERM) }
    for child in setup + last { #expect(try await child.end() == 0) }
  }
}
