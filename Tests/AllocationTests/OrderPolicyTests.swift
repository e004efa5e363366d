import Contracts
import Messaging
import PipelineKit
import Testing

@Suite("Orders that are wanted wholly")
struct OrderPolicyTests {
  @Test("line_complete: a line is reserved wholly or not at all; what waits of it is not owed")
  func lineComplete() async throws {
    try await withScene([("A", "WH-1", 5), ("B", "WH-1", 5)]) { scene in
      try await scene.allocation.take([
        .order("o-1", [("A", 6), ("B", 5)], policy: .lineComplete), .order("o-2", [("A", 5)]),
      ])
      #expect(try await scene.lines("o-1") == ["0|6|0|0", "5|0|0|0"])
      #expect(try await scene.state("o-1") == "partially_reserved")
      #expect(try await scene.lines("o-2") == ["5|0|0|0"], "a blocked line keeps nothing from others")
      #expect(try await scene.house.rows("select fillable from backorders") == ["false"])
      #expect(try await scene.house.value("select sum(owed) from stock_items") == "0")
    }
  }

  @Test("ship_complete: an order is reserved wholly or not at all")
  func shipComplete() async throws {
    try await withScene([("A", "WH-1", 5), ("B", "WH-1", 5)]) { scene in
      try await scene.allocation.take([
        .order("o-1", [("A", 2), ("B", 5), ("A", 3)], policy: .shipComplete),
        .order("o-2", [("A", 1)], policy: .shipComplete),
      ])
      #expect(try await scene.lines("o-1") == ["2|0|0|0", "5|0|0|0", "3|0|0|0"])
      #expect(try await scene.state("o-2") == "backordered")
    }
  }

  @Test("ship_complete sums the demand of all lines of a SKU")
  func summed() async throws {
    try await withScene([("A", "WH-1", 5)]) { scene in
      try await scene.allocation.take(.order("o-1", [("A", 3), ("A", 3)], policy: .shipComplete))
      #expect(try await scene.lines("o-1") == ["0|3|0|0", "0|3|0|0"])
      #expect(try await scene.house.eventTypes().first == "order.backordered")
    }
  }

  @Test("an order that must not wait: what its policy cannot reserve wholly is refused")
  func denied() async throws {
    try await withScene([("A", "WH-1", 5), ("B", "WH-1", 5)]) { scene in
      try await scene.allocation.take([
        .order("o-1", [("A", 6), ("B", 2)], backorder: .deny, policy: .shipComplete),
        .order("o-2", [("A", 6), ("B", 2)], backorder: .deny, policy: .lineComplete),
      ])
      #expect(try await scene.state("o-1") == "rejected")
      #expect(try await scene.lines("o-1") == ["0|0|0|6", "0|0|0|2"])
      #expect(try await scene.lines("o-2") == ["0|0|0|6", "2|0|0|0"])
      guard case .orderRejected(let answer)? = try await scene.house.events(.orderRejected).first?.event else {
        Issue.record("no order.rejected")
        return
      }
      #expect(answer.detail == "not all of it can be promised now and it must not wait")
    }
  }

  @Test("a blocked order is filled at once when its last missing stock comes, and is told once")
  func filledWhole() async throws {
    try await withScene([("A", "WH-1", 0), ("B", "WH-1", 4)]) { scene in
      try await scene.allocation.take(.order("o-1", [("A", 5), ("B", 4), ("A", 1)], policy: .shipComplete))
      try await scene.receive("r-1", "A", 5)
      #expect(try await scene.lines("o-1") == ["0|5|0|0", "0|4|0|0", "0|1|0|0"], "a part is not enough")
      try await scene.inventory.take(.receipt("r-2", "A", "WH-1", 1))
      try await scene.allocation.take(
        try await scene.house.relay().filter { $0.routingKey == "stock.received" }.map(Letter.init))
      #expect(try await scene.lines("o-1") == ["5|0|0|0", "4|0|0|0", "1|0|0|0"])
      #expect(
        try await scene.house.events().filter { $0.envelope.aggregate == "order/o-1" }.map(\.envelope.type.rawValue)
          == ["backorder.filled", "backorder.filled", "backorder.filled", "order.reserved"])
    }
  }

  @Test("a whole line is filled when all of it is there")
  func filledLine() async throws {
    try await withScene([("A", "WH-1", 0), ("B", "WH-1", 0)]) { scene in
      try await scene.allocation.take(.order("o-1", [("A", 5), ("B", 4)], policy: .lineComplete))
      try await scene.receive("r-1", "A", 4)
      #expect(try await scene.lines("o-1") == ["0|5|0|0", "0|4|0|0"])
      try await scene.receive("r-2", "A", 2)
      #expect(try await scene.lines("o-1") == ["5|0|0|0", "0|4|0|0"])
      try await scene.receive("r-3", "B", 4)
      #expect(try await scene.state("o-1") == "reserved")
    }
  }

  @Test("stock goes by rank over orders of every policy; one that cannot be filled wholly lets the next go first")
  func ranked() async throws {
    try await withScene([("A", "WH-1", 0), ("B", "WH-1", 0)]) { scene in
      try await scene.allocation.take([
        .order("plain", [("A", 5)]), .order("whole", [("A", 4)], priority: 1, policy: .shipComplete),
        .order("blocked", [("A", 1), ("B", 1)], priority: 2, policy: .shipComplete),
        .order("big", [("A", 9)], priority: 3, policy: .lineComplete),
      ])
      try await scene.receive("r-1", "A", 6)
      #expect(try await scene.lines("whole") == ["4|0|0|0"])
      #expect(try await scene.lines("plain") == ["2|3|0|0"])
      #expect(try await scene.state("blocked") == "backordered")
      #expect(try await scene.state("big") == "backordered")
    }
  }

  @Test(
    "what is freed beside a receipt goes to those who are owed it, before a lower rank that is wanted wholly",
    arguments: [FulfilmentPolicy.lineComplete, .shipComplete], [true, false])
  func ranksWithinBatch(policy: FulfilmentPolicy, isCancelled: Bool) async throws {
    try await withScene([("A", "WH-1", 5)]) { scene in
      try await scene.allocation.take([
        .order("gives", [("A", 5)]), .order("p-1", [("A", 5)], priority: 5), .order("p-2", [("A", 5)], priority: 5),
        .order("whole", [("A", 4)], policy: policy),
      ])
      _ = try await scene.house.relay()
      try await scene.inventory.take(.receipt("r-1", "A", "WH-1", 5))
      let received = try await scene.house.relay().filter { $0.routingKey == "stock.received" }.map(Letter.init)
      let gives = isCancelled ? Letter.cancel("gives") : .amend("gives", 1, [(1, "A", 1)])
      try await scene.allocation.take([gives] + received)
      #expect(try await scene.lines("p-1") == ["5|0|0|0"])
      #expect(try await scene.lines("whole") == ["0|4|0|0"])
      try await scene.settle()
      #expect(try await scene.lines("p-2") == [isCancelled ? "5|0|0|0" : "4|1|0|0"])
      #expect(try await scene.lines("whole") == ["0|4|0|0"])
      // Its turn comes once nothing is owed.
      try await scene.receive("r-2", "A", isCancelled ? 4 : 5)
      #expect(try await scene.lines("whole") == ["4|0|0|0"])
    }
  }

  @Test("a blocked order takes nothing of another SKU that is owed to others")
  func respectsOwed() async throws {
    try await withScene([("A", "WH-1", 0), ("B", "WH-1", 0)]) { scene in
      try await scene.allocation.take([
        .order("waits", [("B", 5)]), .order("whole", [("A", 1), ("B", 1)], policy: .shipComplete),
      ])
      _ = try await scene.house.relay()
      // B has come, but its event has not: it is owed to the order that waits for it.
      try await scene.inventory.take([.receipt("r-b", "B", "WH-1", 5), .receipt("r-a", "A", "WH-1", 1)])
      let rows = try await scene.house.relay().filter { $0.routingKey == "stock.received" }
      try await scene.allocation.take(
        rows.filter { String(decoding: $0.body, as: UTF8.self).contains(#""A""#) }.map(Letter.init))
      #expect(try await scene.state("whole") == "backordered")
      try await scene.allocation.take(rows.map(Letter.init))
      #expect(try await scene.lines("waits") == ["5|0|0|0"])
      #expect(try await scene.state("whole") == "backordered")
    }
  }

  @Test("what no event fills the sweeper finds: stock that lay there before, behind hundreds that stay blocked")
  func swept() async throws {
    try await withScene([("A", "WH-1", 1), ("B", "WH-1", 0), ("C", "WH-1", 3)]) { scene in
      try await scene.inventory.take(.policy("C", safety: 3))
      try await scene.allocation.take(
        (0..<600).map { .order("b-\($0)", [("A", 1), ("B", 1)], priority: 1, policy: .shipComplete) })
      try await scene.allocation.take([
        .order("o-1", [("A", 1), ("C", 2)], policy: .shipComplete), .order("o-2", [("C", 1)], policy: .lineComplete),
      ])
      try await scene.settle()
      #expect(try await scene.sweep() == 0)
      try await scene.inventory.take(.policy("C", safety: 0, time: .now))
      #expect(try await scene.sweep() == 2)
      try await scene.settle()
      #expect(try await scene.state("o-1") == "reserved")
      #expect(try await scene.state("o-2") == "reserved")
      #expect(try await scene.sweep() == 0)
    }
  }

  @Test("a cancelled order that waits as a whole leaves no trace in what is owed")
  func cancelled() async throws {
    try await withScene([("A", "WH-1", 1)]) { scene in
      try await scene.allocation.take([.order("o-1", [("A", 2)], policy: .shipComplete), .cancel("o-1")])
      #expect(try await scene.lines("o-1") == ["0|0|0|2"])
      try await scene.allocation.take(.order("o-2", [("A", 1)]))
      #expect(try await scene.state("o-2") == "reserved")
    }
  }

  @Test("the policy stays as the order was created with it, also after a cancellation that came first")
  func contradiction() async throws {
    try await withScene([("A", "WH-1", 9)]) { scene in
      try await scene.allocation.take(.cancel("o-2"))
      let orders = ["o-1", "o-2"].map { Letter.order($0, [("A", 1)], policy: .lineComplete) }
      #expect(try await scene.allocation.take(orders).outcomes == [.applied, .applied])
      #expect(try await scene.house.rows("select policy from orders order by 1") == ["line_complete", "line_complete"])
      for order in ["o-1", "o-2"] {
        let other = Letter.order(order, [("A", 1)])
        #expect(try await scene.allocation.take(other).outcome == .deadLettered)
        #expect(try await scene.house.deadLetter(of: other.id).field == "data.policy")
      }
    }
  }

  @Test("why units wait or were refused is recorded as the transaction saw it; reserved units need no record")
  func decisions() async throws {
    try await withScene([("A", "WH-1", 5), ("A", "WH-2", 2)]) { scene in
      try await scene.allocation.take([
        .order("o-1", [("A", 1)], id: "m-1"), .order("o-2", [("A", 9)], id: "m-2"),
        .order("o-3", [("A", 1)], backorder: .deny, policy: .shipComplete, id: "m-3"), .cancel("o-4"),
        .order("o-4", [("A", 3)], id: "m-4"),
      ])
      #expect(
        try await scene.house.rows(
          """
          select order_id, line_no, decision, quantity, rule, policy, location_policy, candidates, promisable, owed,
            message_id, consumer
          from decisions order by decision_id
          """) == [
            "o-2|1|backordered|3|short|partial|most_stock|WH-1=4,WH-2=2|6|0|m-2|allocation",
            "o-3|1|refused|1|order_incomplete|ship_complete|most_stock||0|3|m-3|allocation",
            "o-4|1|refused|3|cancelled_before|partial|m-4|allocation",
          ])
    }
  }
}

extension Scene {
  /// Stock comes to WH-1, and all that follows from it happens.
  func receive(_ receipt: String, _ sku: String, _ quantity: Int64) async throws {
    try await inventory.take(.receipt(receipt, sku, "WH-1", quantity))
    try await settle()
  }
}
