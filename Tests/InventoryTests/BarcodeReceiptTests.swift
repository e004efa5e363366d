import Contracts
import Messaging
import PipelineKit
import Testing

@Suite("Barcodes and units")
struct BarcodeReceiptTests {
  private static let one = "4006381333931", two = "96385074"

  private static func product(
    _ sku: String, _ barcodes: [String] = [], units: [(String, Int64)] = []
  ) -> ProductContent {
    ProductContent(
      sku: SKU(trusted: sku), name: "Thing", barcodes: barcodes.map(Barcode.init(trusted:)),
      units: units.map { ProductUnit(unit: UnitName(trusted: $0.0), factor: $0.1) })
  }

  private static func receipt(
    _ id: String, _ sku: String? = nil, barcode: String? = nil, _ quantity: Int64, unit: String? = nil
  ) -> Letter {
    Letter(
      .goodsReceived(
        GoodsReceived(
          receiptID: ReceiptID(trusted: id), sku: sku.map(SKU.init(trusted:)),
          barcode: barcode.map(Barcode.init(trusted:)), locationID: LocationID(trusted: "WH-1"), quantity: quantity,
          unit: unit.map(UnitName.init(trusted:)))))
  }

  @Test("a receipt by barcode is one of its product, with or without leading zeros, also in the product's own batch")
  func byBarcode() async throws {
    try await withHouse { house in
      let worker = try await house.inventoryWorker()
      let taken = try await worker.take([
        Letter(.productRegistered(Self.product("A", [Self.one]))), .location("WH-1"),
        Self.receipt("r-1", barcode: Self.one, 5),
      ])
      #expect(taken.outcomes == [.applied, .applied, .applied])
      #expect(try await worker.take(Self.receipt("r-2", barcode: "0\(Self.one)", 6)).outcome == .applied)
      #expect(try await worker.take(Self.receipt("r-3", "A", barcode: Self.one, 7)).outcome == .applied)
      #expect(try await house.rows("select sku, on_hand from balances") == ["A|18"])
      #expect(try await worker.take(Self.receipt("r-1", barcode: Self.one, 5)).outcome == .unchanged)
      #expect(try await worker.take(Self.receipt("r-1", "A", 5)).outcome == .unchanged)
      #expect(try await worker.take(Self.receipt("r-1", barcode: Self.two, 5).attempt(1)).outcome == .deadLettered)
    }
  }

  @Test("a product's barcode of another one is tried again, then a dead letter naming that; a receipt's is one at once")
  func taken() async throws {
    try await withHouse { house in
      let worker = try await house.inventoryWorker()
      try await worker.take([
        Letter(.productRegistered(Self.product("A", [Self.one]))), Letter(.productRegistered(Self.product("B"))),
        .location("WH-1"),
      ])
      let letters = [
        Letter(.productRegistered(Self.product("C", [Self.two, "0\(Self.one)"]))),
        Letter.change(Self.product("B", [Self.one])), Self.receipt("r-1", "B", barcode: Self.one, 1),
      ]
      let fields = ["data.barcodes[1]", "data.barcodes[0]", "data.barcode"]
      for (letter, field) in zip(letters, fields) {
        let isReceipt = field == "data.barcode"
        #expect(try await worker.take(letter).outcome == (isReceipt ? .deadLettered : .retried))
        if !isReceipt { #expect(try await worker.take(letter.attempt(3)).outcome == .deadLettered) }
        let record = try await house.deadLetter(of: letter.id)
        #expect(record.field == field)
        #expect(record.rule.hasSuffix("of A"), "\(record.rule)")
      }
      #expect(try await house.rows("select gtin, sku from product_barcodes") == ["0\(Self.one)|A"])
    }
  }

  @Test("a barcode changes hands when its product gives it up, and an unknown one is tried again")
  func changesHands() async throws {
    try await withHouse { house in
      let worker = try await house.inventoryWorker()
      try await worker.take([
        Letter(.productRegistered(Self.product("A", [Self.one]))), Letter(.productRegistered(Self.product("B"))),
        .location("WH-1"),
      ])
      let later = Timestamp.now + .seconds(1)
      let taken = try await worker.take([
        Self.receipt("r-1", barcode: Self.one, 1), .change(Self.product("A"), time: later),
        Self.receipt("r-2", barcode: Self.one, 2), .change(Self.product("B", [Self.one]), time: later),
        Self.receipt("r-3", barcode: Self.one, 4),
      ])
      #expect(taken.outcomes == [.applied, .applied, .retried, .applied, .applied])
      #expect(taken.entries[2].why?.hasPrefix("data.barcode: \(Self.one): must be a barcode of a product") == true)
      #expect(try await house.rows("select sku, on_hand from balances order by 1") == ["A|1", "B|4"])
      #expect(try await house.rows("select sku from product_barcodes") == ["B"])
    }
  }

  @Test("a barcode's claim that overtakes the news of the product that gives it up is applied after that")
  func overtakes() async throws {
    try await withHouse { house in
      let worker = try await house.inventoryWorker()
      try await worker.take([
        Letter(.productRegistered(Self.product("A", [Self.one]))), Letter(.productRegistered(Self.product("B"))),
      ])
      let later = Timestamp.now + .seconds(1)
      let claim = Letter.change(Self.product("B", [Self.one]), time: later)
      let taken = try await worker.take([claim, .change(Self.product("A"), time: later)])
      #expect(taken.outcomes == [.retried, .applied])
      #expect(try await worker.take(claim.attempt(1)).outcome == .applied)
      #expect(try await house.rows("select sku from product_barcodes") == ["B"])
      #expect(try await house.value("select count(*) from dead_letters") == "0")
    }
  }

  @Test("two lanes that claim one barcode at once: one gets it, the other is told that it is taken")
  func race() async throws {
    try await withHouse { house in
      let one = try await house.inventoryWorker()
      let other = try await house.inventoryWorker()
      let letters = ["A", "B"].map { Letter(.productRegistered(Self.product($0, [Self.one]))) }
      async let first = one.take(letters[0])
      async let second = other.take(letters[1])
      let taken = try await [first, second]
      #expect(Set(taken.map(\.outcome)) == [.applied, .retried])
      #expect(try await house.value("select count(*) from product_barcodes") == "1")
      #expect(taken.flatMap(\.entries).compactMap(\.why).allSatisfy { $0.hasPrefix("data.barcodes[0]: ") })
    }
  }

  @Test("three cartons of 24 are 72, exactly; the receipt remembers what it said")
  func cartons() async throws {
    try await withHouse { house in
      let worker = try await house.inventoryWorker()
      try await worker.take([
        Letter(.productRegistered(Self.product("A", units: [("carton", 24), ("pallet", 1_000_000)]))),
        .location("WH-1"), Self.receipt("r-1", "A", 3, unit: "carton"),
      ])
      #expect(try await worker.take(Self.receipt("r-1", "A", 3, unit: "carton")).outcome == .unchanged)
      #expect(try await house.rows("select quantity, unit, unit_quantity from receipts") == ["72|carton|3"])
      guard case .stockReceived(let received)? = try await house.events(.stockReceived).first?.event else {
        Issue.record("no stock.received")
        return
      }
      #expect(received.quantity == 72)
      let others: [(String, Letter)] = [
        ("data.unit", Self.receipt("r-1", "A", 72)), ("data.quantity", Self.receipt("r-1", "A", 4, unit: "carton")),
        ("data.quantity", Self.receipt("r-9", "A", 1001, unit: "pallet")),
      ]
      for (field, letter) in others {
        #expect(try await worker.take(letter).outcome == .deadLettered)
        #expect(try await house.deadLetter(of: letter.id).field == field)
      }
      #expect(try await worker.take(Self.receipt("r-2", "A", 1000, unit: "pallet")).outcome == .applied)
    }
  }

  @Test("a receipt that comes again is booked already, whatever its barcode and its unit mean by then")
  func againLater() async throws {
    try await withHouse { house in
      let worker = try await house.inventoryWorker()
      let later = Timestamp.now + .seconds(1)
      try await worker.take([
        Letter(.productRegistered(Self.product("A", [Self.one], units: [("carton", 24)]))),
        Letter(.productRegistered(Self.product("B"))), .location("WH-1"),
        Self.receipt("r-1", "A", barcode: Self.one, 5), Self.receipt("r-2", "A", 2000, unit: "carton"),
      ])
      try await worker.take([
        .change(Self.product("A", units: [("carton", 1_000_000)]), time: later),
        .change(Self.product("B", [Self.one]), time: later),
      ])
      for letter in [Self.receipt("r-1", "A", barcode: Self.one, 5), Self.receipt("r-2", "A", 2000, unit: "carton")] {
        #expect(try await worker.take(letter).outcome == .unchanged)
      }
      #expect(try await house.rows("select sku, on_hand from balances") == ["A|48005"])
    }
  }

  @Test("an unknown unit is tried again, and works once the product has it; a change of the factor counts from then on")
  func unknownUnit() async throws {
    try await withHouse { house in
      let worker = try await house.inventoryWorker()
      let now = Timestamp.now
      try await worker.take([Letter(.productRegistered(Self.product("A")), time: now), .location("WH-1")])
      let letter = Self.receipt("r-1", "A", 2, unit: "box")
      let taken = try await worker.take(letter)
      #expect(taken.outcome == .retried)
      #expect(taken.entries.first?.why?.hasPrefix("data.unit: box: must be a unit of A") == true)
      try await worker.take([
        .change(Self.product("A", units: [("box", 10)]), time: now + .seconds(1)), letter.attempt(1),
        .change(Self.product("A", units: [("box", 12)]), time: now + .seconds(2)),
        Self.receipt("r-2", "A", 1, unit: "box"),
      ])
      #expect(try await house.rows("select on_hand from balances") == ["32"])
      #expect(try await house.rows("select unit, factor from product_units") == ["box|12"])
    }
  }
}
