import Contracts
import PipelineKit
import Postgres
import Testing

@testable import Stock

@Suite("Bumping promises, in the database")
struct BumpDatabaseTests {
  /// Takes `quantity` promised units of A at WH-1 away, as a worker would, and commits.
  private static func bump(_ quantity: Int64, on database: Connection) throws -> (loaded: [String], lost: [String]) {
    let stock = WorkingSet()
    var keys = StockKeys()
    keys.skus = [SKU(trusted: "A")]
    try database.begin()
    try stock.sendLocks(keys, on: database)
    try database.sync()
    try stock.receiveLocks(keys, on: database)
    try database.receiveSync()
    // Never before what other tests have booked: a balance's time does not run backwards.
    stock.begin(at: .now)
    guard let balance = stock.item(SKU(trusted: "A"))?.balance(at: LocationID(trusted: "WH-1")) else { return ([], []) }
    try stock.loadBumpable([.init(quantity, of: balance)], on: database)
    let cause = Cause(
      consumer: "inventory", source: "urn:test", messageID: "m-1", reference: "cnt-1", occurredAt: .now,
      traceparent: nil)
    let news = stock.bump(quantity, from: balance, because: "counted", cause)
    var writes = WriteSet(on: database)
    try stock.send(to: &writes)
    try writes.commit()
    let lost = news.compactMap { item -> String? in
      guard case .reservationBumped(let bumped) = item.event else { return nil }
      return "\(bumped.orderID)/\(bumped.line)=\(bumped.quantity)"
    }
    return (stock.orders.keys.map(\.value).sorted(), lost)
  }

  private static func ordered(_ house: House) async throws {
    let inventory = try await house.inventoryWorker()
    let allocation = try await house.allocationWorker()
    try await inventory.take([.product("A"), .location("WH-1"), .location("WH-2"), .receipt("r-1", "A", "WH-1", 20)])
    let early = Timestamp(microseconds: Timestamp.now.microseconds - 60_000_000)
    try await allocation.take([
      .order("o-rich", [("A", 5)], priority: 9), .order("o-soon", [("A", 5)], needBy: early),
      .order("o-a", [("A", 2), ("A", 3)]), .order("o-never", [("A", 4)], backorder: .deny, priority: -1),
    ])
    _ = try await house.relay()
  }

  @Test("SQL ranks as the rules do and loads no more orders than needed; every table agrees afterwards")
  func ranked() async throws {
    try await withHouse { house in
      try await Self.ordered(house)
      let worker = try await house.inventoryWorker()
      let result = try await worker.with { try Self.bump(6, on: $0) }
      #expect(result.loaded == ["o-a", "o-never"])
      #expect(result.lost == ["o-never/1=4", "o-a/2=2"])
      #expect(
        try await house.rows(
          "select order_id, line_no, reserved, backordered, cancelled from order_lines order by order_id, line_no")
          == ["o-a|1|2|0|0", "o-a|2|1|2|0", "o-never|1|0|0|4", "o-rich|1|5|0|0", "o-soon|1|5|0|0"])
      #expect(
        try await house.rows("select order_id, state from orders order by order_id") == [
          "o-a|partially_reserved", "o-never|cancelled", "o-rich|reserved", "o-soon|reserved",
        ])
      #expect(
        try await house.rows(
          "select order_id, line_no, reservation_no, quantity, backordered, cancelled, reason, reference from bumps "
            + "order by bump_id") == ["o-never|1|1|4|0|4|counted|cnt-1", "o-a|2|1|2|2|0|counted|cnt-1"])
      #expect(
        try await house.rows("select state, released from reservations where order_id = 'o-never'") == ["bumped|4"])
      #expect(
        try await house.rows(
          "select bucket, delta, reason, reference from stock_ledger where reason = 'BUMP' order by seq") == [
            "reserved|-4|BUMP|cnt-1", "reserved|-2|BUMP|cnt-1",
          ])
      #expect(try await house.value("select owed from stock_items") == "2")
    }
  }

  @Test("the allocation-worker may do it too, and what was bumped is filled again when there is stock")
  func filled() async throws {
    try await withHouse { house in
      try await Self.ordered(house)
      let allocation = try await house.allocationWorker()
      let result = try await allocation.with { try Self.bump(100, on: $0) }
      #expect(result.lost == ["o-never/1=4", "o-a/2=3", "o-a/1=2", "o-soon/1=5", "o-rich/1=5"])
      let bumped = ReservationBumped(
        orderID: OrderID(trusted: "o-rich"), customerID: CustomerID(trusted: "cust-1"), line: 1,
        sku: SKU(trusted: "A"), locationID: LocationID(trusted: "WH-1"), quantity: 5, backordered: 5, cancelled: 0,
        reason: "counted", reference: "cnt-1")
      #expect(try await allocation.take(Letter(.reservationBumped(bumped))).outcome == .applied)
      #expect(
        try await house.rows("select order_id, state from orders order by order_id") == [
          "o-a|reserved", "o-never|cancelled", "o-rich|reserved", "o-soon|reserved",
        ])
      #expect(try await house.value("select owed from stock_items") == "0")
    }
  }

  @Test("promises are found by the ledger: an old one behind many that have been taken back, and one without entries")
  func found() async throws {
    try await withHouse { house in
      let inventory = try await house.inventoryWorker()
      let allocation = try await house.allocationWorker()
      try await inventory.take([.product("A"), .location("WH-1"), .receipt("r-1", "A", "WH-1", 5_000)])
      try await allocation.take(.order("o-old", [("A", 3)]))
      let passing = (1...600).map { "o-\($0)" }
      try await allocation.take(passing.map { .order($0, [("A", 2)]) })
      try await allocation.take(passing.dropLast().map { .cancel($0) })
      let promised = "select * from orders_promised('A', 'WH-1', '') as o order by o"
      #expect(try await house.rows(promised) == ["o-600", "o-old"])
      // As after a past that was loaded without its ledger.
      try await house.script(
        """
        update balances set reserved = reserved + 1;
        insert into orders (order_id, customer_id, answered, state, ordered_at, updated_at)
          values ('o-loaded', 'c', true, 'reserved', now(), now());
        insert into reservation_rows (order_id, line_no, reservation_no, sku, location_id, quantity, open_quantity,
          state, policy, candidates, created_at)
          values ('o-loaded', 1, 1, 'A', 'WH-1', 1, 1, 'active', 'most_stock', '', now())
        """)
      #expect(try await house.rows(promised) == ["o-600", "o-loaded", "o-old"])
      #expect(try await house.rows("select * from orders_promised('A', 'nowhere', '')").isEmpty)
      try await house.script("delete from reservation_rows where order_id = 'o-loaded'")
      try await house.script("update balances set reserved = reserved - 1")
    }
  }

  @Test("who loses a promise is looked up by order, in the lines and beside them, however many orders there are")
  func plan() async throws {
    try await withHouse { house in
      let plan = try await house.desk().with { database in
        try database.script("set enable_seqscan = off; set plan_cache_mode = force_generic_plan")
        try database.script("prepare ranked as \(BumpStatements.ranked.sql)")
        let rows = try database.query(
          .once("explain (costs off) execute ranked ('{A}', '{WH-1}', '{\"\"}', '{1}')"))
        return (0..<rows.count).map { rows.text($0, 0) }
      }
      for table in ["order_lines", "reservation_rows"] {
        let scans = plan.indices.filter { plan[$0].contains("Scan") && plan[$0].contains("on \(table)") }
        #expect(!scans.isEmpty, "\(plan)")
        for scan in scans { #expect(plan[scan + 1].contains("Index Cond: (order_id = "), "\(plan)") }
      }
    }
  }
}
