import AMQP
import Foundation
import TestServers
import Testing
import WorkerHost

extension ProcessTests {
  @Test("published events are applied, and what follows from them reaches a subscriber; operators see who is connected")
  func mainPath() async throws {
    let site = try await ProcessSite()
    let children = try await site.startReady(.inventoryWorker, .allocationWorker, .notificationWorker, .outboxRelay)
    try await site.stock(skus: 2, each: 10)
    try await site.publish([.order("ord-1", "SKU-1", 4), .order("ord-2", "SKU-1", 9), .order("ord-3", "SKU-2", 10)])
    try await site.until("the orders are answered", "select count(*) from orders", is: 3)
    try await site.until("everything is published", "select count(*) from outbox", is: 0)

    let heard = try await site.drain("all")
    let answers = heard.filter { $0.routingKey.hasPrefix("order.") && $0.routingKey != "order.created" }
    #expect(answers.map(\.routingKey).sorted() == ["order.partially_reserved", "order.reserved", "order.reserved"])
    #expect(heard.count { $0.routingKey == "stock.received" } == 2)
    #expect(heard.count { $0.routingKey == "backorder.created" } == 1)
    #expect(answers.allSatisfy { $0.properties.persistent && $0.properties.appID == "tallyman" })

    for child in children {
      #expect(try await child.get("/health/live").status == 200)
      let metrics = try await child.get("/metrics")
      #expect(metrics.status == 200)
      #expect(metrics.text.contains("tallyman_build_info"))
    }
    let metrics = try await children[1].get("/metrics").text
    #expect(
      metrics.contains { $0.isNewline }
        && metrics.split(separator: "\n").contains {
          $0.contains("order.created") && $0.contains("applied") && $0.hasSuffix(" 3")
        })

    let sessions = try await site.rows(
      "select distinct application_name from pg_stat_activity where datname = current_database()"
    ).map { $0[0] }
    for name in [
      "inventory-worker/lane-1", "allocation-worker/lane-2", "notification-worker/lane-1", "outbox-relay/relay",
    ] {
      #expect(sessions.contains(name), "\(sessions)")
    }
    struct Named: Decodable {
      enum CodingKeys: String, CodingKey { case name = "user_provided_name" }
      let name: String?
    }
    try await eventually("management shows the connections by name") {
      let names = try await site.broker.read([Named].self, "vhosts/\(site.vhost)/connections")
        .compactMap(\.name)
      return names.contains { $0.hasPrefix("allocation-worker/lane-2@") }
        && names.contains { $0.hasPrefix("outbox-relay/relay@") }
    }

    // SIGTERM ends all of them, and nothing was anybody's last word.
    for child in children { child.signal(SIGTERM) }
    for child in children { #expect(try await child.end() == 0) }
    for child in children { #expect(child.output.contains("stopped")) }
  }

  @Test("an order for an unknown product goes through the tiers and is applied when the product comes; else it is dead")
  func retryTiers() async throws {
    let site = try await ProcessSite()
    let children = try await site.startReady(.inventoryWorker, .allocationWorker, .outboxRelay)
    try await site.publish([.order("ord-early", "SKU-1", 1), .order("ord-never", "SKU-9", 1)])
    try await site.until(
      "the early order was tried",
      "select count(*) from inbox where outcome = 'retried' and convert_from(body, 'UTF8') like '%early%'", is: 1)
    try await site.publish(Parcel.stock(skus: 1, each: 10))
    try await site.until("the order is applied", "select count(*) from orders where order_id = 'ord-early'", is: 1)
    try await site.until("the other one is dead", "select count(*) from dead_letters", is: 1)
    let record = try await site.rows(
      "select kind, attempt::text, field, value, rule, state from dead_letters"
    )[0]
    #expect(record[0] == "exhausted")
    #expect(record[1] == "3")
    #expect(record[2].contains("sku"))
    #expect(record[3] == "SKU-9")
    try await eventually("its copy shows in the dead queue") { try await site.depth(of: "allocation.dead") == 1 }
    let copy = try await site.drain("allocation.dead")[0]
    #expect(copy.properties.headers["x-tallyman-attempt"] == .int(3))
    #expect(copy.properties.headers["x-tallyman-source-queue"] == .string("allocation"))
    #expect(copy.properties.headers["x-tallyman-first-seen"]?.string != nil)
    #expect(copy.properties.headers["x-tallyman-reason"]?.string?.contains("SKU-9") == true)
    let attempts = try await site.rows(
      "select attempt::text, outcome from inbox where convert_from(body, 'UTF8') like '%ord-never%' order by attempt")
    #expect(attempts.map { $0[0] } == ["0", "1", "2", "3"])
    #expect(attempts.map { $0[1] } == ["retried", "retried", "retried", "dead_lettered"])
    for child in children { child.signal(SIGTERM) }
    for child in children { #expect(try await child.end() == 0) }
  }
}
