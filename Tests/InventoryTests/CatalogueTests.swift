import Contracts
import Messaging
import PipelineKit
import Testing

@Suite("Changes and ends of products")
struct CatalogueTests {
  private static let start = Timestamp.now

  private static func at(_ seconds: Int) -> Timestamp { start + .seconds(Int64(seconds)) }

  private static func product(_ name: String, price: String? = nil) -> ProductContent {
    ProductContent(sku: SKU(trusted: "A"), name: name, unitPrice: price.map(ExactNumber.init(trusted:)))
  }

  private static func registered(_ content: ProductContent, at second: Int) -> Letter {
    Letter(.productRegistered(content), time: at(second))
  }

  private func catalogue(_ house: House) async throws -> [String] {
    try await house.rows(
      """
      select name, coalesce(unit_price, '-') as price, discontinued from products join stock_items using (sku)
      order by sku
      """)
  }

  @Test("a newer change wins, an older one is a no-op, and what follows is product.updated with the whole product")
  func changes() async throws {
    try await withHouse { house in
      let worker = try await house.inventoryWorker()
      try await worker.take(Self.registered(Self.product("one", price: "29.90"), at: 0))
      _ = try await house.relay()
      let third = Letter.change(Self.product("three", price: "30.10"), time: Self.at(3))
      #expect(try await worker.take(third).outcome == .applied)
      #expect(try await worker.take(.change(Self.product("two"), time: Self.at(2))).outcome == .unchanged)
      #expect(try await catalogue(house) == ["three|30.10|false"])
      let events = try await house.events()
      #expect(events.map(\.event) == [.productUpdated(Self.product("three", price: "30.10"))])
      #expect(events.first?.envelope.aggregate == "stock/A")
      #expect(events.first?.envelope.causationID == third.id)
      #expect(
        try await worker.take(.change(Self.product("three", price: "30.10"), time: Self.at(4))).outcome == .applied)
      #expect(try await house.events().count == 1, "it says what is known")
      #expect(try await worker.take(.change(Self.product("half"), time: Self.at(3))).outcome == .unchanged)
    }
  }

  @Test("any order of a product's news ends in the same catalogue")
  func anyOrder() async throws {
    try await withHouse { house in
      let worker = try await house.inventoryWorker()
      for (number, order) in Self.permutations(of: [0, 1, 2, 3]).enumerated() {
        let sku = "A\(number)"
        func content(_ name: String) -> ProductContent { ProductContent(sku: SKU(trusted: sku), name: name) }
        let news: [Letter] = [
          .change(content("one"), time: Self.at(1)), .change(content("two"), time: Self.at(2)),
          .discontinue(sku, time: Self.at(3)), .change(content("four"), time: Self.at(4)),
        ]
        try await worker.take(Self.registered(content("zero"), at: 0))
        for index in order { try await worker.take(news[index]) }
      }
      #expect(Set(try await catalogue(house)) == ["four|-|true"])
      #expect(try await house.value("select count(*) from products") == "24")
      #expect(try await house.value("select count(*) from dead_letters") == "0")
    }
  }

  private static func permutations(of items: [Int]) -> [[Int]] {
    guard items.count > 1 else { return [items] }
    return items.flatMap { item in permutations(of: items.filter { $0 != item }).map { [item] + $0 } }
  }

  @Test("other news with the same time is a dead letter that names the field and what is known; the same is a no-op")
  func sameTime() async throws {
    try await withHouse { house in
      let worker = try await house.inventoryWorker()
      // A change may bear the time of its registration.
      try await worker.take([
        Self.registered(Self.product("zero"), at: 0), .change(Self.product("one"), time: Self.at(0)),
      ])
      for second in [0, 4] {
        let time = Self.at(second)
        try await worker.take(.change(Self.product("one"), time: time))
        #expect(try await worker.take(.change(Self.product("one"), time: time)).outcome == .unchanged)
        let other = Letter.change(Self.product("two"), time: time)
        #expect(try await worker.take(other).outcome == .deadLettered)
        let dead = try await house.deadLetter(of: other.id)
        #expect((dead.field, dead.value) == ("data.name", "two"))
        #expect(dead.rule == "must stay one: product A of \(time.rfc3339) was published with it before")
      }
      #expect(try await catalogue(house) == ["one|-|false"])
    }
  }

  @Test("news that comes before its product goes through the retry tiers")
  func early() async throws {
    try await withHouse { house in
      let worker = try await house.inventoryWorker()
      let taken = try await worker.take([.change(Self.product("one")), .discontinue("A")])
      #expect(taken.outcomes == [.retried, .retried])
      #expect(taken.entries.allSatisfy { $0.why?.hasPrefix("data.sku: A") == true })
    }
  }

  @Test("a product that was registered once more, later, is not ended by what came before that")
  func registeredOnceMore() async throws {
    try await withHouse { house in
      let worker = try await house.inventoryWorker()
      try await worker.take(Self.registered(Self.product("one"), at: 0))
      _ = try await house.relay()
      try await worker.take([Self.registered(Self.product("one"), at: 2), .discontinue("A", time: Self.at(1))])
      #expect(try await catalogue(house) == ["one|-|false"])
      #expect(try await house.events().isEmpty)
    }
  }

  @Test("a registration that comes again after a newer one, once the product was discontinued, is a no-op")
  func registrationBeforeAnother() async throws {
    try await withHouse { house in
      let worker = try await house.inventoryWorker()
      try await worker.take([
        Self.registered(Self.product("one"), at: 0), .discontinue("A", time: Self.at(1)),
        Self.registered(Self.product("two"), at: 2),
      ])
      #expect(try await worker.take(Self.registered(Self.product("one"), at: 0)).outcome == .unchanged)
      #expect(try await worker.take(Self.registered(Self.product("three"), at: 2)).outcome == .deadLettered)
      try await worker.take(.discontinue("A", time: Self.at(3)))
      #expect(try await worker.take(Self.registered(Self.product("one"), at: 0)).outcome == .unchanged)
      #expect(try await catalogue(house) == ["two|-|true"])
    }
  }

  @Test("a registration that comes again is compared with what was registered, not with what changed since")
  func registrationAgain() async throws {
    try await withHouse { house in
      let worker = try await house.inventoryWorker()
      var first = Self.product("one", price: "1.50")
      first.attributes = try RawJSON(Array(#"{"x":1.10}"#.utf8))
      try await worker.take([Self.registered(first, at: 0), .change(Self.product("two"), time: Self.at(1))])
      #expect(try await worker.take(Self.registered(first, at: 0)).outcome == .unchanged)
      #expect(try await worker.take(Self.registered(Self.product("two"), at: 5)).outcome == .deadLettered)
      #expect(try await house.deadLetter().field == "data.name")
      #expect(try await catalogue(house) == ["two|-|false"])
    }
  }

  @Test("a discontinued product is retired once, and sold again when it is registered later")
  func discontinued() async throws {
    try await withHouse { house in
      let worker = try await house.inventoryWorker()
      try await worker.take(Self.registered(Self.product("one"), at: 0))
      #expect(try await worker.take(.discontinue("A", reason: "old", time: Self.at(5))).outcome == .applied)
      #expect(try await worker.take(.discontinue("A", reason: "old", time: Self.at(5))).outcome == .unchanged)
      #expect(try await worker.take(Self.registered(Self.product("one"), at: 0)).outcome == .unchanged)
      #expect(try await catalogue(house) == ["one|-|true"])
      #expect(try await worker.take(Self.registered(Self.product("new"), at: 9)).outcome == .applied)
      #expect(try await worker.take(.discontinue("A", time: Self.at(8))).outcome == .unchanged)
      #expect(try await catalogue(house) == ["new|-|false"])
      #expect(try await house.eventTypes() == ["product.created", "product.retired", "product.created"])
    }
  }

  @Test("orders get nothing of a discontinued product, reservations and backorders go on, nothing is alerted")
  func ordersOfDiscontinued() async throws {
    try await withHouse { house in
      let inventory = try await house.inventoryWorker()
      let allocation = try await house.allocationWorker()
      try await inventory.take([
        .product("A"), .product("B"), .location("WH-1"), .receipt("r-1", "A", "WH-1", 10),
        .receipt("r-2", "B", "WH-1", 10),
      ])
      try await allocation.take([.order("held", [("A", 4)]), .order("waits", [("A", 20)])])
      try await inventory.take(.discontinue("A"))
      _ = try await house.relay()
      try await allocation.take([.order("only", [("A", 1)]), .order("mixed", [("A", 2), ("B", 3)])])
      let events = try await house.events()
      #expect(events.map(\.envelope.type) == [.orderRejected, .orderPartiallyReserved])
      guard case .orderRejected(let rejected)? = events.first?.event else {
        Issue.record("no order.rejected")
        return
      }
      #expect(rejected.reason == .discontinued)
      #expect(rejected.detail == "discontinued: A")
      #expect(
        try await house.rows(
          """
          select order_id, line_no, reserved, backordered, shipped, cancelled from order_lines
          where order_id in ('only', 'mixed') order by 1, 2
          """) == ["mixed|1|0|0|0|2", "mixed|2|3|0|0|0", "only|1|0|0|0|1"])
      try await allocation.take(.shipment("s-1", "held", [(1, "WH-1", 4)]))
      try await inventory.take(.receipt("r-3", "A", "WH-1", 14))
      let told = try await house.settle(allocation, .allocation).map(\.routingKey)
      #expect(
        try await house.rows("select state from orders where order_id in ('held', 'waits') order by 1") == [
          "reserved", "shipped",
        ])
      #expect(told.contains("stock.received") && told.contains("backorder.filled"))
      #expect(told.filter { ["stock.out", "stock.low", "stock.recovered"].contains($0) } == [])
    }
  }
}
