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
    try await site.lock("rollback")
    try await Self.checkBooks(site, orders: 51, stock: 500)
    // The first lane consumes again.
    try await worker.ready()
    try await site.publish(.order("ord-52", "SKU-1", 1, message: "order-52"))
    try await Self.checkBooks(site, orders: 52, stock: 500)
    for child in setup + [worker] { child.signal(SIGTERM) }
    for child in setup + [worker] { #expect(try await child.end() == 0) }
  }
}
