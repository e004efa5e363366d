import Contracts
import PipelineKit
import Postgres
import Testing

@testable import Messaging

@Suite("When the database refuses")
struct FailureTests {
  /// Makes the database refuse one order.
  private func refuse(_ order: String, code: String, in house: House) async throws {
    try await house.script(
      """
      create function refuse_one() returns trigger language plpgsql as $$
      begin
        if new.order_id = '\(order)' then raise exception 'this one is guilty' using errcode = '\(code)'; end if;
        return new;
      end $$;
      create trigger refuse_one before insert on orders for each row execute function refuse_one();
      """)
  }

  @Test(
    "halving isolates the guilty message, its neighbours are applied, nothing twice",
    arguments: ["23514", "22003", "23503"])
  func halving(code: String) async throws {
    try await withStock { house, _, allocation in
      try await refuse("o-13", code: code, in: house)
      let letters = (0..<32).map { Letter.order("o-\($0)", [("A", 1)], id: "m-\($0)") }
      let taken = try await allocation.take(letters)
      #expect(taken.halved == [32, 16, 8, 4, 2])
      #expect(taken.entries.map(\.messageID) == letters.map(\.id), "in arrival order")
      #expect(taken.count(.applied) == 31)
      // The buried one's transaction took its time as well.
      #expect(taken.reports.allSatisfy { $0.databaseTime > .zero && $0.totalTime >= $0.databaseTime })
      let dead = try await house.deadLetter()
      #expect([dead.kind, dead.value] == ["refused", code])
      #expect(dead.rule.contains("this one is guilty"))
      #expect(try await house.value("select reserved from balances") == "31")
      #expect(try await house.rows("select outcome from inbox where message_id = 'm-13'") == ["dead_lettered"])
      #expect(try await allocation.take(letters[13].again).outcome == .duplicate)
    }
  }

  @Test("a CHECK names itself as the field")
  func check() async throws {
    try await withStock { house, _, allocation in
      try await house.script("alter table orders add constraint no_vip check (priority < 10)")
      let taken = try await allocation.take([
        .order("o-1", [("A", 1)]), .order("o-2", [("A", 1)], priority: 11), .order("o-3", [("A", 1)], priority: 12),
      ])
      #expect(taken.outcomes == [.applied, .deadLettered, .deadLettered])
      #expect(try await house.deadLetters().map(\.field) == ["no_vip", "no_vip"])
    }
  }

  @Test("two lanes that hold the same guilty message bury it once")
  func guiltyTwice() async throws {
    try await withStock { house, _, allocation in
      try await refuse("o-1", code: "23514", in: house)
      let second = try await house.allocationWorker()
      let letters = [Letter.order("o-1", [("A", 1)]), .order("o-2", [("A", 1)])]
      async let one = allocation.take(letters)
      async let other = second.take(letters)
      let outcomes = try await one.outcomes + other.outcomes
      #expect(outcomes.count { $0 == .deadLettered } == 1)
      #expect(outcomes.count { $0 == .applied } == 1)
      #expect(outcomes.count { $0 == .duplicate } == 2)
      #expect(try await house.deadLetters().count == 1)
    }
  }

  @Test("where the inbox itself refuses a message, its dead letter is written all the same")
  func inboxRefuses() async throws {
    try await withStock { house, _, allocation in
      try await house.script("alter table inbox add constraint no_such_id check (message_id <> 'm-1')")
      let taken = try await allocation.take([.order("o-1", [("A", 1)], id: "m-1"), .order("o-2", [("A", 1)])])
      #expect(taken.outcomes == [.deadLettered, .applied])
      #expect(try await house.deadLetter().field == "no_such_id")
    }
  }

  @Test("where not even the dead letter can be written, the broker's dead-letter exchange gets the message")
  func lastResort() async throws {
    try await withStock { house, _, allocation in
      try await house.script("alter table dead_letters add constraint nothing check (false)")
      let taken = try await allocation.take([
        .order("o-1", [("A", 1)]), Letter(raw: "hello", id: "m-1", routingKey: "order.created"),
        .order("o-2", [("A", 1)]),
      ])
      #expect(taken.rejected == 1)
      #expect(taken.outcomes == [.applied, .applied])
    }
  }

  @Test("a missing privilege or table pauses the lane and buries nobody", arguments: ["revoke", "drop"])
  func deploymentAtFault(what: String) async throws {
    try await withStock { house, _, allocation in
      let letters = [Letter.order("o-1", [("A", 1)]), .order("o-2", [("A", 1)])]
      if what == "revoke" {
        try await house.script("revoke insert on order_lines from tallyman_allocation")
      } else {
        try await house.script("alter table order_lines rename to elsewhere")
      }
      let error = await #expect(throws: PostgresError.self) { try await allocation.take(letters) }
      #expect(error?.sqlState.code.hasPrefix("42") == true)
      #expect(try await allocation.acknowledgedBeforeFailure() == 0)
      if what == "revoke" {
        try await house.script("grant insert on order_lines to tallyman_allocation")
      } else {
        try await house.script("alter table elsewhere rename to order_lines")
      }
      try await allocation.connect()
      #expect(try await allocation.take(letters.map(\.again)).outcomes == [.applied, .applied])
      #expect(try await house.deadLetters().isEmpty)
    }
  }

  @Test("a message that runs into the time-out each time is put aside, and its neighbours are not")
  func tooSlow() async throws {
    try await withStock { house, _, allocation in
      try await house.script(
        """
        create function wait() returns trigger language plpgsql as $$
        begin if new.order_id = 'slow' then perform pg_sleep(60); end if; return new; end $$;
        create trigger wait before insert on orders for each row execute function wait();
        """)
      try await allocation.with { _ = try $0.query(.once("set statement_timeout = 300")) }
      let letter = Letter.order("slow", [("A", 1)])
      for _ in 1..<Slowness.patience {
        let error = await #expect(throws: PostgresError.self) { try await allocation.take(letter) }
        #expect(error?.sqlState == .queryCanceled)
      }
      #expect(try await allocation.take(letter).outcome == .retried)
      #expect(try await house.rows("select outcome from inbox where message_id = '\(letter.id)'") == ["retried"])
      #expect(try await allocation.take(.order("quick", [("A", 1)])).outcome == .applied)
      try await house.script("drop trigger wait on orders")
      let retry = try #require(try await house.relay().first { $0.routingKey.contains("retry") })
      #expect(try await allocation.take(Letter(retry)).outcome == .applied)
      #expect(try await house.value("select reserved from balances") == "2")
    }
  }

  @Test("a missing inbox partition pauses the lane instead of burying the world")
  func noPartition() async throws {
    try await withStock { house, _, allocation in
      let day = try await house.value("select to_char(clock_timestamp() at time zone 'UTC', 'YYYYMMDD')")
      let letter = Letter.order("o-1", [("A", 1)])
      try await house.script("alter table inbox detach partition inbox_\(day)")
      let error = await #expect(throws: PostgresError.self) { try await allocation.take(letter) }
      #expect(error?.sqlState == .checkViolation)
      #expect(error?.category == .infrastructure)
      #expect(try await allocation.acknowledgedBeforeFailure() == 0)
      try await house.script("drop table inbox_\(day); select ensure_partitions(1)")
      #expect(try await allocation.take(letter.again).outcome == .applied)
    }
  }

  @Test("a connection that dies while it waits for a lock leaves nothing behind, and nothing is acknowledged")
  func connectionDies() async throws {
    try await withStock { house, _, allocation in
      let desk = try await house.desk()
      try await desk.script("begin; select * from stock_items for update")
      let letters = [Letter.order("o-1", [("A", 1)]), .order("o-2", [("A", 1)])]
      async let taking = allocation.take(letters)
      try await house.untilBlocked(1)
      try await house.script("select pg_terminate_backend(\(allocation.backend))")
      do {
        _ = try await taking
        Issue.record("it should have failed")
      } catch let error as PostgresError {
        #expect(error.category == .infrastructure)
        #expect(error.message.contains("terminating connection"), "what ended it, and not that it has ended: \(error)")
      }
      #expect(try await allocation.acknowledgedBeforeFailure() == 0)
      try await desk.script("rollback")
      try await allocation.connect()
      #expect(try await allocation.take(letters.map(\.again)).outcomes == [.applied, .applied])
      #expect(try await house.value("select reserved from balances") == "2")
    }
  }

  @Test("what was committed before a failure is acknowledged, the rest is not")
  func failureAfterHalving() async throws {
    try await withStock { house, _, allocation in
      try await refuse("o-3", code: "57P01", in: house)
      try await house.script("alter table orders add constraint no_vip check (priority < 10)")
      let letters: [Letter] = [
        .order("o-0", [("A", 1)]), .order("o-1", [("A", 1)], priority: 10), .order("o-2", [("A", 1)]),
        .order("o-3", [("A", 1)]),
      ]
      // The guilty message halves the batch; the second half meets an outage.
      await #expect(throws: PostgresError.self) { try await allocation.take(letters) }
      let settled = try await allocation.acknowledgedBeforeFailure()
      #expect(try await house.value("select count(*) from orders") == "\(settled == 0 ? 0 : settled - 1)")
      try await house.script("drop trigger refuse_one on orders")
      try await allocation.connect()
      let rest = try await allocation.take(letters.dropFirst(settled).map(\.again))
      #expect(settled + rest.entries.count == 4)
      #expect(try await house.value("select count(*) from orders") == "3")
    }
  }

  @Test("while somebody holds a lock for long, the broker is served between the attempts")
  func served() async throws {
    try await withStock { house, _, allocation in
      let other = try await house.desk()
      try await other.script("begin; select from stock_items for update")
      try await allocation.with { try $0.script("set lock_timeout = '5ms'") }
      await #expect(throws: PostgresError.self) { try await allocation.take(.order("o-1", [("A", 1)])) }
      #expect(try await allocation.served() == 30)
      try await other.script("commit")
      #expect(try await allocation.take(.order("o-1", [("A", 1)])).outcome == .applied)
    }
  }

  @Test("a message with headers too large for a frame is tried again without them")
  func largeHeaders() async throws {
    try await withStock { house, _, allocation in
      var letter = Letter.confirm("o-unknown")
      letter.headers["x-large"] = .string(String(repeating: "0x00, ", count: 12_000))
      #expect(try await allocation.take(letter).outcome == .retried)
      let retry = try #require(try await house.outbox().first { $0.routingKey == "allocation.retry.1" })
      #expect(retry.headers["x-large"] == nil && retry.headers[HeaderName.attempt] == .int(1))
    }
  }

  @Test("what the broker gave up is counted when it gets its record, not when it has one")
  func intakeCounts() async throws {
    try await withStock { house, _, allocation in
      let letters = ["m-1", "m-2"].map { id in
        Undelivered(
          Delivery(
            tag: 1, body: Array("hello".utf8), routingKey: "order.created", messageID: id, contentType: nil,
            redelivered: false, headers: [:]), isRejected: true)
      }
      let written = try await allocation.with { database in
        let intake = Intake(for: .allocation)
        return try [letters.dropLast(), letters[...]].map { try intake.record(Array($0), on: database).written }
      }
      #expect(written == [1, 1])
      #expect(try await house.deadLetters().count == 2)
    }
  }

  @Test("a deadlock or a lock time-out runs the whole batch again")
  func runsAgain() async throws {
    try await withStock { house, _, allocation in
      try await house.script(
        """
        create sequence tries;
        grant usage on sequence tries to tallyman_allocation;
        create function fail_twice() returns trigger language plpgsql as $$
        begin
          if nextval('tries') <= 2 then raise exception 'try again' using errcode = '40P01'; end if;
          return null;
        end $$;
        create trigger fail_twice after insert on orders for each statement execute function fail_twice();
        """)
      let taken = try await allocation.take([.order("o-1", [("A", 1)]), .order("o-2", [("A", 1)])])
      #expect(taken.repeated == 2)
      #expect(taken.outcomes == [.applied, .applied])
      #expect(try await house.value("select reserved from balances") == "2")
    }
  }
}
