import Contracts
import Messaging
import PipelineKit
import Postgres
import Stock
import Testing

@Suite("Thousands that wait for one SKU")
struct LongQueueTests {
  @Test("are filled without a pause, each transaction reading no more than its limit")
  func continues() async throws {
    try await withScene([("A", "WH-1", 0)]) { scene in
      for batch in 0..<20 {
        try await scene.allocation.take((0..<500).map { .order("o-\(batch)-\($0)", [("A", 1)]) })
      }
      try await scene.inventory.take(.receipt("r-1", "A", "WH-1", 9990))
      try await scene.house.script("analyze tallyman.backorders")
      try await expectBoundedReads(scene)
      // No sweeper runs here: the worker itself says that there is more to fill.
      try await scene.settle()
      #expect(try await scene.house.value("select owed from stock_items") == "10")
      #expect(
        try await scene.house.value("select count(*) from backorders where state = 'filled'") == "9990")
      #expect(
        try await scene.house.rows(
          """
          select count(*) from stock_ledger where reason = 'RESERVE' group by recorded_at order by recorded_at
          """) == ["2000", "2000", "2000", "2000", "1990"])
      #expect(
        try await scene.house.value(
          """
          select (select sum(events) from inbox)
            - (select sum(sequence) from orders) - (select sum(sequence) from stock_items)
          """) == "0", "the notes by which it goes on are no events of an order or a SKU")
    }
  }

  @Test("keep their rank before a line that is wanted wholly, also beyond the limit of one transaction")
  func beforeWhole() async throws {
    try await withScene([("A", "WH-1", 0)]) { scene in
      let many = [(String, Int64)](repeating: ("A", 1), count: 1000)
      try await scene.allocation.take((0..<3).map { .order("o-\($0)", many, priority: 5) })
      try await scene.allocation.take(.order("whole", [("A", 800)], policy: .lineComplete))
      try await scene.inventory.take(.receipt("r-1", "A", "WH-1", 2900))
      try await scene.settle()
      #expect(try await scene.lines("whole") == ["0|800|0|0"])
      #expect(try await scene.house.rows("select owed, stock_free(sku) from stock_items") == ["100|0"])
      try await scene.inventory.take(.receipt("r-2", "A", "WH-1", 900))
      try await scene.settle()
      #expect(try await scene.lines("whole") == ["800|0|0|0"])
    }
  }

  /// What the database really reads of 10,000 waiting backorders.
  private func expectBoundedReads(_ scene: Scene) async throws {
    let (ranked, read) = try await scene.allocation.with { connection in
      let stock = WorkingSet()
      var keys = StockKeys()
      keys.skus = [SKU(trusted: "A")]
      try connection.begin()
      defer { try? connection.rollback() }
      try stock.sendLocks(keys, on: connection)
      try connection.flush()
      try stock.receiveLocks(keys, on: connection)
      let before = try reads("backorders", connection)
      let ranked = try stock.loadRanked([SKU(trusted: "A")], on: connection)
      return (ranked.values.first?.count ?? 0, try reads("backorders", connection) - before)
    }
    #expect(ranked == 2000)
    // Once by rank, once with their orders.
    #expect(read <= 2 * WorkingSet.fillLimit + 100, "\(read) backorders were read")
  }
}
