import Contracts
import Messaging
import PipelineKit
import Testing

@Suite("Amendments")
struct AmendmentTests {
  @Test("up, down, added and removed: the difference is planned, the rest stays")
  func difference() async throws {
    try await withScene([("A", "WH-1", 10), ("B", "WH-1", 2), ("C", "WH-1", 5)]) { scene in
      try await scene.allocation.take(.order("o-1", [("A", 4), ("B", 3), ("C", 5)]))
      _ = try await scene.house.relay()
      #expect(
        try await scene.allocation.take(.amend("o-1", 1, [(1, "A", 6), (2, "B", 1), (4, "A", 5)])).outcome == .applied)
      #expect(try await scene.lines("o-1") == ["6|0|0|0", "1|0|0|0", "0|0|0|0", "4|1|0|0"])
      #expect(try await scene.state("o-1") == "partially_reserved")
      #expect(
        try await scene.house.events().filter { $0.envelope.subject == "o-1" }.map(\.envelope.type.rawValue) == [
          "reservation.released", "reservation.released", "backorder.created", "order.replanned",
        ])
      guard case .orderReplanned(let answer)? = try await scene.house.events(.orderReplanned).first?.event else {
        return
      }
      #expect(answer.lines.map(\.line) == [1, 2, 4])
      #expect(answer.revision == 1)
      #expect(
        try await scene.house.rows("select line_no, ordered, placed from order_lines order by 1") == [
          "1|6|4", "2|1|3", "3|0|5", "4|5|0",
        ])
      #expect(try await scene.house.value("select revision from orders") == "1")
      // The order as it was created is still the same order.
      #expect(try await scene.allocation.take(.order("o-1", [("A", 4), ("B", 3), ("C", 5)])).outcome == .unchanged)
      #expect(try await scene.allocation.take(.order("o-1", [("A", 6), ("B", 1)])).outcome == .deadLettered)
    }
  }

  @Test("a fulfilled order tells of the lines that it has, not of one that an amendment took away")
  func fulfilled() async throws {
    try await withScene([("A", "WH-1", 5)]) { scene in
      try await scene.allocation.take([
        .order("o-1", [("A", 1)]), .amend("o-1", 1, [(2, "A", 3)]), .shipment("s-1", "o-1", [(2, "WH-1", 3)]),
        .status("s-1", .delivered, at: .now),
      ])
      #expect(try await scene.state("o-1") == "fulfilled")
      guard case .orderFulfilled(let fulfilled)? = try await scene.house.events(.orderFulfilled).first?.event else {
        Issue.record("nobody was told")
        return
      }
      #expect(fulfilled.lines.map(\.line) == [2])
    }
  }

  @Test("the highest revision is in force; an older or repeated one changes nothing, another content is a dead letter")
  func revisions() async throws {
    try await withScene([("A", "WH-1", 10)]) { scene in
      try await scene.allocation.take(.order("o-1", [("A", 4)]))
      let newest = { Letter.amend("o-1", 3, [(1, "A", 2)]) }
      #expect(
        try await scene.allocation.take([newest(), .amend("o-1", 1, [(1, "A", 9)]), newest()]).outcomes == [
          .applied, .unchanged, .unchanged,
        ])
      #expect(try await scene.lines("o-1") == ["2|0|0|0"])
      for letter in [Letter.amend("o-1", 3, [(1, "A", 3)]), .amend("o-1", 3, [(1, "A", 2), (2, "A", 1)])] {
        #expect(try await scene.allocation.take(letter).outcome == .deadLettered)
        #expect(try await scene.house.deadLetter(of: letter.id).field.hasPrefix("data.lines[") == true)
      }
    }
  }

  @Test("refused: below what has left, another SKU; tried again: an unknown order or SKU")
  func refused() async throws {
    try await withScene([("A", "WH-1", 10), ("B", "WH-1", 10)]) { scene in
      #expect(try await scene.allocation.take(.amend("o-1", 1, [(1, "A", 2)])).outcome == .retried)
      try await scene.allocation.take([
        .order("o-1", [("A", 4), ("B", 1)]), .shipment("s-1", "o-1", [(1, "WH-1", 3)]),
      ])
      let letters: [(String, Letter)] = [
        ("data.lines[0].quantity", .amend("o-1", 1, [(1, "A", 2), (2, "B", 1)])),
        ("data.lines", .amend("o-1", 1, [(2, "B", 1)])),
        ("data.lines[1].sku", .amend("o-1", 1, [(1, "A", 4), (2, "A", 1)])),
      ]
      for (field, letter) in letters {
        #expect(try await scene.allocation.take(letter).outcome == .deadLettered)
        #expect(try await scene.house.deadLetter(of: letter.id).field == field)
      }
      #expect(try await scene.allocation.take(.amend("o-1", 1, [(1, "A", 4), (3, "X", 1)])).outcome == .retried)
      #expect(try await scene.lines("o-1") == ["1|0|3|0", "1|0|0|0"])
      #expect(try await scene.allocation.take(.amend("o-1", 1, [(1, "A", 3)])).outcome == .applied)
      #expect(try await scene.state("o-1") == "shipped")
    }
  }

  @Test("an order that must not wait is refused the difference that is not there")
  func denied() async throws {
    try await withScene([("A", "WH-1", 5)]) { scene in
      try await scene.allocation.take(.order("o-1", [("A", 4)], backorder: .deny))
      try await scene.allocation.take(.amend("o-1", 1, [(1, "A", 8)]))
      #expect(try await scene.lines("o-1") == ["5|0|0|3"])
      try await scene.allocation.take(.amend("o-1", 2, [(1, "A", 5)]))
      #expect(try await scene.lines("o-1") == ["5|0|0|0"])
      #expect(try await scene.state("o-1") == "reserved")
    }
  }

  @Test("of an order that is wanted wholly, the difference is reserved wholly or waits")
  func wholly() async throws {
    try await withScene([("A", "WH-1", 6), ("B", "WH-1", 1)]) { scene in
      try await scene.allocation.take(.order("o-1", [("A", 4)], policy: .shipComplete))
      try await scene.allocation.take(.amend("o-1", 1, [(1, "A", 6), (2, "B", 2)]))
      #expect(try await scene.lines("o-1") == ["4|2|0|0", "0|2|0|0"])
      #expect(try await scene.house.value("select sum(owed) from stock_items") == "0")
      try await scene.allocation.take(.amend("o-1", 2, [(1, "A", 6), (2, "B", 1)]))
      #expect(try await scene.lines("o-1") == ["6|0|0|0", "1|0|0|0"])
      #expect(try await scene.state("o-1") == "reserved")
    }
  }

  @Test("what a waiting order is to have more of waits with the rest, where it is wanted wholly")
  func whollyWaiting() async throws {
    try await withScene([("A", "WH-1", 4), ("B", "WH-1", 3), ("C", "WH-1", 0)]) { scene in
      try await scene.allocation.take([
        .order("o-1", [("C", 2)], policy: .shipComplete), .order("o-2", [("B", 5)], policy: .lineComplete),
      ])
      try await scene.allocation.take([
        .amend("o-1", 1, [(1, "C", 2), (2, "A", 4)]), .amend("o-2", 1, [(1, "B", 6)]),
        .order("o-3", [("A", 4), ("B", 3)]),
      ])
      #expect(try await scene.lines("o-1") == ["0|2|0|0", "0|4|0|0"])
      #expect(try await scene.lines("o-2") == ["0|6|0|0"])
      #expect(try await scene.lines("o-3") == ["4|0|0|0", "3|0|0|0"])
    }
  }

  @Test("an order and its amendment in one batch")
  func oneBatch() async throws {
    try await withScene([("A", "WH-1", 6)]) { scene in
      let taken = try await scene.allocation.take([
        .order("o-1", [("A", 4)]), .amend("o-1", 1, [(1, "A", 2), (2, "A", 3)]),
        .cancel("o-1", [(2, 1)], as: "c-1"),
      ])
      #expect(taken.outcomes == [.applied, .applied, .applied])
      #expect(try await scene.lines("o-1") == ["2|0|0|0", "2|0|0|1"])
    }
  }
}
