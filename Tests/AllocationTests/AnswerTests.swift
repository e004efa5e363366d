import Contracts
import Messaging
import PipelineKit
import Testing

@Suite("The answer to an order")
struct AnswerTests {
  @Test("enough: order.reserved with each line's allocation")
  func reserved() async throws {
    try await withScene([("A", "WH-1", 5), ("B", "WH-2", 5)]) { scene in
      #expect(try await scene.allocation.take(.order("o-1", [("A", 2), ("B", 3)], id: "m-1")).outcome == .applied)
      let message = try #require(try await scene.house.events().first)
      guard case .orderReserved(let answer) = message.event else {
        Issue.record("answered by \(message.event)")
        return
      }
      #expect(answer.lines.map(\.reserved) == [2, 3])
      #expect(answer.lines.flatMap(\.allocations).map { "\($0.locationID)=\($0.quantity)" } == ["WH-1=2", "WH-2=3"])
      #expect(message.envelope.causationID == "m-1")
      #expect(message.envelope.correlationID == "o-1")
      #expect(message.envelope.sequence == 1)
      #expect(try await scene.state("o-1") == "reserved")
      #expect(
        try await scene.house.rows("select location_id, reserved from balances order by 1") == ["WH-1|2", "WH-2|3"])
      #expect(
        try await scene.house.rows("select policy, candidates from reservations order by line_no") == [
          "most_stock|WH-1=5", "most_stock|WH-2=5",
        ])
    }
  }

  @Test("too little: order.partially_reserved, and a backorder for the rest")
  func partially() async throws {
    try await withScene([("A", "WH-1", 5)]) { scene in
      try await scene.allocation.take(.order("o-1", [("A", 8)]))
      #expect(
        try await scene.house.eventTypes() == [
          "order.partially_reserved", "backorder.created", "stock.out", "stock.out",
        ])
      guard case .backorderCreated(let backorder)? = try await scene.house.events(.backorderCreated).first?.event else {
        return
      }
      #expect(backorder.quantity == 3)
      #expect(try await scene.lines("o-1") == ["5|3|0|0"])
      #expect(try await scene.house.value("select owed from stock_items") == "3")
    }
  }

  @Test("nothing: order.backordered")
  func backordered() async throws {
    try await withScene([("A", "WH-1", 0)]) { scene in
      try await scene.allocation.take(.order("o-1", [("A", 8)]))
      #expect(try await scene.house.eventTypes() == ["order.backordered", "backorder.created", "stock.out"])
      #expect(try await scene.state("o-1") == "backordered")
    }
  }

  @Test("nothing, and it must not wait: order.rejected")
  func rejected() async throws {
    try await withScene([("A", "WH-1", 0)]) { scene in
      try await scene.allocation.take(.order("o-1", [("A", 8)], backorder: .deny))
      guard case .orderRejected(let answer)? = try await scene.house.events().first?.event else {
        Issue.record("not rejected")
        return
      }
      #expect(answer.reason == .noStock)
      #expect(try await scene.lines("o-1") == ["0|0|0|8"])
      #expect(try await scene.state("o-1") == "rejected")
      #expect(try await scene.house.value("select owed from stock_items") == "0")
      #expect(try await scene.house.eventTypes() == ["order.rejected"])
      #expect(try await scene.allocation.take(.cancel("o-1")).outcome == .unchanged)
    }
  }

  @Test("too little, and the rest must not wait: partially reserved, the rest cancelled")
  func partiallyWithoutBackorder() async throws {
    try await withScene([("A", "WH-1", 5)]) { scene in
      try await scene.allocation.take(.order("o-1", [("A", 8), ("A", 1)], backorder: .deny))
      #expect(try await scene.lines("o-1") == ["5|0|0|3", "0|0|0|1"])
      #expect(try await scene.state("o-1") == "partially_reserved")
      #expect(try await scene.house.value("select count(*) from backorders") == "0")
    }
  }

  @Test("every order has exactly one answer, and its events count 1, 2, 3")
  func exactlyOne() async throws {
    try await withScene([("A", "WH-1", 50)]) { scene in
      let letters = (0..<100).map {
        Letter.order("o-\($0)", [("A", Int64($0 % 3) + 1)], backorder: $0 % 2 == 0 ? .allow : .deny)
      }
      try await scene.allocation.take(letters + letters.map(\.again))
      let answers = try await scene.house.events(
        .orderReserved, .orderPartiallyReserved, .orderBackordered, .orderRejected)
      #expect(answers.count == 100)
      #expect(Set(answers.compactMap(\.envelope.subject)).count == 100)
      #expect(answers.allSatisfy { $0.envelope.sequence == 1 })
    }
  }

  @Test("demand of one SKU on two lines is summed: two lines never see the same units")
  func sameSKUTwice() async throws {
    try await withScene([("A", "WH-1", 5)]) { scene in
      try await scene.allocation.take(.order("o-1", [("A", 4), ("A", 4)]))
      #expect(try await scene.lines("o-1") == ["4|0|0|0", "1|3|0|0"])
    }
  }

  @Test("a quantity is split over locations, most stock first, ties by priority and then by name")
  func split() async throws {
    try await withHouse { house in
      let inventory = try await house.inventoryWorker()
      let allocation = try await house.allocationWorker()
      try await inventory.take([
        .product("A"), .location("WH-1", priority: 1), .location("WH-2", priority: 2), .location("WH-3"),
        .location("WH-4", sellable: false), .location("WH-5", priority: 2), .receipt("r-1", "A", "WH-1", 3),
        .receipt("r-2", "A", "WH-2", 3), .receipt("r-3", "A", "WH-3", 7), .receipt("r-4", "A", "WH-4", 100),
        .receipt("r-5", "A", "WH-5", 3),
      ])
      try await allocation.take(.order("o-1", [("A", 15)]))
      #expect(
        try await house.rows("select location_id, quantity, candidates from reservations order by reservation_no") == [
          "WH-3|7|WH-3=7,WH-2=3,WH-5=3,WH-1=3", "WH-2|3|WH-3=7,WH-2=3,WH-5=3,WH-1=3",
          "WH-5|3|WH-3=7,WH-2=3,WH-5=3,WH-1=3", "WH-1|2|WH-3=7,WH-2=3,WH-5=3,WH-1=3",
        ])
    }
  }

  @Test("an answer says why units of a line are cancelled")
  func refusedLines() async throws {
    try await withScene([("A", "WH-1", 5), ("B", "WH-1", 5)]) { scene in
      try await scene.inventory.take(.discontinue("B"))
      _ = try await scene.house.relay()
      try await scene.allocation.take([
        .order("o-1", [("A", 2), ("B", 1)]), .order("o-2", [("A", 9), ("B", 1)], backorder: .deny),
        .order("o-3", [("A", 9), ("B", 1)]),
      ])
      var reasons: [LineRefusalReason?] = []
      for sent in try await scene.house.events(.orderPartiallyReserved, .orderBackordered) {
        switch sent.event {
        case .orderPartiallyReserved(let answer), .orderBackordered(let answer): reasons += answer.lines.map(\.reason)
        default: break
        }
      }
      #expect(reasons == [nil, .discontinued, .noStock, .discontinued, nil, .discontinued])
    }
  }

  @Test("safety stock is kept back, at a location and over all of them")
  func safetyStock() async throws {
    try await withScene([("A", "WH-1", 10), ("A", "WH-2", 10), ("B", "WH-1", 10)]) { scene in
      try await scene.inventory.take([
        .policy("A", at: "WH-1", safety: 4), .policy("A", safety: 5), .policy("B", safety: 12),
      ])
      try await scene.allocation.take([.order("o-1", [("A", 100)]), .order("o-2", [("B", 1)])])
      #expect(try await scene.lines("o-1") == ["11|89|0|0"])
      #expect(try await scene.lines("o-2") == ["0|1|0|0"])
      #expect(
        try await scene.house.value(
          "select on_hand - reserved >= 4 from balances where sku = 'A' and location_id = 'WH-1'") == "true")
    }
  }

  @Test("a location that is short of its safety stock lowers what can be promised elsewhere")
  func shortOfSafetyStock() async throws {
    try await withScene([("A", "WH-1", 3), ("A", "WH-2", 10)]) { scene in
      try await scene.inventory.take(.policy("A", at: "WH-1", safety: 8))
      try await scene.allocation.take(.order("o-1", [("A", 10)]))
      #expect(try await scene.lines("o-1") == ["5|5|0|0"])
      #expect(try await scene.reservations("o-1") == ["WH-2|5"])
    }
  }

  @Test("an order for an unknown SKU goes through the retry tiers, then is a dead letter; nothing of it is kept")
  func unknownSKU() async throws {
    try await withScene([("A", "WH-1", 3)]) { scene in
      var letter = Letter.order("o-1", [("A", 1), ("X", 1)], id: "m-1")
      for tier in 1...3 {
        #expect(try await scene.allocation.take(letter).outcome == .retried)
        let row = try #require(try await scene.house.relay().first)
        #expect(row.routingKey == "allocation.retry.\(tier)")
        letter = Letter(row)
      }
      #expect(try await scene.allocation.take(letter).outcome == .deadLettered)
      let dead = try await scene.house.deadLetter()
      #expect([dead.kind, dead.field, dead.value] == ["exhausted", "data.lines[1].sku", "X"])
      #expect(try await scene.house.value("select count(*) from orders") == "0")
      #expect(try await scene.house.value("select sum(reserved) from balances") == "0")
    }
  }

  @Test("the same order again changes nothing; a different one is a dead letter naming the field")
  func duplicate() async throws {
    try await withScene([("A", "WH-1", 30), ("B", "WH-1", 30)]) { scene in
      let time = Timestamp(microseconds: 1_800_000_000_000_000)
      let first = { Letter.order("o-1", [("A", 1), ("B", 2)], needBy: time) }
      #expect(try await scene.allocation.take([first(), first()]).outcomes == [.applied, .unchanged])
      let again = try await scene.allocation.take(first())
      #expect(again.outcome == .unchanged)
      #expect(again.repeated == 1)
      let others: [(String, Letter)] = [
        ("customer_id", .order("o-1", [("A", 1), ("B", 2)], customer: "cust-2", needBy: time)),
        ("lines", .order("o-1", [("A", 1)], needBy: time)),
        ("lines[1].sku", .order("o-1", [("A", 1), ("A", 2)], needBy: time)),
        ("lines[1].quantity", .order("o-1", [("A", 1), ("B", 3)], needBy: time)),
        ("backorder", .order("o-1", [("A", 1), ("B", 2)], backorder: .deny, needBy: time)),
        ("priority", .order("o-1", [("A", 1), ("B", 2)], priority: 1, needBy: time)),
        ("need_by", .order("o-1", [("A", 1), ("B", 2)])),
      ]
      for (field, letter) in others {
        #expect(try await scene.allocation.take(letter).outcome == .deadLettered)
        #expect(try await scene.house.deadLetter(of: letter.id).field == "data.\(field)")
      }
      #expect(try await scene.house.value("select sum(reserved) from balances") == "3")
    }
  }

  @Test("the answer's line numbers are the publisher's own")
  func ownLineNumbers() async throws {
    try await withScene([("A", "WH-1", 30)]) { scene in
      let request = OrderCreated(
        orderID: OrderID(trusted: "o-1"), customerID: CustomerID(trusted: "c"),
        lines: [
          .init(line: 70, sku: SKU(trusted: "A"), quantity: 1), .init(line: 7, sku: SKU(trusted: "A"), quantity: 2),
        ])
      try await scene.allocation.take([Letter(.orderCreated(request)), Letter(.orderCreated(request))])
      guard case .orderReserved(let answer)? = try await scene.house.events().first?.event else {
        Issue.record("no order.reserved")
        return
      }
      #expect(answer.lines.map(\.line) == [70, 7])
      #expect(try await scene.allocation.take(Letter(.orderCreated(request))).outcome == .unchanged)
      #expect(
        try await scene.allocation.take(.shipment("s-1", "o-1", [(7, "WH-1", 2), (70, "WH-1", 1)])).outcome == .applied)
    }
  }
}
