import Contracts
import Messaging
import PipelineKit
import Testing

@Suite("Receipts")
struct ReceiptTests {
  @Test("goods raise on_hand, with a ledger entry that names its cause, and stock.received")
  func receipt() async throws {
    try await withHouse { house in
      let worker = try await house.inventoryWorker()
      try await worker.take([.product("A"), .location("WH-1")])
      _ = try await house.relay()
      try await worker.take([
        .receipt("r-1", "A", "WH-1", 150, reference: "PO-7890", id: "m-1"),
        .receipt("r-2", "A", "WH-1", 1, reference: "PO-7890", id: "m-2"),
      ])
      #expect(try await house.rows("select sku, location_id, on_hand, reserved from balances") == ["A|WH-1|151|0"])
      #expect(
        try await house.rows(
          """
          select seq, bucket, delta, balance_after, reason, reference, consumer, source, message_id from stock_ledger
          """) == [
            "1|on_hand|150|150|RECEIPT|r-1|inventory|urn:test:publisher|m-1",
            "2|on_hand|1|151|RECEIPT|r-2|inventory|urn:test:publisher|m-2",
          ])
      let events = try await house.events()
      #expect(events.map(\.envelope.causationID) == ["m-1", "m-2"])
      #expect(
        events.first?.event
          == .stockReceived(
            StockReceived(
              receiptID: ReceiptID(trusted: "r-1"), sku: SKU(trusted: "A"), locationID: LocationID(trusted: "WH-1"),
              quantity: 150, onHand: 150, available: 150, reference: "PO-7890")))
      #expect(
        try await house.rows("select outcome, events from inbox where message_id in ('m-1', 'm-2')") == [
          "applied|1", "applied|1",
        ])
    }
  }

  @Test("product, location and receipt in one batch work, in the order in which they came")
  func oneBatch() async throws {
    try await withHouse { house in
      let worker = try await house.inventoryWorker()
      let taken = try await worker.take([
        .product("A"), .location("WH-1", priority: 4, sellable: false), .receipt("r-1", "A", "WH-1", 5),
      ])
      #expect(taken.outcomes == [.applied, .applied, .applied])
      #expect(taken.repeated == 0)
      #expect(try await house.rows("select on_hand, sellable, priority from balances") == ["5|false|4"])
      #expect(
        try await house.eventTypes() == ["product.created", "stock.received", "stock.out"], "nothing of it can be sold")
    }
  }

  @Test("a receipt that came before its product in the same batch waits for it in the first retry tier")
  func disorder() async throws {
    try await withHouse { house in
      let worker = try await house.inventoryWorker()
      let receipt = Letter.receipt("r-1", "A", "WH-1", 5)
      let taken = try await worker.take([.location("WH-1"), receipt, .product("A")])
      #expect(taken.outcomes == [.applied, .retried, .applied])
      let retry = try #require(try await house.outbox().first { $0.exchange.isEmpty })
      #expect(retry.routingKey == "inventory.retry.1")
      #expect(retry.headers["x-tallyman-attempt"] == .int(1))
      #expect(retry.body == receipt.body)
      #expect(retry.messageID == receipt.id)
      #expect(try await worker.take(Letter(retry)).outcome == .applied)
      #expect(try await house.value("select on_hand from balances") == "5")
    }
  }

  @Test("the same receipt again is a no-op under a new message id; a contradiction names the field")
  func businessID() async throws {
    try await withHouse { house in
      let worker = try await house.inventoryWorker()
      try await worker.take([
        .product("A"), .product("B"), .location("WH-1"), .location("WH-2"), .receipt("r-1", "A", "WH-1", 5),
      ])
      let same = try await worker.take(.receipt("r-1", "A", "WH-1", 5))
      #expect(same.outcome == .unchanged)
      #expect(same.repeated == 1, "the unique violation makes it look carefully")
      let others: [(String, Letter)] = [
        ("data.sku", .receipt("r-1", "B", "WH-1", 5)), ("data.location_id", .receipt("r-1", "A", "WH-2", 5)),
        ("data.quantity", .receipt("r-1", "A", "WH-1", 6)),
        ("data.reference", .receipt("r-1", "A", "WH-1", 5, reference: "PO-1")),
      ]
      for (field, letter) in others {
        #expect(try await worker.take(letter).outcome == .deadLettered)
        #expect(try await house.deadLetter(of: letter.id).field == field)
      }
      let batch = try await worker.take([
        .receipt("r-2", "A", "WH-1", 1), .receipt("r-2", "A", "WH-1", 1), .receipt("r-2", "A", "WH-1", 2),
      ])
      #expect(batch.outcomes == [.applied, .unchanged, .deadLettered])
      #expect(try await house.rows("select sku, location_id, on_hand from balances where on_hand > 0") == ["A|WH-1|6"])
    }
  }

  @Test(
    "an unknown SKU or location is tried three more times, then it is a dead letter", arguments: ["sku", "location_id"])
  func unknown(field: String) async throws {
    try await withHouse { house in
      let worker = try await house.inventoryWorker()
      if field == "sku" { try await worker.take(.location("WH-1")) } else { try await worker.take(.product("A")) }
      _ = try await house.relay()
      var letter = Letter.receipt("r-1", "A", "WH-1", 5, id: "m-1")
      for tier in 1...3 {
        #expect(try await worker.take(letter).outcome == .retried)
        let retry = try #require(try await house.relay().first)
        #expect(retry.routingKey == "inventory.retry.\(tier)")
        #expect(retry.headers["x-tallyman-attempt"] == .int(Int64(tier)))
        #expect(retry.headers["x-tallyman-first-seen"] != nil)
        letter = Letter(retry)
      }
      #expect(try await worker.take(letter).outcome == .deadLettered)
      let dead = try await house.deadLetter()
      #expect([dead.kind, dead.field] == ["exhausted", "data.\(field)"])
      #expect(
        try await house.rows("select attempt, outcome from inbox where message_id = 'm-1' order by 1") == [
          "0|retried", "1|retried", "2|retried", "3|dead_lettered",
        ])
      #expect(try await house.value("select count(*) from stock_ledger") == "0")
    }
  }

  @Test("stock at one location never exceeds what a sum can hold")
  func upperBound() async throws {
    try await withHouse { house in
      let worker = try await house.inventoryWorker()
      try await worker.take([
        .product("A"), .location("WH-1"), .location("WH-2"), .receipt("r-1", "A", "WH-1", 1_000_000_000),
      ])
      // As if a thousand receipts of a milliard had come, less one unit.
      try await house.script(
        """
        insert into stock_ledger
          select balance_id, seq + 1, 'on_hand', 999998999999999, 999999999999999, 'RECEIPT', 'r-x', null, 'test',
                 'test', 'test', now(), clock_timestamp() from balances where location_id = 'WH-1';
        update balances set seq = seq + 1, on_hand = 999999999999999 where location_id = 'WH-1';
        insert into receipts values ('r-x', 'A', 'WH-1', 999998999999999, null, now());
        """)
      #expect(try await worker.take(.receipt("r-2", "A", "WH-1", 1)).outcome == .applied)
      #expect(try await worker.take(.receipt("r-3", "A", "WH-1", 1)).outcome == .deadLettered)
      #expect(try await house.deadLetter().field == "data.quantity")
      try await worker.take(.receipt("r-4", "A", "WH-2", 5))
      #expect(try await worker.take(.move("mv-1", "A", "WH-2", "WH-1", 1)).outcome == .deadLettered)
    }
  }
}
