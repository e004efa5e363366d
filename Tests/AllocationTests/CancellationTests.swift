import Contracts
import Messaging
import PipelineKit
import Testing

@Suite("Cancellations")
struct CancellationTests {
  @Test("a cancellation gives back what is reserved, and others get it")
  func releases() async throws {
    try await withScene([("A", "WH-1", 3), ("A", "WH-2", 2)]) { scene in
      try await scene.allocation.take([.order("o-1", [("A", 5)]), .order("o-2", [("A", 4)])])
      _ = try await scene.house.relay()
      try await scene.allocation.take(.cancel("o-1", reason: "changed my mind"))
      #expect(
        try await scene.house.events().filter { $0.envelope.subject == "o-1" }.map(\.envelope.type.rawValue) == [
          "reservation.released", "reservation.released", "order.closed_cancelled",
        ])
      #expect(try await scene.state("o-1") == "cancelled")
      #expect(try await scene.lines("o-1") == ["0|0|0|5"])
      #expect(
        try await scene.house.rows("select state, released from reservations order by 2") == [
          "released|2", "released|3",
        ])
      try await scene.settle()
      #expect(try await scene.lines("o-2") == ["4|0|0|0"])
      #expect(try await scene.state("o-2") == "reserved")
      #expect(try await scene.allocation.take(.cancel("o-1")).outcome == .unchanged)
    }
  }

  @Test("a cancellation takes a backorder out of the queue, and what is owed falls")
  func cancelsBackorder() async throws {
    try await withScene([("A", "WH-1", 1)]) { scene in
      try await scene.allocation.take(.order("o-1", [("A", 5)]))
      try await scene.allocation.take(.cancel("o-1"))
      #expect(try await scene.house.value("select owed from stock_items") == "0")
      #expect(try await scene.house.rows("select state, cancelled from backorders") == ["cancelled|4"])
    }
  }

  @Test("a cancellation before its order leaves a tombstone: the order is answered, and nothing is reserved")
  func before() async throws {
    try await withScene([("A", "WH-1", 5)]) { scene in
      let cancel = Letter.cancel("o-1", reason: "too late")
      #expect(try await scene.allocation.take(cancel).outcome == .applied)
      #expect(try await scene.allocation.take(.cancel("o-1")).outcome == .unchanged)
      #expect(try await scene.house.rows("select state, answered from orders") == ["cancelled|false"])
      #expect(try await scene.house.eventTypes() == [])
      let order = { Letter.order("o-1", [("A", 2), ("A", 1)]) }
      #expect(try await scene.allocation.take([order(), order()]).outcomes == [.applied, .unchanged])
      guard case .orderRejected(let answer)? = try await scene.house.events().first?.event else {
        Issue.record("no order.rejected")
        return
      }
      #expect(answer.reason == .cancelled)
      #expect(answer.detail == "too late")
      #expect(try await scene.house.eventTypes() == ["order.rejected"])
      #expect(try await scene.lines("o-1") == ["0|0|0|2", "0|0|0|1"])
      #expect(try await scene.house.rows("select state, answered from orders") == ["cancelled|true"])
      #expect(try await scene.allocation.take(order()).outcome == .unchanged)
      #expect(try await scene.allocation.take(.cancel("o-1")).outcome == .unchanged)
    }
  }

  @Test("an order of a product that nobody has registered can be opened again once it was answered by its tombstone")
  func unregistered() async throws {
    try await withScene([("A", "WH-1", 5)]) { scene in
      try await scene.allocation.take(.cancel("o-1"))
      #expect(try await scene.allocation.take(Letter.order("o-1", [("X", 1)]).attempt(1)).outcome == .applied)
      #expect(
        try await scene.allocation.take([.cancel("o-1"), .confirm("o-1"), .order("o-2", [("A", 1)])]).outcomes == [
          .unchanged, .unchanged, .applied,
        ])
      #expect(try await scene.allocation.take(.shipment("s-1", "o-1", [(1, "WH-1", 1)])).outcome == .retried)
      #expect(try await scene.lines("o-1") == ["0|0|0|1"])
    }
  }

  @Test("an order and its cancellation in one batch, in both orders", arguments: [true, false])
  func atOnce(orderFirst: Bool) async throws {
    try await withScene([("A", "WH-1", 5)]) { scene in
      let letters: [Letter] = [.order("o-1", [("A", 2)]), .cancel("o-1")]
      let taken = try await scene.allocation.take(orderFirst ? letters : letters.reversed())
      #expect(taken.outcomes == [.applied, .applied])
      #expect(
        try await scene.house.eventTypes()
          == (orderFirst
            ? ["order.reserved", "reservation.released", "order.closed_cancelled"] : ["order.rejected"]))
      #expect(try await scene.state("o-1") == "cancelled")
      #expect(try await scene.house.value("select reserved from balances") == "0")
    }
  }

  @Test("after a part has left, a cancellation closes the rest; after all has left it is refused")
  func afterShipping() async throws {
    try await withScene([("A", "WH-1", 5)]) { scene in
      try await scene.allocation.take([.order("o-1", [("A", 4), ("A", 3)]), .shipment("s-1", "o-1", [(1, "WH-1", 3)])])
      #expect(try await scene.allocation.take(.cancel("o-1")).outcome == .applied)
      #expect(try await scene.lines("o-1") == ["0|0|3|1", "0|0|0|3"])
      #expect(try await scene.state("o-1") == "shipped")
      #expect(try await scene.allocation.take(.cancel("o-1")).outcome == .unchanged, "the same again is no error")
      #expect(
        try await scene.house.rows("select location_id, on_hand, reserved from balances") == ["WH-1|2|0"])
      try await scene.allocation.take([.order("o-2", [("A", 2)]), .shipment("s-2", "o-2", [(1, "WH-1", 2)])])
      #expect(try await scene.allocation.take(.cancel("o-2")).outcome == .deadLettered)
      #expect(try await scene.house.deadLetter().field == "data.order_id")
    }
  }
}
