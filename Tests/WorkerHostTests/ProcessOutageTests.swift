import AMQP
import Foundation
import Messaging
import TestServers
import Testing
import WorkerHost

extension ProcessTests {
  @Test("every outage of database and broker under load: the workers wait, say why, and go on alone within 10 seconds")
  func outages() async throws {
    let scene = try await OutageScene()
    defer { scene.broker.remove() }
    let site = scene.site
    let load = scene.load()
    do {
      try await Self.databaseOutages(scene)
      let memory = try scene.memory()
      try await Self.brokerOutages(scene)
      let growth = try scene.memory() - memory
      #expect(growth < 32, "the workers grew by \(growth) MB")
      load.cancel()
      try await load.value
      try await Self.checkBooks(site, orders: scene.orders, stock: 1_500)
      try await Self.queueDeleted(scene)
      print(
        """
        process: ready again after: \(scene.report); \(scene.orders) orders; \
        two workers hold \(memory + growth) MB, \(growth) more than before the broker's outages
        """)
    } catch {
      load.cancel()
      throw error
    }
    // Everything that followed was published, and nothing that died was anybody's end.
    try await site.until("everything is published", "select count(*) from outbox", is: 0)
    let answers = Set(
      try await site.drain("all").filter {
        ["order.reserved", "order.partially_reserved", "order.backordered", "order.rejected"].contains($0.routingKey)
      }.compactMap(\.properties.messageID))
    #expect(answers.count == scene.orders)
    for broken in try await site.violations() { Issue.record("\(broken)") }
    for child in scene.children { child.signal(SIGTERM) }
    for child in scene.children { #expect(try await child.end() == 0) }
  }

  private static func databaseOutages(_ scene: OutageScene) async throws {
    let (postgres, database) = (scene.postgres, scene.site.database)
    try await scene.survive("database killed", scene.children, because: "database") {
      try postgres.kill()
    } end: {
      try postgres.start()
    }
    try await scene.survive("database frozen", scene.allocation, because: "within") {
      try postgres.pause()
    } end: {
      try postgres.resume()
    }
    try await scene.survive("database refuses", scene.children, because: "database") {
      scene.databaseProxy.set(.refuse)
      scene.databaseProxy.cut()
    } end: {
      scene.databaseProxy.set(.pass)
    }
    try await scene.survive("database read-only", scene.children, because: "read-only") {
      try postgres.execute("alter database \(database) set default_transaction_read_only = on")
      try postgres.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = '\(database)'")
    } end: {
      try postgres.execute("alter database \(database) reset default_transaction_read_only")
    }
  }

  private static func brokerOutages(_ scene: OutageScene) async throws {
    let broker = scene.broker
    try await scene.survive("broker killed", scene.children, because: "broker") {
      try await broker.kill()
    } end: {
      try await broker.startAgain()
    }
    try await scene.survive("memory alarm", [scene.relay], because: "blocks publishers") {
      try await broker.control("set_vm_memory_high_watermark", "0.00001")
      // A broker tells a publisher that it is blocked when it publishes, and nothing else may be under way by now.
      // Not on the site's lane: the load that is blocked may hold it.
      try scene.site.postgres.execute(
        """
        insert into tallyman.outbox (shard, aggregate, exchange, routing_key, message_id, content_type, body)
        values (0, 0, 'supply.events', 'nothing.happened', 'after-the-alarm', 'text/plain', '')
        """, database: scene.site.database)
    } end: {
      try await broker.control("set_vm_memory_high_watermark", "0.9")
    }
    try await scene.survive("partition", scene.children, because: "within") {
      scene.brokerProxy.set(.swallow)
      scene.databaseProxy.set(.swallow)
    } end: {
      scene.brokerProxy.set(.pass)
      scene.databaseProxy.set(.pass)
    }
    // These last for a moment only: the log tells that they happened.
    try await scene.progress("before the channels are closed")
    try await broker.control(
      "eval", "[rabbit_channel:do(P, {'basic.ack', 99999999, false}) || P <- rabbit_channel:list_local()], ok.")
    for child in scene.allocation { try await child.says("unknown delivery tag") }
    try await scene.progress("after the channels were closed")
    try await broker.control("close_all_connections", "--global", "an operator's reason")
    for child in scene.children { try await child.says("an operator's reason") }
    for child in scene.children { try await child.ready() }
    try await scene.progress("after the connections were closed")
  }

  /// With its queue a worker loses what was in it. It waits for the topology and goes on.
  private static func queueDeleted(_ scene: OutageScene) async throws {
    let site = scene.site
    try await site.amqp { _ = try $0.delete(queue: "allocation") }
    for child in scene.allocation { try await child.unready("the queue is gone, and with it what it held") }
    for child in scene.allocation { try await child.unready("import_definitions") }
    #expect(try await scene.inventory.get("/health/ready").status == 200)
    try await site.amqp { try ProcessSite.declare(.allocation, on: $0) }
    let start = ContinuousClock.now
    for child in scene.allocation { try await child.ready() }
    #expect(start.duration(to: .now) < .seconds(10))
    scene.note("queue deleted", start.duration(to: .now))
    try await scene.publish(100)
    try await checkBooks(site, orders: scene.orders, stock: 1_500)
  }
}
