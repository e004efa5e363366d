import Messaging
import PipelineKit
import Testing

/// What two lanes do at once, and what must have come of it.
struct Pair: Sendable, CustomTestStringConvertible {
  /// Of one run: every run has SKUs and ids of its own.
  struct Names: Sendable {
    let run: Int
    var a: String { "A-\(run)" }
    var b: String { "B-\(run)" }
    func order(_ number: Int) -> String { "o-\(number)-\(run)" }
    func id(_ prefix: String) -> String { "\(prefix)-\(run)" }

    /// An order of both SKUs, of as many as there are units given; A first unless `reversed`.
    func placing(_ number: Int, a: Int64 = 0, b: Int64 = 0, reversed: Bool = false, id: String? = nil) -> Letter {
      let lines = [(self.a, a), (self.b, b)].filter { $0.1 > 0 }
      return .order(order(number), reversed ? lines.reversed() : lines, id: id)
    }

    func shipping(_ number: Int, _ lines: [(Int32, Int64)]) -> Letter {
      .shipment(id("s"), order(number), lines.map { ($0.0, "WH-1", $0.1) })
    }

    func moving(_ sku: String, _ quantity: Int64) -> Letter { .move("mv-\(sku)", sku, "WH-1", "WH-2", quantity) }
  }

  let testDescription: String
  /// What lies of each SKU at WH-1 before.
  let stock: Int64
  /// What the allocation-worker has taken before.
  var before: @Sendable (Names) -> [Letter] = { _ in [] }
  /// Booked when that is settled; what follows from it comes to the second lane in the place of its batch.
  var arrival: (@Sendable (Names) -> Letter)?
  let sides: [Side]
  let batches: @Sendable (Names) -> [[Letter]]
  /// `on hand|reserved|owed` of each SKU in the end: any of these.
  let ends: [[String]]
}

@Suite("Two lanes stepped through every interleaving", .serialized)
struct InterleavingTests {
  static let pairs = orders + arrivals + leavings

  @Test("no deadlock, nothing oversold, no backorder missed", arguments: pairs)
  func interleavings(pair: Pair) async throws {
    try await withHouse { house in
      let lanes = [
        try await SteppedLane(pair.sides[0], number: 1, in: house),
        try await SteppedLane(pair.sides[1], number: 2, in: house),
      ]
      let interleaving = try await Interleaving(lanes, in: house)
      let inventory = try await house.inventoryWorker()
      let allocation = try await house.allocationWorker()
      try await inventory.take([.location("WH-1"), .location("WH-2")])
      var choices = Choices()
      var stories: Set<[String]> = []
      var seen: Set<[String]> = []
      repeat {
        let names = Pair.Names(run: stories.count)
        var batches = pair.batches(names)
        if let follow = try await prepare(pair, names, house, inventory, allocation) { batches[1] = follow }
        let story = try await interleaving.run(batches, &choices)
        for lane in lanes { _ = try #require(try lane.taken) }
        try await house.settle(allocation, .allocation)
        let end = try await self.end(names, house)
        try #require(pair.ends.contains(end), "\(end) after \(story)")
        do {
          try await house.checkInvariants()
        } catch {
          Issue.record("\(error) after \(story)")
          return
        }
        #expect(stories.insert(story).inserted, "every run goes another way")
        seen.insert(end)
      } while choices.advance()
      #expect(stories.count >= 20, "the lanes meet in many ways")
      #expect(seen == Set(pair.ends), "each of the ends that may come does come")
    }
  }

  private func prepare(
    _ pair: Pair, _ names: Pair.Names, _ house: House, _ inventory: Worker, _ allocation: Worker
  ) async throws -> [Letter]? {
    var letters: [Letter] = [names.a, names.b].map { .product($0) }
    if pair.stock > 0 {
      letters += [names.a, names.b].map { .receipt("r-\($0)", $0, "WH-1", pair.stock) }
    }
    try await inventory.take(letters)
    try await allocation.take(pair.before(names))
    try await house.settle(allocation, .allocation)
    guard let arrival = pair.arrival else { return nil }
    try await inventory.take(arrival(names))
    return try await house.relay().filter { $0.routingKey == "stock.received" }.map(Letter.init)
  }

  private func end(_ names: Pair.Names, _ house: House) async throws -> [String] {
    try await house.rows(
      """
      select (select coalesce(sum(on_hand), 0) from balances b where b.sku = i.sku) as there,
             (select coalesce(sum(reserved), 0) from balances b where b.sku = i.sku) as promised, owed
      from stock_items i where sku in ('\(names.a)', '\(names.b)') order by sku
      """)
  }
}

// MARK: The pairs

extension InterleavingTests {
  fileprivate static let orders: [Pair] = [
    Pair(
      testDescription: "two orders of both SKUs, their lines in opposite order", stock: 3,
      sides: [.allocation, .allocation],
      batches: { [[$0.placing(1, a: 2, b: 2)], [$0.placing(2, a: 2, b: 2, reversed: true)]] },
      ends: [["3|3|1", "3|3|1"]]),
    Pair(
      testDescription: "the same order twice, as a broker that lost an acknowledgement delivers it", stock: 3,
      sides: [.allocation, .allocation],
      batches: { names in
        let letter = names.placing(1, a: 2, b: 1, id: names.id("twice"))
        return [[letter], [letter]]
      }, ends: [["3|2|0", "3|1|0"]]),
    Pair(
      testDescription: "an order and its cancellation", stock: 3, sides: [.allocation, .allocation],
      batches: { [[$0.placing(1, a: 2, b: 4)], [.cancel($0.order(1))]] },
      ends: [["3|0|0", "3|0|0"]]),
    Pair(
      testDescription: "the cancellations of two orders that both SKUs are promised to", stock: 3,
      before: {
        [$0.placing(1, a: 2, b: 2), $0.placing(2, a: 2, b: 2, reversed: true)]
      }, sides: [.allocation, .allocation], batches: { [[.cancel($0.order(1))], [.cancel($0.order(2))]] },
      ends: [["3|0|0", "3|0|0"]]),
  ]

  fileprivate static let arrivals: [Pair] = [
    Pair(
      testDescription: "an order and the receipts that it needs", stock: 0, sides: [.allocation, .inventory],
      batches: {
        [
          [$0.placing(1, a: 2, b: 1)],
          [.receipt($0.id("b"), $0.b, "WH-1", 1), .receipt($0.id("a"), $0.a, "WH-1", 2)],
        ]
      }, ends: [["2|2|0", "1|1|0"]]),
    Pair(
      testDescription: "a new order and the filling of an old one's backorder: what has come is owed", stock: 0,
      before: { [$0.placing(1, a: 2)] }, arrival: { .receipt($0.id("r"), $0.a, "WH-1", 3) },
      sides: [.allocation, .allocation], batches: { [[$0.placing(2, a: 2, b: 1, reversed: true)], []] },
      ends: [["3|3|1", "0|0|1"]]),
    Pair(
      testDescription: "the cancellation of who waits first and a filling: the next one gets it", stock: 0,
      before: { [$0.placing(1, a: 2), $0.placing(2, a: 2, b: 1)] },
      arrival: { .receipt($0.id("r"), $0.a, "WH-1", 2) }, sides: [.allocation, .allocation],
      batches: { [[.cancel($0.order(1))], []] }, ends: [["2|2|0", "0|0|1"]]),
  ]

  fileprivate static let leavings: [Pair] = [
    Pair(
      testDescription: "a cancellation and a shipment of the same order: what has left has left", stock: 3,
      before: { [$0.placing(1, a: 2, b: 2)] }, sides: [.allocation, .allocation],
      batches: { [[.cancel($0.order(1))], [$0.shipping(1, [(1, 2)])]] },
      ends: [["1|0|0", "3|0|0"]]),
    Pair(
      testDescription: "a move and a shipment from one place", stock: 3,
      before: { [$0.placing(1, a: 2, b: 1)] }, sides: [.inventory, .allocation],
      batches: {
        [
          [$0.moving($0.b, 2), $0.moving($0.a, 1)],
          [$0.shipping(1, [(1, 2), (2, 1)])],
        ]
      }, ends: [["1|0|0", "2|0|0"]]),
    Pair(
      testDescription: "an order and a move of all there is", stock: 2, sides: [.allocation, .inventory],
      batches: {
        [
          [$0.placing(1, a: 2, b: 1, reversed: true)],
          [$0.moving($0.a, 2), $0.moving($0.b, 2)],
        ]
      }, ends: [["2|2|0", "2|1|0"]]),
  ]
}
