import Contracts
import Messaging
import PipelineKit
import Testing

@Suite("Once and only once")
struct RedeliveryTests {
  @Test("a redelivery is a no-op, whether the broker marks it or not", arguments: [true, false])
  func redelivery(marked: Bool) async throws {
    try await withStock { house, _, allocation in
      let letters: [Letter] = [.order("o-1", [("A", 1)]), .order("o-2", [("A", 1)]), .cancel("o-9")]
      try await allocation.take(letters)
      let before = try await house.fingerprint()
      let again = try await allocation.take(marked ? letters.map(\.again) : letters)
      #expect(again.outcomes == [.duplicate, .duplicate, .duplicate])
      #expect(again.repeated == (marked ? 0 : 1))
      #expect(try await house.fingerprint() == before)
    }
  }

  @Test("a retry carries no header whose name has outgrown AMQP's 255 bytes, and none that orders copies")
  func retriedHeaders() async throws {
    try await withStock { house, _, allocation in
      var letter = Letter.order("o-1", [("UNKNOWN", 1)])
      // As names of 200 bytes arrive that are not UTF-8; and what becomes of NULs when they are stored.
      letter.headers = [
        String(repeating: "\u{FFFD}", count: 200): .int(1), String(repeating: "\u{0}", count: 86): .int(1),
        String(repeating: "k", count: 255): .int(1), "CC": .string("[all]"), "BCC": .string("[all]"),
      ]
      #expect(try await allocation.take(letter).outcome == .retried)
      let row = "select headers from outbox where routing_key like 'allocation.retry%'"
      let headers = try HeaderText.decode(try await house.value(row))
      #expect(headers.keys.filter { !$0.hasPrefix("x-tallyman-") } == [String(repeating: "k", count: 255)])
    }
  }

  @Test("known and new messages mix in one batch")
  func mixed() async throws {
    try await withStock { house, _, allocation in
      let known = Letter.order("o-1", [("A", 1)])
      try await allocation.take(known)
      let taken = try await allocation.take([.order("o-2", [("A", 1)]), known, .order("o-3", [("A", 1)])])
      #expect(taken.outcomes == [.applied, .duplicate, .applied])
      #expect(try await house.value("select reserved from balances") == "3")
    }
  }

  @Test("the same id with another body is a dead letter, in the same batch, later, and only once")
  func otherBody() async throws {
    try await withStock { house, _, allocation in
      let one = Letter.order("o-1", [("A", 1)], id: "m-1")
      let other = Letter.order("o-2", [("A", 1)], id: "m-1")
      #expect(try await allocation.take([one, other]).outcomes == [.applied, .deadLettered])
      #expect(try await allocation.take(other).outcome == .deadLettered)
      #expect(try await allocation.take(other.again).outcome == .deadLettered)
      let dead = try await house.deadLetter()
      #expect([dead.kind, dead.field, dead.value] == ["refused", "id", "m-1"])
      #expect(try await house.outbox().count { $0.routingKey == "allocation.dead" } == 1)
      #expect(try await house.value("select count(*) from orders") == "1")
    }
  }

  @Test("another body under an id that was applied is a dead letter at every attempt, and never a duplicate")
  func otherBodyReplayed() async throws {
    try await withStock { house, _, allocation in
      let other = Letter.order("o-2", [("A", 1)], id: "m-1")
      try await allocation.take([.order("o-1", [("A", 1)], id: "m-1"), other])
      #expect(
        try await allocation.take([other.attempt(1), other.attempt(1).again]).outcomes.allSatisfy {
          $0 == .deadLettered
        })
      let records = try await house.deadLetters()
      #expect(records.map(\.attempt) == [0, 1] && records.allSatisfy { $0.field == "id" && $0.state == "open" })
      #expect(try await house.value("select string_agg(order_id, ' ') from orders") == "o-1")
    }
  }

  @Test("the same id from another source is another message")
  func otherSource() async throws {
    try await withStock { house, _, allocation in
      func order(_ id: String) -> Event {
        .orderCreated(
          OrderCreated(
            orderID: OrderID(trusted: id), customerID: CustomerID(trusted: "c"),
            lines: [.init(line: 1, sku: SKU(trusted: "A"), quantity: 1)]))
      }
      let taken = try await allocation.take([
        Letter(order("o-1"), id: "m-1", source: "urn:test:a"), Letter(order("o-2"), id: "m-1", source: "urn:test:b"),
      ])
      #expect(taken.outcomes == [.applied, .applied])
      #expect(try await house.value("select count(*) from inbox where message_id = 'm-1'") == "2")
    }
  }

  @Test("two consumers each apply a message once")
  func twoConsumers() async throws {
    try await withStock { house, inventory, allocation in
      let letter = Letter.receipt("r-9", "A", "WH-1", 1, id: "m-1")
      try await inventory.take(letter)
      let received = try #require(try await house.relay().first { $0.routingKey == "stock.received" })
      #expect(try await allocation.take(Letter(received)).outcome == .unchanged)
      #expect(try await house.rows("select consumer from inbox where message_id = 'm-1'") == ["inventory"])
    }
  }

  @Test("the same id twice in one batch is applied once")
  func twiceInOneBatch() async throws {
    try await withStock { _, inventory, _ in
      let letter = Letter.policy("A", safety: 3)
      let taken = try await inventory.take([letter, letter, letter])
      #expect(taken.outcomes == [.applied, .duplicate, .duplicate])
    }
  }

  @Test(
    "a message older than the inbox remembers, or too far ahead, is a dead letter that says so", arguments: [-31, 2])
  func outOfTime(days: Int64) async throws {
    try await withStock { house, _, allocation in
      let time = Timestamp.now + .seconds(days * 86_400)
      let late = Letter(.backordersDue(BackordersDue(sku: SKU(trusted: "A"))), id: "m-1", time: time)
      let taken = try await allocation.take([.order("o-1", [("A", 1)]), late, late.again, .order("o-2", [("A", 1)])])
      #expect(taken.outcomes == [.applied, .deadLettered, .deadLettered, .applied])
      let dead = try await house.deadLetter()
      #expect([dead.field, dead.value] == ["time", time.rfc3339])
      #expect(dead.rule.contains(days < 0 ? "30 days" : "24 hours"))
    }
  }

  @Test("messages at the edges of what the inbox remembers are applied")
  func edges() async throws {
    try await withStock { _, _, allocation in
      for offset in [Duration.seconds(-30 * 86_400 + 60), .seconds(86_400 - 60)] {
        let event = Event.orderCancelled(OrderCancelled(orderID: OrderID(trusted: "o-\(offset.components.seconds)")))
        let taken = try await allocation.take(Letter(event, time: .now + offset))
        #expect(taken.outcome == .applied)
      }
    }
  }

  @Test("an id applied at attempt 0 is a no-op at attempt 1, later and in the same batch")
  func laterAttempt() async throws {
    try await withStock { _, inventory, _ in
      let now = Timestamp.now
      let policy = { (safety: Int64, offset: Int64) in
        Letter.policy("A", safety: safety, time: now + .seconds(offset))
      }
      let first = policy(1, 0)
      try await inventory.take([first, policy(2, 1)])
      #expect(try await inventory.take(first.attempt(1)).outcome == .duplicate)
      let second = Letter.receipt("r-5", "A", "WH-1", 5)
      #expect(
        try await inventory.take([second, second.attempt(1), second.attempt(2)]).outcomes == [
          .applied, .duplicate, .duplicate,
        ])
    }
  }

  @Test("a retry that was redelivered is a no-op, and its next attempt is not swallowed")
  func retries() async throws {
    try await withStock { house, inventory, allocation in
      let letter = Letter.order("o-1", [("new", 1)])
      #expect(try await allocation.take(letter).outcome == .retried)
      #expect(try await allocation.take(letter.again).outcome == .duplicate)
      #expect(try await allocation.take(letter).outcome == .duplicate)
      let retry = Letter(try #require(try await house.outbox().first { $0.routingKey == "allocation.retry.1" }))
      try await inventory.take([.product("new")])
      #expect(try await allocation.take([retry, retry]).outcomes == [.applied, .duplicate])
      #expect(try await house.outbox().count { $0.routingKey.hasPrefix("allocation.retry") } == 1)
    }
  }

  @Test("a replayed dead letter is applied once, also when its bytes were corrected")
  func replay() async throws {
    try await withStock { house, inventory, allocation in
      let line = ShipmentDispatched.Line(
        line: 1, sku: SKU(trusted: "B"), locationID: LocationID(trusted: "WH-1"), quantity: 2)
      let bad = Letter(
        .shipmentDispatched(
          ShipmentDispatched(
            shipmentID: ShipmentID(trusted: "s-1"), orderID: OrderID(trusted: "o-1"), lines: [line])))
      try await allocation.take([.order("o-1", [("A", 2)]), bad])
      #expect(try await house.deadLetter().kind == "refused")
      #expect(try await allocation.take(bad.attempt(1)).outcome == .deadLettered, "it is judged afresh")
      let text = String(decoding: bad.body, as: UTF8.self).replacing(#""sku":"B""#, with: #""sku":"A""#)
      let corrected = Letter(raw: text, id: bad.id, routingKey: bad.routingKey).attempt(2)
      #expect(try await allocation.take([corrected, corrected.again]).outcomes == [.applied, .duplicate])
      #expect(try await allocation.take(bad.attempt(3)).outcome == .duplicate)
      #expect(try await house.value("select on_hand from balances") == "98")
    }
  }

  @Test("the inbox keeps what arrived: outcome, number of events, headers and bytes")
  func inboxRow() async throws {
    try await withStock { house, _, allocation in
      var letter = Letter.order("o-1", [("A", 1), ("A", 200)], id: "m-1")
      letter.headers = ["x-shop": .string("a\u{0}b"), "x-number": .int(7)]
      try await allocation.take(letter)
      #expect(
        try await house.rows(
          "select attempt, outcome, events, headers, encode(body, 'hex') as body from inbox where message_id = 'm-1'")
          == [
            #"0|applied|4|{"x-number":7,"x-shop":"a\#u{fffd}b"}|"#
              + letter.body.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
          ])
    }
  }
}
