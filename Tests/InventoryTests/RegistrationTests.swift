import Contracts
import Messaging
import PipelineKit
import Testing

@Suite("Products, locations and policies")
struct RegistrationTests {
  @Test("a product becomes a catalogue row and product.created, with its decimals exactly as written")
  func product() async throws {
    try await withHouse { house in
      let worker = try await house.inventoryWorker()
      let product = ProductRegistered(
        sku: SKU(trusted: "ABC-12345"), name: "Wireless Mouse", category: "Electronics",
        unitPrice: ExactNumber(trusted: "29.90"), attributes: try RawJSON(Array(#"{"b":1.10,"a":"Black"}"#.utf8)))
      #expect(try await worker.take(Letter(.productRegistered(product), id: "m-1")).outcome == .applied)
      #expect(
        try await house.rows("select sku, name, category, unit_price, attributes::text from products") == [
          #"ABC-12345|Wireless Mouse|Electronics|29.90|{"b":1.10,"a":"Black"}"#
        ])
      let created = try #require(try await house.events().first)
      #expect(created.envelope.causationID == "m-1")
      #expect(
        created.event
          == .productCreated(
            ProductCreated(
              sku: product.sku, name: product.name, category: product.category, unitPrice: product.unitPrice,
              attributes: product.attributes)))
    }
  }

  @Test("the same product again changes nothing, also when it is compared with what the database has kept of it")
  func sameProduct() async throws {
    try await withHouse { house in
      let worker = try await house.inventoryWorker()
      let product = Event.productRegistered(
        ProductRegistered(
          sku: SKU(trusted: "A"), name: "Mouse", category: "C", unitPrice: ExactNumber(trusted: "1.50"),
          attributes: try RawJSON(Array(#"{"x": 1}"#.utf8))))
      let time = Timestamp.now
      let again = { Letter(product, time: time) }
      #expect(try await worker.take([again(), again()]).outcomes == [.applied, .unchanged])
      #expect(try await worker.take(again()).outcome == .unchanged)
      #expect(try await house.eventTypes() == ["product.created"])
    }
  }

  @Test(
    "a contradicting product is a dead letter naming the field",
    arguments: ["name", "category", "unit_price", "attributes"])
  func contradictingProduct(field: String) async throws {
    try await withHouse { house in
      let worker = try await house.inventoryWorker()
      let known = ProductRegistered(
        sku: SKU(trusted: "A"), name: "Mouse", category: "C", unitPrice: ExactNumber(trusted: "1.50"),
        attributes: try RawJSON(Array(#"{"x":1}"#.utf8)))
      var other = known
      switch field {
      case "name": other.name = "Rat"
      case "category": other.category = nil
      case "unit_price": other.unitPrice = ExactNumber(trusted: "1.51")
      default: other.attributes = try RawJSON(Array(#"{"x":2,"long":"\#(String(repeating: "y", count: 5000))"}"#.utf8))
      }
      try await worker.take(Letter(.productRegistered(known)))
      #expect(try await worker.take(Letter(.productRegistered(other))).outcome == .deadLettered)
      let letter = try await house.deadLetter()
      #expect(letter.kind == "refused")
      #expect(letter.field == "data.\(field)")
      #expect(letter.value.count < 200, "a value is for people to read: \(letter.value.prefix(100))")
      if field == "attributes" { #expect(letter.value.hasPrefix(#"{"x":2"#)) }
      if field == "category" { #expect(letter.value == "absent") }
    }
  }

  @Test("a location is registered once; a contradiction names the field", arguments: ["name", "priority", "sellable"])
  func location(field: String) async throws {
    try await withHouse { house in
      let worker = try await house.inventoryWorker()
      func other() -> Letter {
        switch field {
        case "name": .location("WH-1", name: "Shed")
        case "priority": .location("WH-1", priority: 7)
        default: .location("WH-1", sellable: false)
        }
      }
      let taken = try await worker.take([.location("WH-1"), .location("WH-1"), other()])
      #expect(taken.outcomes == [.applied, .unchanged, .deadLettered])
      #expect(try await house.deadLetter().field == "data.\(field)")
      #expect(try await worker.take(.location("WH-1")).outcome == .unchanged)
      #expect(try await worker.take(other()).outcome == .deadLettered)
      #expect(
        try await house.rows("select * from (select location_id, name, priority, sellable from locations) as l") == [
          "WH-1|House|0|true"
        ])
    }
  }

  private static let berlin = Coordinates(lat: ExactNumber(trusted: "52.5"), lng: ExactNumber(trusted: "13.40"))
  private static let paris = Coordinates(lat: ExactNumber(trusted: "48.86"), lng: ExactNumber(trusted: "2.35"))

  @Test(
    "where a location is may be said with it or later, in one batch or in several, and then stays", arguments: [1, 9])
  func coordinates(batch: Int) async throws {
    try await withHouse { house in
      let worker = try await house.inventoryWorker()
      let again = Coordinates(lat: ExactNumber(trusted: "52.50"), lng: ExactNumber(trusted: "13.4"))
      let letters: [Letter] = [
        .location("WH-1", at: Self.berlin), .location("WH-1", at: again), .location("WH-1"),
        .location("WH-1", at: Self.paris), .location("WH-2"), .location("WH-2", at: Self.paris),
        .location("WH-2", at: Self.paris), .location("WH-2", at: Self.berlin), .location("WH-3"),
      ]
      var outcomes: [Outcome] = []
      for start in stride(from: 0, to: letters.count, by: batch) {
        outcomes += try await worker.take(Array(letters[start..<min(start + batch, letters.count)])).outcomes
      }
      #expect(
        outcomes == [
          .applied, .unchanged, .unchanged, .deadLettered, .applied, .applied, .unchanged, .deadLettered, .applied,
        ])
      let letter = try await house.deadLetter(of: letters[3].id)
      #expect(letter.field == "data.coordinates" && letter.value == "48.86,2.35")
      #expect(
        try await house.rows("select location_id, lat, lng from locations order by location_id") == [
          "WH-1|52.5|13.4", "WH-2|48.86|2.35", "WH-3",
        ])
    }
  }

  @Test("a location whose registration is refused does not exist for its neighbours in the batch")
  func refusedLocation() async throws {
    try await withHouse { house in
      let worker = try await house.inventoryWorker()
      let old = Timestamp(microseconds: Timestamp.now.microseconds - 40 * 86_400_000_000)
      let taken = try await worker.take([
        .product("A"), .location("Q", sellable: true, time: old), .receipt("r-1", "A", "Q", 5),
      ])
      #expect(taken.outcomes == [.applied, .deadLettered, .retried])
      #expect(try await house.rows("select 1 from balances").isEmpty)
      try await worker.take([.location("Q", sellable: false), .receipt("r-2", "A", "Q", 5)])
      #expect(try await house.rows("select on_hand, sellable::text from balances") == ["5|false"])
    }
  }

  @Test("a policy is set over all locations or at one; an older one is ignored")
  func policies() async throws {
    try await withHouse { house in
      let worker = try await house.inventoryWorker()
      let now = Timestamp.now
      try await worker.take([.product("A"), .location("WH-1"), .location("WH-2")])
      let taken = try await worker.take([
        .policy("A", safety: 3, reorder: 10, recover: 20, time: now),
        .policy("A", at: "WH-1", safety: 2, reorder: 4, recover: 6, time: now),
        .policy("A", safety: 99, time: now - .seconds(1)),
        .policy("A", at: "WH-1", safety: 2, reorder: 4, recover: 6, time: now),
      ])
      #expect(taken.outcomes == [.applied, .applied, .unchanged, .unchanged])
      #expect(try await worker.take(.policy("A", safety: 97, time: now - .seconds(5))).outcome == .unchanged)
      #expect(try await house.rows("select safety_stock, reorder_point, recover_point from stock_items") == ["3|10|20"])
      #expect(
        try await house.rows("select location_id, safety_stock, reorder_point, recover_point from balances") == [
          "WH-1|2|4|6"
        ])
      #expect(try await worker.take(.policy("A", safety: 5, time: now + .seconds(1))).outcome == .applied)
      #expect(try await house.rows("select safety_stock, reorder_point, recover_point from stock_items") == ["5|0|1"])
    }
  }

  @Test("another policy of one place with the same time is a dead letter that names the field and what is known")
  func policiesOfOneTime() async throws {
    try await withHouse { house in
      let worker = try await house.inventoryWorker()
      let now = Timestamp.now
      func policies(_ safety: Int64, _ reorder: Int64) -> [Letter] {
        [
          .policy("A", safety: safety, reorder: reorder, recover: 20, time: now),
          .policy("A", at: "WH-1", safety: safety, reorder: reorder, recover: 20, time: now),
          .policy("A", everywhere: true, safety: safety, reorder: reorder, recover: 20, time: now),
        ]
      }
      try await worker.take([.product("A"), .location("WH-1")])
      #expect(try await worker.take(policies(3, 7)).outcomes == [.applied, .applied, .applied])
      #expect(try await worker.take(policies(3, 7)).outcomes == [.unchanged, .unchanged, .unchanged])
      for letter in policies(3, 8) {
        #expect(try await worker.take(letter).outcome == .deadLettered)
        let dead = try await house.deadLetter(of: letter.id)
        #expect((dead.field, dead.value) == ("data.reorder_point", "8"))
        #expect(dead.rule == "must stay 7: policy of A of \(now.rfc3339) was published with it before")
      }
    }
  }

  @Test("levels for every location hold where a location has none of its own, also where stock comes later")
  func defaultLevels() async throws {
    try await withHouse { house in
      let worker = try await house.inventoryWorker()
      let levels = "select location_id, lot, safety_stock, reorder_point, recover_point from balances order by 1, 2"
      let now = Timestamp.now
      try await worker.take([
        .product("A"), .location("WH-1"), .location("WH-2"), .location("WH-3"),
        .location("QUARANTINE", sellable: false), .receipt("r-1", "A", "WH-1", 5),
        .receipt("r-2", "A", "QUARANTINE", 5),
        .policy("A", at: "WH-2", safety: 1, reorder: 1, recover: 2, time: now),
      ])
      try await worker.take(.policy("A", everywhere: true, safety: 2, reorder: 4, recover: 6, time: now))
      try await worker.take(.receipt("r-3", "A", "WH-3", 50))
      #expect(
        try await house.rows(levels) == ["QUARANTINE||0|0|1", "WH-1||2|4|6", "WH-2||1|1|2", "WH-3||2|4|6"])
      let taken = try await worker.take([
        .policy("A", at: "WH-3", safety: 3, reorder: 3, recover: 4, time: now),
        .policy("A", everywhere: true, safety: 7, reorder: 8, recover: 9, time: now + .seconds(1)),
        .policy("A", everywhere: true, safety: 99, reorder: 99, recover: 100, time: now),
      ])
      #expect(taken.outcomes == [.applied, .applied, .unchanged])
      #expect(
        try await house.rows(levels) == ["QUARANTINE||0|0|1", "WH-1||7|8|9", "WH-2||1|1|2", "WH-3||3|3|4"])
    }
  }

  @Test("a policy for an unknown SKU or location goes through the retry tiers")
  func policyForTheUnknown() async throws {
    try await withHouse { house in
      let worker = try await house.inventoryWorker()
      try await worker.take(.product("A"))
      let taken = try await worker.take([.policy("A", at: "nowhere"), .policy("B")])
      #expect(taken.outcomes == [.retried, .retried])
      #expect(
        taken.entries.compactMap(\.why).map { String($0.prefix(16)) } == ["data.location_id", "data.sku: B: mus"])
    }
  }
}
