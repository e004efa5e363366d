import Contracts
import PipelineKit
import Postgres
import TestServers
import Testing

@Suite("Nothing is left of what was erased")
struct EraseAllTests {
  private func shop(_ house: House) async throws -> PipelineKit.Worker {
    try await house.inventoryWorker().take([.product("A"), .location("W1"), .receipt("rcv-1", "A", "W1", 50)])
    return try await house.allocationWorker()
  }

  private static func plan(_ id: String, _ order: String, _ reason: String) -> Letter {
    Letter(
      .shipmentPlanFailed(
        ShipmentPlanFailed(
          planID: PlanID(trusted: id), orderID: OrderID(trusted: order),
          lines: [.init(line: 1, locationID: LocationID(trusted: "W1"), quantity: 1)], action: .replan,
          reason: reason)))
  }

  @Test("the reason of a cancellation goes without a customer, and when it came after the erasure; a plan's goes too")
  func reasons() async throws {
    try await withHouse { house in
      let allocation = try await shop(house)
      try await allocation.take([
        .cancel("early", reason: "Jane moved"), .order("o-1", [("A", 2)], customer: "cust-1"),
        EraseAllTests.plan("plan-1", "o-1", "Jane was away"),
      ])
      _ = try await house.relay()
      let reasons = """
        select order_id || ' ' || closed_reason from orders where closed_reason is not null
        union all select plan_id || ' ' || reason from shipment_plans_failed where reason is not null order by 1
        """
      #expect(try await house.rows(reasons) == ["early Jane moved", "plan-1 Jane was away"])
      let early = try await house.erase("--order", "early", "--why", "x")
      #expect(early.run.code == 0 && early.rows["orders"] == 1)
      let done = try await house.erase("--customer", "cust-1", "--why", "x")
      #expect(done.run.code == 0 && done.rows["failed plans"] == 1)
      #expect(try await house.rows(reasons) == ["early erased"])

      try await allocation.take(.cancel("o-1", reason: "Jane is cross"))
      _ = try await house.relay()
      let again = try await house.erase("--order", "o-1", "--why", "x")
      #expect(again.run.code == 0 && again.rows["orders"] == 1)
      #expect(try await house.rows(reasons) == ["early erased", "o-1 erased"])
      #expect(try await house.value("select count(*) from orders where not answered and customer_id is null") == "1")
    }
  }

  @Test("what carriers, warehouses and customers said is the same when they say it again after the erasure")
  func repeated() async throws {
    try await withHouse { house in
      let allocation = try await shop(house)
      let time = Timestamp.now
      let door = Coordinates(lat: ExactNumber(trusted: "52.52"), lng: ExactNumber(trusted: "13.40"))
      func letters() -> [Letter] {
        [
          .status("s-1", .inTransit, at: time, location: door),
          .status("s-1", .delivered, at: time, location: door, reason: "left with Jane"),
          EraseAllTests.plan("plan-1", "o-1", "Jane was away"),
          Letter(
            .returnReceived(
              ReturnReceived(
                returnID: ReturnID(trusted: "ret-1"), shipmentID: ShipmentID(trusted: "s-1"),
                lines: [.init(line: 1, locationID: LocationID(trusted: "W1"), quantity: 1, disposition: .stock)],
                reason: "Jane is cross"))),
        ]
      }
      try await allocation.take([
        .order("o-1", [("A", 3)], customer: "cust-1"), .shipment("s-1", "o-1", [(1, "W1", 2)]),
      ])
      #expect(try await allocation.take(letters()).count(.applied) == 4)
      _ = try await house.relay()
      #expect(try await house.erase("--customer", "cust-1", "--why", "x").run.code == 0)
      #expect(try await allocation.take(letters()).count(.unchanged) == 4)
      #expect(try await house.deadLetters().isEmpty)
      let other = Letter.status("s-1", .failed, at: time + .seconds(1), reason: "Jane was not there")
      #expect(try await allocation.take(other).outcome == .deadLettered, "what contradicts still does")
    }
  }

  @Test("a name of which there is nothing ends with 1 and is not recorded; one that was erased before ends with 0")
  func mistyped() async throws {
    try await withHouse { house in
      let allocation = try await shop(house)
      try await allocation.take(.order("o-1", [("A", 1)], customer: "cust-1"))
      _ = try await house.relay()
      for option in ["--dry-run", "--why=x"] {
        let wrong = try await house.erase("--customer", "cust-l", option)
        #expect(wrong.run.code == 1 && wrong.left.isEmpty)
        #expect(wrong.run.errors.contains("nothing is kept of customer cust-l: is it written so"), "\(wrong.run)")
      }
      #expect(try await house.value("select count(*) from erasures") == "0")
      #expect(try await house.erase("--customer", "cust-1", "--why", "x").run.code == 0)
      #expect(try await house.erase("--customer", "cust-1", "--why", "x").run.code == 0)
      #expect(try await house.erase("--order", "o-1", "--dry-run").run.code == 0)
    }
  }

  @Test("what comes while the inbox is searched is erased as well, and what comes later is counted as left")
  func meanwhile() async throws {
    try await withHouse { house in
      let allocation = try await shop(house)
      let first = Letter.order("o-1", [("A", 1)], customer: "cust-1")
      try await allocation.take([first, Letter(raw: "cust-1!", id: "raw-1", routingKey: "order.created")])
      _ = try await house.relay()
      let (one, two) = (try await house.desk(), try await house.desk())
      let blocker = try await one.holding("select from inbox where message_id = '\(first.id)' for update")
      let other = try await two.holding("select from dead_letters where message_id = 'raw-1' for update")

      async let erasure = house.erase("--customer", "cust-1", "--why", "x")
      try await house.untilBlocked(by: blocker)
      try await allocation.take(.order("o-2", [("A", 1)], customer: "cust-1"))
      try await one.with { try $0.rollback() }
      try await house.untilBlocked(by: other)
      try await allocation.take([
        .order("o-3", [("A", 1)], customer: "cust-1"), Letter(raw: "cust-1?", id: "raw-2", routingKey: "order.created"),
      ])
      try await two.with { try $0.rollback() }
      let done = try await erasure
      #expect(done.run.code == 1 && done.run.errors.contains("run it again later"))
      #expect(done.rows["inbox messages"] == 2 && done.rows["orders"] == 2)
      for what in ["messages", "dead letters", "orders"] {
        #expect(done.left["left: \(what) that came meanwhile"] == 1, "\(what): \(done.rows)")
      }

      _ = try await house.relay()
      let again = try await house.erase("--customer", "cust-1", "--why", "x")
      #expect(again.run.code == 0 && again.rows["orders"] == 1, "\(again.run)")
      #expect(try await house.value("select count(*) from orders where customer_id <> 'erased'") == "0")
    }
  }

  @Test("no worker waits for an order while the outbox is searched")
  func ordersLast() async throws {
    try await withHouse { house in
      let allocation = try await shop(house)
      try await allocation.take(.order("o-1", [("A", 1)], customer: "cust-1"))
      _ = try await house.relay()
      let (one, two) = (try await house.desk(), try await house.desk())
      let blocker = try await one.holding("lock table outbox")
      async let erasure = house.erase("--customer", "cust-1", "--why", "x")
      try await house.untilBlocked(by: blocker)
      try await two.script("select from orders where order_id = 'o-1' for update nowait")
      try await one.with { try $0.rollback() }
      #expect(try await erasure.run.code == 0)
    }
  }
}

extension Desk {
  /// Takes locks in a transaction that stays open, and tells by whom it is to be waited for.
  fileprivate func holding(_ sql: String) async throws -> Int32 {
    try await with { connection in
      try connection.begin()
      try connection.script(sql)
      return try connection.query(.once("select pg_backend_pid()")).int4(0, 0)
    }
  }
}

extension House {
  fileprivate func untilBlocked(by session: Int32) async throws {
    try await until(
      "somebody waits for \(session)",
      "exists (select from pg_stat_activity where pg_blocking_pids(pid) @> array[\(session)])")
  }
}
