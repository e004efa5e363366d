import Contracts
import Foundation
import Messaging
import PipelineKit
import TestServers
import Testing

@testable import tallyman

@Suite("Dead letters on the command line")
struct DeadLetterCommandTests {
  /// What the operator's environment has: by default the operator's role.
  private func run(
    _ house: House, as role: String = "tallyman_operator", _ arguments: [String]
  ) async throws -> Program.Run {
    try await Program.run(["dead-letters"] + arguments, on: house, as: role)
  }

  private func list(_ house: House, _ arguments: String...) async throws -> DeadLetterList {
    let run = try await run(house, ["list", "--json"] + arguments)
    #expect(run.code == 0, "\(run)")
    return try JSONDecoder().decode(DeadLetterList.self, from: Data(run.output.utf8))
  }

  private func show(_ house: House, _ id: Int64) async throws -> DeadLetterDetails {
    let run = try await run(house, ["show", "\(id)", "--json"])
    #expect(run.code == 0, "\(run)")
    return try JSONDecoder().decode(DeadLetterDetails.self, from: Data(run.output.utf8))
  }

  // MARK: Looking

  @Test("list filters by queue, reason, kind, type and time, and pages by number")
  func list() async throws {
    try await withHouse { house in
      try await World.build(in: house)
      let all = try await list(house)
      #expect(all.total == 3)
      #expect(all.records.map(\.reason) == ["unknown_sku", "contradiction", "malformed"], "the newest first")
      #expect(try await list(house, "--reason", "malformed").records.map(\.messageID) == ["bad-1"])
      #expect(try await list(house, "--reason", "exhausted").records.map(\.reason) == ["unknown_sku"])
      #expect(try await list(house, "--type", "product.registered").total == 1)
      #expect(try await list(house, "--queue", "allocation").total == 0)
      #expect(try await list(house, "--since", "1h").total == 3)
      #expect(try await list(house, "--until", "1h").total == 0)
      #expect(try await list(house, "--state", "discarded").total == 0)

      let first = try await list(house, "--limit", "2")
      #expect(first.records.count == 2 && first.total == 3)
      let next = try #require(first.next)
      #expect(try await list(house, "--before", "\(next)").records.map(\.reason) == ["malformed"])

      let text = try await run(house, ["list", "--limit", "1"])
      let lines = text.output.split(separator: "\n").map(String.init)
      #expect(lines.count == 3 && lines[0].hasPrefix("ID ") && lines[0].contains(" GIVEN UP "))
      let column = try #require(lines[0].range(of: "REASON")).lowerBound
      #expect(lines[1][column...].hasPrefix("unknown_sku"), "aligned: \(lines[1])")
      #expect(lines[2].hasPrefix("1 of 3; the next ones: --before "))
    }
  }

  @Test(
    "a misspelt filter is wrong usage, not an empty list",
    arguments: [["--reason", "unknown-sku"], ["--queue", "x"], ["--type", "order.made"], ["--since", "yesterday"]])
  func misspelt(filter: [String]) async throws {
    let run = try await Program.run(["dead-letters", "list"] + filter)
    #expect(run.code == 2)
    #expect(run.errors.contains(filter[1]))
  }

  @Test("show has the reason, the whole message with its headers, and what to do")
  func show() async throws {
    try await withHouse { house in
      try await World.build(in: house)
      let id = try #require(try await list(house, "--reason", "unknown_sku").records.first).id
      let details = try await show(house, id)
      #expect(details.record.attempt == 3)
      #expect(details.record.field == "data.sku" && details.record.value == "unknown")
      #expect(details.body?.contains(#""receipt_id":"rcv-9""#) == true)
      #expect(details.contentType == "application/cloudevents+json")
      guard case .int(3)? = details.headers[HeaderName.attempt] else {
        Issue.record("the headers as they arrived: \(details.headers)")
        return
      }
      let text = try await run(house, ["show", "\(id)"]).output
      for part in ["reason", "unknown_sku", "must be registered", "Have the product registered", "nothing was done"] {
        #expect(text.contains(part), "\(part): \(text)")
      }
      #expect(try await run(house, ["show", "999999"]).code == 1)
    }
  }

  // MARK: Replaying

  @Test("a replay goes back to its own queue as a new attempt, is applied once, and leaves a trail")
  func replay() async throws {
    try await withHouse { house in
      try await World.build(in: house)
      let inventory = try await house.inventoryWorker()
      try await inventory.take(.product("unknown"))
      _ = try await house.relay()
      let id = try #require(try await list(house, "--reason", "unknown_sku").records.first).id
      let replayed = try await run(house, ["replay", "\(id)", "--why", "it is registered now", "--by", "ann"])
      #expect(replayed.code == 0, "\(replayed)")
      #expect(replayed.output.contains("\(id)  replayed: as attempt 4"))

      let sent = try await house.relay()
      #expect(sent.map(\.routingKey) == ["inventory"])
      let letter = try #require(sent.first)
      #expect(letter.exchange.isEmpty && letter.headers[HeaderName.attempt] == .int(4))
      #expect(try await inventory.take(Letter(letter)).outcome == .applied)
      #expect(try await inventory.take(Letter(letter).again).outcome == .duplicate)
      #expect(try await house.value("select count(*) from receipts where receipt_id = 'rcv-9'") == "1")

      _ = try await house.relay()

      let again = try await run(house, ["replay", "\(id)", "--why", "to be sure", "--by", "bob"])
      #expect(again.code == 0)
      #expect(again.output.contains("\(id)  unchanged: already replayed by ann at "))
      #expect(try await house.relay().isEmpty)
      let details = try await show(house, id)
      #expect(details.record.state == "replayed" && details.record.resolvedBy == "ann")
      #expect(details.history.map(\.why) == ["it is registered now"])
      #expect(details.history.map(\.role) == ["tallyman_operator"])
      #expect(details.history.map(\.attempt) == [4])
    }
  }

  @Test("ten replays of one record at the same moment send one message")
  func concurrentReplays() async throws {
    try await withHouse { house in
      try await World.build(in: house)
      let inventory = try await house.inventoryWorker()
      try await inventory.take(.product("unknown"))
      _ = try await house.relay()
      let id = try #require(try await list(house, "--reason", "unknown_sku").records.first).id
      let outputs = try await withThrowingTaskGroup(of: String.self) { group in
        for number in 1...10 {
          group.addTask {
            try await run(house, ["replay", "\(id)", "--why", "all at once", "--by", "op-\(number)"]).output
          }
        }
        return try await group.reduce(into: []) { $0.append($1) }
      }
      #expect(outputs.count { $0.contains("replayed: as attempt 4") } == 1)
      #expect(outputs.count { $0.contains("unchanged: already replayed by op-") } == 9)
      #expect(try await house.relay().count == 1)
      #expect(try await house.value("select count(*) from dead_letter_actions") == "1")
    }
  }

  @Test("replay --all sends the oldest first, and says which cannot be read by this build either")
  func replayAll() async throws {
    try await withHouse { house in
      try await World.build(in: house)
      let inventory = try await house.inventoryWorker()
      for number in 1...120 {
        try await inventory.take(Letter.receipt("late-\(number)", "unknown", "W1", 1).attempt(3))
      }
      _ = try await house.relay()
      let all = try await run(house, ["replay", "--all", "--why", "after the import"])
      #expect(all.code == 1, "one is not JSON: \(all)")
      #expect(all.output.contains("refused: body is"))
      #expect(all.output.contains("122 of 123"))
      let keys = try await house.relay().map { String(decoding: $0.body, as: UTF8.self) }
      let order = keys.compactMap { $0.firstMatch(of: /late-(\d+)/)?.1 }.compactMap { Int($0) }
      #expect(order == Array(1...120))
      #expect(try await list(house).records.map(\.reason) == ["malformed"])
    }
  }

  @Test("the highest attempt there is cannot be replayed, and is in no other record's way; nothing steers a terminal")
  func strangers() async throws {
    try await withHouse { house in
      try await World.build(in: house)
      let inventory = try await house.inventoryWorker()
      try await inventory.take(
        Letter(raw: "no json", id: "x\u{1B}[2J", routingKey: "product.registered").attempt(Int64(Int32.max)))
      let id = try await house.deadLetter(of: "x\u{1B}[2J").id
      let shown = try await run(house, ["show", id])
      #expect(shown.code == 0 && !shown.output.contains("\u{1B}"), "\(shown)")
      let refused = try await run(house, ["replay", id, "--why", "x", "--edit", "data.sku=A"])
      #expect(refused.code == 1 && (refused.output + refused.errors).contains("x-tallyman-attempt"), "\(refused)")
      #expect(try await run(house, ["replay", "--all", "--why", "x"]).code == 1)
      #expect(try await list(house, "--state", "open").records.map(\.id).contains(Int64(id) ?? 0))
    }
  }

  @Test("--edit corrects a field, byte for byte else, and the record keeps the original")
  func edit() async throws {
    try await withHouse { house in
      try await World.build(in: house)
      let allocation = try await house.allocationWorker()
      let text = """
        {"specversion":"1.0","id":"edit-1","source":"urn:test","type":"order.created",\
        "time":"\(Timestamp.now.rfc3339)",\
        "data":{"order_id":"o-edit","customer_id":"c","price":1.10,"lines":[{"sku":"A","quantity":0}]}}
        """
      try await allocation.take(Letter(raw: text, id: "edit-1", routingKey: "order.created"))
      _ = try await house.relay()
      let id = try #require(try await list(house, "--queue", "allocation").records.first).id
      let asItIs = try await run(house, ["replay", "\(id)", "--why", "try"])
      #expect(asItIs.code == 1)
      #expect(asItIs.output.contains("refused: data.lines[0].quantity is 0"))
      let nowhere = try await run(house, ["replay", "\(id)", "--why", "try", "--edit", "data.lines[7].quantity=2"])
      #expect(nowhere.code == 1 && nowhere.output.contains("no such element"))

      let edited = try await run(
        house, ["replay", "\(id)", "--why", "the shop meant 2", "--edit", "data.lines[0].quantity=2"])
      #expect(edited.code == 0, "\(edited)")
      let sent = try #require(try await house.relay().first)
      #expect(
        String(decoding: sent.body, as: UTF8.self) == text.replacing("\"quantity\":0", with: "\"quantity\":2"))
      #expect(try await allocation.take(Letter(sent)).outcome == .applied)
      let details = try await show(house, id)
      #expect(details.body == text)
      #expect(details.history.first?.edits?.map(\.was) == ["0"])
      #expect(details.history.first?.edits?.map(\.is) == ["2"])
      #expect(try await house.value("select convert_from(sent_body, 'UTF8') from dead_letter_actions").contains(":2"))
    }
  }

  @Test("an order older than the inbox remembers is admitted by a replay, and changes nothing that is known")
  func old() async throws {
    try await withHouse { house in
      try await World.build(in: house)
      let allocation = try await house.allocationWorker()
      let old = Timestamp.now - .seconds(40 * 86_400)
      func order(_ id: String, _ lines: [OrderCreated.Line]) -> Letter {
        Letter(
          .orderCreated(
            OrderCreated(
              orderID: OrderID(trusted: id), customerID: CustomerID(trusted: "cust-1"), lines: lines,
              backorder: .allow, priority: 0)), time: old)
      }
      func line(_ number: Int32, _ sku: String, _ quantity: Int64) -> OrderCreated.Line {
        OrderCreated.Line(line: number, sku: SKU(trusted: sku), quantity: quantity)
      }
      let letters = [order("reserved", [line(1, "A", 4), line(2, "B", 1)]), order("brand-new", [line(1, "A", 1)])]
      #expect(try await allocation.take(letters).outcomes == [.deadLettered, .deadLettered])
      _ = try await house.relay()
      #expect(try await list(house, "--reason", "too_old").total == 2)
      let before = try await house.rows("select * from order_lines where order_id = 'reserved'")
      #expect(try await run(house, ["replay", "--all", "--reason", "too_old", "--why", "a late import"]).code == 0)
      let sent = try await house.relay()
      #expect(try await allocation.take(sent.map(Letter.init)).outcomes == [.unchanged, .applied])
      #expect(try await house.rows("select * from order_lines where order_id = 'reserved'") == before)
      #expect(
        try await house.value(
          "select count(*) from inbox where day < current_date - 1 and message_id in ('\(letters[0].id)')") == "0",
        "filed under the day of the replay")
    }
  }

  // MARK: Rehearsing

  @Test("--dry-run shows events, ledger and rows as the worker would change them, and changes nothing")
  func dryRun() async throws {
    try await withHouse { house in
      try await World.build(in: house)
      let allocation = try await house.allocationWorker()
      let inventory = try await house.inventoryWorker()
      try await allocation.take(Letter.order("o-dry", [("LATER", 2)], id: "dry-1").attempt(3))
      try await inventory.take([.product("LATER"), .receipt("rcv-later", "LATER", "W1", 5)])
      _ = try await house.relay()
      let id = try #require(try await list(house, "--queue", "allocation").records.first).id
      let everything = """
        select (select count(*) from outbox), (select count(*) from orders), (select count(*) from inbox),
          (select count(*) from stock_ledger), (select sum(reserved) from balances), (select count(*) from stock_items),
          (select count(*) from dead_letters where state = 'open'), (select count(*) from dead_letter_actions)
        """
      let before = try await house.rows(everything)
      let run = try await run(house, as: "tallyman_allocation", ["replay", "\(id)", "--dry-run", "--json"])
      #expect(run.code == 0, "\(run)")
      let document = try #require(
        try JSONDecoder().decode([RehearsalDocument].self, from: Data(run.output.utf8)).first)
      #expect(document.outcome == "applied" && document.attempt == 4)
      #expect(document.events.map(\.type) == ["order.reserved"])
      #expect(document.ledger == ["LATER@W1 reserved +2 = 2 (RESERVE o-dry)"])
      #expect(document.changes.contains { $0.row == "balances LATER@W1" && $0.column == "reserved" && $0.after == "2" })
      #expect(document.changes.contains { $0.row == "orders o-dry" && $0.column == "state" && $0.after == "reserved" })
      #expect(document.tables.contains { $0.table == "outbox" && $0.added == 1 })
      #expect(document.tables.contains { $0.table == "inbox" && $0.added == 1 })
      #expect(try await house.rows(everything) == before)

      let more = try await self.run(
        house, as: "tallyman_allocation", ["replay", "\(id)", "--dry-run", "--edit", "data.lines[0].sku=NEVER"])
      #expect(more.output.contains("dead-lettered") || more.output.contains("retried"), "\(more)")
      #expect(more.output.contains("corrects") && more.output.contains("LATER → NEVER"))
      #expect(more.output.hasSuffix("nothing was changed\n"))
      #expect(try await house.rows(everything) == before, "not even the anchor of an unknown SKU")

      let operatorRun = try await self.run(house, ["replay", "\(id)", "--dry-run"])
      #expect(operatorRun.code == 69)
      #expect(operatorRun.errors.contains("tallyman_allocation"))
    }
  }

  @Test("--dry-run of an arrival shows its transfer, though it names no SKU")
  func dryRunOfArrival() async throws {
    try await withHouse { house in
      try await World.build(in: house)
      let inventory = try await house.inventoryWorker()
      try await inventory.take(.arrival("arv-9", of: "trf-1", [(1, 9, 0)]))
      _ = try await house.relay()
      let id = try #require(try await list(house, "--reason", "more_than_in_transit").records.first).id
      let run = try await run(
        house, as: "tallyman_inventory",
        ["replay", "\(id)", "--dry-run", "--json", "--edit", "data.lines[0].quantity=2"])
      let document = try #require(
        try JSONDecoder().decode([RehearsalDocument].self, from: Data(run.output.utf8)).first)
      #expect(document.outcome == "applied" && document.events.map(\.type) == ["stock.transferred"])
      #expect(
        document.ledger == [
          "Q@W2 on_hand +2 = 4 (TRANSFER_IN arv-9)", "Q@in-transit on_hand -2 = 0 (TRANSFER_OUT arv-9)",
        ])
      #expect(document.changes.contains { $0.row == "transfers trf-1" && $0.after == "closed_short" })
      #expect(document.changes.contains { $0.row == "transfer_lines trf-1/1" && $0.after == "4" })
    }
  }

  // MARK: Discarding, and the trail

  @Test("discard closes a record, once; without a reason it is wrong usage")
  func discard() async throws {
    try await withHouse { house in
      try await World.build(in: house)
      let id = try #require(try await list(house, "--reason", "malformed").records.first).id
      #expect(try await run(house, ["discard", "\(id)"]).code == 2)
      #expect(try await run(house, ["discard", "\(id)", "--why", " "]).code == 2)
      let done = try await run(house, ["discard", "\(id)", "--why", "the shop sent it again"])
      #expect(done.code == 0 && done.output == "\(id)  discarded\n1 of 1\n")
      #expect(try await run(house, ["replay", "\(id)", "--why", "after all"]).output.contains("already discarded by "))
      #expect(try await run(house, ["discard", "424242", "--why", "x"]).code == 1)
      let by = try await show(house, id).history.first?.by
      #expect(by?.isEmpty == false, "the user of the session")
    }
  }

  @Test("nobody but the owner may change the trail, and an operator no more of a record than its resolution")
  func trailIsAppendOnly() async throws {
    try await withHouse { house in
      let desk = try await house.desk(user: "tallyman_operator")
      for sql in [
        "update dead_letter_actions set why = 'x'", "delete from dead_letter_actions", "truncate dead_letter_actions",
        "update dead_letters set body = ''", "update dead_letters set reason = 'x'", "update inbox set body = ''",
        "delete from erasures",
        "insert into erasures (done_by, role, why, kind, subject_hash, changed) "
          + "values ('a', 'a', 'a', 'order', '', '{}')",
      ] {
        #expect(try await desk.refusal(of: sql)?.sqlState.code == "42501", "\(sql)")
      }
    }
  }
}
