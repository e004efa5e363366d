import AMQP
import Foundation
import TestServers
import Testing
import WorkerHost

extension ProcessTests {
  private static let waitingForLock = """
    select count(*) from pg_stat_activity
    where datname = current_database() and wait_event_type = 'Lock' and application_name like 'allocation%'
    """

  @Test("while one lane waits for a row that somebody holds, the other one gets the orders for other SKUs")
  func heldUpLane() async throws {
    let site = try await ProcessSite()
    let setup = try await site.startReady(.inventoryWorker, .outboxRelay)
    try await site.stock(skus: 5, each: 100)
    let worker = try site.start(.allocationWorker, ["TALLYMAN_LANES": "2", "TALLYMAN_LOCK_TIMEOUT_MS": "1000"])
    try await worker.ready()
    try await site.lock("begin; select * from stock_items where sku = 'SKU-1' for update")
    try await site.publish(.order("ord-held", "SKU-1", 1, message: "order-held"))
    try await site.until("a lane waits for the row", Self.waitingForLock, is: 1)

    try await site.publish((1...50).map { .order("ord-\($0)", "SKU-\($0 % 4 + 2)", 1, message: "order-\($0)") })
    let start = ContinuousClock.now
    try await site.until("the others are answered", "select count(*) from orders where answered", is: 50)
    let time = start.duration(to: .now)
    print("process: orders behind a lane that is held up were answered after \(time)")
    #expect(time < .seconds(20))
    try await worker.says("waited in vain for a lock")
    try await site.lock("rollback")
    try await Self.checkBooks(site, orders: 51, stock: 500)
    // The first lane consumes again.
    try await worker.ready()
    try await site.publish(.order("ord-52", "SKU-1", 1, message: "order-52"))
    try await Self.checkBooks(site, orders: 52, stock: 500)
    for child in setup + [worker] { child.signal(SIGTERM) }
    for child in setup + [worker] { #expect(try await child.end() == 0) }
  }

  @Test("SIGTERM while a redelivered message waits for a row: the process ends with 0, and nobody is a suspect")
  func terminatedWhileHeldUp() async throws {
    let site = try await ProcessSite()
    let setup = try await site.startReady(.inventoryWorker, .outboxRelay)
    try await site.stock(skus: 1, each: 10)
    try await site.publish(.order("ord-1", "SKU-1", 1, message: "order-1"))
    try await site.amqp { connection in
      // What was said about the goods comes as well, perhaps later: the worker would wait for the row with that first.
      let consumer = try Consumer(connection, queue: "allocation", prefetch: 100)
      var order: UInt64?
      var isTold = false
      let end = ContinuousClock.now + patience
      while ContinuousClock.now < end {
        for delivery in try consumer.take(upTo: 100, waiting: .seconds(1)) {
          if delivery.properties.messageID == "order-1" {
            order = delivery.tag
          } else {
            isTold = isTold || delivery.routingKey == "stock.received"
            try consumer.ack(delivery.tag, multiple: false)
          }
        }
        if isTold, let order { return try consumer.reject(order, requeue: true) }
      }
    }
    try await site.lock("begin; select * from stock_items for update")
    for _ in 1...2 {
      let worker = try site.start(.allocationWorker, ["TALLYMAN_LANES": "1", "TALLYMAN_LOCK_TIMEOUT_MS": "500"])
      try await site.until("it is written down", "select count(*) from suspects where in_company + alone > 0", is: 1)
      try await site.until("it waits for the row", Self.waitingForLock, is: 1)
      worker.signal(SIGTERM)
      #expect(try await worker.end() == 0)
      #expect(try await site.number("select count(*) from suspects where in_company + alone > 0") == 0)
    }
    try await site.lock("rollback")
    let last = try await site.startReady(.allocationWorker)
    try await Self.checkBooks(site, orders: 1, stock: 10)
    try await site.until("nobody is a suspect any more", "select count(*) from suspects", is: 0)
    for child in setup + last { child.signal(SIGTERM) }
    for child in setup + last { #expect(try await child.end() == 0) }
  }
}
