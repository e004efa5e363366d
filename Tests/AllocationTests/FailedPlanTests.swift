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
}
