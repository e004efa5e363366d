import Contracts
import Messaging
import PipelineKit
import Testing

@testable import Allocation

@Suite("Backorders")
struct BackorderTests {
  @Test("stock fills by priority, then need_by with the undated last, then age, then id")
  func ranking() async throws {
    try await withScene([("A", "WH-1", 0)]) { scene in
      let soon = Timestamp.now + .seconds(86_400)
      let later = soon + .seconds(86_400)
      let batches: [[Letter]] = [
        [.order("plain-2", [("A", 1)]), .order("plain-1", [("A", 1)])],
        [.order("later", [("A", 1)], needBy: later)], [.order("soon", [("A", 1)], needBy: soon)],
        [.order("plain-0", [("A", 1)])], [.order("vip", [("A", 1)], priority: 5)],
        [.order("vip-soon", [("A", 1)], priority: 5, needBy: soon)],
        [.order("low", [("A", 1)], priority: -1, needBy: soon)],
      ]
      for batch in batches { try await scene.allocation.take(batch) }
      _ = try await scene.house.relay()
      for number in 0..<8 { try await scene.inventory.take(.receipt("r-\(number)", "A", "WH-1", 1)) }
      // One receipt's event at a time, so that each fills one.
      let due = try await scene.house.relay().filter { $0.routingKey == "stock.received" }
      for row in due { try await scene.allocation.take(Letter(row)) }
      let filled = try await scene.house.events(.backorderFilled).compactMap(\.envelope.subject)
      #expect(filled == ["vip-soon", "vip", "soon", "later", "plain-1", "plain-2", "plain-0", "low"])
    }
  }

  @Test("a receipt that covers backorders in part fills the best ranked, the last of them in part")
  func partialFill() async throws {
    try await withScene([("A", "WH-1", 0), ("B", "WH-1", 1)]) { scene in
      try await scene.allocation.take(.order("o-1", [("A", 4), ("B", 1)]))
      try await scene.allocation.take(.order("o-2", [("A", 4)]))
      _ = try await scene.house.relay()
      try await scene.inventory.take(.receipt("r-1", "A", "WH-1", 6))
      try await scene.settle()
      #expect(try await scene.lines("o-1") == ["4|0|0|0", "1|0|0|0"])
      #expect(try await scene.lines("o-2") == ["2|2|0|0"])
      #expect(try await scene.state("o-1") == "reserved")
      #expect(try await scene.state("o-2") == "partially_reserved")
      #expect(
        try await scene.house.rows("select order_id, open_quantity, filled, state from backorders order by 1") == [
          "o-1|0|4|filled", "o-2|2|2|partially_filled",
        ])
      #expect(try await scene.house.value("select owed from stock_items where sku = 'A'") == "2")
    }
  }

  @Test("a complete fill ends in one order.reserved, also over two lines of one SKU")
  func reservedAfterFill() async throws {
    try await withScene([("A", "WH-1", 0), ("A", "WH-2", 0)]) { scene in
      try await scene.allocation.take(.order("o-1", [("A", 2), ("A", 3)]))
      _ = try await scene.house.relay()
      try await scene.inventory.take([.receipt("r-1", "A", "WH-1", 1), .receipt("r-2", "A", "WH-2", 4)])
      try await scene.allocation.take(
        try await scene.house.relay().filter { $0.routingKey == "stock.received" }.map(Letter.init))
      #expect(
        try await scene.house.events().filter { $0.envelope.aggregate == "order/o-1" }.map(\.envelope.type.rawValue)
          == [
            "backorder.filled", "backorder.filled", "order.reserved",
          ])
      guard case .backorderFilled(let fill)? = try await scene.house.events(.backorderFilled).last?.event else {
        return
      }
      #expect(fill.allocations.map { "\($0.locationID)=\($0.quantity)" } == ["WH-2=2", "WH-1=1"])
      #expect(fill.remaining == 0)
    }
  }

  @Test("what is owed protects a receipt from new orders until the backorders are filled")
  func owedProtects() async throws {
    try await withScene([("A", "WH-1", 0)]) { scene in
      try await scene.allocation.take(.order("waiting", [("A", 5)]))
      _ = try await scene.house.relay()
      try await scene.inventory.take(.receipt("r-1", "A", "WH-1", 7))
      // The event of the receipt has not been consumed yet.
      try await scene.allocation.take([.order("new", [("A", 5)]), .order("next", [("A", 1)], backorder: .deny)])
      #expect(try await scene.lines("new") == ["2|3|0|0"])
      #expect(try await scene.state("next") == "rejected")
      try await scene.settle()
      #expect(try await scene.lines("waiting") == ["5|0|0|0"])
      #expect(try await scene.lines("new") == ["2|3|0|0"])
    }
  }

  @Test("a move to where it can be sold fills; a lowered safety stock fills when the sweeper comes")
  func otherSources() async throws {
    try await withScene([("A", "WH-1", 10), ("B", "WH-1", 10)]) { scene in
      try await scene.inventory.take([.location("quarantine", sellable: false), .policy("B", safety: 10)])
      try await scene.inventory.take(.move("mv-1", "A", "WH-1", "quarantine", 10))
      try await scene.allocation.take([.order("o-a", [("A", 3)]), .order("o-b", [("B", 3)])])
      try await scene.settle()
      #expect(try await scene.lines("o-a") == ["0|3|0|0"])
      #expect(try await scene.sweep() == 0)
      try await scene.inventory.take([.move("mv-2", "A", "quarantine", "WH-1", 2), .policy("B", safety: 8, time: .now)])
      try await scene.settle()
      #expect(try await scene.lines("o-a") == ["2|1|0|0"])
      #expect(try await scene.lines("o-b") == ["0|3|0|0"])
      #expect(try await scene.sweep() == 1)
      try await scene.settle()
      #expect(try await scene.lines("o-b") == ["2|1|0|0"])
      #expect(try await scene.sweep() == 0)
    }
  }

  @Test("a fill when nobody waits, or when nothing is free, changes nothing")
  func nothingToFill() async throws {
    try await withScene([("A", "WH-1", 1), ("B", "WH-1", 0)]) { scene in
      try await scene.allocation.take(.order("o-1", [("B", 3)]))
      #expect(
        try await scene.allocation.take([.due("A"), .due("B"), .due("unknown")]).outcomes == [
          .unchanged, .unchanged, .unchanged,
        ])
    }
  }

  @Test("more waiting lines than one transaction fills are filled in the end, and nobody is forgotten")
  func manyWaiting() async throws {
    try await withScene([("A", "WH-1", 0)]) { scene in
      for batch in 0..<3 {
        try await scene.allocation.take((0..<400).map { .order("o-\(batch)-\($0)", [("A", 1)]) })
      }
      _ = try await scene.house.relay()
      try await scene.inventory.take(.receipt("r-1", "A", "WH-1", 1100))
      try await scene.settle()
      while try await scene.sweep() > 0 { try await scene.settle() }
      #expect(try await scene.house.value("select owed from stock_items") == "100")
      #expect(
        try await scene.house.rows("select distinct substr(order_id, 1, 3) from backorders where open_quantity > 0")
          == [
            "o-2"
          ])
    }
  }

  @Test("a cancelled backorder leaves its place in the batch to the next in rank, without the sweeper")
  func cancelledInSameBatch() async throws {
    try await withScene([("A", "WH-1", 0)]) { scene in
      try await scene.allocation.take(.order("first", [("A", 5)]))
      try await scene.allocation.take(.order("second", [("A", 5)]))
      _ = try await scene.house.relay()
      try await scene.inventory.take(.receipt("r-1", "A", "WH-1", 5))
      let fill = try await scene.house.relay().filter { $0.routingKey == "stock.received" }.map(Letter.init)
      try await scene.allocation.take([.cancel("first")] + fill)
      try await scene.settle()
      #expect(try await scene.lines("first") == ["0|0|0|5"])
      #expect(try await scene.lines("second") == ["5|0|0|0"])
    }
  }
}

extension Scene {
  /// One round of the sweeper.
  func sweep() async throws -> Int { try await allocation.with { try BackorderSweeper.sweep(on: $0) } }
}
