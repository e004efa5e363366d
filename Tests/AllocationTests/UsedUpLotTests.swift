import Contracts
import Messaging
import PipelineKit
import Postgres
import Stock
import Testing

@testable import Allocation

@Suite("Lots that are used up")
struct UsedUpLotTests {
  private func lots(_ scene: Scene, at location: String) async throws -> [String] {
    try await scene.house.rows(
      "select lot, on_hand, quality_control from balances where location_id = '\(location)' order by lot")
  }

  /// Both units of the lot L at WH-1, all there is of A, have left with shipment s-1 of order o-1.
  private func withUsedUp(_ body: (Scene) async throws -> Void) async throws {
    try await withScene([("A", "WH-1", 0), ("A", "WH-2", 0)]) { scene in
      try await scene.inventory.take(.lot("r-1", "A", "WH-1", "L", 2))
      try await scene.allocation.take([.order("o-1", [("A", 2)]), .shipment("s-1", "o-1", [(1, "WH-1", 2)])])
      #expect(try await lots(scene, at: "WH-1") == ["|0|0", "L|0|0"])
      try await body(scene)
    }
  }

  @Test("whoever locks a product reads of its lots those that are in use or named, however many it had")
  func readsFew() async throws {
    try await withScene([("A", "WH-1", 0)]) { scene in
      try await scene.inventory.take(.lot("r-1", "A", "WH-1", "there", 2))
      try await scene.house.script(
        """
        insert into lots (sku, lot) select 'A', 'old-' || n from generate_series(1, 500) as n;
        insert into balances (sku, location_id, lot) select 'A', 'WH-1', 'old-' || n from generate_series(1, 500) as n;
        analyze balances;
        """)
      let (loaded, balances, lots) = try await scene.allocation.with { connection in
        let stock = WorkingSet()
        var keys = StockKeys()
        keys.skus = [SKU(trusted: "A")]
        keys.places = [.init(SKU(trusted: "A"), LocationID(trusted: "WH-1"), lot: LotID(trusted: "old-7"))]
        try connection.begin()
        defer { try? connection.rollback() }
        try stock.sendLocks(keys, on: connection)
        try connection.flush()
        try stock.receiveLocks(keys, on: connection)
        stock.begin(at: .now)
        try stock.loadLots(on: connection)
        let item = stock.item(SKU(trusted: "A"))
        let loaded = (item?.balances.map(\.lot) ?? [], item?.lots.keys.sorted() ?? [])
        return (loaded, try reads("balances", connection), try reads("lots", connection))
      }
      #expect(loaded.0 == ["", "old-7", "there"])
      #expect(loaded.1 == ["old-7", "there"])
      #expect(balances <= 6, "\(balances) balances were read")
      #expect(lots == 2, "\(lots) lots were read")
    }
  }

  @Test("what is free is asked of those in use")
  func free() async throws {
    try await withScene([("A", "WH-1", 3)]) { scene in
      try await scene.house.script(
        """
        insert into balances (sku, location_id, lot) select 'A', 'WH-1', 'old-' || n from generate_series(1, 500) as n;
        analyze balances;
        """)
      let (free, balances) = try await scene.allocation.with { connection in
        try connection.transaction {
          let free = try connection.query(.once("select stock_free('A')")).int(0, 0)
          return (free, try reads("balances", connection))
        }
      }
      #expect(free == 3)
      #expect(balances <= 6, "\(balances) balances were read")
    }
  }

  @Test("quantities change on their page as long as a lot stays in use")
  func staysOnItsPage() async throws {
    try await withScene([("A", "WH-1", 0)]) { scene in
      try await scene.inventory.take(.lot("r-1", "A", "WH-1", "L", 5))
      let stayed = try await scene.allocation.with { connection in
        try connection.transaction {
          for quantity in [4, 5] {
            _ = try connection.query(
              .once("update balances set on_hand = \(quantity) where sku = 'A' and lot = 'L'"))
          }
          let count = "select pg_stat_get_xact_tuples_hot_updated('balances'::regclass)"
          return try connection.query(.once(count)).int(0, 0)
        }
      }
      #expect(stayed == 2)
    }
  }

  @Test("a shipment that fails comes back as the lot that it left as")
  func failed() async throws {
    try await withUsedUp { scene in
      try await scene.allocation.take(.status("s-1", .failed))
      #expect(try await lots(scene, at: "WH-1") == ["|0|0", "L|2|2"])
    }
  }

  @Test("what comes back without a lot and an order waits for somebody who looks")
  func unnamed() async throws {
    try await withUsedUp { scene in
      try await scene.allocation.take(.comeBack("ret-1", [("A", "WH-1", 1, .stock)]))
      #expect(try await lots(scene, at: "WH-1") == ["|1|1", "L|0|0"])
    }
  }

  @Test("a transfer arrives as a lot that is used up there")
  func transferred() async throws {
    try await withUsedUp { scene in
      let line = TransferDispatched.Line(line: 1, sku: SKU(trusted: "A"), quantity: 2, lot: LotID(trusted: "L"))
      let transfer = TransferDispatched(
        transferID: TransferID(trusted: "t-1"), fromLocationID: LocationID(trusted: "WH-2"),
        toLocationID: LocationID(trusted: "WH-1"), lines: [line])
      let taken = try await scene.inventory.take([
        .lot("r-2", "A", "WH-2", "L", 2), Letter(.transferDispatched(transfer)),
      ])
      #expect(taken.count(.applied) == 2)
      #expect(try await scene.inventory.take(.arrival("a-1", of: "t-1", [(1, 2, 0)])).outcome == .applied)
      #expect(try await lots(scene, at: "WH-1") == ["|0|0", "L|2|0"])
    }
  }

  @Test("what ran out while the product was discontinued is told when it is sold again")
  func relisted() async throws {
    try await withScene([("A", "WH-1", 0)]) { scene in
      let now = Timestamp.now
      try await scene.inventory.take([
        .lot("r-1", "A", "WH-1", "L", 2), .discontinue("A", time: now + .seconds(1)),
      ])
      let write = StockAdjustmentRequested(
        adjustmentID: AdjustmentID(trusted: "adj-1"), sku: SKU(trusted: "A"), locationID: LocationID(trusted: "WH-1"),
        lot: LotID(trusted: "L"), kind: .writeOff, quantity: 2, reasonCode: "BROKEN", person: "p-1")
      try await scene.inventory.take(Letter(.stockAdjustmentRequested(write)))
      #expect(try await scene.house.events(.stockOut).count == 0)
      let again = Letter(
        .productRegistered(ProductRegistered(sku: SKU(trusted: "A"), name: "Thing")), time: now + .seconds(2))
      #expect(try await scene.inventory.take(again).outcome == .applied)
      #expect(try await scene.house.events(.stockOut).count == 2)
    }
  }

  @Test("the time that was said of a lot holds when it comes again")
  func sameTime() async throws {
    try await withScene([("A", "WH-1", 0)]) { scene in
      let (early, late) = (Timestamp.now + .seconds(3600), Timestamp.now + .seconds(7200))
      try await scene.inventory.take(.lot("r-1", "A", "WH-1", "L", 1, expires: early))
      try await scene.allocation.take([.order("o-1", [("A", 1)]), .shipment("s-1", "o-1", [(1, "WH-1", 1)])])
      let again = try await scene.inventory.take([
        .lot("r-2", "A", "WH-1", "L", 1, expires: late), .location("WH-2"), .lot("r-3", "A", "WH-2", "L", 1),
      ])
      #expect(again.entries.first?.why?.hasPrefix("data.expires_at: ") == true)
      #expect(
        try await scene.house.rows("select lot from lots where expires_at < now() + interval '90 minutes'") == ["L"])
      #expect(try await lots(scene, at: "WH-2") == ["|0|0", "L|1|0"])
    }
  }
}
