import Contracts
import Messaging
import PipelineKit
import Testing

@testable import Allocation

@Suite("Holds")
struct HoldTests {
  private static let past = Timestamp.now + .seconds(-60)
  private static let future = Timestamp.now + .seconds(3600)

  @Test("a hold that is not confirmed gives its stock back, once, and others get it")
  func expires() async throws {
    try await withScene([("A", "WH-1", 5)]) { scene in
      try await scene.allocation.take([
        .order("held", [("A", 4), ("A", 2)], expiresAt: Self.past), .order("next", [("A", 3)]),
      ])
      #expect(try await scene.lines("held") == ["4|0|0|0", "1|1|0|0"])
      _ = try await scene.house.relay()
      #expect(try await scene.sweepHolds() == 1)
      #expect(try await scene.sweepHolds() == 1, "found again until its message is settled")
      let due = try await scene.house.relay().map(Letter.init)
      #expect(try await scene.allocation.take(due).outcomes == [.applied, .unchanged])
      #expect(try await scene.state("held") == "expired")
      #expect(try await scene.lines("held") == ["0|0|0|4", "0|0|0|2"])
      #expect(
        try await scene.house.events().filter { $0.envelope.subject == "held" }.map(\.envelope.type.rawValue) == [
          "reservation.expired", "reservation.expired", "order.closed_cancelled",
        ])
      #expect(
        try await scene.house.rows("select reason, sum(delta) from stock_ledger where delta < 0 group by 1") == [
          "EXPIRE|-5"
        ])
      #expect(try await scene.house.rows("select distinct state from reservations") == ["expired"])
      try await scene.settle()
      #expect(try await scene.lines("next") == ["3|0|0|0"])
      #expect(try await scene.sweepHolds() == 0)
    }
  }

  @Test("while its messages cannot travel a sweeper does not say the same each time")
  func saysItOnce() async throws {
    try await withScene([("A", "WH-1", 5)]) { scene in
      try await scene.allocation.take((0..<3).map { .order("o-\($0)", [("A", 1)], expiresAt: Self.past) })
      _ = try await scene.house.relay()
      let found = try await scene.allocation.with { database in
        let memory = SweepMemory()
        return try (0..<20).map { _ in try HoldSweeper.sweep(remembering: memory, on: database) }
      }
      #expect(found == [Int](repeating: 3, count: 20))
      #expect(try await scene.house.outbox().count == 3)
    }
  }

  @Test("two sweepers at the same time, and workers that settle what both found: given back once")
  func concurrently() async throws {
    try await withScene([("A", "WH-1", 100)]) { scene in
      try await scene.allocation.take((0..<50).map { .order("o-\($0)", [("A", 2)], expiresAt: Self.past) })
      _ = try await scene.house.relay()
      let others = [try await scene.house.allocationWorker(), try await scene.house.allocationWorker()]
      for _ in 0..<4 {
        try await withThrowingTaskGroup(of: Void.self) { group in
          for worker in others { group.addTask { _ = try await worker.with { try HoldSweeper.sweep(on: $0) } } }
          try await group.waitForAll()
        }
      }
      let due = try await scene.house.relay().filter { $0.routingKey == "hold.due" }.map(Letter.init)
      #expect(due.count >= 200)
      try await withThrowingTaskGroup(of: Void.self) { group in
        for (index, worker) in others.enumerated() {
          let mine = due.enumerated().filter { $0.offset % 2 == index }.map(\.element)
          group.addTask { try await worker.take(mine) }
        }
        try await group.waitForAll()
      }
      #expect(
        try await scene.house.value("select count(*), sum(-delta) from stock_ledger where reason = 'EXPIRE'")
          == "50|100")
      #expect(try await scene.house.events(.reservationExpired).count == 50)
    }
  }

  @Test("confirmed in time, though late by the clock: it stays; again: nothing changes")
  func confirmed() async throws {
    try await withScene([("A", "WH-1", 5)]) { scene in
      try await scene.allocation.take([
        .order("o-1", [("A", 2)], expiresAt: Self.future), .order("o-2", [("A", 2)], expiresAt: Self.past),
      ])
      #expect(try await scene.sweepHolds() == 1)
      #expect(
        try await scene.allocation.take([.confirm("o-1"), .confirm("o-2"), .confirm("o-1")]).outcomes == [
          .applied, .applied, .unchanged,
        ])
      try await scene.settle()
      #expect(try await scene.state("o-2") == "reserved")
      #expect(try await scene.sweepHolds() == 0)
      #expect(try await scene.house.rows("select count(*) from orders where expires_at is not null") == ["2"])
      let again = Letter.order("o-1", [("A", 2)], expiresAt: Self.past)
      #expect(try await scene.allocation.take(again).outcome == .deadLettered)
      #expect(try await scene.house.deadLetter(of: again.id).field == "data.expires_at")
    }
  }

  @Test("confirmed before the order: tried again; after it expired: a dead letter; without a hold: nothing")
  func outcomes() async throws {
    try await withScene([("A", "WH-1", 5)]) { scene in
      #expect(try await scene.allocation.take(.confirm("o-1")).outcome == .retried)
      try await scene.allocation.take([
        .order("o-1", [("A", 2)], expiresAt: Self.past), .order("plain", [("A", 1)]), .holdDue("o-1"),
      ])
      let late = Letter.confirm("o-1")
      #expect(try await scene.allocation.take([late, .confirm("plain")]).outcomes == [.deadLettered, .unchanged])
      let dead = try await scene.house.deadLetter(of: late.id)
      #expect([dead.kind, dead.field, dead.value] == ["refused", "data.order_id", "o-1"])
      #expect(try await scene.allocation.take(.cancel("o-1")).outcome == .unchanged)
    }
  }

  @Test(
    "expired, left all the same and come back by its carrier: expired again",
    arguments: [[1, 1, 1, 1], [4], [2, 2]])
  func expiredAgain(batches: [Int]) async throws {
    try await withScene([("A", "WH-1", 5)]) { scene in
      var letters: [Letter] = [
        .order("o-1", [("A", 2)], expiresAt: Self.past), .holdDue("o-1"), .shipment("s-1", "o-1", [(1, "WH-1", 2)]),
        .status("s-1", .failed),
      ]
      for count in batches {
        #expect(try await scene.allocation.take(Array(letters.prefix(count))).count(.applied) == count)
        letters.removeFirst(count)
      }
      #expect(try await scene.state("o-1") == "expired")
      #expect(try await scene.lines("o-1") == ["0|0|0|2"])
      #expect(try await scene.house.value("select closed_reason from orders").hasPrefix("its hold was not confirmed"))
      #expect(try await scene.house.events(.orderClosedCancelled).count == 1)
      let late = Letter.confirm("o-1")
      #expect(try await scene.allocation.take(late).outcome == .deadLettered)
      #expect(try await scene.house.value("select reason from dead_letters") == "hold_expired")
      // One that somebody cancelled before its hold ended was never expired.
      try await scene.allocation.take([
        .order("o-2", [("A", 1)], expiresAt: Self.past), .cancel("o-2"), .shipment("s-2", "o-2", [(1, "WH-1", 1)]),
      ])
      try await scene.allocation.take(.status("s-2", .failed))
      #expect(try await scene.state("o-2") == "cancelled")
    }
  }

  @Test("a message that says that a hold is over is not believed before its time")
  func early() async throws {
    try await withScene([("A", "WH-1", 5)]) { scene in
      try await scene.allocation.take(.order("o-1", [("A", 2)], expiresAt: Self.future))
      #expect(try await scene.allocation.take(.holdDue("o-1")).outcome == .unchanged)
      #expect(try await scene.state("o-1") == "reserved")
    }
  }

  @Test("what was cancelled or has begun to leave is not swept again")
  func ended() async throws {
    try await withScene([("A", "WH-1", 5)]) { scene in
      try await scene.allocation.take([
        .order("o-1", [("A", 2)], expiresAt: Self.past), .order("o-2", [("A", 2)], expiresAt: Self.past),
        .cancel("o-1"), .shipment("s-1", "o-2", [(1, "WH-1", 1)]),
      ])
      #expect(try await scene.sweepHolds() == 0)
      #expect(try await scene.lines("o-2") == ["1|0|1|0"])
    }
  }

  @Test("a hold of which every line was cancelled expires as well: no amendment makes it firm")
  func emptied() async throws {
    try await withScene([("A", "WH-1", 5)]) { scene in
      try await scene.allocation.take([
        .order("o-1", [("A", 2)], expiresAt: Self.past), .cancel("o-1", [(1, nil)]),
      ])
      #expect(try await scene.state("o-1") == "cancelled")
      _ = try await scene.house.relay()
      #expect(try await scene.sweepHolds() == 1)
      try await scene.settle()
      #expect(try await scene.state("o-1") == "expired")
      #expect(try await scene.house.events(.orderClosedCancelled).isEmpty, "it was told when the line was cancelled")
      try await scene.allocation.take(.amend("o-1", 1, [(2, "A", 3)]))
      #expect(try await scene.reservations("o-1").isEmpty)
      #expect(try await scene.lines("o-1") == ["0|0|0|0", "0|0|0|3"])
      #expect(try await scene.allocation.take(.confirm("o-1")).outcome == .deadLettered)
      #expect(try await scene.sweepHolds() == 0)
    }
  }

  @Test("what has begun to leave is meant, also when its shipment fails")
  func shipmentFails() async throws {
    try await withScene([("A", "WH-1", 5)]) { scene in
      try await scene.allocation.take([
        .order("o-1", [("A", 2)], expiresAt: Self.past), .shipment("s-1", "o-1", [(1, "WH-1", 2)]),
        .status("s-1", .failed),
      ])
      #expect(try await scene.sweepHolds() == 0)
      #expect(try await scene.allocation.take(.holdDue("o-1")).outcome == .unchanged)
      #expect(try await scene.lines("o-1") == ["2|0|0|0"])
      #expect(try await scene.allocation.take(.confirm("o-1")).outcome == .unchanged)
    }
  }
}

extension Scene {
  /// One round of the sweeper of holds.
  func sweepHolds() async throws -> Int { try await allocation.with { try HoldSweeper.sweep(on: $0) } }
}
