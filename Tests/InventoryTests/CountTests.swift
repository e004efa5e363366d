import Contracts
import Messaging
import PipelineKit
import Testing

@Suite("Counts")
struct CountTests {
  @Test("an absolute count sets the books right, and is booked once")
  func absolute() async throws {
    try await withWarehouse(10) { place in
      let count = Letter.count("cnt-1", "A", "WH-1", 8, person: "m.kowalska", code: "CYCLE")
      #expect(try await place.inventory.take(count).outcome == .applied)
      #expect(try await place.balances() == ["WH-1|8|0|0|0"])
      #expect(
        try await place.house.rows(
          """
          select l.bucket, l.delta, l.reason, l.reference, p.person, p.reason_code from stock_ledger l
          join ledger_papers p using (source, message_id)
          """) == ["on_hand|-2|COUNT|cnt-1|m.kowalska|CYCLE"])
      guard case .stockAdjusted(let adjusted) = try await place.house.events().first?.event else {
        Issue.record("no stock.adjusted")
        return
      }
      #expect((adjusted.kind, adjusted.reference, adjusted.difference) == ("counted", "cnt-1", -2))
      #expect((adjusted.onHand, adjusted.available, adjusted.person) == (8, 8, "m.kowalska"))
      #expect(try await place.inventory.take(count.again).outcome == .duplicate)
    }
  }

  @Test("the same count again changes nothing; with other content it is a dead letter that names the field")
  func repeated() async throws {
    try await withWarehouse(10) { place in
      let time = Warehouse.ago(60)
      try await place.inventory.take(.count("cnt-1", "A", "WH-1", 8, at: time))
      try await place.inventory.take(.receipt("r-2", "A", "WH-1", 5))
      #expect(try await place.inventory.take(.count("cnt-1", "A", "WH-1", 8, at: time)).outcome == .unchanged)
      for (field, letter) in [
        ("data.counted", Letter.count("cnt-1", "A", "WH-1", 9, at: time)),
        ("data.location_id", .count("cnt-1", "A", "WH-2", 8, at: time)),
        ("data.counted_at", .count("cnt-1", "A", "WH-1", 8)),
        ("data.lot", .count("cnt-1", "A", "WH-1", 8, at: time, lot: "L")),
        ("data.counted", .difference("cnt-1", "A", "WH-1", 8, at: time)),
      ] {
        #expect(try await place.inventory.take(letter).outcome == .deadLettered)
        #expect(try await place.house.deadLetter(of: letter.id).field == field)
      }
      #expect(try await place.house.value("select on_hand from balances where location_id = 'WH-1'") == "13")
    }
  }

  @Test("what moved after the count is added to it, what moved before is not; also within one batch")
  func movement() async throws {
    try await withWarehouse(10) { place in
      func receipt(_ id: String, _ quantity: Int64, _ time: Timestamp) -> Letter {
        Letter(
          .goodsReceived(
            GoodsReceived(
              receiptID: ReceiptID(trusted: id), sku: SKU(trusted: "A"), locationID: LocationID(trusted: "WH-1"),
              quantity: quantity)), time: time)
      }
      try await place.inventory.take([
        receipt("before", 100, Warehouse.ago(600)), receipt("after", 7, Warehouse.ago(60)),
      ])
      try await place.inventory.take([
        receipt("also-after", 3, Warehouse.ago(30)), .count("cnt-1", "A", "WH-1", 105, at: Warehouse.ago(300)),
      ])
      #expect(try await place.balances() == ["WH-1|115|0|0|0"])
      #expect(try await place.house.rows("select movement, on_hand_change from counts") == ["10|-5"])
    }
  }

  @Test("counts in any order end the same: the later look stands")
  func anyOrder() async throws {
    let counts: [Letter] = [
      .count("cnt-1", "A", "WH-1", 20, at: Warehouse.ago(300)),
      .count("cnt-2", "A", "WH-1", 17, at: Warehouse.ago(200)),
      .difference("cnt-3", "A", "WH-1", 4, at: Warehouse.ago(100)),
      .difference("cnt-0", "A", "WH-1", -5, at: Warehouse.ago(400)),
    ]
    for order in [[0, 1, 2, 3], [3, 2, 1, 0], [1, 0, 3, 2], [2, 0, 1, 3], [3, 1, 2, 0]] {
      try await withWarehouse(10) { place in
        for index in order {
          let outcome = try await place.inventory.take(counts[index]).outcome
          #expect(outcome == .applied)
        }
        #expect(try await place.balances() == ["WH-1|21|0|0|0"], "in the order \(order)")
      }
    }
  }

  @Test("two absolute counts of one time must say the same, in any order: a correction is a later look")
  func sameTime() async throws {
    let time = Warehouse.ago(300)
    for (first, second) in [(Int64(118), Int64(181)), (181, 118)] {
      try await withWarehouse(150) { place in
        try await place.inventory.take(.count("cnt-1", "A", "WH-1", first, at: time))
        let other = Letter.count("cnt-2", "A", "WH-1", second, at: time)
        #expect(try await place.inventory.take(other).outcome == .deadLettered)
        let dead = try await place.house.deadLetter(of: other.id)
        #expect((dead.field, dead.value) == ("data.counted", "\(second)"))
        #expect(dead.rule.hasPrefix("must stay \(first): count cnt-1 of the same counted_at"))
        #expect(try await place.balances() == ["WH-1|\(first)|0|0|0"])
        let taken = try await place.inventory.take([
          .count("cnt-3", "A", "WH-1", first, at: time), .difference("cnt-4", "A", "WH-1", 5, at: time),
          .count("cnt-5", "A", "WH-1", second, at: time + .seconds(1)),
          .count("cnt-6", "A", "WH-1", first, at: time + .seconds(1)),
        ])
        #expect(taken.outcomes == [.applied, .applied, .applied, .deadLettered])
        #expect(try await place.balances() == ["WH-1|\(second)|0|0|0"])
      }
    }
  }

  @Test("an order that loses its last promise to a count while some of it is on the road is served again if that fails")
  func bumpsWhileOnTheRoad() async throws {
    try await withWarehouse(4) { place in
      try await place.allocation.take([
        .order("o-1", [("A", 2), ("A", 2)], backorder: .deny), .shipment("s-1", "o-1", [(1, "WH-1", 2)]),
      ])
      _ = try await place.house.relay()
      try await place.inventory.take([.count("cnt-1", "A", "WH-1", 0), .receipt("r-2", "A", "WH-1", 5)])
      #expect(try await place.house.events(.orderClosedCancelled).isEmpty)
      try await place.settle()
      #expect(try await place.house.rows("select state, closed_reason from orders") == ["shipped"])
      try await place.allocation.take(.status("s-1", .failed))
      #expect(
        try await place.house.rows("select reserved, cancelled from order_lines order by line_no") == ["2|0", "0|2"])
    }
  }

  @Test("a count below what is promised is believed: the lowest-ranked orders wait again, and later are filled")
  func bumps() async throws {
    try await withWarehouse(10) { place in
      try await place.allocation.take([
        .order("o-1", [("A", 4)], priority: 1), .order("o-2", [("A", 3)]), .order("o-3", [("A", 3)], backorder: .deny),
      ])
      _ = try await place.house.relay()
      #expect(try await place.inventory.take(.count("cnt-1", "A", "WH-1", 5)).outcome == .applied)
      #expect(try await place.balances() == ["WH-1|5|5|0|0"])
      #expect(try await place.states() == ["o-1|reserved", "o-2|partially_reserved", "o-3|cancelled"])
      #expect(
        try await place.house.eventTypes().sorted() == [
          "backorder.created", "order.closed_cancelled", "reservation.bumped", "reservation.bumped", "stock.adjusted",
        ])
      #expect(
        try await place.house.rows("select order_id, quantity from bumps order by bump_id") == ["o-3|3", "o-2|2"])
      try await place.settle()
      try await place.inventory.take(.adjustment("adj-1", .found, 2, "A", "WH-1"))
      try await place.settle()
      #expect(try await place.states() == ["o-1|reserved", "o-2|reserved", "o-3|cancelled"])
      #expect(try await place.balances() == ["WH-1|7|7|0|0"])
    }
  }

  @Test("stock elsewhere takes the place of what was bumped")
  func elsewhere() async throws {
    try await withWarehouse(10) { place in
      try await place.allocation.take(.order("o-1", [("A", 10)]))
      try await place.inventory.take(.receipt("r-2", "A", "WH-2", 4))
      try await place.settle()
      try await place.inventory.take(.count("cnt-1", "A", "WH-1", 7))
      try await place.settle()
      #expect(try await place.balances() == ["WH-1|7|7|0|0", "WH-2|4|3|0|0"])
      #expect(try await place.states() == ["o-1|reserved"])
    }
  }

  @Test("what is missing beyond all promises is missing among damaged and held units")
  func beyond() async throws {
    try await withWarehouse(10) { place in
      try await place.inventory.take([
        .adjustment("adj-1", .damage, 3, "A", "WH-1"), .hold("hld-1", 4, "A", "WH-1"),
      ])
      try await place.allocation.take(.order("o-1", [("A", 3)]))
      _ = try await place.house.relay()
      try await place.inventory.take(.count("cnt-1", "A", "WH-1", 2))
      #expect(try await place.balances() == ["WH-1|2|0|0|2"])
      #expect(try await place.states() == ["o-1|backordered"])
      // What the hold lost cannot be released; the rest can.
      let release = Letter.release("rel-1", of: "hld-1", 4, "A", "WH-1")
      #expect(try await place.inventory.take(release).outcome == .deadLettered)
      #expect(try await place.house.deadLetter(of: release.id).rule.contains("2 units that hold hld-1 still holds"))
      #expect(try await place.inventory.take(.release("rel-2", of: "hld-1", 2, "A", "WH-1")).outcome == .applied)
    }
  }

  @Test("a difference below nothing is tried again, then a dead letter that says how much there is")
  func impossible() async throws {
    try await withWarehouse(3) { place in
      let letter = Letter.difference("cnt-1", "A", "WH-1", -4)
      #expect(try await place.inventory.take(letter).outcome == .retried)
      #expect(try await place.inventory.take(letter.attempt(3)).outcome == .deadLettered)
      let dead = try await place.house.deadLetter(of: letter.id)
      #expect((dead.field, dead.value) == ("data.difference", "-4"))
      #expect(dead.rule.contains("3 units on hand"))
      #expect(try await place.balances() == ["WH-1|3|0|0|0"])
      #expect(try await place.house.value("select count(*) from counts") == "0")
    }
  }

  @Test("fewer were counted than have left since: tried again")
  func leftSince() async throws {
    try await withWarehouse(10) { place in
      try await place.inventory.take(.move("mv-1", "A", "WH-1", "WH-2", 6))
      let taken = try await place.inventory.take(.count("cnt-1", "A", "WH-1", 5, at: Warehouse.ago(60)))
      #expect(taken.outcome == .retried)
      #expect(taken.entries[0].why?.contains("6 units that left") == true)
      let enough = Letter.count("cnt-2", "A", "WH-1", 6, at: Warehouse.ago(60))
      #expect(try await place.inventory.take(enough).outcome == .applied)
      #expect(try await place.house.value("select on_hand from balances where location_id = 'WH-1'") == "0")
    }
  }

  @Test("many documents in one batch bump no more and no fewer than one by one")
  func batch() async throws {
    func letters() -> [Letter] {
      [
        .adjustment("adj-1", .damage, 2, "A", "WH-1"), .move("mv-1", "A", "WH-1", "WH-2", 2),
        .hold("hld-1", 3, "A", "WH-1"), .difference("cnt-1", "A", "WH-1", -1),
        .adjustment("adj-2", .writeOff, 1, "A", "WH-1"), .release("rel-1", of: "hld-1", 3, "A", "WH-1", to: .scrap),
        .count("cnt-2", "A", "WH-1", 9), .adjustment("adj-3", .damage, 4, "A", "WH-1"),
      ]
    }
    var results: [[String]] = []
    for together in [true, false] {
      try await withWarehouse(20) { place in
        try await place.allocation.take((1...6).map { .order("o-\($0)", [("A", 3)]) })
        _ = try await place.house.relay()
        if together {
          #expect(try await place.inventory.take(letters()).count(.applied) == 8)
        } else {
          for letter in letters() { try await place.inventory.take(letter) }
        }
        results.append(
          try await place.balances() + place.states()
            + place.house.rows("select order_id, quantity, reference from bumps order by bump_id"))
      }
    }
    #expect(results[0] == results[1])
    #expect(results[0].contains("WH-1|9|3|6|0"))
  }

  @Test("what a move takes of a lot may be missing to a promise of it, for whoever follows in the batch")
  func moveOfLot() async throws {
    try await withWarehouse(0) { place in
      try await place.inventory.take(.lot("r-1", "A", "WH-1", "L", 10))
      try await place.allocation.take(.order("o-1", [("A", 6)]))
      let move = StockMoveRequested(
        moveID: MoveID(trusted: "mv-1"), sku: SKU(trusted: "A"), fromLocationID: LocationID(trusted: "WH-1"),
        toLocationID: LocationID(trusted: "WH-2"), quantity: 4, lot: LotID(trusted: "L"))
      let taken = try await place.inventory.take([
        Letter(.stockMoveRequested(move)), .adjustment("adj-1", .damage, 2, "A", "WH-1", lot: "L"),
      ])
      #expect(taken.outcomes == [.applied, .applied])
      #expect(taken.halved == [], "the promises that it may cost were loaded")
      #expect(
        try await place.house.rows(
          "select location_id, on_hand, reserved, damaged from balances where lot = 'L' order by 1") == [
            "WH-1|6|4|2", "WH-2|4|0|0",
          ])
    }
  }

  @Test("a place that nobody knows, or a SKU, is tried again; a count of the day after tomorrow is refused")
  func unknown() async throws {
    try await withWarehouse(1) { place in
      let taken = try await place.inventory.take([
        .count("cnt-1", "A", "nowhere", 1), .count("cnt-2", "B", "WH-1", 1),
        .count("cnt-3", "A", "WH-1", 1, at: Warehouse.ago(-2 * 86_400)),
      ])
      #expect(taken.outcomes == [.retried, .retried, .deadLettered])
      #expect(try await place.house.deadLetters().map(\.field) == ["data.counted_at"])
    }
  }

  @Test("an absolute count without a lot is not believed where all that is there is of lots: it would double them")
  func lotMissing() async throws {
    try await withWarehouse(0) { place in
      try await place.inventory.take([.lot("r-1", "A", "WH-1", "A", 30), .lot("r-2", "A", "WH-1", "B", 20)])
      let count = Letter.count("cnt-1", "A", "WH-1", 50)
      let taken = try await place.inventory.take([count, .count("cnt-2", "A", "WH-1", 0)])
      #expect(taken.outcomes == [.retried, .applied], "nothing without a lot is what the books say")
      #expect(
        taken.entries.first?.why
          == "data.lot: absent: must name the lot of which 50 were counted: all that is on hand at WH-1 is of lots "
          + "(30 of A, 20 of B)")
      #expect(try await place.balances() == ["WH-1|0|0|0|0", "WH-1/A|30|0|0|0", "WH-1/B|20|0|0|0"])
      // What has no lot was only told late.
      try await place.inventory.take(.receipt("r-3", "A", "WH-1", 4))
      #expect(try await place.inventory.take(.count("cnt-3", "A", "WH-1", 5)).outcome == .applied)
      #expect(try await place.balances().first == "WH-1|5|0|0|0")
    }
  }

  @Test("what left after it was counted without a lot leaves nothing to ask about")
  func lotNotMissing() async throws {
    try await withWarehouse(5) { place in
      try await place.inventory.take([
        .lot("r-1", "A", "WH-1", "L", 3), .adjustment("adj-1", .writeOff, 5, "A", "WH-1"),
      ])
      let count = Letter.count("cnt-1", "A", "WH-1", 5, at: Warehouse.ago(60))
      #expect(try await place.inventory.take(count).outcome == .applied)
      #expect(try await place.balances() == ["WH-1|0|0|0|0", "WH-1/L|3|0|0|0"])
    }
  }

  @Test("a lot has a balance of its own")
  func lots() async throws {
    try await withWarehouse(5) { place in
      let outcome = try await place.inventory.take(.count("cnt-1", "A", "WH-1", 7, lot: "L-1")).outcome
      #expect(outcome == .applied)
      #expect(try await place.balances() == ["WH-1|5|0|0|0", "WH-1/L-1|7|0|0|0"])
    }
  }
}
