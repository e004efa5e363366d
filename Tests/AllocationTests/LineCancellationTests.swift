import Contracts
import Messaging
import PipelineKit
import Testing

@Suite("Cancellations of lines")
struct LineCancellationTests {
  @Test("a number of units goes off what waits first, then off what is reserved, the last reservation first")
  func units() async throws {
    try await withScene([("A", "WH-1", 3), ("A", "WH-2", 2), ("B", "WH-1", 1)]) { scene in
      try await scene.allocation.take(.order("o-1", [("A", 6), ("B", 1)]))
      _ = try await scene.house.relay()
      #expect(try await scene.allocation.take(.cancel("o-1", [(1, 2)], as: "c-1")).outcome == .applied)
      #expect(try await scene.lines("o-1") == ["4|0|0|2", "1|0|0|0"])
      #expect(try await scene.reservations("o-1") == ["WH-1|3", "WH-2|1", "WH-1|1"])
      #expect(
        try await scene.house.eventTypes().filter { !$0.hasPrefix("stock") } == [
          "reservation.released", "order.replanned",
        ])
      #expect(try await scene.house.value("select owed from stock_items where sku = 'A'") == "0")
      guard case .orderReplanned(let answer)? = try await scene.house.events(.orderReplanned).first?.event else {
        return
      }
      #expect(answer.lines.map(\.cancelled) == [2, 0])
      #expect(answer.revision == nil)
    }
  }

  @Test("a whole line, again, and the last one: the order is closed once")
  func wholeLines() async throws {
    try await withScene([("A", "WH-1", 3)]) { scene in
      try await scene.allocation.take(.order("o-1", [("A", 2), ("A", 4)]))
      _ = try await scene.house.relay()
      #expect(try await scene.allocation.take(.cancel("o-1", [(2, nil)])).outcome == .applied)
      #expect(try await scene.lines("o-1") == ["2|0|0|0", "0|0|0|4"])
      let said = try await scene.house.eventTypes()
      #expect(try await scene.allocation.take(.cancel("o-1", [(2, nil)])).outcome == .unchanged)
      #expect(try await scene.house.eventTypes() == said)
      #expect(try await scene.allocation.take(.cancel("o-1", [(1, nil)])).outcome == .applied)
      #expect(try await scene.state("o-1") == "cancelled")
      #expect(try await scene.house.events(.orderClosedCancelled).count == 1)
      #expect(try await scene.allocation.take(.cancel("o-1")).outcome == .applied)
      #expect(try await scene.allocation.take(.cancel("o-1")).outcome == .unchanged)
      #expect(try await scene.house.events(.orderClosedCancelled).count == 1)
    }
  }

  @Test("the same cancellation again is a no-op; other lines under its id are a dead letter")
  func repeated() async throws {
    try await withScene([("A", "WH-1", 9)]) { scene in
      try await scene.allocation.take(.order("o-1", [("A", 5), ("A", 2)]))
      let cancel = { Letter.cancel("o-1", [(1, 1), (2, nil)], as: "c-1") }
      #expect(try await scene.allocation.take([cancel(), cancel()]).outcomes == [.applied, .unchanged])
      #expect(try await scene.allocation.take(.cancel("o-1", [(2, nil), (1, 1)], as: "c-1")).outcome == .unchanged)
      let other = Letter.cancel("o-1", [(1, 2), (2, nil)], as: "c-1")
      #expect(try await scene.allocation.take(other).outcome == .deadLettered)
      let dead = try await scene.house.deadLetter(of: other.id)
      #expect([dead.field, dead.value, dead.kind] == ["data.lines", "1=2,2", "refused"])
      #expect(try await scene.lines("o-1") == ["4|0|0|1", "0|0|0|2"])
      #expect(try await scene.allocation.take(.cancel("o-1", [(1, 1)], as: "c-2")).outcome == .applied)
      #expect(try await scene.lines("o-1") == ["3|0|0|2", "0|0|0|2"])
    }
  }

  @Test("before the order, more than is open, an unknown line: tried again; what has left: a dead letter")
  func refused() async throws {
    try await withScene([("A", "WH-1", 9)]) { scene in
      #expect(try await scene.allocation.take(.cancel("o-1", [(1, nil)])).outcome == .retried)
      try await scene.allocation.take([
        .order("o-1", [("A", 2), ("A", 3)]), .shipment("s-1", "o-1", [(1, "WH-1", 2), (2, "WH-1", 1)]),
      ])
      #expect(try await scene.allocation.take(.cancel("o-1", [(2, 3)], as: "c-1")).outcome == .retried)
      #expect(try await scene.allocation.take(.cancel("o-1", [(7, nil)])).outcome == .retried)
      #expect(try await scene.allocation.take(.cancel("o-1", [(1, nil)])).outcome == .deadLettered)
      #expect(try await scene.house.deadLetter().field == "data.lines[0].line")
      #expect(try await scene.lines("o-1") == ["0|0|2|0", "2|0|1|0"])
      #expect(try await scene.allocation.take(.cancel("o-1", [(2, nil)])).outcome == .applied)
      #expect(try await scene.state("o-1") == "shipped")
    }
  }

  @Test("what kept an order that is wanted wholly from being filled is cancelled: the rest is filled at once")
  func unblocks() async throws {
    try await withScene([("A", "WH-1", 5), ("B", "WH-1", 0)]) { scene in
      try await scene.allocation.take(.order("o-1", [("A", 5), ("B", 1)], policy: .shipComplete))
      _ = try await scene.house.relay()
      try await scene.allocation.take(.cancel("o-1", [(2, nil)]))
      #expect(try await scene.lines("o-1") == ["5|0|0|0", "0|0|0|1"])
      #expect(
        try await scene.house.eventTypes().filter { $0.hasPrefix("order") || $0.hasPrefix("backorder") } == [
          "backorder.filled", "order.reserved", "order.replanned",
        ])
    }
  }

  @Test("what was given back is recorded")
  func recorded() async throws {
    try await withScene([("A", "WH-1", 5)]) { scene in
      try await scene.allocation.take(.order("o-1", [("A", 5)]))
      try await scene.allocation.take(.cancel("o-1", [(1, 2)], as: "c-1"))
      #expect(
        try await scene.house.rows("select decision, quantity, rule from decisions") == ["cancelled|2|requested"])
    }
  }
}
