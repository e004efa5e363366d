import Contracts
import Messaging
import PipelineKit
import TestServers
import Testing

@testable import Inventory

@Suite("Lots")
struct LotTests {
  private static let now = Timestamp.now

  private static func days(_ count: Int64) -> Timestamp { now + .seconds(86_400 * count) }

  /// Open reservations of an order: location, lot and quantity.
  private func reservations(_ scene: Scene, _ order: String) async throws -> [String] {
    try await scene.house.rows(
      """
      select location_id, lot, open_quantity from reservations where order_id = '\(order)' and open_quantity > 0
      order by line_no, reservation_no
      """)
  }

  @Test("what expires first goes out first, then what never does, then what has no lot; a cancellation gives it back")
  func firstExpiredFirstOut() async throws {
    try await withScene([("A", "WH-1", 5)]) { scene in
      try await scene.inventory.take([
        .lot("r-1", "A", "WH-1", "late", 5, expires: Self.days(20)),
        .lot("r-2", "A", "WH-1", "soon", 5, expires: Self.days(10)), .lot("r-3", "A", "WH-1", "ever", 5),
      ])
      try await scene.allocation.take(.order("o-1", [("A", 7)]))
      #expect(try await reservations(scene, "o-1") == ["WH-1|soon|5", "WH-1|late|2"])
      try await scene.allocation.take(.order("o-2", [("A", 12)]))
      #expect(try await reservations(scene, "o-2") == ["WH-1|late|3", "WH-1|ever|5", "WH-1||4"])
      try await scene.allocation.take(.cancel("o-1"))
      try await scene.allocation.take(.order("o-3", [("A", 6)]))
      #expect(try await reservations(scene, "o-3") == ["WH-1|soon|5", "WH-1|late|1"])
      #expect(try await scene.state("o-3") == "reserved")
    }
  }

  @Test("a location counts with all of its lots, and its safety stock once")
  func locationOverLots() async throws {
    try await withScene([("A", "WH-1", 1), ("A", "WH-2", 6)]) { scene in
      try await scene.inventory.take([
        .lot("r-1", "A", "WH-1", "x", 4, expires: Self.days(10)), .lot("r-2", "A", "WH-1", "y", 4),
        .policy("A", at: "WH-1", safety: 2),
      ])
      try await scene.allocation.take(.order("o-1", [("A", 8)]))
      #expect(try await reservations(scene, "o-1") == ["WH-1|x|4", "WH-1|y|3", "WH-2||1"])
      #expect(
        try await scene.house.value("select candidates from reservations where order_id = 'o-1' limit 1")
          == "WH-1=7,WH-2=6")
      try await scene.allocation.take(.order("o-2", [("A", 9)]))
      #expect(try await scene.lines("o-2") == ["5|4|0|0"], "the safety stock stays")
    }
  }

  @Test("a shipment takes what is reserved at the location, across lots")
  func shipment() async throws {
    try await withScene([("A", "WH-1", 5)]) { scene in
      try await scene.inventory.take(.lot("r-1", "A", "WH-1", "x", 5, expires: Self.days(10)))
      try await scene.allocation.take(.order("o-1", [("A", 8)]))
      try await scene.allocation.take(.shipment("s-1", "o-1", [(1, "WH-1", 6)]))
      #expect(
        try await scene.house.rows("select lot, on_hand, reserved from balances order by lot") == ["|4|2", "x|0|0"])
      try await scene.allocation.take(.shipment("s-2", "o-1", [(1, "WH-1", 2)]))
      #expect(try await scene.state("o-1") == "shipped")
      try await scene.inventory.take(.lot("r-2", "A", "WH-1", "x", 3))
      #expect(
        try await scene.house.rows("select lot, on_hand from balances order by lot") == ["|2", "x|3"],
        "a lot that was used up comes again")
    }
  }

  @Test("nothing of an expired lot is promised, not to orders and not to backorders; it can be moved away")
  func expired() async throws {
    try await withScene([("A", "WH-1", 3)]) { scene in
      try await scene.inventory.take(.lot("r-1", "A", "WH-1", "old", 10, expires: Self.days(-1)))
      guard case .stockReceived(let received)? = try await scene.house.events(.stockReceived).last?.event else {
        Issue.record("no stock.received")
        return
      }
      #expect(received.onHand == 13)
      #expect(received.available == 3)
      #expect(received.expiresAt == Self.days(-1))
      try await scene.allocation.take(.order("o-1", [("A", 5)]))
      #expect(try await scene.lines("o-1") == ["3|2|0|0"])
      #expect(try await scene.house.value("select stock_free('A')") == "0")
      try await scene.settle()
      try await scene.allocation.take(.due("A"))
      #expect(try await scene.lines("o-1") == ["3|2|0|0"])
      try await scene.inventory.take(.lot("r-2", "A", "WH-1", "new", 2, expires: Self.days(1)))
      try await scene.settle()
      #expect(try await scene.lines("o-1") == ["5|0|0|0"])
      let move = StockMoveRequested(
        moveID: MoveID(trusted: "mv-1"), sku: SKU(trusted: "A"), fromLocationID: LocationID(trusted: "WH-1"),
        toLocationID: LocationID(trusted: "BIN"), quantity: 10, lot: LotID(trusted: "old"))
      try await scene.inventory.take([.location("BIN", sellable: false), Letter(.stockMoveRequested(move))])
      #expect(try await scene.house.events(.stockMoved).count == 1)
      let places = "select location_id from balances where lot = 'old' and on_hand > 0"
      #expect(try await scene.house.rows(places) == ["BIN"])
    }
  }

  @Test("an expired lot is reported once, whoever sweeps how often, and its location is out of stock then")
  func reportedOnce() async throws {
    try await withScene([("A", "WH-1", 0), ("A", "WH-2", 0)]) { scene in
      try await scene.inventory.take([
        .lot("r-1", "A", "WH-1", "x", 5, expires: Self.days(1)), .lot("r-2", "A", "WH-2", "x", 2),
      ])
      try await scene.allocation.take(.order("o-1", [("A", 3)]))
      _ = try await scene.house.relay()
      let desk = try await scene.house.desk(user: "tallyman_inventory")
      #expect(try await desk.with { try LotSweeper.sweep(on: $0) } == 0)
      // Time passes.
      try await scene.house.script("update lots set expires_at = now() - interval '1 second'")
      #expect(try await desk.with { try LotSweeper.sweep(on: $0) } == 1)
      #expect(try await desk.with { try LotSweeper.sweep(on: $0) } == 1, "nobody has handled it yet")
      let other = try await scene.house.inventoryWorker()
      let found = try await scene.house.relay().map(Letter.init)
      #expect(found.map(\.routingKey) == ["lots.due", "lots.due"])
      async let one = scene.inventory.take(found[0])
      async let two = other.take(found[1])
      let outcomes = try await [one.outcome, two.outcome]
      #expect(Set(outcomes) == [.applied, .unchanged])
      #expect(try await desk.with { try LotSweeper.sweep(on: $0) } == 0)
      let expired = try await scene.house.events(.lotExpired)
      #expect(expired.count == 1)
      guard case .lotExpired(let event)? = expired.first?.event else {
        Issue.record("no lot.expired")
        return
      }
      #expect(event.onHand == 7)
      #expect(event.reserved == 3)
      #expect(event.locations.map { "\($0.locationID) \($0.quantity)" } == ["WH-1 5", "WH-2 2"])
      let out = try await scene.house.events(.stockOut).map { message in
        if case .stockOut(let level) = message.event { level.locationID?.value ?? "*" } else { "?" }
      }
      #expect(out == ["WH-1", "WH-2", "*"])
      try await scene.allocation.take(.shipment("s-1", "o-1", [(1, "WH-1", 3)]))
      #expect(try await scene.state("o-1") == "shipped", "what was promised before stays promised")
    }
  }

  @Test("a lot's end is said once: another one is a dead letter naming the field, none says nothing")
  func contradiction() async throws {
    try await withScene([("A", "WH-1", 0), ("B", "WH-1", 0)]) { scene in
      let taken = try await scene.inventory.take([
        .lot("r-1", "A", "WH-1", "x", 1), .lot("r-2", "A", "WH-1", "x", 1, expires: Self.days(5)),
        .lot("r-3", "A", "WH-1", "x", 1), .lot("r-4", "B", "WH-1", "x", 1, expires: Self.days(6)),
      ])
      #expect(taken.outcomes == [.applied, .applied, .applied, .applied])
      let other = Letter.lot("r-5", "A", "WH-1", "x", 1, expires: Self.days(6))
      #expect(try await scene.inventory.take(other).outcome == .deadLettered)
      let letter = try await scene.house.deadLetter(of: other.id)
      #expect(letter.field == "data.expires_at")
      #expect(letter.value == Self.days(6).rfc3339)
      #expect(letter.rule == "must stay \(Self.days(5).rfc3339): lot x of A was published with it before")
      #expect(try await scene.house.value("select sum(on_hand) from balances where sku = 'A'") == "3")
      let again = Letter.lot("r-2", "A", "WH-1", "y", 1, expires: Self.days(5)).attempt(1)
      #expect(try await scene.inventory.take(again).outcome == .deadLettered)
      #expect(try await scene.house.deadLetter(of: again.id).field == "data.lot")
    }
  }

  @Test("a move of a lot keeps it, one without a lot takes only what has none")
  func moves() async throws {
    try await withScene([("A", "WH-1", 2), ("A", "WH-2", 0)]) { scene in
      try await scene.inventory.take(.lot("r-1", "A", "WH-1", "x", 5, expires: Self.days(5)))
      _ = try await scene.house.relay()
      func move(_ id: String, _ quantity: Int64, lot: String?) -> Letter {
        Letter(
          .stockMoveRequested(
            StockMoveRequested(
              moveID: MoveID(trusted: id), sku: SKU(trusted: "A"), fromLocationID: LocationID(trusted: "WH-1"),
              toLocationID: LocationID(trusted: "WH-2"), quantity: quantity, lot: lot.map(LotID.init(trusted:)))))
      }
      try await scene.inventory.take([move("m-1", 4, lot: "x"), move("m-2", 2, lot: nil), move("m-3", 1, lot: nil)])
      #expect(
        try await scene.house.rows("select location_id, lot, on_hand from balances order by 1, 2") == [
          "WH-1||0", "WH-1|x|1", "WH-2||2", "WH-2|x|4",
        ])
      guard case .stockMoveRejected(let rejected)? = try await scene.house.events(.stockMoveRejected).first?.event
      else {
        Issue.record("no stock.move.rejected")
        return
      }
      #expect(rejected.detail == "0 available at WH-1 without a lot, 1 requested")
      try await scene.allocation.take(.order("o-1", [("A", 7)]))
      #expect(try await reservations(scene, "o-1") == ["WH-2|x|4", "WH-2||2", "WH-1|x|1"])
    }
  }

  @Test("alerts about a location are about all of its lots")
  func alerts() async throws {
    try await withScene([("A", "WH-1", 0)]) { scene in
      try await scene.inventory.take([
        .lot("r-1", "A", "WH-1", "x", 4, expires: Self.days(5)), .lot("r-2", "A", "WH-1", "y", 4),
        .policy("A", at: "WH-1", reorder: 5, recover: 7),
      ])
      _ = try await scene.house.relay()
      try await scene.allocation.take(.order("o-1", [("A", 2)]))
      #expect(try await scene.house.events(.stockLow).isEmpty)
      try await scene.allocation.take(.order("o-2", [("A", 1)]))
      #expect(try await scene.house.events(.stockLow).count == 1)
      try await scene.inventory.take(.lot("r-3", "A", "WH-1", "z", 2))
      #expect(try await scene.house.events(.stockRecovered).count == 1)
    }
  }

  @Test("what left without a promise left from every lot that was there, and from what has no lot")
  func shipmentWithoutPromise() async throws {
    try await withScene([("A", "WH-1", 0)]) { scene in
      try await scene.allocation.take(.order("o-1", [("A", 4)]))
      try await scene.inventory.take([
        .receipt("r-1", "A", "WH-1", 2), .lot("r-2", "A", "WH-1", "soon", 2, expires: Self.days(10)),
        .lot("r-3", "A", "WH-1", "over", 1, expires: Self.days(-1)),
      ])
      #expect(try await scene.allocation.take(.shipment("s-1", "o-1", [(1, "WH-1", 4)])).outcome == .applied)
      #expect(
        try await scene.house.rows("select lot, on_hand, reserved from balances order by lot") == [
          "|1|0", "over|0|0", "soon|0|0",
        ])
      #expect(try await scene.house.value("select sum(quantity) from shipment_lines") == "4")
    }
  }

  @Test("what SQL calls free is what an order can have, whatever lots there are", arguments: [UInt64(1), 2, 3])
  func freeInSQL(seed: UInt64) async throws {
    try await withScene([]) { scene in
      var random = SeededGenerator(seed: seed)
      try await scene.inventory.take([.location("W1"), .location("W2"), .location("W3", sellable: false)])
      var wanted: [String] = []
      for number in 0..<20 {
        let sku = "S\(number)"
        var letters = [Letter.product(sku)]
        for lot in 0..<Int.random(in: 0...4, using: &random) {
          let end = [nil, Self.days(-1), Self.days(1), Self.days(2)].randomElement(using: &random) ?? nil
          for place in ["W1", "W2", "W3"] where Bool.random(using: &random) {
            letters.append(
              .lot("\(sku)-\(lot)-\(place)", sku, place, "L\(lot)", .random(in: 1...20, using: &random), expires: end))
          }
        }
        if Bool.random(using: &random) { letters.append(.receipt("\(sku)-r", sku, "W1", 7)) }
        if Bool.random(using: &random) {
          letters.append(.policy(sku, at: "W1", safety: .random(in: 0...9, using: &random)))
        }
        if Bool.random(using: &random) { letters.append(.policy(sku, safety: .random(in: 0...5, using: &random))) }
        let taken = try await scene.inventory.take(letters)
        wanted += taken.outcomes.contains { $0 != .applied && $0 != .retried } ? ["\(sku): \(taken.outcomes)"] : []
      }
      #expect(wanted == [])
      let free = try await scene.house.rows("select sku, greatest(0, stock_free(sku)) from stock_items order by sku")
      try await scene.allocation.take((0..<20).map { .order("o-\($0)", [("S\($0)", 1000)]) })
      #expect(try await scene.house.rows("select sku, reserved from order_lines order by sku") == free)
      #expect(try await scene.house.value("select count(*) > 5 from order_lines where reserved > 0") == "true")
      #expect(
        try await scene.house.value(
          """
          select count(*) from reservations r join lots l using (sku, lot) where l.expires_at < now()
          """) == "0")
    }
  }
}
