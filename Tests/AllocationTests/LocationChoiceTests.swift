import Allocation
import Contracts
import Messaging
import PipelineKit
import Testing

@Suite("Location policies by order")
struct LocationChoiceTests {
  private static func place(_ lat: String, _ lng: String) -> Coordinates {
    Coordinates(lat: ExactNumber(trusted: lat), lng: ExactNumber(trusted: lng))
  }

  /// In the middle of France: Paris is nearest, then Rome, then Berlin.
  private static let clermont = place("45.8", "3.1")

  /// Berlin has most, Paris the highest priority, Rome just enough for 4; nobody has said where Oslo is.
  private func withCities(_ body: (House, Worker) async throws -> Void) async throws {
    try await withHouse { house in
      let inventory = try await house.inventoryWorker()
      try await inventory.take([
        .product("A"), .location("Berlin", priority: 1, at: Self.place("52.52", "13.40")), .location("Oslo"),
        .location("Paris", priority: 9, at: Self.place("48.86", "2.35")),
        .location("Rome", priority: 2, at: Self.place("41.9", "12.5")), .receipt("r-1", "A", "Berlin", 9),
        .receipt("r-2", "A", "Paris", 2), .receipt("r-3", "A", "Rome", 4), .receipt("r-4", "A", "Oslo", 5),
      ])
      _ = try await house.relay()
      try await body(house, try await house.allocationWorker())
    }
  }

  private static let shares = "select location_id, quantity from reservations order by order_id, reservation_no"

  @Test(
    "each order is served by its own policy, which its reservations name with what it saw",
    arguments: [
      (LocationPolicyName?.none, ["Berlin|4"], "most_stock|Berlin=9,Oslo=5,Rome=4,Paris=2"),
      (.mostStock, ["Berlin|4"], "most_stock|Berlin=9,Oslo=5,Rome=4,Paris=2"),
      (.fixedPriority, ["Paris|2", "Rome|2"], "fixed_priority|Paris=2@9,Rome=4@2,Berlin=9@1,Oslo=5@0"),
      (.fewestSplits, ["Rome|4"], "fewest_splits|Rome=4,Berlin=9,Oslo=5,Paris=2"),
      (.nearest, ["Paris|2", "Rome|2"], "nearest|Paris=2@344915,Rome=4@868793,Berlin=9@1056042,Oslo=5"),
    ])
  func byOrder(_ policy: LocationPolicyName?, _ shares: [String], _ seen: String) async throws {
    let other: LocationPolicyName? = policy == .nearest ? nil : .nearest
    func order(by policy: LocationPolicyName?, to place: Coordinates?) -> Letter {
      Letter.order("o-1", [("A", 4)], from: policy, to: place)
    }
    try await withCities { house, allocation in
      let taken = try await allocation.take(order(by: policy, to: Self.clermont))
      #expect(taken.outcome == .applied)
      #expect(try await house.rows(Self.shares) == shares)
      #expect(try await house.rows("select distinct policy, candidates from reservations") == [seen])
      #expect(try await allocation.take(order(by: policy, to: Self.place("45.80", "3.1"))).outcome == .unchanged)
      let contradictions: [(String, Letter)] = [
        ("location_policy", order(by: other, to: Self.clermont)),
        ("destination", order(by: policy, to: Self.place("45.8", "3.2"))), ("destination", order(by: policy, to: nil)),
      ]
      for (field, letter) in contradictions {
        #expect(try await allocation.take(letter).outcome == .deadLettered)
        #expect(try await house.deadLetter(of: letter.id).field == "data.\(field)")
      }
    }
  }

  @Test("numbers at the ends of what can be written are places as well")
  func ends() async throws {
    try await withCities { house, allocation in
      let order = { Letter.order("o-1", [("A", 1)], from: .nearest, to: Self.place("1e-400", "-1.80000E+2")) }
      let taken = try await allocation.take(order())
      #expect(taken.outcome == .applied)
      #expect(try await house.rows("select destination_lat, destination_lng from orders") == ["0|-180"])
      #expect(try await allocation.take(order()).outcome == .unchanged)
      let inventory = try await house.inventoryWorker()
      let atoll = { Letter.location("Atoll", at: Self.place("-1e-350", "180")) }
      #expect(try await inventory.take(atoll()).outcome == .applied)
      #expect(try await inventory.take(atoll()).outcome == .unchanged)
    }
  }

  @Test("nearest without a destination goes by most_stock, and says so by seeing no distances")
  func nowhere() async throws {
    try await withCities { house, allocation in
      try await allocation.take(.order("o-1", [("A", 10)], from: .nearest))
      #expect(try await house.rows(Self.shares) == ["Berlin|9", "Oslo|1"])
      #expect(
        try await house.rows("select distinct policy, candidates from reservations") == [
          "nearest|Berlin=9,Oslo=5,Rome=4,Paris=2"
        ])
    }
  }

  @Test("what fills a backorder, and what an amendment adds, is chosen by the order's policy as well")
  func later() async throws {
    try await withCities { house, allocation in
      try await allocation.take(.order("all", [("A", 20)]))
      try await allocation.take(.order("o-1", [("A", 2)], from: .nearest, to: Self.clermont))
      #expect(
        try await house.rows("select location_policy, candidates, rule from decisions where order_id = 'o-1'") == [
          "nearest||short"
        ])
      try await allocation.take(.cancel("all"))
      try await house.settle(allocation, .allocation)
      let own = "select location_id, quantity, policy from reservations where order_id = 'o-1' order by reservation_no"
      #expect(try await house.rows(own) == ["Paris|2|nearest"])
      try await allocation.take(.amend("o-1", 1, [(1, "A", 5)]))
      #expect(try await house.rows(own) == ["Paris|2|nearest", "Rome|3|nearest"])
    }
  }

  @Test("units whose shipment failed are served again by the order's policy")
  func again() async throws {
    try await withCities { house, allocation in
      try await allocation.take([
        .order("o-1", [("A", 4)], from: .fewestSplits), .shipment("s-1", "o-1", [(1, "Rome", 4)]),
      ])
      try await allocation.take(.status("s-1", .failed, at: .now))
      #expect(
        try await house.rows("select location_id, policy, open_quantity from reservations order by reservation_no") == [
          "Rome|fewest_splits|0", "Oslo|fewest_splits|4",
        ])
    }
  }

  @Test("orders that ask for none get the worker's default, whatever it is when they are served")
  func byDefault() async throws {
    try await withCities { house, allocation in
      let worker = try await house.worker(
        AllocationHandler(locationPolicy: .nearest), role: "tallyman_allocation")
      try await worker.take([
        .order("o-1", [("A", 1)], to: Self.clermont), .order("o-2", [("A", 1)]),
        .order("o-3", [("A", 1)], from: .fixedPriority),
      ])
      #expect(
        try await house.rows("select location_id, policy from reservations order by order_id") == [
          "Paris|nearest", "Berlin|nearest", "Paris|fixed_priority",
        ])
      #expect(try await allocation.take(.order("o-1", [("A", 1)], to: Self.clermont)).outcome == .unchanged)
    }
  }
}
