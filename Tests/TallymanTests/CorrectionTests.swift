import Contracts
import Foundation
import Messaging
import PipelineKit
import TestServers
import Testing

@testable import tallyman

/// What a replay lets through, and what an operator's corrections make of a message.
@Suite("Corrections and refusals of a replay")
struct CorrectionTests {
  private func run(
    _ house: House, as role: String = "tallyman_operator", _ arguments: String...
  ) async throws -> Program.Run {
    try await Program.run(["dead-letters"] + arguments, on: house, as: role)
  }

  private func order(_ id: String, quantity: String, time: Timestamp = .now) -> Letter {
    let text = """
      {"specversion":"1.0","id":"\(id)","source":"urn:test:shop","type":"order.created","time":"\(time.rfc3339)",\
      "data":{"order_id":"o-\(id)","customer_id":"c","lines":[{"sku":"A","quantity":\(quantity)}]}}
      """
    return Letter(raw: text, id: id, routingKey: "order.created")
  }

  // MARK: Who may say what

  @Test("a message under another event's key stays refused, unless an operator says that its type is right")
  func foreignKey() async throws {
    try await withHouse { house in
      let inventory = try await house.inventoryWorker()
      try await inventory.take([.product("A"), .location("W1")])
      var forged = Letter.receipt("rcv-1", "A", "W1", 5, id: "forged")
      forged.routingKey = "product.registered"
      #expect(try await inventory.take(forged).outcome == .deadLettered)
      _ = try await house.relay()
      let id = try await house.deadLetter(of: "forged").id
      let refused = try await run(house, "replay", id, "--why", "x")
      let rule = "type is goods.received, must be equal to the routing key that it came with (product.registered)"
      #expect(refused.code == 1 && refused.output.contains("refused: \(rule)"), "\(refused)")
      let rehearsed = try await run(house, as: "tallyman_inventory", "replay", id, "--dry-run")
      #expect(rehearsed.code == 1 && rehearsed.output.contains("would not be replayed: \(rule)"), "\(rehearsed)")
      let edited = try await run(house, "replay", id, "--why", "x", "--edit", "data.quantity=6")
      #expect(edited.code == 1 && edited.output.contains(rule), "\(edited)")

      let meant = try await run(house, "replay", id, "--why", "sent by hand", "--edit", "type=goods.received")
      #expect(meant.code == 0, "\(meant)")
      let sent = try #require(try await house.relay().first)
      #expect(sent.headers[HeaderName.routingKey] == .string("goods.received"))
      #expect(try await inventory.take(Letter(sent)).outcome == .applied)
      #expect(try await house.value("select edits::text from dead_letter_actions").contains(#""field":"type""#))
    }
  }

  @Test("the key outlives retries, and a replay that fails")
  func keyIsCarried() async throws {
    try await withHouse { house in
      let inventory = try await house.inventoryWorker()
      try await inventory.take(.location("W1"))
      try await inventory.take(.receipt("rcv-1", "NEW", "W1", 5, id: "early"))
      let retried = try #require(try await house.relay().first { $0.routingKey.hasPrefix("inventory.retry") })
      #expect(retried.headers[HeaderName.routingKey] == .string("goods.received"))
      var back = Letter(retried)
      back.routingKey = "inventory"
      back.body = Array(String(decoding: back.body, as: UTF8.self).replacing("goods", with: "gods").utf8)
      #expect(try await inventory.take(back).outcome == .deadLettered)
      #expect(try await house.value("select type from dead_letters") == "goods.received")
    }
  }

  // MARK: Times

  @Test("a time that is ahead is refused by a replay, until it is corrected")
  func ahead() async throws {
    try await withHouse { house in
      try await World.build(in: house)
      let allocation = try await house.allocationWorker()
      let ahead = Timestamp.now + .seconds(40 * 86_400)
      #expect(try await allocation.take(order("ahead", quantity: "1", time: ahead)).outcome == .deadLettered)
      _ = try await house.relay()
      let id = try await house.deadLetter(of: "ahead").id
      let rule = "time is \(ahead.rfc3339), must be at most 24 hours ahead of our clock; correct it with --edit time=…"
      for arguments in [[id], ["--all", "--reason", "too_far_ahead"]] {
        let url = try PostgresServer.shared().conninfo(database: house.name, user: "tallyman_operator")
        let refused = try await Program.run(
          ["dead-letters", "replay"] + arguments + ["--why", "x"], environment: ["TALLYMAN_DATABASE_URL": url])
        #expect(refused.code == 1 && refused.output.contains(rule), "\(refused)")
      }
      let rehearsed = try await run(house, as: "tallyman_allocation", "replay", id, "--dry-run")
      #expect(rehearsed.code == 1 && rehearsed.output.contains(rule), "\(rehearsed)")
      let edited = try await run(house, "replay", id, "--why", "x", "--edit", "time=\(Timestamp.now.rfc3339)")
      #expect(edited.code == 0, "\(edited)")
      #expect(try await allocation.take(Letter(try #require(try await house.relay().first))).outcome == .applied)
    }
  }

  // MARK: Corrections

  @Test("a mistyped field is refused with the nearest one; what was corrected is printed")
  func mistyped() async throws {
    try await withHouse { house in
      let inventory = try await house.inventoryWorker()
      try await inventory.take(.location("W1"))
      try await inventory.take(Letter.receipt("rcv-1", "NEW", "W1", 5, id: "late").attempt(3))
      _ = try await house.relay()
      let id = try await house.deadLetter(of: "late").id
      let refused = try await run(house, "replay", id, "--why", "x", "--edit", "data.quantiy=3")
      #expect(refused.code == 1)
      #expect(
        refused.output.contains(
          "data.quantiy is not a field of goods.received, must be one that its contract has, such as data.quantity"),
        "\(refused)")
      #expect(try await house.deadLetter(of: "late").state == "open")
      let edits = ["--edit", "data.quantity=3", "--edit", "data.reference=4711"]
      let url = try PostgresServer.shared().conninfo(database: house.name, user: "tallyman_operator")
      let done = try await Program.run(
        ["dead-letters", "replay", id, "--why", "x"] + edits, environment: ["TALLYMAN_DATABASE_URL": url])
      #expect(
        done.output == """
          \(id)  replayed: as attempt 4
            data.quantity: 5 → 3
            data.reference: absent → 4711
          1 of 1

          """, "\(done)")
      let sent = try #require(try await house.relay().first)
      let text = String(decoding: sent.body, as: UTF8.self)
      #expect(text.contains(#""quantity":3"#) && text.contains(#""reference":"4711""#), "a text by its contract")
    }
  }

  @Test("a number that was sent as text becomes a number, each in its own edit; --json shows the corrections")
  func numberAsText() async throws {
    try await withHouse { house in
      try await World.build(in: house)
      let allocation = try await house.allocationWorker()
      var letter = order("text", quantity: #""2""#)
      letter.body = Array(
        String(decoding: letter.body, as: UTF8.self)
          .replacing(#""customer_id":"c""#, with: #""customer_id":7,"priority":"5""#).utf8)
      try await allocation.take(letter)
      _ = try await house.relay()
      let id = try await house.deadLetter(of: "text").id
      let done = try await run(
        house, "replay", id, "--why", "x", "--json", "--edit", "data.lines[0].quantity=2", "--edit",
        "data.customer_id=7", "--edit", "data.priority=5")
      #expect(done.code == 0, "\(done)")
      let result = try JSONDecoder().decode([Result].self, from: Data(done.output.utf8)).first
      #expect(result?.edits.map(\.field) == ["data.lines[0].quantity", "data.customer_id", "data.priority"])
      let sent = try #require(try await house.relay().first)
      let text = String(decoding: sent.body, as: UTF8.self)
      for part in [#""quantity":2}"#, #""customer_id":"7""#, #""priority":5,"#] {
        #expect(text.contains(part), "\(text)")
      }
      #expect(try await allocation.take(Letter(sent)).outcome == .applied)
    }
  }

  private struct Result: Decodable {
    let edits: [DeadLetterDetails.Edit]
  }

  // MARK: Rehearsals of many

  @Test("--dry-run counts for each letter what it does itself, and nothing of those before it")
  func countsOfEach() async throws {
    try await withHouse { house in
      let inventory = try await house.inventoryWorker()
      try await inventory.take(.location("W1"))
      try await inventory.take((1...3).map { Letter.receipt("rcv-\($0)", "NEW", "W1", 1).attempt(3) })
      _ = try await house.relay()
      try await inventory.take(.product("NEW"))
      let run = try await run(house, as: "tallyman_inventory", "replay", "--all", "--dry-run", "--json")
      let documents = try JSONDecoder().decode([RehearsalDocument].self, from: Data(run.output.utf8))
      #expect(documents.map(\.outcome) == ["applied", "applied", "applied"], "\(run)")
      for document in documents {
        let ledger = document.tables.filter { $0.table == "stock_ledger" || $0.table == "inbox" }
        #expect(ledger.map(\.added) == [1, 1], "\(document.tables)")
      }
    }
  }

  // MARK: What is shown

  @Test("what a publisher wrote begins no line of its own, and turns none around")
  func forgery() async throws {
    try await withHouse { house in
      let inventory = try await house.inventoryWorker()
      let forged = "m1\n  state  replayed by boss\u{202E}"
      var letter = Letter(
        raw: "no json\n\nHistory\n  all is well", id: forged, routingKey: "product.registered")
      letter.headers["x-death"] = .string(#"[{"count":1,"queue":"inventory.retry.1"}]"#)
      try await inventory.take(letter)
      let id = try await house.deadLetter().id
      let shown = try await run(house, "show", id)
      let listed = try await run(house, "list")
      for text in [shown.output, listed.output] {
        #expect(text.contains("m1\u{FFFD}") && !text.contains("\u{202E}"), "\(text)")
        #expect(!text.split(separator: "\n").contains { $0.hasPrefix("  state") }, "\(text)")
      }
      #expect(shown.output.split(separator: "\n").count { $0 == "History" } == 1, "\(shown.output)")
      let json = try await run(house, "show", id, "--json")
      let details = try JSONDecoder().decode(DeadLetterDetails.self, from: Data(json.output.utf8))
      guard case .other(let death)? = details.headers["x-death"] else {
        Issue.record("x-death as JSON: \(json.output)")
        return
      }
      #expect(death == [["count": 1, "queue": "inventory.retry.1"]])
    }
  }

  @Test("a malformed letter says where it came from, if it can be read that far")
  func source() async throws {
    try await withHouse { house in
      try await house.allocationWorker().take([
        order("known", quantity: "0"), Letter(raw: "{", id: "unknown", routingKey: "order.created"),
      ])
      #expect(
        try await house.rows("select message_id, source from dead_letters order by 1") == [
          "known|urn:test:shop", "unknown|",
        ])
    }
  }
}
