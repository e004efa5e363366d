import Contracts
import Messaging
import PipelineKit
import Testing

@Suite("Shipment plans that fail")
struct FailedPlanTests {
  @Test("are planned anew from another location where one has the goods, else from the same one")
  func replanned() async throws {
    try await withScene([("A", "WH-1", 5), ("A", "WH-2", 2)]) { scene in
      try await scene.allocation.take(.order("o-1", [("A", 4)]))
      _ = try await scene.house.relay()
      let letter = { Letter.planFailed("p-1", "o-1", [(1, "WH-1", 3)], .replan) }
      #expect(try await scene.allocation.take([letter(), letter()]).outcomes == [.applied, .unchanged])
      #expect(try await scene.lines("o-1") == ["4|0|0|0"])
      #expect(try await scene.reservations("o-1") == ["WH-1|1", "WH-2|2", "WH-1|1"])
      #expect(try await scene.house.eventTypes().prefix(2) == ["reservation.released", "shipment.replanned"])
      let other = Letter.planFailed("p-1", "o-1", [(1, "WH-1", 3)], .release)
      #expect(try await scene.allocation.take(other).outcome == .deadLettered)
      #expect(try await scene.house.deadLetter(of: other.id).field == "data.action")
      let more = Letter.planFailed("p-1", "o-1", [(1, "WH-1", 4)], .replan)
      #expect(try await scene.allocation.take(more).outcome == .deadLettered)
      let lines = try await scene.house.deadLetter(of: more.id)
      #expect(lines.value == "4 of line 1 at WH-1")
      #expect(lines.rule == "must stay 3 of line 1 at WH-1: plan p-1 was published with it before")
    }
  }

  @Test("are the order's own units again, and not those of the orders that wait")
  func ownUnits() async throws {
    try await withScene([("A", "WH-1", 5)]) { scene in
      try await scene.allocation.take([.order("o-1", [("A", 5)]), .order("o-2", [("A", 3)])])
      try await scene.allocation.take(.planFailed("p-1", "o-1", [(1, "WH-1", 4)], .replan))
      #expect(try await scene.lines("o-1") == ["5|0|0|0"])
      try await scene.settle()
      #expect(try await scene.lines("o-2") == ["0|3|0|0"])
    }
  }

  @Test("give up what nobody can ship: the units go to others, the order ends")
  func released() async throws {
    try await withScene([("A", "WH-1", 3)]) { scene in
      try await scene.allocation.take([.order("o-1", [("A", 3)]), .order("o-2", [("A", 2)])])
      _ = try await scene.house.relay()
      try await scene.allocation.take(.planFailed("p-1", "o-1", [(1, "WH-1", 3)], .release))
      #expect(
        try await scene.house.eventTypes().prefix(3) == [
          "reservation.released", "shipment.replanned", "order.closed_cancelled",
        ])
      try await scene.settle()
      #expect(try await scene.state("o-1") == "cancelled")
      #expect(try await scene.lines("o-2") == ["2|0|0|0"])
    }
  }

  @Test("more than is reserved there, an unknown order or an unknown line is tried again")
  func refused() async throws {
    try await withScene([("A", "WH-1", 3)]) { scene in
      try await scene.allocation.take(.order("o-1", [("A", 2)]))
      let taken = try await scene.allocation.take([
        .planFailed("p-1", "o-1", [(1, "WH-1", 3)], .replan), .planFailed("p-2", "o-9", [(1, "WH-1", 1)], .replan),
        .planFailed("p-3", "o-1", [(2, "WH-1", 1)], .replan),
      ])
      #expect(taken.outcomes == [.retried, .retried, .retried])
    }
  }

  @Test("leave what is on the road to be served again: nobody has cancelled the order")
  func onTheRoad() async throws {
    try await withScene([("A", "WH-1", 4)]) { scene in
      try await scene.allocation.take([
        .order("o-1", [("A", 2), ("A", 2)]), .shipment("s-1", "o-1", [(1, "WH-1", 2)]),
      ])
      _ = try await scene.house.relay()
      try await scene.allocation.take(.planFailed("p-1", "o-1", [(2, "WH-1", 2)], .release))
      #expect(try await scene.house.rows("select state, closed_reason from orders") == ["shipped"])
      #expect(try await scene.house.eventTypes().prefix(2) == ["reservation.released", "shipment.replanned"])
      #expect(try await scene.house.events(.orderClosedCancelled).isEmpty)
      try await scene.settle()
      try await scene.allocation.take(.status("s-1", .failed))
      #expect(try await scene.lines("o-1") == ["2|0|0|0", "0|0|0|2"])
      #expect(try await scene.state("o-1") == "partially_reserved")
    }
  }

  @Test("close an order whose goods have arrived, or which nothing has left of")
  func nothingOnTheRoad() async throws {
    try await withScene([("A", "WH-1", 4)]) { scene in
      try await scene.allocation.take([
        .order("o-1", [("A", 2), ("A", 2)]), .shipment("s-1", "o-1", [(1, "WH-1", 2)]), .status("s-1", .delivered),
      ])
      _ = try await scene.house.relay()
      try await scene.allocation.take(.planFailed("p-1", "o-1", [(2, "WH-1", 2)], .release))
      #expect(
        try await scene.house.rows("select state, closed_reason from orders") == ["fulfilled|its shipment was refused"])
      #expect(
        try await scene.house.eventTypes().prefix(4) == [
          "reservation.released", "shipment.replanned", "order.closed_cancelled", "order.fulfilled",
        ])
    }
  }

  @Test(
    "of a lot that has expired give no right to what others wait for, nor to safety stock", arguments: [true, false])
  func expired(isOwed: Bool) async throws {
    try await withScene([("A", "WH-1", 0), ("A", "WH-2", 0)]) { scene in
      try await scene.inventory.take(.lot("r-1", "A", "WH-1", "x", 5, expires: Timestamp.now + .seconds(86_400)))
      try await scene.allocation.take(.order("o-1", [("A", 5)]))
      #expect(try await scene.lines("o-1") == ["5|0|0|0"])
      try await scene.house.script("update lots set expires_at = now() - interval '1 second'")
      try await scene.allocation.take(.order("o-2", [("A", 5)], priority: 9))
      if !isOwed { try await scene.inventory.take(.policy("A", safety: 5)) }
      _ = try await scene.house.relay()
      try await scene.inventory.take(.receipt("r-2", "A", "WH-2", 5))
      try await scene.allocation.take(.planFailed("p-1", "o-1", [(1, "WH-1", 5)], .replan))
      #expect(try await scene.lines("o-1") == ["0|5|0|0"])
      #expect(try await scene.reservations("o-1").isEmpty)
      try await scene.settle()
      #expect(try await scene.lines("o-2") == [isOwed ? "5|0|0|0" : "0|5|0|0"])
      #expect(try await scene.house.value("select stock_free('A')") == "0")
    }
  }

  @Test("at two locations are planned onto a third, and what is said to be free is free")
  func twoLocations() async throws {
    try await withScene([]) { scene in
      try await scene.inventory.take([
        .product("A"), .location("X-1", priority: 9), .location("X-2", priority: 8), .location("X-3", priority: 1),
        .receipt("r-1", "A", "X-1", 3), .receipt("r-2", "A", "X-2", 4), .receipt("r-3", "A", "X-3", 6),
      ])
      let lines = [("A", Int64(5)), ("A", 2)]
      try await scene.allocation.take(.order("o-1", lines, from: .fixedPriority))
      #expect(try await scene.reservations("o-1") == ["X-1|3", "X-2|2", "X-2|2"])
      _ = try await scene.house.relay()
      let letter = Letter.planFailed("p-1", "o-1", [(1, "X-1", 3), (1, "X-2", 2), (2, "X-2", 2)], .replan)
      try await scene.allocation.take(letter)
      // The seventh unit is nowhere else: the one of them that the order's policy ranks first gives it.
      #expect(try await scene.reservations("o-1") == ["X-3|3", "X-3|2", "X-3|1", "X-1|1"])
      let released = try await scene.house.events(.reservationReleased).compactMap { event in
        if case .reservationReleased(let released) = event.event { released } else { nil }
      }
      #expect(released.map { "\($0.line) \($0.locationID) \($0.quantity)" } == ["1 X-1 3", "1 X-2 2", "2 X-2 2"])
    }
  }

  @Test("say nothing of what was promised there once more, where no other location has it")
  func netRelease() async throws {
    try await withScene([("A", "WH-1", 3), ("A", "WH-2", 4), ("A", "WH-3", 0)]) { scene in
      try await scene.allocation.take(.order("o-1", [("A", 7)]))
      try await scene.inventory.take(.receipt("r-1", "A", "WH-3", 2))
      _ = try await scene.house.relay()
      try await scene.allocation.take(.planFailed("p-1", "o-1", [(1, "WH-1", 3), (1, "WH-2", 4)], .replan))
      #expect(try await scene.reservations("o-1") == ["WH-3|2", "WH-2|1", "WH-1|3", "WH-2|1"])
      let released = try await scene.house.events(.reservationReleased).compactMap { event in
        if case .reservationReleased(let released) = event.event { released } else { nil }
      }
      #expect(released.map { "\($0.locationID) \($0.quantity)" } == ["WH-2 2"])
    }
  }
}
