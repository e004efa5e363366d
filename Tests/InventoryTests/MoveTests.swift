import Contracts
import Messaging
import PipelineKit
import Testing

@Suite("Moves")
struct MoveTests {
  @Test("a move changes both balances, conserves the total, and is answered once")
  func move() async throws {
    try await withHouse { house in
      let worker = try await house.inventoryWorker()
      try await worker.take([
        .product("A"), .location("WH-1"), .location("WH-2"), .receipt("r-1", "A", "WH-1", 10),
      ])
      _ = try await house.relay()
      let taken = try await worker.take([.move("mv-1", "A", "WH-1", "WH-2", 4), .move("mv-1", "A", "WH-1", "WH-2", 4)])
      #expect(taken.outcomes == [.applied, .unchanged])
      #expect(try await worker.take(.move("mv-1", "A", "WH-1", "WH-2", 4)).outcome == .unchanged)
      #expect(try await house.rows("select location_id, on_hand from balances order by 1") == ["WH-1|6", "WH-2|4"])
      #expect(
        try await house.rows(
          "select reason, delta, reference from stock_ledger where reason <> 'RECEIPT' order by delta") == [
            "TRANSFER_OUT|-4|mv-1", "TRANSFER_IN|4|mv-1",
          ])
      #expect(try await house.eventTypes() == ["stock.moved"])
    }
  }

  @Test("a move of more than is available is answered by stock.move.rejected, for ever")
  func rejected() async throws {
    try await withHouse { house in
      let worker = try await house.inventoryWorker()
      try await worker.take([
        .product("A"), .location("WH-1"), .location("WH-2"), .receipt("r-1", "A", "WH-1", 3),
      ])
      _ = try await house.relay()
      let move = Letter.move("mv-1", "A", "WH-1", "WH-2", 4)
      #expect(try await worker.take(move).outcome == .applied)
      guard case .stockMoveRejected(let answer) = try await house.events().first?.event else {
        Issue.record("no stock.move.rejected")
        return
      }
      #expect(answer.available == 3)
      #expect(answer.reason == "insufficient_stock")
      try await worker.take(.receipt("r-2", "A", "WH-1", 100))
      #expect(try await worker.take(.move("mv-1", "A", "WH-1", "WH-2", 4)).outcome == .unchanged)
      #expect(try await house.rows("select location_id, on_hand from balances order by 1") == ["WH-1|103"])
      #expect(try await house.value("select rejected_reason from moves") == "insufficient_stock")
    }
  }

  @Test("a move that is not applied leaves no empty balance, whose safety stock would be missing elsewhere")
  func leavesNothing() async throws {
    try await withHouse { house in
      let worker = try await house.inventoryWorker()
      try await worker.take([
        .product("A"), .location("WH-1"), .location("WH-2"), .location("WH-3"),
        .policy("A", everywhere: true, safety: 5), .receipt("r-1", "A", "WH-1", 20),
      ])
      #expect(try await house.value("select stock_free('A')") == "15")
      let refused = Letter.move("mv-1", "A", "WH-1", "WH-2", 40)
      #expect(try await worker.take(refused).outcome == .applied)
      #expect(try await house.value("select stock_free('A')") == "15")
      // In a batch with messages that are applied, and with a newer policy for every location.
      try await worker.take([
        .move("mv-2", "A", "WH-1", "WH-2", 40), .policy("A", everywhere: true, safety: 6),
        .move("mv-3", "A", "WH-1", "WH-3", 10), .move("mv-4", "A", "WH-2", "WH-1", 1),
      ])
      #expect(
        try await house.rows("select location_id, on_hand, safety_stock from balances order by 1") == [
          "WH-1|10|6", "WH-3|10|6",
        ])
      // A policy of its own is kept, goods or not, and counts.
      try await worker.take([.policy("A", at: "WH-2", safety: 2), .move("mv-5", "A", "WH-2", "WH-1", 1)])
      #expect(try await house.value("select stock_free('A')") == "6")
    }
  }

  @Test("what is promised to an order stays where it is")
  func reservedStays() async throws {
    try await withHouse { house in
      let inventory = try await house.inventoryWorker()
      let allocation = try await house.allocationWorker()
      try await inventory.take([
        .product("A"), .location("WH-1"), .location("WH-2"), .receipt("r-1", "A", "WH-1", 10),
      ])
      try await allocation.take(.order("o-1", [("A", 8)]))
      _ = try await house.relay()
      try await inventory.take([.move("mv-1", "A", "WH-1", "WH-2", 3), .move("mv-2", "A", "WH-1", "WH-2", 2)])
      #expect(try await house.eventTypes() == ["stock.move.rejected", "stock.moved", "stock.out"])
      #expect(
        try await house.rows("select location_id, on_hand, reserved from balances order by 1") == [
          "WH-1|8|8", "WH-2|2|0",
        ])
    }
  }

  @Test("the same move id with other content is a dead letter naming the field")
  func contradiction() async throws {
    try await withHouse { house in
      let worker = try await house.inventoryWorker()
      try await worker.take([
        .product("A"), .product("B"), .location("WH-1"), .location("WH-2"), .location("WH-3"),
        .receipt("r-1", "A", "WH-1", 10), .move("mv-1", "A", "WH-1", "WH-2", 1),
      ])
      let others: [(String, Letter)] = [
        ("data.sku", .move("mv-1", "B", "WH-1", "WH-2", 1)),
        ("data.from_location_id", .move("mv-1", "A", "WH-3", "WH-2", 1)),
        ("data.to_location_id", .move("mv-1", "A", "WH-1", "WH-3", 1)),
        ("data.quantity", .move("mv-1", "A", "WH-1", "WH-2", 2)),
      ]
      for (field, letter) in others {
        #expect(try await worker.take(letter).outcome == .deadLettered)
        #expect(try await house.deadLetter(of: letter.id).field == field)
      }
      #expect(try await house.value("select count(*) from stock_ledger where reason like 'TRANSFER%'") == "2")
    }
  }

  @Test("a move from or to an unknown location, or of an unknown SKU, is tried again")
  func unknown() async throws {
    try await withHouse { house in
      let worker = try await house.inventoryWorker()
      try await worker.take([.product("A"), .location("WH-1")])
      let taken = try await worker.take([
        .move("mv-1", "A", "WH-1", "nowhere", 1), .move("mv-2", "A", "nowhere", "WH-1", 1),
        .move("mv-3", "B", "WH-1", "WH-1x", 1),
      ])
      #expect(taken.outcomes == [.retried, .retried, .retried])
      #expect(
        taken.entries.compactMap { $0.why?.split(separator: ":").first } == [
          "data.to_location_id", "data.from_location_id", "data.sku",
        ])
    }
  }

  @Test("many moves back and forth in one batch see each other's effects")
  func chain() async throws {
    try await withHouse { house in
      let worker = try await house.inventoryWorker()
      let taken = try await worker.take([
        .product("A"), .location("WH-1"), .location("WH-2"), .location("WH-3"), .receipt("r-1", "A", "WH-1", 5),
        .move("mv-1", "A", "WH-1", "WH-2", 5), .move("mv-2", "A", "WH-2", "WH-3", 5),
        .move("mv-3", "A", "WH-1", "WH-3", 1), .move("mv-4", "A", "WH-3", "WH-1", 2),
      ])
      #expect(taken.count(.applied) == 9)
      #expect(
        try await house.rows("select location_id, on_hand from balances order by 1") == ["WH-1|2", "WH-2|0", "WH-3|3"])
      #expect(try await house.rows("select move_id from moves where rejected_reason is not null") == ["mv-3"])
    }
  }
}
