import Contracts
import Messaging
import PipelineKit
import Testing

@Suite("What left has left")
struct DispatchTests {
  @Test("a shipment whose promise lies elsewhere takes what is free, and the promise is given back")
  func elsewhere() async throws {
    try await withScene([("A", "WH-1", 5), ("A", "WH-2", 3)]) { scene in
      try await scene.allocation.take(.order("o-1", [("A", 4)]))
      _ = try await scene.house.relay()
      #expect(try await scene.allocation.take(.shipment("s-1", "o-1", [(1, "WH-2", 3)])).outcome == .applied)
      #expect(try await scene.lines("o-1") == ["1|0|3|0"])
      #expect(try await scene.reservations("o-1") == ["WH-1|1"])
      #expect(
        try await scene.house.rows("select location_id, on_hand, reserved from balances order by 1") == [
          "WH-1|5|1", "WH-2|0|0",
        ])
      #expect(try await scene.house.eventTypes().prefix(2) == ["reservation.released", "order.partially_shipped"])
    }
  }

  @Test("who has been promised what is looked up only where not enough is free")
  func nobodyGivesWay() async throws {
    try await withScene([("A", "WH-1", 5), ("A", "WH-2", 7)]) { scene in
      try await scene.allocation.take([.order("o-1", [("A", 4)]), .order("o-2", [("A", 4)])])
      #expect(try await scene.reservations("o-1") == ["WH-2|4"])
      try await scene.house.script(
        """
        create or replace function orders_promised(of_sku text, at_location text, of_lot text) returns setof text
        language plpgsql as $$ begin raise exception 'asked' using errcode = '23514'; end $$;
        """)
      // Three of five are free in WH-1; one more order of the same batch may take one of them first.
      let taken = try await scene.allocation.take([
        .order("o-3", [("A", 1)]), .shipment("s-1", "o-1", [(1, "WH-1", 1)]),
      ])
      #expect(taken.outcomes == [.applied, .applied])
      let short = try await scene.allocation.take([.shipment("s-2", "o-1", [(1, "WH-1", 3)])])
      #expect(short.outcomes == [.deadLettered], "asked")
    }
  }

  @Test("a shipment of what waits takes what is free: it does not wait any more")
  func waiting() async throws {
    try await withScene([("A", "WH-1", 2)]) { scene in
      try await scene.allocation.take(.order("o-1", [("A", 5)]))
      try await scene.inventory.take(.receipt("r-2", "A", "WH-1", 3))
      // The event about the receipt is still under way.
      #expect(try await scene.allocation.take(.shipment("s-1", "o-1", [(1, "WH-1", 4)])).outcome == .applied)
      #expect(try await scene.lines("o-1") == ["0|1|4|0"])
      try await scene.settle()
      #expect(try await scene.lines("o-1") == ["1|0|4|0"])
    }
  }

  @Test("a shipment of what was cancelled takes others' promises, the lowest rank first")
  func bumps() async throws {
    try await withScene([("A", "WH-1", 5)]) { scene in
      try await scene.allocation.take([.order("gone", [("A", 3)]), .cancel("gone")])
      try await scene.settle()
      try await scene.allocation.take([
        .order("first", [("A", 2)], priority: 5), .order("last", [("A", 3)], priority: 1),
      ])
      _ = try await scene.house.relay()
      #expect(try await scene.allocation.take(.shipment("s-1", "gone", [(1, "WH-1", 3)])).outcome == .applied)
      #expect(try await scene.lines("gone") == ["0|0|3|0"])
      #expect(try await scene.state("gone") == "shipped")
      #expect(try await scene.lines("first") == ["2|0|0|0"])
      #expect(try await scene.lines("last") == ["0|3|0|0"])
      #expect(
        try await scene.house.rows("select order_id, quantity, reason, reference from bumps") == [
          "last|3|dispatched|s-1"
        ])
      #expect(
        try await scene.house.eventTypes().prefix(3) == ["reservation.bumped", "backorder.created", "order.shipped"])
    }
  }

  @Test("an order that loses the promise of another line to its own shipment is not closed by that")
  func ownOtherLine() async throws {
    try await withScene([("A", "WH-1", 2)]) { scene in
      try await scene.allocation.take([
        .order("o-1", [("A", 2), ("A", 2)], backorder: .deny), .amend("o-1", 1, [(1, "A", 2), (2, "A", 1)]),
      ])
      #expect(try await scene.lines("o-1") == ["2|0|0|0", "0|0|0|1"])
      _ = try await scene.house.relay()
      #expect(try await scene.allocation.take(.shipment("s-1", "o-1", [(2, "WH-1", 1)])).outcome == .applied)
      #expect(try await scene.lines("o-1") == ["1|0|0|1", "0|0|1|0"])
      // The last promise goes as well, and nothing of the order is open for a moment.
      let last = Letter.amend("o-1", 2, [(1, "A", 2), (2, "A", 2)])
      try await scene.allocation.take(last)
      _ = try await scene.house.relay()
      #expect(try await scene.allocation.take(.shipment("s-2", "o-1", [(2, "WH-1", 1)])).outcome == .applied)
      #expect(try await scene.lines("o-1") == ["0|0|0|2", "0|0|2|0"])
      #expect(try await scene.house.rows("select state, closed_reason from orders") == ["shipped"])
      #expect(try await scene.house.eventTypes().prefix(2) == ["reservation.bumped", "order.shipped"])
      // It goes on: what fails to be delivered is served again.
      try await scene.inventory.take(.receipt("r-2", "A", "WH-1", 5))
      try await scene.settle()
      try await scene.allocation.take(.status("s-2", .failed))
      #expect(try await scene.lines("o-1") == ["0|0|0|2", "1|0|1|0"])
    }
  }

  @Test("an order's line that waits because another line's shipment took its promise is told of")
  func ownOtherLineWaits() async throws {
    try await withScene([("A", "WH-1", 2)]) { scene in
      try await scene.allocation.take([.order("o-1", [("A", 2), ("A", 2)])])
      #expect(try await scene.lines("o-1") == ["2|0|0|0", "0|2|0|0"])
      _ = try await scene.house.relay()
      try await scene.allocation.take(.shipment("s-1", "o-1", [(2, "WH-1", 2)]))
      #expect(try await scene.lines("o-1") == ["0|2|0|0", "0|0|2|0"])
      #expect(
        try await scene.house.eventTypes().prefix(3) == [
          "reservation.bumped", "order.partially_shipped", "backorder.created",
        ])
      guard case .backorderCreated(let told)? = try await scene.house.events(.backorderCreated).last?.event else {
        Issue.record("backorder.created is missing")
        return
      }
      #expect((told.line, told.quantity) == (1, 2))
    }
  }

  @Test("its own promise is taken first, and only what that does not hold from others")
  func ownFirst() async throws {
    try await withScene([("A", "WH-1", 5)]) { scene in
      try await scene.allocation.take([.order("o-1", [("A", 3)]), .order("o-2", [("A", 2)])])
      try await scene.allocation.take(.order("o-3", [("A", 2)]))
      try await scene.allocation.take([
        .shipment("s-1", "o-3", [(1, "WH-1", 1), (1, "WH-1", 1)]), .shipment("s-2", "o-1", [(1, "WH-1", 3)]),
      ])
      #expect(try await scene.lines("o-3") == ["0|0|2|0"])
      #expect(try await scene.lines("o-1") == ["0|0|3|0"])
      #expect(try await scene.lines("o-2") == ["0|2|0|0"])
      #expect(try await scene.house.value("select on_hand from balances") == "0")
    }
  }

  @Test("more than is there is tried again, then a dead letter; damaged and held goods are not there")
  func notThere() async throws {
    try await withScene([("A", "WH-1", 4)]) { scene in
      try await scene.allocation.take([
        .order("o-1", [("A", 2)]), .shipment("s-0", "o-1", [(1, "WH-1", 2)]), .status("s-0", .failed),
        .order("o-2", [("A", 3)]),
      ])
      _ = try await scene.house.relay()
      let letter = Letter.shipment("s-1", "o-2", [(1, "WH-1", 3)])
      #expect(try await scene.allocation.take(letter).outcome == .retried)
      #expect(try await scene.allocation.take(letter.attempt(3)).outcome == .deadLettered)
      let dead = try await scene.house.deadLetter()
      #expect([dead.kind, dead.field, dead.value] == ["exhausted", "data.lines[0].quantity", "3"])
      #expect(try await scene.house.value("select reason from dead_letters") == "not_on_hand")
    }
  }

  @Test("never more than was ordered, however it was promised")
  func neverMore() async throws {
    try await withScene([("A", "WH-1", 9)]) { scene in
      try await scene.allocation.take([.order("o-1", [("A", 3)]), .shipment("s-1", "o-1", [(1, "WH-1", 2)])])
      let letter = Letter.shipment("s-2", "o-1", [(1, "WH-1", 2)])
      #expect(try await scene.allocation.take(letter).outcome == .retried)
      #expect(try await scene.allocation.take(letter.attempt(3)).outcome == .deadLettered)
      #expect(try await scene.house.value("select reason from dead_letters") == "more_than_open")
    }
  }

  @Test("what overtakes the amendment that adds its line or its units is applied after it")
  func overtakingAmendment() async throws {
    try await withScene([("A", "WH-1", 9), ("B", "WH-1", 1)]) { scene in
      try await scene.allocation.take(.order("o-1", [("A", 2)]))
      let early: [Letter] = [
        .shipment("s-1", "o-1", [(1, "WH-1", 5)]), .shipment("s-2", "o-1", [(2, "WH-1", 1)]),
        .planFailed("p-1", "o-1", [(2, "WH-1", 1)], .replan),
        .comeBack("ret-1", order: "o-1", [(2, "WH-1", 1, .stock)]),
      ]
      #expect(try await scene.allocation.take(early).outcomes == Array(repeating: .retried, count: 4))
      try await scene.allocation.take(.amend("o-1", 1, [(1, "A", 5), (2, "B", 1)]))
      let plan = try await scene.allocation.take(early[2].attempt(1))
      let rest = try await scene.allocation.take([early[0], early[1], early[3]].map { $0.attempt(1) })
      #expect(plan.outcomes + rest.outcomes == Array(repeating: .applied, count: 4))
      #expect(try await scene.lines("o-1") == ["0|0|5|0", "0|0|1|0"])
    }
  }

  @Test("what left while an amendment to less was on its way is booked once the order is amended to it")
  func crossingAmendment() async throws {
    try await withScene([("A", "WH-1", 9)]) { scene in
      try await scene.allocation.take([.order("o-1", [("A", 8)]), .amend("o-1", 1, [(1, "A", 2)])])
      let shipment = Letter.shipment("s-1", "o-1", [(1, "WH-1", 8)])
      #expect(try await scene.allocation.take(shipment).outcome == .retried)
      try await scene.allocation.take([.amend("o-1", 2, [(1, "A", 8)]), shipment.attempt(1)])
      #expect(try await scene.lines("o-1") == ["0|0|8|0"])
      #expect(try await scene.house.value("select on_hand from balances") == "1")
    }
  }

  @Test("what is in transit belongs to transfers: nothing leaves from there, and nothing comes back to it")
  func inTransit() async throws {
    try await withScene([("A", "WH-1", 9), ("A", "WH-2", 0)]) { scene in
      try await scene.inventory.take(.transfer("t-1", "WH-1", "WH-2", [("A", 6)]))
      try await scene.allocation.take(.order("o-1", [("A", 3)]))
      let shipment = Letter.shipment("s-1", "o-1", [(1, "in-transit", 3)])
      let back = Letter.comeBack("ret-1", [("A", "WH-1", 1, .stock), ("A", "in-transit", 1, .stock)])
      #expect(try await scene.allocation.take([shipment, back]).outcomes == [.deadLettered, .deadLettered])
      #expect(try await scene.house.deadLetter(of: shipment.id).field == "data.lines[0].location_id")
      #expect(try await scene.house.deadLetter(of: back.id).field == "data.lines[1].location_id")
    }
  }
}

@Suite("What comes back")
struct ReturnTests {
  @Test("to stock, to quality control or thrown away; what can be sold goes to those who wait")
  func dispositions() async throws {
    try await withScene([("A", "WH-1", 6), ("B", "WH-2", 0)]) { scene in
      try await scene.allocation.take([
        .order("o-1", [("A", 6)]), .shipment("s-1", "o-1", [(1, "WH-1", 6)]), .status("s-1", .delivered),
        .order("o-2", [("A", 2)]),
      ])
      _ = try await scene.house.relay()
      let letter = {
        Letter.comeBack(
          "ret-1", shipment: "s-1",
          [
            (1, "WH-2", 1, .stock), ("A", "WH-2", 2, .qualityControl), (1, "WH-1", 3, .scrap),
          ])
      }
      #expect(try await scene.allocation.take([letter(), letter()]).outcomes == [.applied, .unchanged])
      #expect(try await scene.allocation.take(letter()).outcome == .unchanged)
      try await scene.settle()
      #expect(try await scene.lines("o-2") == ["1|1|0|0"])
      #expect(try await scene.state("o-1") == "fulfilled")
      #expect(
        try await scene.house.rows(
          """
          select location_id, on_hand, reserved, quality_control from balances where sku = 'A' order by location_id
          """) == ["WH-1|0|0|0", "WH-2|3|1|2"])
      #expect(
        try await scene.house.rows(
          "select reason, sum(delta) from stock_ledger where reference = 'ret-1' group by 1 order by 1") == [
            "DAMAGE|-3", "QC_HOLD|2", "RETURN|6",
          ])
    }
  }

  @Test("a line without its SKU makes room for its own product only, and costs no other anything")
  func onlyItsProduct() async throws {
    try await withScene([("A", "WH-1", 5), ("B", "WH-1", 5), ("A", "WH-2", 0)]) { scene in
      try await scene.allocation.take([
        .order("o-1", [("B", 1), ("A", 2)]), .order("o-2", [("B", 1)]),
        .shipment("s-1", "o-1", [(1, "WH-1", 1), (2, "WH-1", 2)]), .shipment("s-2", "o-2", [(1, "WH-1", 1)]),
      ])
      try await scene.allocation.take([
        .comeBack("ret-1", shipment: "s-1", [(2, "WH-2", 1, .stock)]), .cancel("o-2"),
      ])
      #expect(
        try await scene.house.rows("select sku from balances where location_id = 'WH-2' order by 1") == ["A"])
    }
  }

  @Test("without an order it is a matter of the product alone")
  func withoutOrder() async throws {
    try await withScene([("A", "WH-1", 0)]) { scene in
      #expect(try await scene.allocation.take(.comeBack("ret-1", [("A", "WH-1", 4, .stock)])).outcome == .applied)
      #expect(try await scene.house.value("select on_hand from balances") == "4")
      guard case .stockReturned(let told)? = try await scene.house.events(.stockReturned).first?.event else {
        Issue.record("stock.returned is missing")
        return
      }
      #expect([told.onHand, told.available] == [4, 4])
    }
  }

  @Test("never more than was shipped of a line, over all returns; the same id with other content is refused")
  func bounds() async throws {
    try await withScene([("A", "WH-1", 9)]) { scene in
      try await scene.allocation.take([
        .order("o-1", [("A", 2), ("A", 3)]), .shipment("s-1", "o-1", [(1, "WH-1", 2), (2, "WH-1", 1)]),
        .comeBack("ret-1", order: "o-1", [("A", "WH-1", 2, .stock)]),
      ])
      #expect(
        try await scene.allocation.take(.comeBack("ret-2", order: "o-1", [(1, "WH-1", 1, .stock)])).outcome == .retried)
      #expect(
        try await scene.allocation.take(.comeBack("ret-3", order: "o-1", [("A", "WH-1", 2, .stock)])).outcome
          == .retried)
      #expect(
        try await scene.allocation.take(.comeBack("ret-4", order: "o-1", [("A", "WH-1", 1, .stock)])).outcome
          == .applied)
      #expect(
        try await scene.house.rows("select return_id, line_no, quantity from return_lines order by 1, 2") == [
          "ret-1|1|2", "ret-4|2|1",
        ])
      let others: [(String, Letter)] = [
        ("data.lines", .comeBack("ret-4", order: "o-1", [("A", "WH-1", 1, .scrap)])),
        ("data.order_id", .comeBack("ret-4", [("A", "WH-1", 1, .stock)])),
      ]
      for (field, letter) in others {
        #expect(try await scene.allocation.take(letter).outcome == .deadLettered)
        #expect(try await scene.house.deadLetter(of: letter.id).field == field)
      }
      let lines = try await scene.house.deadLetter(of: others[0].1.id)
      #expect(lines.value == "1 of A to scrap at WH-1, 0 of A to stock at WH-1")
      #expect(lines.rule.hasPrefix("must stay 0 of A to scrap at WH-1, 1 of A to stock at WH-1: return ret-4 "))
    }
  }

  @Test("an unknown product, place, order or shipment is tried again")
  func unknown() async throws {
    try await withScene([("A", "WH-1", 9)]) { scene in
      let taken = try await scene.allocation.take([
        .comeBack("ret-1", [("B", "WH-1", 1, .stock)]), .comeBack("ret-2", [("A", "WH-9", 1, .stock)]),
        .comeBack("ret-3", order: "o-9", [("A", "WH-1", 1, .stock)]),
        .comeBack("ret-4", shipment: "s-9", [("A", "WH-1", 1, .stock)]),
      ])
      #expect(taken.outcomes == [.retried, .retried, .retried, .retried])
    }
  }
}
