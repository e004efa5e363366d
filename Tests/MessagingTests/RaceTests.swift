import Contracts
import Lanes
import Messaging
import PipelineKit
import Postgres
import Testing

/// The races of the domain, each with both lanes held at the point where they meet.
@Suite("Races")
struct RaceTests {
  @Test("two lanes with the same messages: one applies each, the other finds it done, whatever their order")
  func sameMessages() async throws {
    try await withStock { house, _, first in
      let second = try await house.allocationWorker()
      let letters = (0..<20).map { Letter.order("o-\($0)", [("A", 1)]) }
      let desk = try await house.desk()
      try await desk.script("begin; select * from stock_items for update")
      async let one = first.take(letters)
      async let other = second.take(letters.reversed())
      try await house.untilBlocked(2)
      try await desk.script("commit")
      let outcomes = try await one.outcomes + other.outcomes
      #expect(outcomes.count { $0 == .applied } == 20)
      #expect(outcomes.count { $0 == .duplicate } == 20)
      #expect(try await house.value("select reserved from balances") == "20")
      #expect(try await house.value("select count(*) from inbox where consumer = 'allocation'") == "20")
      #expect(try await house.events(.orderReserved).count == 20)
    }
  }

  @Test("two lanes with the same receipt under different message ids book it once")
  func sameReceipt() async throws {
    try await withStock { house, first, _ in
      let second = try await house.inventoryWorker()
      let desk = try await house.desk()
      try await desk.script("begin; select * from stock_items for update")
      async let one = first.take(.receipt("r-1", "A", "WH-1", 5))
      async let other = second.take(.receipt("r-1", "A", "WH-1", 5))
      try await house.untilBlocked(2)
      try await desk.script("commit")
      let outcomes = try await Set(one.outcomes + other.outcomes)
      #expect(outcomes == [.applied, .unchanged])
      #expect(try await house.value("select on_hand from balances") == "105")
    }
  }

  @Test("the same receipt id for two SKUs on two lanes: one is booked, the other contradicts")
  func contradictingReceipts() async throws {
    try await withStock { house, first, _ in
      let second = try await house.inventoryWorker()
      try await first.take(.product("B"))
      async let one = first.take(.receipt("r-1", "A", "WH-1", 5))
      async let other = second.take(.receipt("r-1", "B", "WH-1", 5))
      let outcomes = try await Set(one.outcomes + other.outcomes)
      #expect(outcomes == [.applied, .deadLettered])
    }
  }

  @Test(
    "an order and the first receipt of its SKU: whoever is first, the order gets the stock", arguments: [true, false])
  func firstReceipt(orderFirst: Bool) async throws {
    try await withStock { house, inventory, allocation in
      try await inventory.take(.product("B"))
      _ = try await house.relay()
      let desk = try await house.desk()
      try await desk.script("begin; select * from stock_items where sku = 'B' for update")
      if orderFirst {
        async let order = allocation.take(.order("o-1", [("B", 3)]))
        try await house.untilBlocked(1)
        async let receipt = inventory.take(.receipt("r-1", "B", "WH-1", 3))
        try await house.untilBlocked(2)
        try await desk.script("commit")
        _ = try await (order, receipt)
      } else {
        async let receipt = inventory.take(.receipt("r-1", "B", "WH-1", 3))
        try await house.untilBlocked(1)
        async let order = allocation.take(.order("o-1", [("B", 3)]))
        try await house.untilBlocked(2)
        try await desk.script("commit")
        _ = try await (order, receipt)
      }
      #expect(try await house.value("select state from orders") == (orderFirst ? "backordered" : "reserved"))
      try await house.settle(allocation, .allocation)
      #expect(try await house.rows("select state from orders") == ["reserved"])
      #expect(try await house.value("select reserved from balances where sku = 'B'") == "3")
    }
  }

  @Test("a cancellation races its order: whoever is first, nothing stays reserved", arguments: [true, false])
  func cancellation(orderFirst: Bool) async throws {
    try await withStock { house, _, first in
      let second = try await house.allocationWorker()
      let desk = try await house.desk()
      // Both lanes are about to insert the order's row; neither can see the other's.
      try await desk.script("begin; lock table orders in share mode")
      let order = Letter.order("o-1", [("A", 3)])
      let cancel = Letter.cancel("o-1", reason: "raced")
      async let one = first.take(orderFirst ? order : cancel)
      try await house.untilBlocked(1)
      async let other = second.take(orderFirst ? cancel : order)
      try await house.untilBlocked(2)
      try await desk.script("commit")
      let outcomes = try await one.outcomes + other.outcomes
      #expect(outcomes == [.applied, .applied])
      #expect(try await house.rows("select state from orders") == ["cancelled"])
      #expect(try await house.rows("select reserved, cancelled from order_lines") == ["0|3"])
      #expect(try await house.value("select reserved from balances") == "0")
      let answers = try await house.events(.orderReserved, .orderRejected)
      #expect(answers.count == 1)
    }
  }

  /// Held at the anchors, the canceller then finds an order whose SKU it has not locked; held at the orders, its look
  /// at them is over and it writes a tombstone for an order that exists.
  @Test(
    "an order that commits between a canceller's look and its locks is cancelled all the same",
    arguments: ["stock_items where sku = 'A'", "orders where order_id = 'o-0'"])
  func orderCommitsBetween(held: String) async throws {
    try await withStock { house, _, first in
      let second = try await house.allocationWorker()
      let desk = try await house.desk()
      let inventory = try await house.inventoryWorker()
      try await inventory.take([.product("B"), .receipt("r-b", "B", "WH-1", 5)])
      try await first.take(.order("o-0", [("A", 1)]))
      // The canceller looks for the SKUs of its orders, finds none of o-1, and is held at what o-0 needs.
      try await desk.script("begin; select * from \(held) for update")
      async let cancel = second.take([.cancel("o-0"), .cancel("o-1")])
      try await house.untilBlocked(1)
      let taken = try await first.take(.order("o-1", [("B", 3)]))
      #expect(taken.outcome == .applied)
      try await desk.script("commit")
      let cancelled = try await cancel
      #expect(cancelled.outcomes == [.applied, .applied])
      #expect(cancelled.repeated == 1)
      #expect(try await house.rows("select distinct state from orders") == ["cancelled"])
      #expect(try await house.value("select sum(reserved) from balances") == "0")
    }
  }

  @Test("what is owed is read after the wait for the lock, not before")
  func owedAfterWait() async throws {
    try await withStock { house, inventory, first in
      let second = try await house.allocationWorker()
      try await inventory.take([.product("B"), .receipt("r-b", "B", "WH-1", 5)])
      _ = try await house.relay()
      let desk = try await house.desk()
      // A long transaction of another kind raises what is owed while an order already waits for the anchor.
      try await desk.script(
        """
        begin;
        select * from stock_items where sku = 'B' for update;
        insert into orders (order_id, customer_id, answered, state, ordered_at, updated_at)
          values ('o-w', 'c', true, 'backordered', now(), now());
        insert into order_lines values ('o-w', 1, 'B', 4, 0, 4, 0, 0);
        insert into backorders (order_id, line_no, sku, quantity, open_quantity, state, priority, created_at)
          values ('o-w', 1, 'B', 4, 4, 'open', 0, now());
        update stock_items set owed = 4 where sku = 'B';
        """)
      async let order = second.take(.order("o-1", [("B", 5)]))
      try await house.untilBlocked(1)
      try await desk.script("commit")
      _ = try await order
      #expect(try await house.rows("select reserved, backordered from order_lines where order_id = 'o-1'") == ["1|4"])
      try await first.take(.due("B"))
      #expect(try await house.rows("select reserved from order_lines where order_id = 'o-w'") == ["4"])
      #expect(try await house.value("select owed from stock_items where sku = 'B'") == "4")
    }
  }

  @Test("a sweeper's message races a lane that fills the same SKU: every unit is given once")
  func sweeperAgainstLane() async throws {
    try await withStock { house, inventory, first in
      let second = try await house.allocationWorker()
      try await inventory.take(.product("B"))
      try await first.take((0..<10).map { .order("o-\($0)", [("B", 1)]) })
      _ = try await house.relay()
      try await inventory.take(.receipt("r-b", "B", "WH-1", 6))
      let event = try #require(try await house.relay().first { $0.routingKey == "stock.received" })
      let desk = try await house.desk()
      try await desk.script("begin; select * from stock_items where sku = 'B' for update")
      async let one = first.take(Letter(event))
      async let other = second.take(.due("B"))
      try await house.untilBlocked(2)
      try await desk.script("commit")
      let outcomes = try await Set(one.outcomes + other.outcomes)
      #expect(outcomes == [.applied, .unchanged])
      #expect(try await house.value("select reserved from balances where sku = 'B'") == "6")
      #expect(try await house.value("select owed from stock_items where sku = 'B'") == "4")
    }
  }

  @Test("a dead letter replayed twice at once, on two lanes, is applied once")
  func replayedTwice() async throws {
    try await withStock { house, inventory, first in
      let second = try await house.allocationWorker()
      let letter = Letter.order("o-1", [("B", 1)])
      #expect(try await first.take(letter.attempt(3)).outcome == .deadLettered)
      try await inventory.take([.product("B"), .receipt("r-b", "B", "WH-1", 5)])
      async let one = first.take(letter.attempt(4))
      async let other = second.take(letter.attempt(5))
      let outcomes = try await Set(one.outcomes + other.outcomes)
      #expect(outcomes == [.applied, .duplicate] || outcomes == [.applied, .unchanged])
      #expect(try await house.value("select reserved from balances where sku = 'B'") == "1")
    }
  }
}
