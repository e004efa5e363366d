import AMQP
import Foundation
import Lanes
import Messaging
import TestServers
import Testing
import WorkerHost

extension ProcessTests {
  @Test("what the broker gave up gets its record and its copy; resolving it takes the copy away, and no other")
  func givenUpByTheBroker() async throws {
    let site = try await ProcessSite()
    try await site.giveUpSoon("inventory")
    try await site.publish([.receipt("rcv-1", "SKU-1", 1), .product("SKU-7")])
    // One is rejected; the other goes round until the broker has enough of it.
    let queue = WorkerManifest.inventory.queue
    try await site.amqp { connection in
      let consumer = try Consumer(connection, queue: queue, prefetch: 1)
      try consumer.reject(try #require(consumer.take(upTo: 1, waiting: .seconds(10)).first).tag, requeue: false)
    }
    try await eventually("the other one is delivered too often") {
      let taken = try await site.amqp { connection in
        try Consumer(connection, queue: queue, prefetch: 1).take(upTo: 1, waiting: .milliseconds(200)).count
      }
      let waiting = try await site.depth(of: WorkerManifest.inventory.undeliveredQueue)
      return taken == 0 && waiting == 2
    }

    let children = try await site.startReady(.inventoryWorker, .outboxRelay)
    try await site.until("both have records", "select count(*) from dead_letters", is: 2)
    let records = try await site.rows(
      "select reason, kind, type, state, dead_letter_id::text from dead_letters order by reason")
    #expect(
      records.map { Array($0[0..<4]) } == [
        ["delivery_limit", "undelivered", "product.registered", "open"],
        ["record_refused", "undelivered", "goods.received", "open"],
      ])
    let dead = WorkerManifest.inventory.deadQueue
    try await eventually("both have copies") { try await site.depth(of: dead) == 2 }
    #expect(try await site.depth(of: WorkerManifest.inventory.undeliveredQueue) == 0)
    let metrics = try await children[0].get("/metrics").text
    #expect(metrics.contains(#"tallyman_dead_letters_total{consumer="inventory",kind="undelivered"} 2"#), "\(metrics)")
    #expect(metrics.contains(#"tallyman_dead_letters_total{consumer="inventory",kind="malformed"} 0"#), "\(metrics)")

    try await site.script(
      """
      update dead_letters set state = 'discarded', resolved_at = now(), resolved_by = 'me', resolved_why = 'test'
      where reason = 'record_refused'
      """)
    try await site.until(
      "its copy is taken away",
      "select count(*) from dead_letters where copy_removed_at is not null and reason = 'record_refused'", is: 1)
    try await eventually("the other one is back in its place") { try await site.depth(of: dead) == 1 }
    let left = try await site.drain(dead)
    #expect(left.map { $0.properties.headers[HeaderName.deadLetterID]?.int } == [Int64(records[0][4])])
    for child in children { child.signal(SIGTERM) }
    for child in children { #expect(try await child.end() == 0) }
  }

  @Test("copies are taken out of the middle of a queue by several workers, and the others keep their order")
  func copiesInTheMiddle() async throws {
    let site = try await ProcessSite()
    try await site.script(
      """
      insert into dead_letters (consumer, queue, source, message_id, type, attempt, kind, reason, field, value, rule,
        headers, body, first_seen_at, dead_at)
      select 'inventory', 'inventory', 'urn:test', 'm-' || n, 'goods.received', 0, 'refused', 'contradiction', 'f', 'v',
        'r', '{}', '', now(), now() from generate_series(1, 2000) as n;
      insert into outbox (shard, aggregate, exchange, routing_key, message_id, content_type, headers, body)
      select 3, 3, '', 'inventory.dead', message_id, 'text/plain',
        jsonb_build_object('x-tallyman-dead-letter-id', dead_letter_id)::text, '' from dead_letters
        order by dead_letter_id
      """)
    let relay = try await site.startReady(.outboxRelay)
    let dead = WorkerManifest.inventory.deadQueue
    try await eventually("all copies are there") { try await site.depth(of: dead) == 2000 }
    let workers = try await site.startReady(.inventoryWorker, .inventoryWorker)
    try await site.script(
      """
      update dead_letters set state = 'discarded', resolved_at = now(), resolved_by = 'me', resolved_why = 'test'
      where dead_letter_id % 7 = 0
      """)
    try await site.until(
      "no copy of a resolved one is left",
      "select count(*) from dead_letters where state <> 'open' and copy_removed_at is null", is: 0)
    for child in workers + relay { child.signal(SIGTERM) }
    for child in workers + relay { #expect(try await child.end() == 0) }
    let open = try await site.rows(
      "select dead_letter_id::text from dead_letters where state = 'open' order by dead_letters.dead_letter_id")
    let left = try await site.drain(dead).map { $0.properties.headers[HeaderName.deadLetterID]?.int }
    #expect(left == open.map { Int64($0[0]) }, "in their order")
    #expect(left.count == 2000 - 2000 / 7)
  }
}

extension ProcessSite {
  /// Lets the broker give up after two deliveries in place of a thousand.
  fileprivate func giveUpSoon(_ queue: String) async throws {
    try await broker.management(
      "PUT", "policies/\(vhost)/give-up",
      json: """
        {"pattern":"^\(queue)$","apply-to":"queues","definition":{"delivery-limit":2,"dead-letter-exchange":"",
        "dead-letter-routing-key":"\(queue).undelivered"}}
        """)
    try await eventually("the policy applies") {
      struct Queue: Decodable { let policy: String? }
      return try await broker.read(Queue.self, "queues/\(vhost)/\(queue)").policy == "give-up"
    }
  }
}
