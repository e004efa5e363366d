import AMQP
import Foundation
import TestServers
import Testing
import WorkerHost

extension ProcessTests {
  /// Publishes a few thousand orders a second until it is told to stop; says how many orders there are.
  private static func load(_ site: ProcessSite, after first: Int) -> Task<Int, any Error> {
    Task {
      var count = first
      while !Task.isCancelled {
        try await site.publish(orders(count + 1...count + 100))
        count += 100
        try? await ContinuousClock().sleep(for: .milliseconds(50))
      }
      return count
    }
  }

  /// Lets something happen while orders stream in; then waits until everything is as if nothing had happened.
  private static func under(
    load site: ProcessSite, _ workers: [ProcessChild], _ what: String, count: inout Int, _ body: () async throws -> Void
  ) async throws {
    let start = try await site.number("select count(*) from orders")
    let loader = load(site, after: count)
    try await happens("orders are taken in before \(what)") {
      try await site.number("select count(*) from orders") > start + 100
    }
    let before = ContinuousClock.now
    do {
      try await body()
    } catch {
      loader.cancel()
      throw error
    }
    for worker in workers { try await worker.ready() }
    loader.cancel()
    count = try await loader.value
    try await checkBooks(site, orders: count, stock: 1_500)
    print("process: \(what) and recovery took \(before.duration(to: .now)), \(count) orders so far")
    for worker in workers { #expect(!worker.hasEnded) }
  }

  @Test("database stopped, database frozen, broker killed, all under load: the workers wait, say why and go on alone")
  func outages() async throws {
    let broker = try await RabbitMQServer.start()
    defer { broker.remove() }
    let postgres = try PostgresServer()
    let site = try await ProcessSite(postgres: postgres, broker: broker)
    let more = [
      "TALLYMAN_STATEMENT_TIMEOUT_MS": "1000", "TALLYMAN_LOCK_TIMEOUT_MS": "500",
      "TALLYMAN_CONNECT_TIMEOUT_SECONDS": "1", "TALLYMAN_BATCH": "100", "TALLYMAN_PREFETCH": "400",
    ]
    let inventory = try site.start(.inventoryWorker, more)
    let allocation = [try site.start(.allocationWorker, more), try site.start(.allocationWorker, more)]
    let relay = try site.start(
      .outboxRelay, more.filter { $0.key != "TALLYMAN_BATCH" && $0.key != "TALLYMAN_PREFETCH" })
    let all = [inventory, relay] + allocation
    for child in all { try await child.ready() }
    try await site.publish(Parcel.stock(skus: 5, each: 300))
    try await site.until("the goods are there", "select coalesce(sum(on_hand), 0) from balances", is: 1_500)
    var count = 0

    try await Self.under(load: site, all, "database killed", count: &count) {
      try postgres.kill()
      for child in all { try await child.unready("database") }
      for child in all { #expect(try await child.get("/health/live").status == 200) }
      #expect(try await allocation[0].get("/metrics").text.contains("tallyman_lane_paused"))
      try postgres.start()
    }
    try await Self.under(load: site, all, "database frozen", count: &count) {
      try postgres.pause()
      for child in allocation { try await child.unready("database") }
      try postgres.resume()
    }
    try await Self.under(load: site, all, "broker killed", count: &count) {
      try await broker.kill()
      for child in allocation { try await child.unready("consumer") }
      try await relay.unready("relay")
      try await broker.startAgain()
    }

    // Everything that followed was published, and nothing that died was anybody's end.
    try await site.until("everything is published", "select count(*) from outbox", is: 0)
    let heard = try await site.drain("all")
    let answers = Set(
      heard.filter {
        ["order.reserved", "order.partially_reserved", "order.backordered", "order.rejected"].contains($0.routingKey)
      }.compactMap(\.properties.messageID))
    #expect(answers.count == count)
    for child in all { child.signal(SIGTERM) }
    for child in all { #expect(try await child.end() == 0) }
  }
}
