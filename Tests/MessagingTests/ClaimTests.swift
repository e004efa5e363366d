import Contracts
import Messaging
import PipelineKit
import Postgres
import Testing

/// Messages are claimed in the inbox before anything is locked.
@Suite("Claims")
struct ClaimTests {
  private static let rows = "select message_id, outcome, events from inbox where message_id like 'm-%' order by 1, 2"

  /// How many events in the outbox name these as their cause.
  private func following(_ ids: String..., in house: House) async throws -> [Int] {
    let causes = try await house.events().map(\.envelope.causationID)
    return ids.map { id in causes.count { $0 == id } }
  }

  @Test("a row says how its message ended, whatever was usual for it")
  func corrections() async throws {
    try await withStock { house, inventory, allocation in
      try await allocation.take(.order("o-0", [("A", 1)]))
      let yesterday = Timestamp.now - .seconds(86_400)
      let taken = try await allocation.take([
        .order("o-1", [("A", 1)], id: "m-1"), .order("o-2", [("A", 200)], id: "m-2"),
        .order("o-0", [("A", 1)], id: "m-3"), .order("o-0", [("A", 2)], id: "m-4"),
        .order("o-5", [("B", 1)], id: "m-5"),
        Letter(.orderCancelled(OrderCancelled(orderID: OrderID(trusted: "o-6"))), id: "m-6", time: yesterday),
      ])
      #expect(taken.outcomes == [.applied, .applied, .unchanged, .deadLettered, .retried, .applied])
      let events = try await following("m-1", "m-2", in: house)
      #expect(events[0] == 1 && events[1] > 1)
      #expect(
        try await house.rows(ClaimTests.rows) == [
          "m-1|applied|1", "m-2|applied|\(events[1])", "m-3|unchanged|0", "m-4|dead_lettered|0", "m-5|retried|0",
          "m-6|applied|0",
        ])
    }
  }

  @Test("goods that nobody waits for change nothing, and goods that somebody waits for do")
  func goods() async throws {
    try await withStock { house, inventory, allocation in
      try await allocation.take(.order("o-1", [("A", 200)]))
      try await inventory.take([.product("C"), .receipt("r-1", "C", "WH-1", 1), .receipt("r-2", "A", "WH-1", 500)])
      let received = try await house.relay().filter { $0.routingKey == "stock.received" }
      #expect(try await allocation.take(received.map(Letter.init)).outcomes == [.unchanged, .applied])
      let events = try await following(received[1].messageID, in: house)
      #expect(events[0] > 0)
      for (row, said) in zip(received, ["unchanged|0", "applied|\(events[0])"]) {
        #expect(
          try await house.value("select outcome, events from inbox where message_id = '\(row.messageID)'") == said)
      }
    }
  }

  @Test("an alert is counted at its cause")
  func alerts() async throws {
    try await withStock { house, inventory, allocation in
      try await inventory.take(.policy("A", reorder: 90, recover: 95))
      try await allocation.take([.order("o-1", [("A", 1)], id: "m-1"), .order("o-2", [("A", 20)], id: "m-2")])
      #expect(try await house.events(.stockLow).count == 1)
      #expect(try await house.rows(ClaimTests.rows) == ["m-1|applied|1", "m-2|applied|2"])
    }
  }

  @Test("what ends as usual is not written twice")
  func usualEnds() async throws {
    try await withStock { house, inventory, allocation in
      // Whoever has to correct a row may not.
      for role in ["inventory", "allocation"] {
        try await house.script("revoke update (outcome, events) on inbox from tallyman_\(role)")
      }
      let goods = try await inventory.take([
        .product("B"), .location("WH-2"), .receipt("r-1", "B", "WH-1", 5), .move("v-1", "B", "WH-1", "WH-2", 1),
        .policy("B", safety: 1),
      ])
      #expect(goods.count(.applied) == 5)
      try await allocation.take([
        .order("o-1", [("A", 1)]), .order("o-2", [("A", 1), ("B", 1)]), .order("o-3", [("A", 1)]),
      ])
      try await allocation.take(.shipment("s-1", "o-3", [(1, "WH-1", 1)]))
      try await allocation.take(.cancel("o-1"))
      try await house.settle(allocation, .allocation)
      #expect(try await house.value("select count(*) from inbox where outcome = 'unchanged'") != "0")
      let error = await #expect(throws: PostgresError.self) { try await allocation.take(.order("o-4", [("A", 999)])) }
      #expect(error?.sqlState.code == "42501")
      try await house.script("grant update (outcome, events) on inbox to tallyman_inventory, tallyman_allocation")
      try await allocation.connect()
    }
  }

  @Test(
    "two lanes with the same messages, looked up or not, whatever their order: the second waits with nothing locked",
    arguments: [true, false], [true, false])
  func sameMessages(firstIsCareful: Bool, secondIsCareful: Bool) async throws {
    try await withStock { house, _, first in
      let second = try await house.allocationWorker()
      let letters = (0..<20).map { Letter.order("o-\($0)", [("A", 1)]) }
      let desk = try await house.desk()
      try await desk.script("begin; select * from stock_items for update")
      async let one = first.take(firstIsCareful ? letters.map(\.again) : letters)
      try await house.untilBlocked(1)
      async let other = second.take(secondIsCareful ? letters.reversed().map(\.again) : letters.reversed())
      try await house.untilBlocked(2)
      #expect(try await house.value("select pg_blocking_pids(\(second.backend))") == "[\(first.backend)]")
      #expect(
        try await house.value(
          "select count(*) from pg_locks where pid = \(second.backend) and relation = 'stock_items'::regclass") == "0")
      try await desk.script("commit")
      let (applied, found) = try await (one, other)
      #expect(applied.count(.applied) == 20 && applied.repeated == 0)
      #expect(found.count(.duplicate) == 20 && found.repeated == 1)
      #expect(try await house.value("select reserved from balances") == "20")
      #expect(try await house.value("select count(*) from inbox where consumer = 'allocation'") == "20")
    }
  }

  @Test("claims are sorted, so that two lanes with the same messages wait in one direction only")
  func sorted() async throws {
    try await withStock { house, _, allocation in
      try await allocation.take([3, 1, 4, 2].map { .order("o-\($0)", [("A", 1)], id: "m-\($0)") })
      #expect(
        try await house.rows("select message_id from inbox where message_id like 'm-%' order by ctid")
          == ["m-1", "m-2", "m-3", "m-4"])
    }
  }

  @Test("what a lane claimed and did not commit is another's to apply")
  func claimGivenUp() async throws {
    try await withStock { house, _, first in
      let second = try await house.allocationWorker()
      let letters = (0..<5).map { Letter.order("o-\($0)", [("A", 1)]) }
      let desk = try await house.desk()
      try await desk.script("begin; select * from stock_items for update")
      async let one = first.take(letters)
      try await house.untilBlocked(1)
      async let other = second.take(letters.map(\.again) + [.order("o-5", [("A", 1)])])
      try await house.untilBlocked(2)
      try await house.script("select pg_terminate_backend(\(first.backend))")
      do {
        _ = try await one
        Issue.record("it should have failed")
      } catch let error as PostgresError {
        #expect(error.category == .infrastructure)
      }
      try await desk.script("commit")
      let applied = try await other
      #expect(applied.count(.applied) == 6)
      try await first.connect()
      #expect(try await first.take(letters.map(\.again)).count(.duplicate) == 5)
      #expect(try await house.value("select reserved from balances") == "6")
    }
  }

  @Test("two attempts of a message on two lanes: the second sees behind its locks that the first was applied")
  func twoAttempts() async throws {
    try await withStock { house, _, first in
      let second = try await house.allocationWorker()
      let letter = Letter.order("o-1", [("A", 1)], id: "m-1")
      let desk = try await house.desk()
      try await desk.script("begin; select * from stock_items for update")
      async let one = first.take(letter.attempt(1))
      try await house.untilBlocked(1)
      async let other = second.take(letter.attempt(2))
      try await house.untilBlocked(2)
      try await desk.script("commit")
      let (applied, found) = try await (one, other)
      #expect(applied.outcome == .applied && found.outcome == .duplicate && found.repeated == 1)
      #expect(try await house.rows("select attempt, outcome from inbox where message_id = 'm-1'") == ["1|applied"])
    }
  }

  @Test("attempts of one message in one batch: only the first that is applied has a row, the others are no-ops")
  func attemptsInOneBatch() async throws {
    try await withStock { house, inventory, allocation in
      let known = Letter.order("o-1", [("A", 1)], id: "m-1")
      let unknown = Letter.order("o-2", [("B", 1)], id: "m-2")
      let taken = try await allocation.take([
        unknown.attempt(1), known.attempt(1), unknown.attempt(2), known.attempt(2), known.attempt(1),
      ])
      #expect(taken.outcomes == [.retried, .applied, .retried, .duplicate, .duplicate])
      #expect(
        try await house.rows("select message_id, attempt, outcome from inbox where message_id like 'm-%' order by 1, 2")
          == ["m-1|1|applied", "m-2|1|retried", "m-2|2|retried"])
    }
  }

  @Test("one of several with the same id has a row, whatever their bodies, and none that is out of time")
  func oneRow() async throws {
    try await withStock { house, _, allocation in
      let one = Letter.order("o-1", [("A", 1)], id: "m-1")
      let other = Letter.order("o-2", [("A", 1)], id: "m-1")
      let late = Letter(
        .backordersDue(BackordersDue(sku: SKU(trusted: "A"))), id: "m-2", time: .now - .seconds(31 * 86_400))
      let broken = Letter(raw: "{", id: "m-3", routingKey: "order.created")
      let taken = try await allocation.take([late, one, one, broken, other, late, .order("o-4", [("A", 1)], id: "m-4")])
      #expect(
        taken.outcomes
          == [.deadLettered, .applied, .duplicate, .deadLettered, .deadLettered, .deadLettered, .applied])
      #expect(try await house.rows(ClaimTests.rows) == ["m-1|applied|1", "m-4|applied|1"])
      #expect(try await house.value("select count(*) from orders") == "2")
    }
  }

  /// The database's clock jumps while a lane believes to know it: what the lane judged before its locks holds.
  @Test(
    "a message at the edge of the inbox's days is judged once, by the clock that the lane knew before its locks",
    arguments: [false, true])
  func edge(isAheadFirst: Bool) async throws {
    try await withStock { house, _, allocation in
      try await house.script(
        """
        create function tallyman.clock_timestamp() returns timestamptz language sql as $$
          select pg_catalog.clock_timestamp() + coalesce(current_setting('test.ahead', true), '0')::interval $$;
        """)
      func set(ahead: Bool) async throws {
        try await allocation.with { try $0.script("set test.ahead = '\(ahead ? "1 hour" : "0")'") }
      }
      try await allocation.with { try $0.script("set search_path = tallyman, pg_catalog") }
      try await set(ahead: isAheadFirst)
      try await allocation.take(.order("o-0", [("A", 1)]))
      try await set(ahead: !isAheadFirst)
      let old = Letter(
        .orderCreated(
          OrderCreated(
            orderID: OrderID(trusted: "o-1"), customerID: CustomerID(trusted: "c"),
            lines: [.init(line: 1, sku: SKU(trusted: "A"), quantity: 1)])), id: "m-1",
        time: .now - Duration.seconds(30 * 86_400 - 600))
      let taken = try await allocation.take([.order("o-2", [("A", 1)], id: "m-2"), old])
      #expect(taken.outcomes == [.applied, isAheadFirst ? .deadLettered : .applied])
      #expect(
        try await house.rows(ClaimTests.rows) == (isAheadFirst ? [] : ["m-1|applied|1"]) + ["m-2|applied|1"])
      #expect(try await house.deadLetters().map(\.field) == (isAheadFirst ? ["time"] : []))
      try await house.script("drop function tallyman.clock_timestamp()")
    }
  }

  @Test("a lane that has had no transaction asks the database what time it is, and not its own clock")
  func firstJudgement() async throws {
    try await withStock { house, _, allocation in
      try await house.script(
        """
        create function tallyman.clock_timestamp() returns timestamptz language sql as
          'select pg_catalog.clock_timestamp() + interval ''40 days''';
        """)
      try await allocation.with { try $0.script("set search_path = tallyman, pg_catalog") }
      let taken = try await allocation.take([.order("o-1", [("A", 1)]), .order("o-2", [("A", 1)])])
      #expect(taken.outcomes == [.deadLettered, .deadLettered])
      try await house.script("drop function tallyman.clock_timestamp()")
    }
  }
}
