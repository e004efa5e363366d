import Contracts
import PipelineKit
import Testing

@Suite("Lots that come back")
struct ReturnedLotTests {
  private static func days(_ count: Int64) -> Timestamp { Timestamp.now + .seconds(86_400 * count) }

  /// Lot, what is on hand of it and what of that waits for a decision.
  private func lots(_ scene: Scene, at location: String = "WH-1") async throws -> [String] {
    try await scene.house.rows(
      "select lot, on_hand, quality_control from balances where location_id = '\(location)' order by lot")
  }

  /// Of A to WH-1, of an order or not, with lots or without: each line's order line, lot, quantity and disposition.
  private func comeBack(
    _ id: String, order: String? = "o-1", shipment: String? = nil, at location: String = "WH-1",
    _ lines: [(Int32?, String?, Int64, Disposal)]
  ) -> Letter {
    .comeBack(
      id, order: order, shipment: shipment,
      of: lines.map {
        .init(
          line: $0.0, sku: $0.0 == nil ? SKU(trusted: "A") : nil, locationID: LocationID(trusted: location),
          lot: $0.1.map(LotID.init(trusted:)), quantity: $0.2, disposition: $0.3)
      })
  }

  @Test("what comes back is of the lot that it left as, and is not sold after its time")
  func notAfterItsTime() async throws {
    try await withScene([("A", "WH-1", 0)]) { scene in
      try await scene.inventory.take(.lot("r-1", "A", "WH-1", "L", 10, expires: Self.days(12)))
      try await scene.allocation.take([.order("o-1", [("A", 10)]), .shipment("s-1", "o-1", [(1, "WH-1", 10)])])
      #expect(try await scene.allocation.take(comeBack("ret-1", [(nil, nil, 4, .stock)])).outcome == .applied)
      #expect(try await lots(scene) == ["|0|0", "L|4|0"])
      guard case .stockReturned(let told)? = try await scene.house.events(.stockReturned).last?.event else {
        Issue.record("stock.returned is missing")
        return
      }
      #expect((told.lot?.value, told.disposition) == ("L", .stock))
      // Time passes.
      try await scene.house.script("update lots set expires_at = now() - interval '1 second'")
      try await scene.allocation.take(.order("o-2", [("A", 4)]))
      #expect(try await scene.lines("o-2") == ["0|4|0|0"])
    }
  }

  @Test("it comes back as its lot to where the lot never was, by the shipment that is named or by the order")
  func elsewhere() async throws {
    try await withScene([("A", "WH-1", 0), ("A", "WH-2", 0)]) { scene in
      try await scene.inventory.take([.lot("r-1", "A", "WH-1", "L", 3, expires: Self.days(1))])
      try await scene.allocation.take([.order("o-1", [("A", 6)]), .shipment("s-1", "o-1", [(1, "WH-1", 3)])])
      try await scene.inventory.take([.lot("r-2", "A", "WH-1", "M", 3, expires: Self.days(2))])
      try await scene.settle()
      try await scene.allocation.take(.shipment("s-2", "o-1", [(1, "WH-1", 3)]))
      try await scene.allocation.take([
        comeBack("ret-1", order: nil, shipment: "s-2", at: "WH-2", [(1, nil, 1, .stock)]),
        comeBack("ret-2", order: nil, shipment: "s-1", at: "WH-2", [(1, nil, 2, .scrap)]),
      ])
      #expect(try await lots(scene, at: "WH-2") == ["|0|0", "L|0|0", "M|1|0"])
    }
  }

  @Test("of several lots all come back as what they were; of less the first to go out waits in quality control")
  func several() async throws {
    for (back, expected) in [(Int64(7), ["|1|0", "L|4|0", "M|2|0"]), (5, ["|0|0", "L|0|0", "M|5|5"])] {
      try await withScene([("A", "WH-1", 1)]) { scene in
        try await scene.inventory.take([
          .lot("r-1", "A", "WH-1", "L", 4, expires: Self.days(9)),
          .lot("r-2", "A", "WH-1", "M", 2, expires: Self.days(5)),
        ])
        try await scene.allocation.take([.order("o-1", [("A", 7)]), .shipment("s-1", "o-1", [(1, "WH-1", 7)])])
        let letter = { comeBack("ret-1", [(1, nil, back, .stock)]) }
        #expect(try await scene.allocation.take(letter()).outcome == .applied)
        #expect(try await lots(scene) == expected)
        #expect(try await scene.allocation.take(letter()).outcome == .unchanged, "as it was said, not as it was booked")
        guard back == 5 else { return }
        try await scene.inventory.take(.release("rel-1", of: nil, 5, "A", "WH-1", to: .stock, lot: "M"))
        #expect(try await lots(scene) == ["|0|0", "L|0|0", "M|5|0"], "what is released is of its lot")
      }
    }
  }

  @Test("no more comes back of a shipment that is named than left with it: the rest would be of another lot")
  func noMoreThanItsShipment() async throws {
    try await withScene([("A", "WH-1", 0), ("A", "WH-2", 0)]) { scene in
      try await scene.inventory.take([
        .lot("r-1", "A", "WH-1", "LATE", 2, expires: Self.days(300)),
        .lot("r-2", "A", "WH-2", "EARLY", 3, expires: Self.days(10)),
      ])
      try await scene.allocation.take([
        .order("o-1", [("A", 5)]), .shipment("s-1", "o-1", [(1, "WH-1", 2)]), .shipment("s-2", "o-1", [(1, "WH-2", 3)]),
      ])
      let more = try await scene.allocation.take(comeBack("ret-1", shipment: "s-1", [(1, nil, 5, .stock)]))
      #expect(more.outcome == .retried)
      #expect(more.entries[0].why?.contains("must not exceed the 2 units of it that left with shipment s-1") == true)
      let taken = try await scene.allocation.take([
        comeBack("ret-2", shipment: "s-1", [(1, nil, 2, .stock)]),
        comeBack("ret-3", shipment: "s-1", [(1, nil, 2, .stock)]),
      ])
      #expect(taken.outcomes == [.applied, .retried])
      // Of which shipment they are, what names the order alone does not say; there are no more than three out of it.
      let others = try await scene.allocation.take([
        comeBack("ret-4", [(1, nil, 4, .stock)]), comeBack("ret-5", [(1, nil, 1, .stock)]),
        comeBack("ret-6", shipment: "s-2", [(1, nil, 3, .stock)]),
        comeBack("ret-7", shipment: "s-2", [(1, nil, 2, .stock)]),
      ])
      #expect(others.outcomes == [.retried, .applied, .retried, .applied])
      #expect(try await lots(scene) == ["|0|0", "EARLY|3|1", "LATE|2|0"])
    }
  }

  @Test("a failed shipment says of which lot its units wait in quality control")
  func failed() async throws {
    try await withScene([("A", "WH-1", 2)]) { scene in
      try await scene.inventory.take(.lot("r-1", "A", "WH-1", "L", 4, expires: Self.days(9)))
      try await scene.allocation.take([
        .order("o-1", [("A", 5)]), .shipment("s-1", "o-1", [(1, "WH-1", 5)]), .status("s-1", .failed),
      ])
      guard case .shipmentFailed(let told)? = try await scene.house.events(.shipmentFailed).last?.event else {
        Issue.record("shipment.failed is missing")
        return
      }
      #expect(told.lines.map { "\($0.lot?.value ?? "-") \($0.quantity)" } == ["L 4", "- 1"])
    }
  }

  @Test("a lot that is named is believed, once a receipt has brought it")
  func named() async throws {
    try await withScene([("A", "WH-1", 5), ("B", "WH-1", 5)]) { scene in
      try await scene.inventory.take([.lot("r-1", "A", "WH-1", "L", 1), .lot("r-2", "A", "WH-1", "M", 1)])
      try await scene.allocation.take([.order("o-1", [("A", 2)]), .shipment("s-1", "o-1", [(1, "WH-1", 2)])])
      let taken = try await scene.allocation.take([
        comeBack("ret-1", [(1, "M", 1, .stock)]), comeBack("ret-2", [(1, "N", 1, .stock)]),
      ])
      #expect(taken.outcomes == [.applied, .retried])
      #expect(taken.entries.last?.why?.hasPrefix("data.lines[0].lot: N: must be a lot of A that ") == true)
      #expect(try await lots(scene).contains("M|1|0"))
    }
  }

  @Test("of a product in lots, what names no order waits in quality control; of any other it is sold")
  func withoutOrder() async throws {
    try await withScene([("A", "WH-1", 0), ("B", "WH-1", 0)]) { scene in
      try await scene.inventory.take(.lot("r-1", "A", "WH-1", "L", 1))
      try await scene.allocation.take([
        comeBack("ret-1", order: nil, [(nil, nil, 2, .stock)]), .comeBack("ret-2", [("B", "WH-1", 2, .stock)]),
      ])
      #expect(
        try await scene.house.rows("select sku, lot, on_hand, quality_control from balances order by 1, 2") == [
          "A||2|2", "A|L|1|0", "B||2|0",
        ])
    }
  }

  @Test("in the batch of its shipment it is of the lots that left in it, or is tried again")
  func sameBatch() async throws {
    try await withScene([("A", "WH-1", 0), ("A", "WH-2", 0)]) { scene in
      try await scene.inventory.take(.lot("r-1", "A", "WH-1", "L", 5))
      let taken = try await scene.allocation.take([
        .order("o-1", [("A", 5)]), .shipment("s-1", "o-1", [(1, "WH-1", 5)]),
        comeBack("ret-1", [(1, nil, 1, .stock)]), comeBack("ret-2", at: "WH-2", [(1, nil, 1, .stock)]),
      ])
      #expect(taken.outcomes == [.applied, .applied, .applied, .retried])
      #expect(try await lots(scene) == ["|0|0", "L|1|0"])
      let again = comeBack("ret-2", at: "WH-2", [(1, nil, 1, .stock)])
      #expect(try await scene.allocation.take(again).outcome == .applied)
      #expect(try await lots(scene, at: "WH-2") == ["|0|0", "L|1|0"])
    }
  }
}
