import Contracts
import Messaging
import PipelineKit
import Postgres
import Testing

@Suite("Messages of which a worker may have died")
struct SuspectTests {
  /// Says that workers died of this message.
  private func accuse(_ letter: Letter, alone: Int, in house: House) async throws {
    let hex = letter.body.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    try await house.script(
      """
      insert into suspects (consumer, message_id, body_hash, in_company, alone, first_at, last_at)
      values ('allocation', '\(letter.id)', sha256('\\x\(hex)'), 3, \(alone), now(), now())
      """)
  }

  @Test("what the worker survives leaves nobody under suspicion")
  func settled() async throws {
    try await withStock { house, _, allocation in
      let letters: [Letter] = (1...9).map { Letter.order("o-\($0)", [("A", 1)]).again }
      let outcomes = try await allocation.take(letters).outcomes
      #expect(outcomes == Array(repeating: .applied, count: 9))
      let suspects = try await house.value("select count(*) from suspects")
      #expect(suspects == "0")
    }
  }

  @Test("an outage while a message is handled alone takes the suspicion back")
  func outage() async throws {
    try await withStock { house, _, allocation in
      let letter = Letter.order("o-1", [("A", 1)], id: "m-1").again
      try await accuse(letter, alone: 2, in: house)
      let desk = try await house.desk()
      try await desk.script("begin; select * from stock_items for update")
      async let taking = allocation.take(letter)
      try await house.untilBlocked(1)
      #expect(try await house.value("select alone from suspects") == "3", "it is written down before it is handled")
      try await house.script("select pg_terminate_backend(\(allocation.backend))")
      do {
        _ = try await taking
        Issue.record("it should have failed")
      } catch let error as PostgresError {
        #expect(error.category == .infrastructure)
      }
      try await desk.script("rollback")
      try await allocation.connect()
      #expect(try await allocation.take(letter).outcome == .applied, "the outage did not count")
      #expect(try await house.value("select count(*) from suspects") == "0")
      #expect(try await house.deadLetters().isEmpty)
    }
  }

  @Test("suspects are crossed out in the order of their keys: two lanes with the same wait in one direction")
  func sorted() async throws {
    try await withStock { house, _, allocation in
      let (stock, suspects) = try await (house.desk(), house.desk())
      try await stock.script("begin; select * from stock_items for update")
      let letters = [4, 3, 2, 1].map { Letter.order("o-\($0)", [("A", 1)], id: "m-\($0)").again }
      async let taking = allocation.take(letters)
      try await house.untilBlocked(1)
      try await suspects.script("begin; select * from suspects where message_id = 'm-2' for update")
      try await stock.script("commit")
      try await house.until(
        "the lane waits for the suspect in the middle",
        """
        select count(*) = 1 from pg_stat_activity
        where pid = \(allocation.backend) and wait_event_type = 'Lock' and query like '%delete from suspects%'
        """)
      #expect(
        try await house.rows("select message_id from suspects order by 1 for update skip locked") == ["m-3", "m-4"])
      try await suspects.script("commit")
      #expect(try await taking.count(.applied) == 4)
      #expect(try await house.value("select count(*) from suspects") == "0")
    }
  }

  @Test("after three deaths alone a message is a dead letter, whether it can be read or not, and only once")
  func condemned() async throws {
    try await withStock { house, _, allocation in
      let readable = Letter.order("o-1", [("A", 1)], id: "m-1").again
      let unreadable = Letter(raw: "{", id: "m-2", routingKey: "order.created").again
      for letter in [readable, unreadable] { try await accuse(letter, alone: 3, in: house) }
      let others = (2...5).map { Letter.order("o-\($0)", [("A", 1)]).again }
      let taken = try await allocation.take([readable, others[0], others[1], unreadable, others[2], others[3]])
      #expect(taken.outcomes == [.deadLettered, .applied, .applied, .deadLettered, .applied, .applied])
      let dead = try await house.deadLetters()
      #expect(dead.map(\.kind) == ["crashed", "crashed"])
      #expect(dead.map(\.value).sorted() == ["m-1", "m-2"])
      #expect(dead.allSatisfy { $0.rule == "the worker died 3 times while it handled this message alone" })
      #expect(try await house.value("select count(*) from suspects") == "0")
      #expect(try await house.outbox().count { $0.routingKey == "allocation.dead" } == 2)
    }
  }

  @Test("an outage while a message is condemned takes nothing back that was not written down for it")
  func condemnedLater() async throws {
    try await withStock { house, _, allocation in
      let innocent = Letter.order("o-1", [("A", 1)]).again
      #expect(try await allocation.take(innocent).outcome == .applied, "alone")
      let letter = Letter.order("o-2", [("A", 1)], id: "m-2").again
      try await accuse(letter, alone: 3, in: house)
      try await house.script("revoke insert on dead_letters from tallyman_allocation")
      await #expect(throws: PostgresError.self) { try await allocation.take(letter) }
      try await house.script("grant insert on dead_letters to tallyman_allocation")
      #expect(try await allocation.take(letter).outcome == .deadLettered)
      #expect(try await house.deadLetter().kind == "crashed")
    }
  }

  @Test("a message that was settled before the worker died of it is acknowledged and no dead letter")
  func settledBefore() async throws {
    try await withStock { house, _, allocation in
      let letter = Letter.order("o-1", [("A", 1)], id: "m-1")
      #expect(try await allocation.take(letter).outcome == .applied)
      try await accuse(letter, alone: 3, in: house)
      #expect(try await allocation.take(letter.again).outcome == .duplicate)
      #expect(try await house.deadLetters().isEmpty)
      #expect(try await house.value("select count(*) from suspects") == "0")
    }
  }
}
