import Contracts
import Messaging
import PipelineKit
import Testing

@testable import Allocation

@Suite("Shipments after their dispatch")
struct DeliveryTests {
  /// Minutes after a moment of today.
  private func minute(_ number: Int64) -> Timestamp {
    Timestamp(microseconds: DeliveryTests.start + number * 60_000_000)
  }
  private static let start = Timestamp.now.microseconds - 3_600_000_000

  @Test("on the way, then delivered: told once each, and the order is fulfilled")
  func delivered() async throws {
    try await withScene([("A", "WH-1", 5)]) { scene in
      try await scene.allocation.take([.order("o-1", [("A", 3)]), .shipment("s-1", "o-1", [(1, "WH-1", 3)])])
      _ = try await scene.house.relay()
      let berlin = Coordinates(lat: ExactNumber(trusted: "52.50"), lng: ExactNumber(trusted: "13.4"))
      let first = Letter.status("s-1", .inTransit, at: minute(1), location: berlin)
      let taken = try await scene.allocation.take([
        first, .status("s-1", .inTransit, at: minute(1), location: berlin), .status("s-1", .inTransit, at: minute(2)),
        .status("s-1", .delivered, at: minute(3)), .status("s-1", .delivered, at: minute(3)),
      ])
      #expect(taken.outcomes == [.applied, .unchanged, .applied, .applied, .unchanged])
      #expect(try await scene.allocation.take(.status("s-1", .delivered, at: minute(3))).outcome == .unchanged)
      #expect(
        try await scene.house.eventTypes() == ["shipment.in_transit", "shipment.delivered", "order.fulfilled"])
      #expect(try await scene.state("o-1") == "fulfilled")
      #expect(
        try await scene.house.rows(
          "select status, lat::text, state, took_effect::text from shipment_statuses order by occurred_at") == [
            "IN_TRANSIT|52.50|in_transit|true", "IN_TRANSIT|in_transit|false", "DELIVERED|delivered|true",
          ])
      #expect(try await scene.allocation.take(.cancel("o-1")).outcome == .deadLettered)
    }
  }

  @Test("a place with more digits than the database keeps costs its neighbours nothing")
  func manyDigits() async throws {
    try await withScene([("A", "WH-1", 5)]) { scene in
      try await scene.allocation.take([.order("o-1", [("A", 3)]), .shipment("s-1", "o-1", [(1, "WH-1", 3)])])
      let nowhere = Coordinates(lat: ExactNumber(trusted: "1e-20000"), lng: ExactNumber(trusted: "-0e-99999"))
      let letter = Letter.status("s-1", .inTransit, at: minute(1), location: nowhere)
      let taken = try await scene.allocation.take([letter, letter.again, .order("o-2", [("A", 1)])])
      #expect(taken.outcomes == [.applied, .duplicate, .applied] && taken.halved.isEmpty)
      let again = Letter.status("s-1", .inTransit, at: minute(1), location: nowhere)
      #expect(try await scene.allocation.take(again).outcome == .unchanged)
    }
  }

  @Test("an order of which a failed shipment leaves nothing is closed, and that is told")
  func nothingLeft() async throws {
    try await withScene([("A", "WH-1", 3)]) { scene in
      try await scene.allocation.take([
        .order("o-1", [("A", 3)], backorder: .deny), .shipment("s-1", "o-1", [(1, "WH-1", 3)]),
      ])
      _ = try await scene.house.relay()
      try await scene.allocation.take(.status("s-1", .failed, reason: "nobody lives there"))
      #expect(try await scene.lines("o-1") == ["0|0|0|3"])
      #expect(try await scene.house.eventTypes().suffix(2) == ["shipment.failed", "order.closed_cancelled"])
      #expect(try await scene.house.rows("select state, closed_reason from orders") == ["cancelled|nobody lives there"])
      #expect(try await scene.allocation.take(.cancel("o-1")).outcome == .unchanged)
    }
  }

  @Test("what came back by a return cannot come back once more with its shipment")
  func failedAfterReturn() async throws {
    try await withScene([("A", "WH-1", 5)]) { scene in
      try await scene.allocation.take([
        .order("o-1", [("A", 3)]), .shipment("s-1", "o-1", [(1, "WH-1", 2)]), .shipment("s-2", "o-1", [(1, "WH-1", 1)]),
      ])
      let back = ReturnReceived(
        returnID: ReturnID(trusted: "ret-1"), orderID: OrderID(trusted: "o-1"),
        lines: [.init(line: 1, locationID: LocationID(trusted: "WH-1"), quantity: 2, disposition: .stock)])
      try await scene.allocation.take(Letter(.returnReceived(back)))
      #expect(try await scene.allocation.take(.status("s-1", .failed, at: minute(1))).outcome == .deadLettered)
      let letter = try await scene.house.deadLetter()
      #expect(letter.field == "data.status" && letter.rule.contains("2 came back by return.received"))
      #expect(try await scene.house.value("select on_hand from balances") == "4")
      // The unit of the other shipment has not come back.
      #expect(try await scene.allocation.take(.status("s-2", .failed, at: minute(1))).outcome == .applied)
      #expect(try await scene.house.value("select on_hand from balances") == "5")
      // Both in one batch, too.
      try await scene.allocation.take([.order("o-2", [("A", 1)]), .shipment("s-3", "o-2", [(1, "WH-1", 1)])])
      let another = ReturnReceived(
        returnID: ReturnID(trusted: "ret-2"), orderID: OrderID(trusted: "o-2"),
        lines: [.init(line: 1, locationID: LocationID(trusted: "WH-1"), quantity: 1, disposition: .stock)])
      let taken = try await scene.allocation.take([
        Letter(.returnReceived(another)), .status("s-3", .failed, at: minute(2)),
      ])
      #expect(taken.outcomes == [.applied, .deadLettered])
    }
  }

  @Test("a parcel of which both its carrier and the warehouse tell comes back once, whoever tells first")
  func toldTwice() async throws {
    for returnIsFirst in [true, false] {
      try await withScene([("A", "WH-1", 10)]) { scene in
        try await scene.allocation.take([
          .order("o-1", [("A", 10)]), .shipment("s-1", "o-1", [(1, "WH-1", 5)]),
          .shipment("s-2", "o-1", [(1, "WH-1", 5)]),
        ])
        let back = Letter.comeBack("ret-1", shipment: "s-1", [(1, "WH-1", 5, .stock)])
        let failed = Letter.status("s-1", .failed, at: minute(1))
        #expect(try await scene.allocation.take(returnIsFirst ? back : failed).outcome == .applied)
        let second = try await scene.allocation.take(returnIsFirst ? failed : back)
        #expect(second.outcome == (returnIsFirst ? .deadLettered : .retried))
        let rule =
          returnIsFirst
          ? "of the 5 units of line 1 of order o-1 that left with it, 5 came back by return.received"
          : "must not exceed the 0 units of it that left with shipment s-1 and have not come back"
        #expect(second.entries[0].why?.contains(rule) == true)
        #expect(try await scene.house.value("select on_hand from balances") == "5")
        // What left with the other one is out all the same.
        let other = Letter.comeBack("ret-2", shipment: "s-2", [("A", "WH-1", 5, .stock)])
        #expect(try await scene.allocation.take(other).outcome == .applied)
        #expect(try await scene.house.value("select on_hand from balances") == "10")
        #expect(try await scene.allocation.take(.status("s-2", .failed, at: minute(1))).outcome == .deadLettered)
      }
    }
  }

  @Test("in whatever order its statuses come, a shipment ends in the same state")
  func disorder() async throws {
    let statuses: [(CarrierStatus, Int64)] = [(.inTransit, 1), (.inTransit, 2), (.delivered, 3), (.delivered, 3)]
    try await withScene([("A", "WH-1", 100)]) { scene in
      let orders = permutations(statuses)
      for (number, order) in orders.enumerated() {
        let (id, shipment) = ("o-\(number)", "s-\(number)")
        try await scene.allocation.take([.order(id, [("A", 1)]), .shipment(shipment, id, [(1, "WH-1", 1)])])
        _ = try await scene.house.relay()
        for (status, time) in order {
          try await scene.allocation.take(.status(shipment, status, at: minute(time)))
        }
        let types = try await scene.house.eventTypes()
        #expect(types.filter { $0 == "shipment.delivered" }.count == 1)
        #expect(types.filter { $0 == "shipment.in_transit" }.count <= 1)
        #expect(types.filter { $0 == "order.fulfilled" }.count == 1)
      }
      #expect(try await scene.house.rows("select distinct state from shipments") == ["delivered"])
      #expect(try await scene.house.rows("select distinct state from orders") == ["fulfilled"])
      #expect(try await scene.house.value("select count(*) from shipment_statuses") == "\(orders.count * 3)")
      #expect(try await scene.house.value("select count(*) from dead_letters") == "0")
    }
  }

  @Test("an order of several shipments is fulfilled by the last of them; what is cancelled need not arrive")
  func several() async throws {
    try await withScene([("A", "WH-1", 9), ("B", "WH-1", 9)]) { scene in
      try await scene.allocation.take([
        .order("o-1", [("A", 2), ("B", 2)]), .shipment("s-1", "o-1", [(1, "WH-1", 2)]), .status("s-1", .delivered),
      ])
      #expect(try await scene.state("o-1") == "partially_shipped")
      try await scene.allocation.take([.shipment("s-2", "o-1", [(2, "WH-1", 1)]), .cancel("o-1")])
      #expect(try await scene.state("o-1") == "shipped")
      #expect(try await scene.house.events(.orderFulfilled).isEmpty)
      try await scene.allocation.take(.status("s-2", .delivered))
      #expect(try await scene.state("o-1") == "fulfilled")
      guard case .orderFulfilled(let told)? = try await scene.house.events(.orderFulfilled).first?.event else {
        Issue.record("order.fulfilled is missing")
        return
      }
      #expect(told.lines.map(\.delivered) == [2, 1])
      #expect(told.lines.map(\.cancelled) == [0, 1])
    }
  }

  @Test("cancelling what has not left fulfils an order of which all that left has arrived")
  func cancelledRest() async throws {
    try await withScene([("A", "WH-1", 2)]) { scene in
      try await scene.allocation.take([
        .order("o-1", [("A", 3)]), .shipment("s-1", "o-1", [(1, "WH-1", 2)]), .status("s-1", .delivered),
        .cancel("o-1"),
      ])
      #expect(try await scene.state("o-1") == "fulfilled")
      #expect(try await scene.house.events(.orderFulfilled, .orderClosedCancelled).count == 2)
    }
  }

  @Test("what failed comes back through quality control, and the order is planned anew from other stock")
  func failed() async throws {
    try await withScene([("A", "WH-1", 5), ("A", "WH-2", 3)]) { scene in
      try await scene.allocation.take([.order("o-1", [("A", 5)]), .shipment("s-1", "o-1", [(1, "WH-1", 5)])])
      _ = try await scene.house.relay()
      #expect(try await scene.allocation.take(.status("s-1", .failed, reason: "refused")).outcome == .applied)
      #expect(try await scene.lines("o-1") == ["3|2|0|0"])
      #expect(try await scene.state("o-1") == "partially_reserved")
      #expect(
        try await scene.house.rows(
          "select location_id, on_hand, reserved, quality_control from balances order by location_id") == [
            "WH-1|5|0|5", "WH-2|3|3|0",
          ])
      #expect(
        try await scene.house.rows(
          """
          select bucket, reason, delta from stock_ledger where reason in ('RETURN', 'QC_HOLD') order by seq
          """) == ["on_hand|RETURN|5", "quality_control|QC_HOLD|5"])
      #expect(try await scene.house.eventTypes().prefix(2) == ["shipment.failed", "backorder.created"])
      // The goods can be shipped once more, and be delivered.
      try await scene.allocation.take([.shipment("s-2", "o-1", [(1, "WH-2", 3)]), .cancel("o-1")])
      try await scene.allocation.take(.status("s-2", .delivered))
      #expect(try await scene.state("o-1") == "fulfilled")
      #expect(try await scene.lines("o-1") == ["0|0|3|2"])
    }
  }

  @Test("what was called off and had left all the same is cancelled when it comes back, and only the rest planned anew")
  func failedAfterCancellation() async throws {
    try await withScene([("A", "WH-1", 20)]) { scene in
      try await scene.allocation.take([
        .order("o-1", [("A", 10)]), .cancel("o-1", [(1, 4)], as: "c-1"),
        .shipment("s-1", "o-1", [(1, "WH-1", 8)]),
      ])
      #expect(try await scene.lines("o-1") == ["0|0|8|2"])
      try await scene.allocation.take(.status("s-1", .failed))
      #expect(try await scene.lines("o-1") == ["6|0|0|4"])
      guard case .shipmentFailed(let told)? = try await scene.house.events(.shipmentFailed).last?.event else {
        Issue.record("shipment.failed is missing")
        return
      }
      #expect(told.lines.map { [$0.reserved, $0.backordered, $0.cancelled] } == [[6, 0, 2]])
    }
  }

  @Test("what failed of an order that must not wait, or was cancelled, is cancelled where it cannot be replaced")
  func failedForGood() async throws {
    try await withScene([("A", "WH-1", 2), ("B", "WH-1", 9)]) { scene in
      try await scene.allocation.take([
        .order("denied", [("A", 2)], backorder: .deny), .shipment("s-1", "denied", [(1, "WH-1", 2)]),
        .order("regretted", [("B", 4)]), .shipment("s-2", "regretted", [(1, "WH-1", 3)]), .cancel("regretted"),
        .status("s-1", .failed), .status("s-2", .failed),
      ])
      #expect(try await scene.lines("denied") == ["0|0|0|2"])
      #expect(try await scene.lines("regretted") == ["0|0|0|4"])
      #expect(try await scene.state("denied") == "cancelled")
      #expect(try await scene.state("regretted") == "cancelled")
    }
  }

  @Test("delivered and failed exclude each other; an attempt that failed before the delivery is only written down")
  func contradictions() async throws {
    try await withScene([("A", "WH-1", 9)]) { scene in
      try await scene.allocation.take([
        .order("o-1", [("A", 2)]), .shipment("s-1", "o-1", [(1, "WH-1", 1)]), .shipment("s-2", "o-1", [(1, "WH-1", 1)]),
        .status("s-1", .delivered, at: minute(5)), .status("s-2", .failed, at: minute(5)),
      ])
      #expect(try await scene.allocation.take(.status("s-1", .failed, at: minute(4))).outcome == .applied)
      #expect(try await scene.house.value("select state from shipments where shipment_id = 's-1'") == "delivered")
      let lateness = [
        (Letter.status("s-1", .failed, at: minute(6)), "what comes back after that needs return.received"),
        (
          .status("s-2", .delivered, at: minute(6)),
          "its units came back into quality control and order o-1 was planned anew, so that a redelivery needs a "
            + "shipment of its own"
        ),
      ]
      for (letter, advice) in lateness {
        #expect(try await scene.allocation.take(letter).outcome == .deadLettered)
        let dead = try await scene.house.deadLetter(of: letter.id)
        #expect([dead.kind, dead.field] == ["refused", "data.status"])
        #expect(dead.rule.hasSuffix(advice), "\(dead.rule)")
      }
      let other = Letter.status("s-2", .failed, at: minute(5), reason: "another one")
      #expect(try await scene.allocation.take(other).outcome == .deadLettered)
      #expect(try await scene.house.deadLetter(of: other.id).field == "data.reason")
    }
  }

  @Test("delivered after it failed: what the guide tells an operator to do makes the books true again")
  func redelivered() async throws {
    try await withScene([("A", "WH-1", 5), ("A", "WH-2", 3)]) { scene in
      try await scene.allocation.take([
        .order("o-1", [("A", 5)]), .shipment("s-1", "o-1", [(1, "WH-1", 5)]), .status("s-1", .failed, at: minute(1)),
      ])
      try await scene.settle()
      let late = Letter.status("s-1", .delivered, at: minute(2))
      #expect(try await scene.allocation.take(late).outcome == .deadLettered)
      #expect(try await scene.house.deadLetter(of: late.id).rule.contains("a redelivery needs a shipment of its own"))
      #expect(try await scene.lines("o-1") == ["3|2|0|0"])

      #expect(try await scene.inventory.take(.release("rel-1", of: nil, 5, "A", "WH-1")).outcome == .applied)
      try await scene.settle()
      try await scene.allocation.take([
        .shipment("s-1-again", "o-1", [(1, "WH-1", 5)]), .status("s-1-again", .delivered, at: minute(2)),
      ])
      try await scene.settle()
      #expect(try await scene.lines("o-1") == ["0|0|5|0"])
      #expect(try await scene.state("o-1") == "fulfilled")
      #expect(
        try await scene.house.rows(
          "select location_id, on_hand, reserved, quality_control from balances order by location_id") == [
            "WH-1|0|0|0", "WH-2|3|0|0",
          ])
    }
  }

  @Test("delivered after it failed, when the new plan has left as well: what came back on paper only is written off")
  func deliveredTwice() async throws {
    try await withScene([("A", "WH-1", 2), ("A", "WH-2", 2)]) { scene in
      try await scene.allocation.take([
        .order("o-1", [("A", 2)]), .shipment("s-1", "o-1", [(1, "WH-1", 2)]), .status("s-1", .failed, at: minute(1)),
        .shipment("s-2", "o-1", [(1, "WH-2", 2)]), .status("s-2", .delivered, at: minute(2)),
      ])
      #expect(try await scene.allocation.take(.status("s-1", .delivered, at: minute(3))).outcome == .deadLettered)
      try await scene.inventory.take(.release("rel-1", of: nil, 2, "A", "WH-1", to: .scrap))
      #expect(try await scene.state("o-1") == "fulfilled")
      #expect(
        try await scene.house.rows("select on_hand, quality_control from balances order by location_id") == [
          "0|0", "0|0",
        ])
    }
  }

  @Test("a status before its shipment is tried again; both may come in one batch")
  func early() async throws {
    try await withScene([("A", "WH-1", 5)]) { scene in
      #expect(try await scene.allocation.take(.status("s-1", .delivered)).outcome == .retried)
      let taken = try await scene.allocation.take([
        .order("o-1", [("A", 1)]), .shipment("s-1", "o-1", [(1, "WH-1", 1)]), .status("s-1", .delivered),
      ])
      #expect(taken.outcomes == [.applied, .applied, .applied])
      #expect(try await scene.state("o-1") == "fulfilled")
    }
  }

  @Test("a shipment of which nothing is heard is announced once, however many sweepers find it")
  func overdue() async throws {
    try await withScene([("A", "WH-1", 5)]) { scene in
      try await scene.allocation.take([.order("o-1", [("A", 5)])])
      try await scene.allocation.take((1...4).map { .shipment("s-\($0)", "o-1", [(1, "WH-1", 1)]) })
      try await scene.allocation.take([.status("s-3", .delivered), .status("s-4", .inTransit)])
      _ = try await scene.house.relay()
      #expect(try await scene.sweepShipments() == 0)
      try await scene.house.script("update shipments set heard_at = heard_at - interval '7 days'")
      // Found twice before anybody could answer; meanwhile something is heard of one of them.
      #expect(try await scene.sweepShipments() == 3)
      #expect(try await scene.sweepShipments() == 3)
      try await scene.allocation.take(.status("s-2", .inTransit))
      let found = try await scene.house.relay().filter { $0.routingKey == "shipment.status.due" }
      #expect(found.count == 6)
      #expect(try await scene.allocation.take(found.map(Letter.init)).count(.applied) == 2)
      #expect(try await scene.house.eventTypes() == ["shipment.overdue", "shipment.overdue"])
      #expect(
        try await scene.house.rows("select shipment_id from shipments where overdue_at is not null order by 1") == [
          "s-1", "s-4",
        ])
      #expect(try await scene.sweepShipments() == 0)
      // It goes on as if nothing had been said.
      try await scene.allocation.take(.status("s-1", .delivered))
      #expect(try await scene.house.value("select state from shipments where shipment_id = 's-1'") == "delivered")
    }
  }

  private func permutations<Element>(_ all: [Element]) -> [[Element]] {
    guard all.count > 1 else { return [all] }
    return all.indices.flatMap { index in
      var rest = all
      let first = rest.remove(at: index)
      return permutations(rest).map { [first] + $0 }
    }
  }
}

extension Scene {
  /// Looks for shipments of which nothing was heard for seven days.
  func sweepShipments() async throws -> Int {
    try await allocation.with { try ShipmentSweeper.sweep(after: .seconds(7 * 86_400), on: $0) }
  }
}
