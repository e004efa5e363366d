import Contracts
import Messaging
import PipelineKit
import Testing

@Suite("Low stock")
struct AlertTests {
  /// The alerts in the outbox: type, location, available, episode.
  private func alerts(_ house: House) async throws -> [String] {
    try await house.events(.stockLow, .stockOut, .stockRecovered).map { message in
      switch message.event {
      case .stockLow(let level), .stockOut(let level), .stockRecovered(let level):
        "\(message.envelope.type.rawValue) \(level.locationID?.value ?? "*") \(level.available) \(level.episodeID)"
      default: "?"
      }
    }
  }

  @Test("one alert per episode, however many orders race, per location and per SKU; recovered once")
  func episode() async throws {
    try await withHouse { house in
      let inventory = try await house.inventoryWorker()
      let allocation = try await house.allocationWorker()
      try await inventory.take([
        .product("A"), .location("WH-1"), .receipt("r-1", "A", "WH-1", 100),
        .policy("A", reorder: 50, recover: 80), .policy("A", at: "WH-1", reorder: 20, recover: 30),
      ])
      #expect(try await alerts(house) == [])
      for number in 0..<40 { try await allocation.take(.order("o-\(number)", [("A", 1)])) }
      #expect(try await alerts(house) == [])
      try await allocation.take((40..<70).map { .order("o-\($0)", [("A", 1)]) })
      #expect(try await alerts(house) == ["stock.low * 30 A/1"], "once, at the end of the transaction")
      try await allocation.take((70..<80).map { .order("o-\($0)", [("A", 1)]) })
      for number in 80..<90 { try await allocation.take(.order("o-\(number)", [("A", 1)])) }
      #expect(try await alerts(house) == ["stock.low * 30 A/1", "stock.low WH-1 20 A/WH-1/1"])
      try await inventory.take(.receipt("r-2", "A", "WH-1", 15))
      #expect(try await alerts(house).count == 2, "25 is above the reorder point and below the recover point")
      try await inventory.take(.receipt("r-3", "A", "WH-1", 10))
      #expect(try await alerts(house).dropFirst(2) == ["stock.recovered WH-1 35 A/WH-1/1"])
      try await inventory.take(.receipt("r-4", "A", "WH-1", 45))
      #expect(try await alerts(house).dropFirst(3) == ["stock.recovered * 80 A/1"])
      try await allocation.take(.order("big", [("A", 80)]))
      #expect(
        try await alerts(house).dropFirst(4) == ["stock.out WH-1 0 A/WH-1/2", "stock.out * 0 A/2"],
        "straight to out, a new episode")
      try await inventory.take(.receipt("r-5", "A", "WH-1", 1))
      try await allocation.take(.order("last", [("A", 1)]))
      #expect(try await alerts(house).count == 6, "still the same episode")
    }
  }

  @Test("what comes while orders wait for it ends no episode: one that is filled at once would begin another")
  func owedStock() async throws {
    try await withHouse { house in
      let inventory = try await house.inventoryWorker()
      let allocation = try await house.allocationWorker()
      let standing = "select alert_state, alert_episode from balances"
      try await inventory.take([.product("A"), .location("WH-1"), .receipt("r-1", "A", "WH-1", 1)])
      try await allocation.take((0..<4).map { .order("o-\($0)", [("A", 1)]) })
      #expect(try await house.rows(standing) == ["out|1"])
      for number in 0..<3 {
        try await inventory.take(.receipt("more-\(number)", "A", "WH-1", 1))
        try await house.settle(allocation, .allocation)
        #expect(try await house.rows(standing) == ["out|1"], "filled at once")
      }
      try await inventory.take(.receipt("last", "A", "WH-1", 1))
      #expect(try await alerts(house) == ["stock.recovered WH-1 1 A/WH-1/1", "stock.recovered * 1 A/1"])
    }
  }

  @Test("what crosses a point and comes back within one batch raises no alert")
  func evaluatedOnce() async throws {
    try await withHouse { house in
      let inventory = try await house.inventoryWorker()
      try await inventory.take([
        .product("A"), .location("WH-1"), .location("WH-2"), .receipt("r-1", "A", "WH-1", 100),
        .policy("A", at: "WH-1", reorder: 50, recover: 80),
      ])
      try await inventory.take([
        .move("mv-1", "A", "WH-1", "WH-2", 90), .move("mv-2", "A", "WH-2", "WH-1", 80),
      ])
      #expect(try await alerts(house) == [])
    }
  }

  @Test("an alert names its cause, and counts among that message's events")
  func cause() async throws {
    try await withHouse { house in
      let inventory = try await house.inventoryWorker()
      let allocation = try await house.allocationWorker()
      try await inventory.take([.product("A"), .location("WH-1"), .receipt("r-1", "A", "WH-1", 2)])
      _ = try await house.relay()
      try await allocation.take([
        .order("o-1", [("A", 1)], id: "m-1"), .order("o-2", [("A", 1)], id: "m-2"),
      ])
      let alerts = try await house.events(.stockOut)
      #expect(alerts.map(\.envelope.causationID) == ["m-2", "m-2"])
      #expect(
        try await house.rows("select message_id, events from inbox where consumer = 'allocation' order by 1") == [
          "m-1|1", "m-2|3",
        ])
    }
  }

  @Test("a place that never held the SKU is not reported as out of it")
  func neverHeld() async throws {
    try await withHouse { house in
      let inventory = try await house.inventoryWorker()
      try await inventory.take([
        .product("A"), .location("WH-1"), .location("WH-9"), .receipt("r-1", "A", "WH-1", 5),
        .move("mv-1", "A", "WH-9", "WH-1", 3),
      ])
      try await inventory.take(.receipt("r-2", "A", "WH-1", 5))
      #expect(try await alerts(house) == [])
    }
  }

  @Test("a dock or quarantine that was emptied is not out of stock, unless a policy gives it a reorder point")
  func emptiedDock() async throws {
    try await withHouse { house in
      let inventory = try await house.inventoryWorker()
      func ofDock() async throws -> [String] { try await alerts(house).filter { $0.contains("DOCK") } }
      try await inventory.take([
        .product("A"), .location("WH-1"), .location("DOCK", sellable: false), .receipt("r-1", "A", "DOCK", 5),
        .lot("r-2", "A", "DOCK", "L", 5),
      ])
      try await inventory.take([
        .move("mv-1", "A", "DOCK", "WH-1", 5), .adjustment("adj-1", .writeOff, 5, "A", "DOCK", lot: "L"),
      ])
      #expect(try await ofDock() == [])
      try await inventory.take(.policy("A", at: "DOCK", reorder: 2, recover: 3))
      #expect(try await ofDock() == ["stock.out DOCK 0 A/DOCK/1"])
      try await inventory.take(.policy("A", at: "DOCK", reorder: 0, recover: 1))
      try await inventory.take(.receipt("r-3", "A", "DOCK", 1))
      #expect(try await ofDock().last == "stock.recovered DOCK 1 A/DOCK/1", "what has begun is ended")
    }
  }

  @Test("what runs out of a discontinued product is told when the product is sold again, not before")
  func relisted() async throws {
    try await withHouse { house in
      let inventory = try await house.inventoryWorker()
      let now = Timestamp.now
      try await inventory.take([
        .product("A"), .location("WH-1"), .receipt("r-1", "A", "WH-1", 5),
        .discontinue("A", time: now + .seconds(1)), .adjustment("adj-1", .writeOff, 5, "A", "WH-1"),
      ])
      #expect(try await alerts(house) == [])
      let again = Letter(
        .productRegistered(ProductRegistered(sku: SKU(trusted: "A"), name: "Thing")), time: now + .seconds(2))
      #expect(try await inventory.take(again).outcome == .applied)
      #expect(try await alerts(house) == ["stock.out WH-1 0 A/WH-1/1", "stock.out * 0 A/1"])
      let told = try await house.events(.stockOut)
      #expect(told.allSatisfy { $0.envelope.causationID == again.id })
    }
  }

  @Test("no two shortages share an id, also where codes contain slashes")
  func episodeIDs() async throws {
    #expect(StockLevel.episodeID("SHOE", "42", 1) == "SHOE/42/1" && StockLevel.episodeID("SHOE", nil, 1) == "SHOE/1")
    let codes = ["A", "B", "A/B", "B/A", "A/B/A", "1", "A/1", "1/1"]
    let ids = codes.flatMap { sku in
      ([nil] + codes).flatMap { location in [1, 11].map { StockLevel.episodeID(sku, location, $0) } }
    }
    #expect(Set(ids).count == ids.count)
    try await withHouse { house in
      let inventory = try await house.inventoryWorker()
      try await inventory.take([
        .product("A/B"), .location("WH-1"), .receipt("r-1", "A/B", "WH-1", 5),
        .adjustment("adj-1", .writeOff, 5, "A/B", "WH-1"),
      ])
      #expect(try await alerts(house) == ["stock.out WH-1 0 A/B:WH-1:1", "stock.out * 0 A/B:1"])
    }
  }

  @Test("a policy can itself begin or end an episode")
  func policy() async throws {
    try await withHouse { house in
      let inventory = try await house.inventoryWorker()
      let now = Timestamp.now
      try await inventory.take([.product("A"), .location("WH-1"), .receipt("r-1", "A", "WH-1", 5)])
      try await inventory.take(.policy("A", reorder: 10, recover: 20, time: now))
      try await inventory.take(.policy("A", reorder: 1, recover: 2, time: now + .seconds(1)))
      #expect(try await alerts(house) == ["stock.low * 5 A/1", "stock.recovered * 5 A/1"])
    }
  }
}
